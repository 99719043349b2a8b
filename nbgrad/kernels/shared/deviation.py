"""Variances, standard deviations and norms: a row program each."""

from __future__ import annotations

import math
from math import prod as product

from nbgrad.kernels.shared import row_programs
from nbgrad.kernels.shared.protocol import Array, Rows

Axes = tuple[int, ...]


def var(rows: Rows, x: Array, axis: Axes, keepdims: bool, correction: float) -> Array:
    """Variances, about the mean; the divisor is the count less the correction."""
    return rows.reduce(row_programs.var, x, axis, keepdims, _divisor(x, axis, correction))


def std(rows: Rows, x: Array, axis: Axes, keepdims: bool, correction: float) -> Array:
    """Standard deviations."""
    return rows.reduce(row_programs.std, x, axis, keepdims, _divisor(x, axis, correction))


def euclidean(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Euclidean norms, without overflow or underflow of the squares."""
    return rows.reduce(row_programs.norm, x, axis, keepdims)


def _divisor(x: Array, axis: Axes, correction: float) -> float:
    """Number of elements in a row less the correction: as in NumPy 0 where that is negative."""
    return max(product([x.shape[a] for a in axis]) - correction, 0.0)


def var_vjp(rows: Rows, g: Array, x: Array, axis: Axes, correction: float) -> Array:
    """2 g (x - mean) over the divisor of the variance."""
    divisor = _divisor(x, axis, correction)
    return rows.run(row_programs.var_vjp, (x, g), axis, k=2 / divisor if divisor else math.inf)


def std_vjp(rows: Rows, g: Array, z: Array, x: Array, axis: Axes, correction: float) -> Array:
    """g (x - mean) over z and the divisor of the variance; 0 where z is 0."""
    divisor = _divisor(x, axis, correction)
    return rows.run(row_programs.std_vjp, (x, g, z), axis, k=1 / divisor if divisor else math.inf)


def euclidean_vjp(rows: Rows, g: Array, z: Array, x: Array, axis: Axes) -> Array:
    """g x / z; 0 where z is 0."""
    return rows.run(row_programs.norm_vjp, (x, g, z), axis)
