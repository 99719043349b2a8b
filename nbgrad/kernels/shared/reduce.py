"""Reductions: a row program each."""

from __future__ import annotations

from nbgrad.kernels.shared import row_programs
from nbgrad.kernels.shared.protocol import Array, Rows

Axes = tuple[int, ...]


def sum(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Sums, in blocks: as accurate as NumPy's pairwise sums."""
    return rows.reduce(row_programs.total, x, axis, keepdims)


def prod(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Products."""
    return rows.reduce(row_programs.product, x, axis, keepdims)


def max(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Largest elements; nan wins."""
    return rows.reduce(row_programs.largest, x, axis, keepdims)


def min(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Smallest elements; nan wins."""
    return rows.reduce(row_programs.smallest, x, axis, keepdims)


def any(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Whether an element is not zero."""
    return rows.reduce(row_programs.any_true, x, axis, keepdims)


def all(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Whether no element is zero."""
    return rows.reduce(row_programs.all_true, x, axis, keepdims)


def mean(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Means: nan where there is nothing to average."""
    return rows.reduce(row_programs.mean, x, axis, keepdims)


def extremum_vjp(rows: Rows, g: Array, z: Array, x: Array, axis: Axes) -> Array:
    """g, shared equally by the elements that are z."""
    return rows.run(row_programs.extremum_vjp, (x, g, z), axis)
