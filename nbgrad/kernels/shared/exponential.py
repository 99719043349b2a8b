"""Reductions of exponentials: a row program each, shifted by the largest element."""

from __future__ import annotations

from nbgrad.kernels.shared import row_programs
from nbgrad.kernels.shared.protocol import Array, Rows


def logsumexp(rows: Rows, x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    """log(sum(exp(x))); infinite where the largest element is."""
    return rows.reduce(row_programs.logsumexp, x, axis, keepdims)


def softmax(rows: Rows, x: Array, axis: int) -> Array:
    """exp(x) over its sum along one axis."""
    return rows.run(row_programs.softmax, (x,), (axis,))


def log_softmax(rows: Rows, x: Array, axis: int) -> Array:
    """log of softmax along one axis."""
    return rows.run(row_programs.log_softmax, (x,), (axis,))


def logsumexp_vjp(rows: Rows, g: Array, x: Array, axis: tuple[int, ...]) -> Array:
    """g times softmax(x); where the largest element is infinite, those that equal it share g."""
    return rows.run(row_programs.logsumexp_vjp, (x, g), axis)


def softmax_vjp(rows: Rows, g: Array, z: Array, axis: tuple[int, ...]) -> Array:
    """z (g - sum(g z)) over axes."""
    return rows.run(row_programs.softmax_vjp, (g, z), axis)


def log_softmax_vjp(rows: Rows, g: Array, z: Array, axis: int) -> Array:
    """g - exp(z) sum(g) along one axis."""
    return rows.run(row_programs.log_softmax_vjp, (g, z), (axis,))
