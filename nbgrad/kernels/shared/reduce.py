"""Reductions: a recipe each."""

from __future__ import annotations

from nbgrad.kernels.shared import row_programs
from nbgrad.kernels.shared.protocol import Array, Rows

Axes = tuple[int, ...]


def sum(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Sums, in blocks: as accurate as NumPy's pairwise sums."""
    return rows.reduce(row_programs.SUM, x, axis, keepdims)


def prod(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Products."""
    return rows.reduce(row_programs.PROD, x, axis, keepdims)


def max(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Largest elements; nan wins."""
    return rows.reduce(row_programs.MAX, x, axis, keepdims)


def min(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Smallest elements; nan wins."""
    return rows.reduce(row_programs.MIN, x, axis, keepdims)


def any(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Whether an element is not zero."""
    return rows.reduce(row_programs.ANY, x, axis, keepdims)


def all(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Whether no element is zero."""
    return rows.reduce(row_programs.ALL, x, axis, keepdims)


def mean(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Means: nan where there is nothing to average."""
    return rows.reduce(row_programs.MEAN, x, axis, keepdims)


def extremum_vjp(rows: Rows, g: Array, z: Array, x: Array, axis: Axes) -> Array:
    """g, shared equally by the elements that are z."""
    return rows.run(row_programs.EXTREMUM_VJP, (x, g, z), axis)
