"""Reading and adding at a place of one axis for each element: two linear ops, each the other's transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.broadcast import broadcast_to
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors
from nbgrad.ops.axes import one
from nbgrad.ops.index import integers
from nbgrad.ops.shape import ravel

op: Any = family("along")


def _places(name: str, x: Tensor, places: np.ndarray, axis: int) -> tuple[Tensor, np.ndarray]:
    """x and places, broadcast against each other in all axes but the one. Raises ShapeError."""
    if places.ndim != x.ndim:
        raise shape_errors.bad_shape(name, places.shape, f"needs indices with {x.ndim} axes, as x has")
    ours, theirs = list(x.shape), list(places.shape)
    ours[axis] = theirs[axis] = 1
    if ours != theirs:
        try:
            found = np.broadcast_shapes(tuple(ours), tuple(theirs))
        except ValueError as error:
            raise shape_errors.no_broadcast(name, [x.shape, places.shape]) from error
        before, after = found[:axis], found[axis + 1:]
        x = broadcast_to(x, (*before, x.shape[axis], *after))
        places = np.broadcast_to(places, (*before, places.shape[axis], *after))
    return x, places


def _read(x: np.ndarray, indices: np.ndarray, axis: int | None = -1) -> np.ndarray:
    return np.take_along_axis(x, indices, axis)


@op(out=lambda x, places, axis: (places.shape, x.dtype), linear=True, keep="", like=_read,
    vjp=lambda g, z, x, places, axis: apply(
        add_along_axis, (g,), {"places": places, "axis": axis, "n": x.shape[axis]}),
    cases=[((5,), np.array([4, 0, 0, -1])), ((3, 4), np.array([[0, 2, 1, -1], [0, 0, 1, 2]]), {"axis": 0}),
           ((3, 4), np.array([[0, 3], [1, 1], [-4, 2]]), {"axis": 1}), ((2, 3), np.zeros((2, 0), np.int64)),
           ((3, 4), np.array([[2], [1]]), {"axis": 0}),
           ((2, 1, 3), np.zeros((1, 4, 1), np.int64), {"axis": 2}),
           ((3, 32), lambda r: r.integers(-3, 3, (4, 32)), {"axis": 0}),
           ((2, 3), np.array([5, 0, 0]), {"axis": None})], planned=False)
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Return the elements of x at the places along an axis that argsort and argmax give, one index for each.

    x: (..., n, ...). indices: integers, as many axes as x, broadcast against it in all but the given one; the
    result has their shape. axis None: x is read in C order, and indices has one axis. Raises IndexError,
    ShapeError, DtypeError, AxisError.

    >>> x = np.array([[3.0, 1.0], [2.0, 5.0]])
    >>> print(nb.take_along_axis(x, nb.argsort(x, axis=1), axis=1))
    tensor([[1., 3.],
            [2., 5.]])
    """
    x, places = as_tensor(x), integers("take_along_axis", indices)
    if axis is None:
        if places.ndim != 1:
            raise shape_errors.bad_shape("take_along_axis", places.shape,
                                         "needs 1-d indices where axis is None")
        x, axis = ravel(x), 0
    axis = one("take_along_axis", axis, x.ndim)
    x, places = _places("take_along_axis", x, places, axis)
    return (x,), {"places": places, "axis": axis}


def _added(v: np.ndarray, places: np.ndarray, axis: int, n: int) -> np.ndarray:
    z = np.zeros((*v.shape[:axis], n, *v.shape[axis + 1:]), v.dtype)
    index = list(np.ogrid[tuple([slice(m) for m in v.shape])])
    index[axis] = places
    np.add.at(z, tuple(index), v)
    return z


@op(out=lambda v, places, axis, n: ((*v.shape[:axis], n, *v.shape[axis + 1:]), v.dtype), linear=True, keep="",
    vjp=lambda g, z, v, places, axis, n: apply(take_along_axis, (g,), {"places": places, "axis": axis}),
    like=_added, cases=[((4,), {"places": np.array([1, 2, 1, -1]), "axis": 0, "n": 3}),
                        ((2, 3), {"places": np.array([[0, 0, 1], [3, 1, 1]]), "axis": 1, "n": 4}),
                        ((2, 2), {"places": np.array([[0, 0], [0, 1]]), "axis": 0, "n": 2}),
                        ((4, 24), {"places": np.arange(96).reshape(4, 24) % 5 - 2, "axis": 0, "n": 3}),
                        ((0, 2), {"places": np.zeros((0, 2), np.int64), "axis": 0, "n": 3})],
    planned=False, private=True)
def add_along_axis(v: Any, places: np.ndarray, axis: int, n: int) -> Any:
    """Return zeros, with length n of the axis, with each element of v added at its place along that axis.

    v, places: one shape. Of equal places the values add up. Raises IndexError for one out of range.
    """
    return (as_tensor(v),), {"places": places, "axis": axis, "n": n}
