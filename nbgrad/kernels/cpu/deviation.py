"""Variances, standard deviations and norms for the CPU: a recipe each (recipes.py)."""

from __future__ import annotations

from math import prod as product

import numpy as np

from nbgrad.kernels import recipes
from nbgrad.kernels.cpu.nest import reduce, run

Axes = tuple[int, ...]


def var(x: np.ndarray, axis: Axes, keepdims: bool, correction: float) -> np.ndarray:
    """Variances, about the mean; the divisor is the count less the correction."""
    return reduce(recipes.VAR, x, axis, keepdims, _count(x, axis) - correction)


def std(x: np.ndarray, axis: Axes, keepdims: bool, correction: float) -> np.ndarray:
    """Standard deviations."""
    return reduce(recipes.STD, x, axis, keepdims, _count(x, axis) - correction)


def euclidean(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Euclidean norms, without overflow or underflow of the squares."""
    return reduce(recipes.NORM, x, axis, keepdims, 1e-30 if x.dtype == np.float32 else 1e-290)


def _count(x: np.ndarray, axis: Axes) -> int:
    """Number of elements in a row."""
    return product([x.shape[a] for a in axis])


def var_vjp(g: np.ndarray, x: np.ndarray, axis: Axes, correction: float) -> np.ndarray:
    """2 g (x - mean) over the divisor of the variance."""
    count = _count(x, axis) - correction
    return run(recipes.VAR_VJP, (x, g), axis, k=2 / count if count > 0 else np.nan)


def std_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: Axes, correction: float) -> np.ndarray:
    """g (x - mean) over z and the divisor of the variance; 0 where z is 0."""
    count = _count(x, axis) - correction
    return run(recipes.STD_VJP, (x, g, z), axis, k=1 / count if count > 0 else np.nan)


def euclidean_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: Axes) -> np.ndarray:
    """g x / z; 0 where z is 0."""
    return run(recipes.NORM_VJP, (x, g, z), axis)
