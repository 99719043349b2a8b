"""Reductions: a recipe each."""

from __future__ import annotations

from nbgrad.kernels import recipes
from nbgrad.kernels.rows import Array, Rows

Axes = tuple[int, ...]


def sum(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Sums, in blocks: as accurate as NumPy's pairwise sums."""
    return rows.reduce(recipes.SUM, x, axis, keepdims)


def prod(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Products."""
    return rows.reduce(recipes.PROD, x, axis, keepdims)


def max(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Largest elements; nan wins."""
    return rows.reduce(recipes.MAX, x, axis, keepdims)


def min(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Smallest elements; nan wins."""
    return rows.reduce(recipes.MIN, x, axis, keepdims)


def any(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Whether an element is not zero."""
    return rows.reduce(recipes.ANY, x, axis, keepdims)


def all(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Whether no element is zero."""
    return rows.reduce(recipes.ALL, x, axis, keepdims)


def mean(rows: Rows, x: Array, axis: Axes, keepdims: bool) -> Array:
    """Means: nan where there is nothing to average."""
    return rows.reduce(recipes.MEAN, x, axis, keepdims)


def extremum_vjp(rows: Rows, g: Array, z: Array, x: Array, axis: Axes) -> Array:
    """g, shared equally by the elements that are z."""
    return rows.run(recipes.EXTREMUM_VJP, (x, g, z), axis)
