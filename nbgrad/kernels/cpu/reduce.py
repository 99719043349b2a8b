"""Reductions for the CPU: a recipe each (recipe.py)."""

from __future__ import annotations

from math import prod as product

import numpy as np

from nbgrad.kernels.cpu.nest import reduce
from nbgrad.kernels.cpu.recipe import Recipe

Axes = tuple[int, ...]

SUM = Recipe("sum", ("x",), (), ("each: t += x", "row = t"), "whole")
_PROD = Recipe("prod", ("x",), (), ("each: t *= x", "row = t"), "whole")
_ANY = Recipe("any", ("x",), (), ("each: t |= x", "row = t"), "bool")
_ALL = Recipe("all", ("x",), (), ("each: t &= x", "row = t"), "bool")
_MAX = Recipe("max", ("x",), (), ("each: t maximum= x", "row = t"), "same")
_MIN = Recipe("min", ("x",), (), ("each: t minimum= x", "row = t"), "same")
_MEAN = Recipe("mean", ("x",), (), ("each: t += x", "row = t / T(n)"))
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


def sum(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Sums, in blocks: as accurate as NumPy's pairwise sums."""
    return reduce(SUM, x, axis, keepdims)


def prod(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Products."""
    return reduce(_PROD, x, axis, keepdims)


def max(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Largest elements; nan wins."""
    return reduce(_MAX, x, axis, keepdims)


def min(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Smallest elements; nan wins."""
    return reduce(_MIN, x, axis, keepdims)


def any(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Whether an element is not zero."""
    return reduce(_ANY, x, axis, keepdims)


def all(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Whether no element is zero."""
    return reduce(_ALL, x, axis, keepdims)


def mean(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Means: nan where there is nothing to average."""
    return reduce(_MEAN, x, axis, keepdims)


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


def spread(out: np.ndarray, x: np.ndarray, shape: tuple[int, ...], axis: Axes) -> None:
    """Copies along the axes."""
    out[...] = x.reshape([1 if a in axis else n for a, n in enumerate(shape)])
