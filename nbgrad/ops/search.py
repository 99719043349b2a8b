"""Searches: where the extremes are."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.core import as_tensor
from nbgrad.ops.axes import one
from nbgrad.ops.reduce import reduced
from nbgrad.structured import op


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
