"""Shapes and places of axes: nothing is computed, all is linear, and what can be a view is one."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, shaped
from nbgrad.define.structured import family, spelling
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.views import link, link_shared
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import one, ordered, several
from nbgrad.ops.index import getitem

op: Any = family("shape")

Axes = int | tuple[int, ...]

_WHOLE = slice(None)


# ------------------------------------------------------------------------------------------- reshape
def _sizes(shape: tuple[int, ...], wanted: Any) -> tuple[int, ...]:
    """The shape wanted for elements of this shape, its -1 worked out. Raises ShapeError if that fails."""
    listed = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    target = tuple([n if type(n) is int else operator.index(raw(n)) for n in listed])
    size = prod(shape)
    if -1 in target:
        rest = -prod(target)
        if rest <= 0 or min(target) < -1 or target.count(-1) > 1 or size % rest:
            raise shape_errors.no_reshape(shape, target)
        return tuple([size // rest if n == -1 else n for n in target])
    if prod(target) != size or min(target, default=0) < 0:
        raise shape_errors.no_reshape(shape, target)
    return target


def _reshaped(made: Any, z: Tensor, x: Tensor, params: dict[str, Any]) -> Tensor:
    """z as a view of x, unless NumPy would copy."""
    return link(made, z, x, params) if _in_order(x) else link_shared(made, z, x, params)


def _in_order(x: Tensor) -> bool:
    """Whether x's elements lie in C order, or do in NumPy, where no value is repeated but by broadcast_to."""
    value = x.value
    if type(value) is Tensor:
        value = raw(value)
    if type(value) is devices.Array and value.flags.c_contiguous:
        return True
    return devices.in_order(value) or (0 in value.strides and getattr(x, "_view", None) is None)


@op(vjp=lambda g, z, x, shape: apply(reshape, (g,), {"shape": x.shape}), linear=True, keep="",
    like=np.reshape, view=_reshaped, write=lambda x, v, shape: apply(reshape, (v,), {"shape": x.shape}),
    cases=[((2, 6), {"shape": (3, 4)}), ((2, 3, 4), {"shape": (4, -1)}), ((), {"shape": (1, 1)}),
           ((1,), {"shape": ()}), ((6,), {"shape": -1}), ((0, 3), {"shape": (3, 0, 2)})])
def reshape(x: Any, shape: Any, order: str = "C") -> Any:
    """Return x's elements in another shape: a view of x, or a copy where NumPy makes one.

    x: any shape and dtype. shape: an int or a sequence of them, one of which may be -1. order: in which
    elements are read and placed: "C", last axis fastest; "F", first axis fastest; "A", F if they lie so in
    memory, else C. Raises ShapeError if the number of elements differs, ValueRangeError for another order.

    >>> nb.reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    tensor([[1., 2.],
            [3., 4.]])
    """
    x = as_tensor(x)
    target = _sizes(x.shape, shape)
    if order != "C" and _reading("reshape", x, order, "CFA") != tuple(range(x.ndim)):
        x = permute_dims(reshape(permute_dims(x), target[::-1]))
    return (x,), {"shape": target}


