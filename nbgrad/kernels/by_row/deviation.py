"""Variances, standard deviations and norms: a recipe each."""

from __future__ import annotations

from math import prod as product

import numpy as np

from nbgrad.kernels import recipes
from nbgrad.kernels.rows import Array, Rows

Axes = tuple[int, ...]


def var(rows: Rows, x: Array, axis: Axes, keepdims: bool, correction: float) -> Array:
    """Variances, about the mean; the divisor is the count less the correction."""
    return rows.reduce(recipes.VAR, x, axis, keepdims, _count(x, axis) - correction)


def std(rows: Rows, x: Array, axis: Axes, keepdims: bool, correction: float) -> Array:
    """Standard deviations."""
    return rows.reduce(recipes.STD, x, axis, keepdims, _count(x, axis) - correction)


def euclidean(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Euclidean norms, without overflow or underflow of the squares."""
    return rows.reduce(recipes.NORM, x, axis, keepdims, 1e-30 if x.dtype == np.float32 else 1e-290)


def _count(x: Array, axis: Axes) -> int:
    """Number of elements in a row."""
    return product([x.shape[a] for a in axis])


def var_vjp(rows: Rows, g: Array, x: Array, axis: Axes, correction: float) -> Array:
    """2 g (x - mean) over the divisor of the variance."""
    count = _count(x, axis) - correction
    return rows.run(recipes.VAR_VJP, (x, g), axis, k=2 / count if count > 0 else np.nan)


def std_vjp(rows: Rows, g: Array, z: Array, x: Array, axis: Axes, correction: float) -> Array:
    """g (x - mean) over z and the divisor of the variance; 0 where z is 0."""
    count = _count(x, axis) - correction
    return rows.run(recipes.STD_VJP, (x, g, z), axis, k=1 / count if count > 0 else np.nan)


def euclidean_vjp(rows: Rows, g: Array, z: Array, x: Array, axis: Axes) -> Array:
    """g x / z; 0 where z is 0."""
    return rows.run(recipes.NORM_VJP, (x, g, z), axis)
