"""Arrays turned, joined, parted, and with parts put in or taken out, as NumPy names it: all is linear."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import named_dim, one, ordered
from nbgrad.ops.cumulative import cumprod
from nbgrad.ops.diagonal import diag
from nbgrad.ops.dtypes import result_type
from nbgrad.ops.elementwise import where
from nbgrad.ops.shape import concat, flip, moveaxis, ravel, reshape, swapaxes
from nbgrad.ops.split import split


def _with_axes(name: str, x: Any, least: int) -> Tensor:
    x = as_tensor(x)
    if x.ndim < least:
        raise shape_errors.bad_shape(name, x.shape, f"needs at least {least} axes")
    return x


# ------------------------------------------------------------------------------------------------- turned
def fliplr(x: Any) -> Tensor:
    """Return a view of x with its columns in reversed order. x: at least two axes. Raises ShapeError.

    Derivative: linear in x.

    >>> nb.fliplr([[1.0, 2.0]])
    tensor([[2., 1.]])
    """
    found: Tensor = flip(_with_axes("fliplr", x, 2), 1)
    return found


def flipud(x: Any) -> Tensor:
    """Return a view of x with its rows in reversed order. x: at least one axis. Raises ShapeError.

    Derivative: linear in x.

    >>> nb.flipud([1.0, 2.0])
    tensor([2., 1.])
    """
    found: Tensor = flip(_with_axes("flipud", x, 1), 0)
    return found


def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> Tensor:
    """Return a view of x turned k quarters of a circle in the plane of two axes, from the first to the other.

    x: at least two axes. k: any integer. Derivative: linear in x. Raises ShapeError, AxisError,
    ValueRangeError unless the axes are two.

    >>> nb.rot90([[1.0, 2.0], [3.0, 4.0]])
    tensor([[2., 4.],
            [1., 3.]])
    """
    x, k = _with_axes("rot90", x, 2), operator.index(k) % 4
    found = ordered("rot90", axes, x.ndim, sequence=True)
    if len(found) != 2:
        raise value_errors.bad_value("rot90", f"axes {axes} are not two")
    a, b = found
    x = flip(x, ((), b, (a, b), a)[k])
    return swapaxes(x, a, b) if k % 2 else x


@named_dim
def rollaxis(x: Any, axis: int, start: int = 0) -> Tensor:
    """Return a view of x with an axis moved before another. `moveaxis` says it more plainly.

    x: any shape. axis: the one that is moved. start: the one that is behind it then, or the number of axes.
    Derivative: linear in x. Raises AxisError.

    >>> nb.rollaxis(np.zeros((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = as_tensor(x)
    axis, place = one("rollaxis", axis, x.ndim), operator.index(start)
    place = x.ndim if place == x.ndim else one("rollaxis", place, x.ndim)
    return moveaxis(x, axis, place - (axis < place))


# --------------------------------------------------------------------------------------------- more axes
def _each(shaped: Any, arrays: tuple[Any, ...]) -> Any:
    found = tuple([reshape(x, shaped(*x.shape)) for x in map(as_tensor, arrays)])
    return found[0] if len(found) == 1 else found


def atleast_1d(*arrays: Any) -> Tensor | tuple[Tensor, ...]:
    """Return views of arrays in shapes of at least one axis: of one array a Tensor, of several a tuple.

    arrays: any shapes. Derivative: linear. Raises DtypeError for what is no array of numbers.

    >>> nb.atleast_1d(2.0)
    tensor([2.])
    """
    return _each(lambda *shape: shape or (1,), arrays)


def atleast_2d(*arrays: Any) -> Tensor | tuple[Tensor, ...]:
    """Return views of arrays in shapes of at least two axes: of one array a Tensor, of several a tuple.

    arrays: any shapes, of which vectors become rows. Derivative: linear. Raises DtypeError for what is no
    array of numbers.

    >>> nb.atleast_2d([1.0, 2.0])
    tensor([[1., 2.]])
    """
    return _each(lambda *shape: (1,) * (2 - len(shape)) + shape, arrays)


def _three(*shape: int) -> tuple[int, ...]:
    return ((1, 1, 1), (1, *shape, 1), (*shape, 1), shape)[min(len(shape), 3)]


def atleast_3d(*arrays: Any) -> Tensor | tuple[Tensor, ...]:
    """Return views of arrays in shapes of at least three axes: of one array a Tensor, of several a tuple.

    arrays: any shapes: (n,) becomes (1, n, 1), and (n, m) becomes (n, m, 1). Derivative: linear. Raises
    DtypeError for what is no array of numbers.

    >>> nb.atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _each(_three, arrays)


# ------------------------------------------------------------------------------------- joined, and parted
def dstack(arrays: Sequence[Any]) -> Tensor:
    """Return arrays joined along the third axis, in the shapes that `atleast_3d` gives them.

    arrays: a sequence of at least one. Derivative: linear in each. Raises ShapeError, ValueRangeError.

    >>> nb.dstack([[1.0, 2.0], [3.0, 4.0]])
    tensor([[[1., 3.],
             [2., 4.]]])
    """
    return concat([atleast_3d(x) for x in arrays], axis=2)


def column_stack(arrays: Sequence[Any]) -> Tensor:
    """Return arrays joined along the second axis, vectors as columns.

    arrays: a sequence of at least one. Derivative: linear in each. Raises ShapeError, ValueRangeError.

    >>> nb.column_stack([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 3.],
            [2., 4.]])
    """
    xs = [as_tensor(x) for x in arrays]
    return concat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in xs], axis=1)


@named_dim
def array_split(x: Any, sections: Any, axis: int = 0) -> list[Tensor]:
    """Return a list of pieces of x along an axis as `split` does, of which the last may be shorter by one.

    x: (..., n, ...). sections: the number of pieces, or the places where each but the first starts. axis: the
    one that is parted. Derivative: linear in x. Raises ValueRangeError, AxisError.

    >>> nb.array_split([1.0, 2.0, 3.0], 2)
    [tensor([1., 2.]), tensor([3.])]
    """
    x = as_tensor(x)
    axis = one("array_split", axis, x.ndim)
    if isinstance(sections, (tuple, list, np.ndarray, Tensor)):
        return split(x, sections, axis)
    count, n = operator.index(sections), x.shape[axis]
    if count < 1:
        raise value_errors.bad_value("array_split", f"the number of pieces must be above 0, got {count}")
    return split(x, [k * (n // count) + min(k, n % count) for k in range(1, count)], axis)


def hsplit(x: Any, sections: Any) -> list[Tensor]:
    """Return a list of pieces of x along the second axis, or the first of a vector, as `split` does.

    x: at least one axis. sections: as there. Derivative: linear in x. Raises ShapeError, ValueRangeError.

    >>> nb.hsplit([1.0, 2.0], 2)
    [tensor([1.]), tensor([2.])]
    """
    x = _with_axes("hsplit", x, 1)
    return split(x, sections, 0 if x.ndim == 1 else 1)


def vsplit(x: Any, sections: Any) -> list[Tensor]:
    """Return a list of pieces of x along the first axis, as `split` does.

    x: at least two axes. sections: as there. Derivative: linear in x. Raises ShapeError, ValueRangeError.

    >>> nb.vsplit([[1.0], [2.0]], 2)
    [tensor([[1.]]), tensor([[2.]])]
    """
    return split(_with_axes("vsplit", x, 2), sections, 0)


def dsplit(x: Any, sections: Any) -> list[Tensor]:
    """Return a list of pieces of x along the third axis, as `split` does.

    x: at least three axes. sections: as there. Derivative: linear in x. Raises ShapeError, ValueRangeError.

    >>> nb.dsplit([[[1.0, 2.0]]], 2)
    [tensor([[[1.]]]), tensor([[[2.]]])]
    """
    return split(_with_axes("dsplit", x, 3), sections, 2)


# ------------------------------------------------------------------------------------- matrices and blocks
def diagflat(x: Any, k: int = 0) -> Tensor:
    """Return the square matrix that has the elements of x, read in C order, on its k-th diagonal.

    x: any shape. k: above the main diagonal if positive, below if negative. Derivative: linear in x. Raises
    DtypeError for what is no array of numbers.

    >>> nb.diagflat([[1.0, 2.0]])
    tensor([[1., 0.],
            [0., 2.]])
    """
    return diag(ravel(as_tensor(x)), k)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the matrix of the powers of x from N - 1 down to 0, or up to it: a row for each element.

    x: (n,). N: the number of columns, None: n. increasing: the powers rise. Derivative: that of powers, exact
    at 0 too. Raises ShapeError, ValueRangeError.

    >>> nb.vander([2.0, 3.0], 3)
    tensor([[4., 2., 1.],
            [9., 3., 1.]])
    """
    x = as_tensor(x)
    if x.ndim != 1:
        raise shape_errors.bad_shape("vander", x.shape, "needs one axis")
    count = x.shape[0] if N is None else operator.index(N)
    if count < 0:
        raise value_errors.bad_value("vander", f"N={count} cannot be negative")
    x = astype(x, np.result_type(x.dtype, np.int64))
    factors = broadcast_to(reshape(x, (-1, 1)), (x.shape[0], count))
    first = np.arange(count) == 0
    powers = cumprod(where(first, 1, factors), 1)
    return powers if increasing else flip(powers, 1)


def _blocks(arrays: Any, depth: int, ndim: int) -> Tensor:
    if depth == 0:
        x = as_tensor(arrays)
        return reshape(x, (1,) * (ndim - x.ndim) + x.shape)
    return concat([_blocks(each, depth - 1, ndim) for each in arrays], axis=-depth)


def _depths(arrays: Any) -> set[tuple[int, int]]:
    """How deep each array is in lists, and its number of axes."""
    if not isinstance(arrays, list):
        return {(0, as_tensor(arrays).ndim)}
    if not arrays:
        raise value_errors.bad_value("block", "a list is empty. Each holds at least one array")
    return {(depth + 1, ndim) for each in arrays for depth, ndim in _depths(each)}


def block(arrays: Any) -> Tensor:
    """Return the array made of blocks in nested lists: the innermost are joined along the last axis.

    arrays: an array, or lists, nested alike, of arrays that fit together; those of fewer axes get more in
    front. Derivative: linear in each. Raises ShapeError, ValueRangeError for lists that are not nested alike.

    >>> nb.block([[np.eye(2), np.ones((2, 1))]])
    tensor([[1., 0., 1.],
            [0., 1., 1.]])
    """
    found = _depths(arrays)
    depths = {depth for depth, _ in found}
    if len(depths) > 1:
        raise value_errors.bad_value("block", f"arrays are in {sorted(depths)} lists, not all in as many")
    depth = depths.pop()
    return _blocks(arrays, depth, max(depth, *[ndim for _, ndim in found]))


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Tensor:
    """Return for each place the element of the first of choices whose condition is true, or the default.

    conditions: booleans. choices: as many arrays, or numbers. All shapes broadcast. Derivative: 1 in what is
    chosen, 0 in all else. Raises ValueRangeError, ShapeError, DtypeError for conditions that are no booleans.

    >>> nb.select([[True, False], [True, True]], [[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 4.])
    """
    if len(conditions) != len(choices) or not len(choices):
        raise value_errors.bad_value("select", f"{len(conditions)} conditions do not fit {len(choices)} "
                                               f"choices. Give as many, at least one")
    choices = [c if type(c) in (bool, int, float) else as_tensor(c) for c in choices]
    z = astype(default, result_type(*choices, default))
    for condition, choice in list(zip(conditions, choices, strict=True))[::-1]:
        if (condition := as_tensor(condition)).dtype.kind != "b":
            raise value_errors.bad_argument("select", condition, "booleans as conditions")
        z = where(condition, choice, z)
    return z