def refit(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """`reshape` for rules: x is a Tensor with as many elements, and nobody writes to the result."""
    return x if x.shape == shape else apply(reshape, (x,), {"shape": shape})


def ravel(x: Any, order: str = "C") -> Tensor:
    """Return x's elements with one axis: a view if they lie so in memory, else a copy. x: any shape.

    order: in which they are read: as in `reshape`, or "K", as they lie in memory. Raises ValueRangeError.
    Derivative: linear in x.

    >>> nb.ravel([[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 2., 3., 4.])
    """
    x = as_tensor(x)
    if order != "C":
        x = permute_dims(x, _reading("ravel", x, order, "CFAK"))
    z: Tensor = reshape(x, -1)
    return z if _in_order(x) else astype(z, z.dtype)


def _reading(name: str, x: Tensor, order: str, known: str) -> tuple[int, ...]:
    """x's axes from the slowest to the fastest when its elements are read in NumPy's order of that name."""
    if not isinstance(order, str) or order.upper() not in tuple(known):
        raise value_errors.bad_choice(name, "order", order, known)
    order, axes = order.upper(), tuple(range(x.ndim))
    if order == "K":
        return _in_memory([0 if n == 1 else abs(s) for s, n in zip(raw(x).strides, x.shape, strict=True)])
    return axes[::-1] if order == "F" or (order == "A" and _fortran(raw(x))) else axes


def _in_memory(steps: Sequence[int]) -> tuple[int, ...]:
    """Axes by falling steps; those of step 0, along which elements are repeated, keep their place.

    Source: NumPy, the insertion sort of nditer's axes.
    """
    inwards: list[int] = []
    for axis in reversed(range(len(steps))):
        place = len(inwards)
        for i in reversed(range(len(inwards))):
            inner = steps[inwards[i]]
            if steps[axis] and inner:
                if inner <= steps[axis]:
                    break
                place = i
        inwards.insert(place, axis)
    return tuple(inwards[::-1])


def _fortran(x: Any) -> bool:
    """Whether the elements of a raw array lie in F order in memory, and not in C order."""
    width, long = x.dtype.itemsize, [(s, n) for s, n in zip(x.strides, x.shape, strict=True) if n > 1]
    for step, n in long:
        if step != width:
            return False
        width *= n
    return len(long) > 1


@spelling(reshape)
def expand_dims(x: Any, axis: Any = 0) -> Any:
    """Return a view of x with an axis of length 1 at each of the given places of the result.

    x: any shape. axis: an int, or several, none twice. Raises AxisError, ValueRangeError.

    >>> nb.expand_dims([1.0, 2.0], 0).shape
    (1, 2)
    """
    x = as_tensor(x)
    axes = tuple(axis) if isinstance(axis, list) else axis
    if axes is None:
        raise value_errors.bad_argument("expand_dims", axis, "an integer axis, or several")
    count = len(axes) if isinstance(axes, tuple) else 1
    new = several("expand_dims", axes, x.ndim + count)
    sizes = iter(x.shape)
    return (x,), {"shape": tuple([1 if a in new else next(sizes) for a in range(x.ndim + count)])}


@spelling(reshape)
def squeeze(x: Any, axis: Any = None) -> Any:
    """Return a view of x without the given axes of length 1, by default without all of them.

    x: any shape. Raises AxisError, ShapeError for an axis that is longer or empty.

    >>> nb.squeeze([[1.0, 2.0]])
    tensor([1., 2.])
    """
    x = as_tensor(x)
    gone = [a for a, n in enumerate(x.shape) if n == 1] if axis is None else several("squeeze", axis, x.ndim)
    for a in gone:
        if x.shape[a] != 1:
            raise shape_errors.bad_shape("squeeze", x.shape, f"axis {a} must have length 1")
    return (x,), {"shape": tuple([n for a, n in enumerate(x.shape) if a not in gone])}


# ---------------------------------------------------------------------------------------------- order
def _back(x: Any, axes: tuple[int, ...]) -> Tensor:
    """x with its axes, which were put in this order, where they were."""
    found: Tensor = apply(permute_dims, (x,), {"axes": tuple(np.argsort(axes).tolist())})
    return found


@op(vjp=lambda g, z, x, axes: _back(g, axes), linear=True, keep="",
    view=link, write=lambda x, v, axes: _back(v, axes),
    like=np.transpose, cases=[((2, 3), {}), ((2, 3, 4), {"axes": (1, -1, 0)}), ((), {}),
                              ((0, 3), {"axes": (1, 0)}), ((3,), {"axes": (0,)})])
def permute_dims(x: Any, axes: Any = None) -> Any:
    """Return a view of x with its axes in another order, by default reversed.

    x: any shape. axes: axis of x for each axis of the result. Raises ShapeError unless it names every axis,
    AxisError, ValueRangeError for an axis named twice.

    >>> nb.permute_dims(np.zeros((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    x = as_tensor(x)
    if axes is None:
        return (x,), {"axes": tuple(range(x.ndim))[::-1]}
    found = ordered("permute_dims", axes, x.ndim, sequence=True)
    if len(found) != x.ndim:
        raise shape_errors.bad_shape("permute_dims", x.shape, f"axes {axes} must name each of its axes once")
    return (x,), {"axes": found}


@spelling(permute_dims)
def matrix_transpose(x: Any) -> Any:
    """Return a view of x with its last two axes exchanged. x: (..., n, m). Raises ShapeError for fewer.

    >>> nb.matrix_transpose([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 3.],
            [2., 4.]])
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise shape_errors.bad_shape("matrix_transpose", x.shape, "needs at least two axes")
    return (x,), {"axes": (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)}


