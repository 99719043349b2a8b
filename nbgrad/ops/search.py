"""Searches: where the extremes are."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.ops.axes import one
from nbgrad.ops.reduce import reduced
from nbgrad.structured import op
from nbgrad.tensors import as_tensor


def _bind_place(name: str, x: Any, axis: int | None, keepdims: bool) -> Any:
    x = as_tensor(x)
    axis = None if axis is None else one(name, axis, x.ndim)
    if product(x.shape if axis is None else (x.shape[axis],)) == 0:
        raise errors.empty_reduction(name, x.shape)
    return (x,), {"axis": axis, "keepdims": bool(keepdims)}


def _place(x: Any, axis: int | None, keepdims: bool) -> tuple[tuple[int, ...], type]:
    return reduced(x, tuple(range(x.ndim)) if axis is None else (axis,), keepdims), np.intp


@op(out=_place, discrete=True, like=np.argmax,
    cases=[((3, 4), {"axis": 0}), ((5,),), ((2, 3), {"axis": -1, "keepdims": True})])
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first largest element along an axis, or of x flattened.

    Raises ShapeError if there is no element.
    """
    return _bind_place("argmax", x, axis, keepdims)


@op(out=_place, discrete=True, like=np.argmin,
    cases=[((3, 4), {"axis": 0}), ((5,),), ((2, 3), {"axis": -1, "keepdims": True})])
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first smallest element along an axis, or of x flattened.

    Raises ShapeError if there is no element.
    """
    return _bind_place("argmin", x, axis, keepdims)


def _bind_order(name: str, x: Any, axis: int | None, descending: bool, stable: bool) -> Any:
    x = as_tensor(x)
    return (x,), {"axis": one(name, axis, x.ndim), "descending": bool(descending), "stable": bool(stable)}


@op(discrete=True, like=lambda x, axis=-1: np.argsort(x, axis=axis, kind="stable"),
    cases=[((5,),), ((3, 4), {"axis": 0}), ((0,),)])
def argsort(x: Any, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Return the indices that sort x along an axis, nan last (first if descending).

    stable : equal elements keep their order
    take_along_axis(x, argsort(x), -1) gives the sorted values, with their gradient.
    """
    return _bind_order("argsort", x, axis, descending, stable)
