"""Variances, standard deviations and norms for the CPU: a recipe each (recipe.py)."""

from __future__ import annotations

from math import prod as product

import numpy as np

from nbgrad.kernels.cpu.nest import reduce, run
from nbgrad.kernels.cpu.recipe import Recipe

Axes = tuple[int, ...]

_SQUARES = ("each: t += x", "mean = t / T(n)", "each: d = x - mean; v += d * d")
_VAR = Recipe("var", ("x",), (), (*_SQUARES, "row = T(v / T(k) if k > 0 else nan)"))
_STD = Recipe("std", ("x",), (), (*_SQUARES, "row = T(sqrt(v / T(k)) if k > 0 else nan)"))
# Squares that overflow, or underflow so far that it shows (k is where), are taken again of x by its largest.
_NORM = Recipe("norm", ("x",), (), (
    "each: v += x * x",
    "each if not (v > T(k) and v < T(inf)): top maximum= abs(x)",
    "scale = top if top > T(0) and top < T(inf) else T(1)",
    "each if not (v > T(k) and v < T(inf)): d = x / scale; w += d * d",
    "row = sqrt(v) if v > T(k) and v < T(inf) else scale * sqrt(w)"))
_VAR_VJP = Recipe("var_vjp", ("x",), ("g",), (
    "each: t += x", "mean = t / T(n)", "scale = g * T(k)", "each: each = (x - mean) * scale"))
_STD_VJP = Recipe("std_vjp", ("x",), ("g", "z"), (
    "each: t += x", "mean = t / T(n)", "scale = g * T(k) if z != T(0) else T(0)",
    "divisor = z if z != T(0) else T(1)", "each: each = (x - mean) / divisor * scale"))
_NORM_VJP = Recipe("norm_vjp", ("x",), ("g", "z"), (
    "scale = g if z != T(0) else T(0)", "divisor = z if z != T(0) else T(1)",
    "each: each = x / divisor * scale"))


def var(x: np.ndarray, axis: Axes, keepdims: bool, correction: float) -> np.ndarray:
    """Variances, about the mean; the divisor is the count less the correction."""
    return reduce(_VAR, x, axis, keepdims, _count(x, axis) - correction)


def std(x: np.ndarray, axis: Axes, keepdims: bool, correction: float) -> np.ndarray:
    """Standard deviations."""
    return reduce(_STD, x, axis, keepdims, _count(x, axis) - correction)


def euclidean(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Euclidean norms, without overflow or underflow of the squares."""
    return reduce(_NORM, x, axis, keepdims, 1e-30 if x.dtype == np.float32 else 1e-290)


def _count(x: np.ndarray, axis: Axes) -> int:
    """Number of elements in a row."""
    return product([x.shape[a] for a in axis])


def var_vjp(g: np.ndarray, x: np.ndarray, axis: Axes, correction: float) -> np.ndarray:
    """2 g (x - mean) over the divisor of the variance."""
    count = _count(x, axis) - correction
    return run(_VAR_VJP, (x, g), axis, k=2 / count if count > 0 else np.nan)


def std_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: Axes, correction: float) -> np.ndarray:
    """g (x - mean) over z and the divisor of the variance; 0 where z is 0."""
    count = _count(x, axis) - correction
    return run(_STD_VJP, (x, g, z), axis, k=1 / count if count > 0 else np.nan)


def euclidean_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: Axes) -> np.ndarray:
    """g x / z; 0 where z is 0."""
    return run(_NORM_VJP, (x, g, z), axis)