def transposed(x: Tensor) -> Tensor:
    """`matrix_transpose` for rules: x is a Tensor of matrices, and nobody writes to the result."""
    n = x.ndim
    return apply(permute_dims, (x,), {"axes": (*range(n - 2), n - 1, n - 2)})


@spelling(permute_dims)
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return a view of x with two axes exchanged. x: any shape. Raises AxisError.

    axis1, axis2: the axes.

    >>> nb.swapaxes(np.zeros((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    x = as_tensor(x)
    a, b = one("swapaxes", axis1, x.ndim), one("swapaxes", axis2, x.ndim)
    axes = list(range(x.ndim))
    axes[a], axes[b] = b, a
    return (x,), {"axes": tuple(axes)}


@spelling(permute_dims)
def moveaxis(x: Any, source: Axes, destination: Axes) -> Any:
    """Return a view of x with some axes moved to other places; the others keep their order.

    x: any shape. source, destination: an int each, or as many. Raises AxisError, ValueRangeError.

    >>> nb.moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = as_tensor(x)
    a, b = [ordered("moveaxis", axes, x.ndim, sequence=True) for axes in (source, destination)]
    if len(a) != len(b):
        raise value_errors.bad_value("moveaxis", f"{len(a)} axes cannot be moved to {len(b)} places")
    rest = iter([axis for axis in range(x.ndim) if axis not in a])
    found = dict(zip(b, a, strict=True))
    return (x,), {"axes": tuple([found[place] if place in found else next(rest) for place in range(x.ndim)])}


def _again(x: Any, axis: tuple[int, ...]) -> Tensor:
    return apply(flip, (x,), {"axis": axis})


@op(vjp=lambda g, z, x, axis: _again(g, axis), linear=True, keep="", like=np.flip,
    view=link, write=lambda x, v, axis: _again(v, axis),
    cases=[((2, 3), {}), ((2, 3, 4), {"axis": -1}), ((2, 3, 4), {"axis": (0, -2)}), ((), {}),
           ((0, 3), {"axis": 1}), ((2, 3), {"axis": ()})])
def flip(x: Any, axis: Any = None) -> Any:
    """Return a view of x with the order of its elements reversed along an axis, several, or all of them.

    x: any shape. Raises AxisError, ValueRangeError for an axis named twice.

    >>> nb.flip([1.0, 2.0, 3.0])
    tensor([3., 2., 1.])
    """
    x = as_tensor(x)
    return (x,), {"axis": several("flip", axis, x.ndim, sequence=True)}


# ------------------------------------------------------------------------------- together and apart
def _together(name: str, arrays: tuple[Any, ...], axis: Any) -> tuple[list[Tensor], Any]:
    """The arrays, given in a sequence or one by one, and the axis. Raises ValueRangeError for no array."""
    if arrays and isinstance(arrays[0], (list, tuple)):
        if len(arrays) > 2 or (len(arrays) == 2 and axis != 0):
            raise value_errors.bad_argument(name, arrays, "one sequence of arrays, and an axis")
        axis = arrays[1] if len(arrays) == 2 else axis
        arrays = tuple(arrays[0])
    elif len(arrays) == 1:
        raise value_errors.bad_argument(name, arrays[0], "a list or tuple of arrays")
    if not arrays:
        raise value_errors.bad_value(name, "needs at least one array")
    return [as_tensor(x) for x in arrays], axis


def _common(xs: Sequence[Any]) -> np.dtype:
    return np.result_type(*[x.dtype for x in xs])


def _concatenated(*xs: Any, axis: int) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of the arrays one after the other."""
    first = xs[0].shape
    return (*first[:axis], sum([x.shape[axis] for x in xs]), *first[axis + 1:]), _common(xs)


def _piece(i: int, g: Tensor, z: Any, *xs: Any, axis: int) -> Tensor:
    start = sum([x.shape[axis] for x in xs[:i]])
    part = (_WHOLE,) * axis + (slice(start, start + xs[i].shape[axis]), ...)
    return shaped(apply(getitem, (g,), {"index": part}), xs[i])


@op(out=_concatenated, vjp_of=_piece, linear=True, keep="", on_complex="same",
    like=lambda *xs, axis=0: np.concatenate(xs, axis),
    cases=[((2, 3), (1, 3)), ((2, 3), (2, 0), (2, 1), {"axis": -1}), ((2, 1, 2), (2, 3, 2), {"axis": 1}),
           ((2, 2), (3,), {"axis": None}), ((0,), (2,))])
def concat(*arrays: Any, axis: Any = 0) -> Any:
    """Return arrays joined along an axis: concat([x, y, ...], axis=0).

    arrays: a sequence of at least one; shapes equal but for that axis, any dtypes, which promote as in NumPy.
    axis None: each is read in C order first. Raises ShapeError, AxisError, ValueRangeError for no array.

    >>> nb.concat([[1.0, 2.0], [3.0]])
    tensor([1., 2., 3.])
    """
    xs, axis = _together("concat", arrays, axis)
    if axis is None:
        return tuple(map(ravel, xs)), {"axis": 0}
    shapes = [x.shape for x in xs]
    if xs[0].ndim == 0:
        raise shape_errors.bad_shape("concat", (), "needs at least one axis; use stack for 0-d arrays")
    axis = one("concat", axis, xs[0].ndim)
    if len({(len(s), *s[:axis], *s[axis + 1:]) for s in shapes}) > 1:
        raise shape_errors.not_alike("concat", shapes, axis)
    return tuple(xs), {"axis": axis}


def _stacked(*xs: Any, axis: int) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of the arrays along a new axis."""
    first = xs[0].shape
    return (*first[:axis], len(xs), *first[axis:]), _common(xs)


def _layer(i: int, g: Tensor, z: Any, *xs: Any, axis: int) -> Tensor:
    return shaped(apply(getitem, (g,), {"index": (_WHOLE,) * axis + (i, ...)}), xs[i])


@op(out=_stacked, vjp_of=_layer, linear=True, keep="", on_complex="same",
    like=lambda *xs, axis=0: np.stack(xs, axis),
    cases=[((2, 3), (2, 3)), ((), (), ()), ((2, 3), (2, 3), (2, 3), {"axis": -1}),
           ((0, 2), (0, 2), {"axis": 1})])
def stack(*arrays: Any, axis: Any = 0) -> Any:
    """Return arrays joined along a new axis of the result: stack([x, y, ...], axis=0).

    arrays: a sequence of at least one, of equal shapes, any dtypes, which promote as in NumPy. Raises
    ShapeError, AxisError, ValueRangeError for no array.

    >>> nb.stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    tensor([[1., 3.],
            [2., 4.]])
    """
    xs, axis = _together("stack", arrays, axis)
    shapes = [x.shape for x in xs]
    if len(set(shapes)) > 1:
        raise shape_errors.not_alike("stack", shapes, None)
    return tuple(xs), {"axis": one("stack", axis, xs[0].ndim + 1)}


def hstack(arrays: Sequence[Any]) -> Tensor:
    """Return arrays joined along the second axis, or the first if they have only one. Raises ShapeError.

    arrays: a sequence of at least one. Derivative: linear in each. Raises ValueRangeError
    for no array.

    >>> nb.hstack([[1.0, 2.0], [3.0]])
    tensor([1., 2., 3.])
    """
    xs = [x if x.ndim else reshape(x, 1) for x in _together("hstack", (list(arrays),), 0)[0]]
    return concat(xs, axis=0 if xs[0].ndim == 1 else 1)


def vstack(arrays: Sequence[Any]) -> Tensor:
    """Return arrays joined along the first axis, 1-d ones as rows. Raises ShapeError.

    arrays: a sequence of at least one. Derivative: linear in each. Raises ValueRangeError
    for no array.

    >>> nb.vstack([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    xs, _ = _together("vstack", (list(arrays),), 0)
    return concat([x if x.ndim > 1 else reshape(x, (1, prod(x.shape))) for x in xs])
