"""Reductions of exponentials for the CPU: a recipe each (recipe.py), shifted by the row's largest element."""

from __future__ import annotations

import numpy as np

from nbgrad.kernels.cpu.nest import reduce, run
from nbgrad.kernels.cpu.recipe import Recipe

_TOP = "each: top maximum= x"
_LOGSUMEXP = Recipe("logsumexp", ("x",), (), (
    _TOP, "each: total += exp(x - top)", "row = top if top - top != 0 else top + log(total)"))
_SOFTMAX = Recipe("softmax", ("x",), (), (
    _TOP, "each: e = exp(x - top); each = e; total += e", "over = T(1) / total", "each: each = each * over"))
_LOG_SOFTMAX = Recipe("log_softmax", ("x",), (), (
    _TOP, "each: total += exp(x - top)", "shift = log(total)", "each: each = x - top - shift"))
_LOGSUMEXP_VJP = Recipe("logsumexp_vjp", ("x",), ("g", "z"), (
    "each if z - z != 0: count += T(x == z)", "scale = g if z - z == 0 else g / count",
    "each: each = exp(T(0) if x == z else x - z) * scale"))
_SOFTMAX_VJP = Recipe("softmax_vjp", ("g", "z"), (), ("each: t += g * z", "each: each = z * (g - t)"))
_LOG_SOFTMAX_VJP = Recipe("log_softmax_vjp", ("g", "z"), (), ("each: t += g", "each: each = g - exp(z) * t"))


def logsumexp(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """log(sum(exp(x))); infinite where the largest element is."""
    return reduce(_LOGSUMEXP, x, axis, keepdims)


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """exp(x) over its sum along one axis."""
    return run(_SOFTMAX, (x,), (axis,))


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log of softmax along one axis."""
    return run(_LOG_SOFTMAX, (x,), (axis,))


def logsumexp_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """g exp(x - z); where z is infinite, the elements that equal it share g."""
    return run(_LOGSUMEXP_VJP, (x, g, z), axis)


def softmax_vjp(g: np.ndarray, z: np.ndarray, axis: int) -> np.ndarray:
    """z (g - sum(g z)) along one axis."""
    return run(_SOFTMAX_VJP, (g, z), (axis,))


def log_softmax_vjp(g: np.ndarray, z: np.ndarray, axis: int) -> np.ndarray:
    """g - exp(z) sum(g) along one axis."""
    return run(_LOG_SOFTMAX_VJP, (g, z), (axis,))
