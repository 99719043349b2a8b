"""Wordings of what is wrong with shapes, axes and indices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nbgrad.errors import AxisError, ShapeError, SingularError, ValueRangeError, _IndexError, listed


def no_broadcast(op: str, shapes: Sequence[tuple[int, ...]]) -> ShapeError:
    return ShapeError(f"{op}: shapes {listed(shapes)} do not broadcast together. Compared from the last axis "
                      f"backwards, sizes must be equal or 1; use reshape or expand_dims to line them up.")


def no_broadcast_to(shape: tuple[int, ...], target: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"broadcast_to: an array of shape {shape} cannot be broadcast to {target}. "
                      f"Each of its axes must equal the target's, counted from the last one, or be 1.")


def no_product(op: str, a: tuple[int, ...], b: tuple[int, ...], why: str) -> ShapeError:
    return ShapeError(f"{op}: shapes {a} and {b} do not multiply: {why}.")


def no_contraction(subscripts: str, shapes: Sequence[tuple[int, ...]], index: str) -> ShapeError:
    return ShapeError(f"einsum: index {index!r} of {subscripts!r} has two lengths in shapes {listed(shapes)}."
                      f" An index has one length, or 1 in an operand that is broadcast along it.")


def bad_subscripts(subscripts: object, why: str) -> ValueRangeError:
    return ValueRangeError(f"einsum: bad subscripts {subscripts!r}: {why}. Write them as in 'ij,jk->ik'.")


def bad_shape(op: str, shape: tuple[int, ...], need: str) -> ShapeError:
    return ShapeError(f"{op}: got shape {shape}, but {need}.")


def no_reshape(shape: tuple[int, ...], target: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"reshape: {int(np.prod(shape))} elements of shape {shape} do not fill shape {target}. "
                      f"Give sizes with the same product, or -1 for one of them.")


def empty_reduction(op: str, shape: tuple[int, ...]) -> ShapeError:
    return ShapeError(f"{op}: the reduced axes of shape {shape} hold no element, and {op} has no identity. "
                      f"Check for emptiness first.")


def bad_axis(op: str, axis: object, ndim: int) -> AxisError:
    return AxisError(f"{op}: axis {axis} is out of range for an array with {ndim} axes. "
                     f"Use an axis from {-ndim} to {ndim - 1}." if ndim else
                     f"{op}: axis {axis} is out of range: a 0-d array has no axes. Leave axis out.")


def repeated_axis(op: str, axes: object) -> ValueRangeError:
    return ValueRangeError(f"{op}: axis {axes} names an axis twice. Name each axis once.")


def bad_window(op: str, size: int, reach: int, pads: tuple[int, int]) -> ShapeError:
    return ShapeError(f"{op}: a window that reaches over {reach} elements does not fit in an axis of {size} "
                      f"and a padding of {pads[0]} and {pads[1]}. Use a smaller kernel or dilation, or more "
                      f"padding.")


def bad_channels(op: str, x: tuple[int, ...], weight: tuple[int, ...], groups: int) -> ShapeError:
    return ShapeError(f"{op}: x of shape {x} and weight of shape {weight} do not fit with groups={groups}. "
                      f"weight is (out, in // groups, ...), x (batch, in, ...), and groups divides out.")


def bad_index(op: str, shape: tuple[int, ...], why: str) -> IndexError:
    return _IndexError(f"{op}: cannot index an array of shape {shape}: {why}.")


def no_row(op: str, rows: int, low: int, high: int) -> IndexError:
    return _IndexError(f"{op}: indices must lie from 0 to {rows - 1}, the rows of the weight, got {low} to "
                       f"{high}. Negative ones do not count from the end here.")


def no_fit(op: str, shape: tuple[int, ...], why: str) -> ShapeError:
    return ShapeError(f"{op}: values of shape {shape} do not broadcast to the indexed part: {why}.")


def not_alike(op: str, shapes: Sequence[tuple[int, ...]], axis: int | None) -> ShapeError:
    need = "in every axis" if axis is None else f"in every axis but {axis}"
    return ShapeError(f"{op}: shapes {listed(shapes)} must have as many axes, and the same sizes {need}. "
                      f"Use reshape, expand_dims or broadcast_to first.")


def singular(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: a matrix is singular, shape {shape}. It has no inverse; add a multiple of "
                         f"the identity matrix, or solve in the least-squares sense.")


def singular_minor(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: a leading part of the matrix, first column of shape {shape}, is singular, "
                         f"which the recursion cannot pass. Use solve(linalg.toeplitz(c, r), b).")


def not_positive_definite(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: a matrix is not positive definite, shape {shape}. Check that it is "
                         f"symmetric, and add a small multiple of the identity matrix, such as "
                         f"a + 1e-8 * eye(n), if its least eigenvalue is zero up to rounding.")


def complex_result(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: a matrix, shape {shape}, has a negative eigenvalue: its {op} is complex. "
                         f"Give the matrix as complex numbers, a.astype(nb.complex128), or change it.")


def no_matrix_function(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: a matrix is singular, shape {shape}, and {op} of it is not finite. Add a "
                         f"multiple of the identity matrix.")


def common_eigenvalues(op: str, a: tuple[int, ...], b: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: matrices of shapes {a} and {b} have eigenvalues whose sum is zero, to "
                         f"rounding: there is no solution, or many. Add a multiple of the identity matrix.")


def not_square(op: str, shape: tuple[int, ...]) -> SingularError:
    return SingularError(f"{op}: needs square matrices in the last two axes, got shape {shape}.")
