"""Searches: where the extremes are, and where values belong in a sorted array."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

from nbgrad.define.structured import family
from nbgrad.engine.tensor import as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import flag, one, reduced
from nbgrad.ops.index import take

op: Any = family("search")


def _bind_place(name: str, x: Any, axis: int | None, keepdims: bool) -> Any:
    x = as_tensor(x)
    axis = None if axis is None else one(name, axis, x.ndim)
    if product(x.shape if axis is None else (x.shape[axis],)) == 0:
        raise shape_errors.empty_reduction(name, x.shape)
    return (x,), {"axis": axis, "keepdims": flag(name, "keepdims", keepdims)}


def _place(x: Any, axis: int | None, keepdims: bool) -> tuple[tuple[int, ...], type]:
    return reduced(x, tuple(range(x.ndim)) if axis is None else (axis,), keepdims), np.intp


@op(out=_place, discrete=True, like=np.argmax, on_complex="same",
    cases=[((3, 4), {"axis": 0}), ((5,),), ((2, 3), {"axis": -1, "keepdims": True})])
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first largest element along an axis, or of x flattened.

    Raises ShapeError if there is no element.
    axis None: of x read in C order.

    >>> nb.argmax([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([1, 0])
    """
    return _bind_place("argmax", x, axis, keepdims)


@op(out=_place, discrete=True, like=np.argmin, on_complex="same",
    cases=[((3, 4), {"axis": 0}), ((5,),), ((2, 3), {"axis": -1, "keepdims": True})])
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first smallest element along an axis, or of x flattened.

    Raises ShapeError if there is no element.
    axis None: of x read in C order.

    >>> nb.argmin([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([0, 1])
    """
    return _bind_place("argmin", x, axis, keepdims)


def _rising(rng: np.random.Generator) -> np.ndarray:
    return np.sort(rng.normal(size=7))


def _found(x: np.ndarray, v: np.ndarray, side: Any = "left") -> np.ndarray:
    return np.asarray(np.searchsorted(x, v, side))


@op(out=lambda x, v, side: (v.shape, np.intp), discrete=True, like=_found, on_complex="own",
    cases=[(_rising, (3, 4)), (_rising, (5,), {"side": "right"}), (_rising, ()), ((0,), (3,)),
           (np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, np.nan]), {"side": "right"})])
def searchsorted(x: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Return where the elements of v belong in x: x[i - 1] < v <= x[i], or x[i - 1] <= v < x[i] if right.

    x: (n,), rising; or in any order, where sorter, (n,), is what argsort gives for it. v: any shape. The
    result counts from 0 to n, and has no derivative. Raises ShapeError, ValueRangeError for another side.

    >>> nb.searchsorted([1.0, 2.0, 3.0], [2.0, 2.5])
    tensor([1, 2])
    """
    x, v = as_tensor(x), as_tensor(v)
    if x.ndim != 1:
        raise shape_errors.bad_shape("searchsorted", x.shape, "the sorted array must have one axis")
    if side not in ("left", "right"):
        raise value_errors.bad_choice("searchsorted", "side", side, ("left", "right"))
    return (x if sorter is None else take(x, sorter), v), {"side": side}
