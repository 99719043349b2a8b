"""Reductions of exponentials for the CPU: a recipe each (recipes.py), shifted by the largest element."""

from __future__ import annotations

import numpy as np

from nbgrad.kernels import recipes
from nbgrad.kernels.cpu.nest import reduce, run


def logsumexp(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """log(sum(exp(x))); infinite where the largest element is."""
    return reduce(recipes.LOGSUMEXP, x, axis, keepdims)


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """exp(x) over its sum along one axis."""
    return run(recipes.SOFTMAX, (x,), (axis,))


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log of softmax along one axis."""
    return run(recipes.LOG_SOFTMAX, (x,), (axis,))


def logsumexp_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """g exp(x - z); where z is infinite, the elements that equal it share g."""
    return run(recipes.LOGSUMEXP_VJP, (x, g, z), axis)


def softmax_vjp(g: np.ndarray, z: np.ndarray, axis: int) -> np.ndarray:
    """z (g - sum(g z)) along one axis."""
    return run(recipes.SOFTMAX_VJP, (g, z), (axis,))


def log_softmax_vjp(g: np.ndarray, z: np.ndarray, axis: int) -> np.ndarray:
    """g - exp(z) sum(g) along one axis."""
    return run(recipes.LOG_SOFTMAX_VJP, (g, z), (axis,))
