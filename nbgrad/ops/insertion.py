"""Parts put into arrays and taken out of them, as NumPy names it: all is linear."""

from __future__ import annotations

import operator
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import ShapeError, shape_errors, value_errors
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.create import zeros
from nbgrad.ops.index import take
from nbgrad.ops.shape import concat, moveaxis, ravel, reshape


def _line(name: str, x: Any, axis: int | None) -> tuple[Tensor, int]:
    """x, read in C order where no axis is given; and the axis."""
    x = as_tensor(x)
    return (ravel(x), 0) if axis is None else (x, one(name, axis, x.ndim))


@named_dim
def append(x: Any, values: Any, axis: int | None = None) -> Tensor:
    """Return x with values behind it along an axis, or both read in C order if axis is None.

    x, values: shapes equal but for the axis. Derivative: linear in both. Raises ShapeError, AxisError.

    >>> nb.append([1.0, 2.0], 3.0)
    tensor([1., 2., 3.])
    """
    return concat([as_tensor(x), as_tensor(values)], axis=axis)


def _chosen(name: str, places: Any, n: int) -> np.ndarray:
    """Places of an axis of length n that a slice, integers or booleans choose."""
    if isinstance(places, slice):
        return np.arange(n)[places]
    found = np.asarray(devices.host(raw(places)))
    if found.size == 0:
        return found.astype(np.int64)
    if found.dtype.kind not in "iub":
        raise value_errors.needs_integers(name, "places", found.dtype)
    return found


@named_dim
def delete(x: Any, places: Any, axis: int | None = None) -> Tensor:
    """Return x without some places of an axis, or of x read in C order if axis is None.

    x: any shape. places: an integer, several, a slice, or booleans, one for each place.
    Derivative: linear in x; 0 in what is left out. Raises IndexError for a place that there is not,
    DtypeError for places that are no integers, AxisError.

    >>> nb.delete([1.0, 2.0, 3.0], 1)
    tensor([1., 3.])
    """
    x, axis = _line("delete", x, axis)
    try:
        left = np.delete(np.arange(x.shape[axis]), _chosen("delete", places, x.shape[axis]))
    except (IndexError, ValueError) as error:
        raise shape_errors.bad_index("delete", x.shape, str(error)) from error
    return take(x, left, axis)


@named_dim
def insert(x: Any, places: Any, values: Any, axis: int | None = None) -> Tensor:
    """Return x with values put before some places of an axis, or of x read in C order if axis is None.

    x: any shape. places: an integer, several, a slice, or booleans. values: what broadcasts to x with as many
    places in the axis; in x's dtype. Derivative: linear in x and values. Raises IndexError for a place that
    there is not, DtypeError for places that are no integers, ShapeError, AxisError.

    >>> nb.insert([1.0, 2.0, 3.0], 1, 5.0)
    tensor([1., 5., 2., 3.])
    """
    x, axis = _line("insert", x, axis)
    v, n = astype(as_tensor(values), x.dtype), x.shape[axis]
    chosen = _chosen("insert", places, n)
    count = np.count_nonzero(chosen) if chosen.dtype.kind == "b" else chosen.size
    if count == 1:
        v = reshape(v, (1,) * (x.ndim - v.ndim) + v.shape)
        v = moveaxis(v, 0, axis) if chosen.ndim == 0 else v
        count = v.shape[axis]
    part = (*x.shape[:axis], count, *x.shape[axis + 1:])
    try:
        v = broadcast_to(v, part)
    except ShapeError as error:
        raise shape_errors.no_fit("insert", v.shape, f"the places put in have shape {part}") from error
    try:
        order = np.insert(np.arange(n), chosen, n + np.arange(count))
    except (IndexError, ValueError) as error:
        raise shape_errors.bad_index("insert", x.shape, str(error)) from error
    return take(concat([x, v], axis), order, axis)


def resize(x: Any, shape: Any) -> Tensor:
    """Return the elements of x in C order in another shape, from the first on again where they end too soon.

    x: any shape. shape: an int or several. Without an element all are 0. Derivative: linear in x. Raises
    ValueRangeError for negative sizes.

    >>> nb.resize([1.0, 2.0, 3.0], (2, 2))
    tensor([[1., 2.],
            [3., 1.]])
    """
    x = ravel(as_tensor(x))
    sizes = tuple([operator.index(n) for n in (shape if isinstance(shape, (tuple, list)) else (shape,))])
    if any(n < 0 for n in sizes):
        raise value_errors.bad_value("resize", f"sizes {sizes} cannot be negative")
    if x.size == 0:
        return zeros(sizes, dtype=x.dtype)
    return reshape(take(x, np.arange(prod(sizes)) % x.size), sizes)
