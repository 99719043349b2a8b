"""Elements chosen by conditions, places and order, as NumPy names it. What is chosen has slope 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops import host
from nbgrad.ops.along import take_along_axis
from nbgrad.ops.axes import named_dim, one, ordered
from nbgrad.ops.compare import isnan, logical_not, not_equal
from nbgrad.ops.create import zeros_like
from nbgrad.ops.dtypes import result_type
from nbgrad.ops.index import getitem, integers, nonzero, setitem, take
from nbgrad.ops.nans import filled
from nbgrad.ops.reduce import all, any
from nbgrad.ops.search import argmax, argmin
from nbgrad.ops.shape import ravel, stack
from nbgrad.ops.sort import argsort, sort


def _mask(condition: Any) -> Tensor:
    found: Tensor = not_equal(condition, 0)
    return found


# -------------------------------------------------------------------------------------------- by conditions
def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Tensor:
    """Return, in x's dtype, what the function of the last condition that holds gives, or else 0.

    x: any shape. condlist: conditions of x's shape, or one. funclist: a function or a number for each, and
    perhaps one more for where none holds; functions get the elements chosen, args and kw.
    Derivative: that of the function chosen. Raises ValueRangeError for another number of functions.

    >>> nb.piecewise([-1.0, 2.0], [np.array([True, False])], [nb.abs, lambda x: 3 * x])
    tensor([1., 6.])
    """
    x = as_tensor(x)
    several = isinstance(condlist, (list, tuple)) and len(condlist) > 0 and (
        np.ndim(condlist[0]) > 0 or x.ndim == 0)
    conditions = [_mask(c) for c in (condlist if several else [condlist])]
    if len(funclist) == len(conditions) + 1:
        conditions.append(logical_not(any(stack(conditions), 0)))
    if len(funclist) != len(conditions):
        why = (f"{len(funclist)} functions do not fit {len(conditions)} conditions. Give as many, or one "
               f"more for where none holds")
        raise value_errors.bad_value("piecewise", why)
    z = zeros_like(x)
    for condition, f in zip(conditions, funclist, strict=True):
        if not callable(f):
            z = setitem(z, condition, f)
        elif (chosen := getitem(x, condition)).size:
            z = setitem(z, condition, f(chosen, *args, **kw))
    return z


def choose(a: Any, choices: Any, mode: str = "raise") -> Tensor:
    """Return for each place the element of the one of choices that a names there.

    a: integers from 0. choices: a sequence of arrays. All shapes broadcast. mode: "raise", or numbers out of
    range are counted round ("wrap") or made the nearest in range ("clip"). Derivative: 1 in what is chosen.
    Raises ValueRangeError, ShapeError, DtypeError for an a that is no integer.

    >>> nb.choose([1, 0], [[1.0, 2.0], [3.0, 4.0]])
    tensor([3., 2.])
    """
    a = as_tensor(a)
    places = integers("choose", astype(a, np.int64) if a.dtype.kind == "b" else a)
    xs = [as_tensor(c) for c in choices]
    if mode not in ("raise", "wrap", "clip"):
        raise value_errors.bad_choice("choose", "mode", mode, ("raise", "wrap", "clip"))
    if not xs:
        raise value_errors.bad_value("choose", "there is nothing to choose from. Give at least one array")
    if mode == "raise" and places.size and not 0 <= places.min() <= places.max() < len(xs):
        why = f"a has numbers from {places.min()} to {places.max()}, for {len(xs)} choices"
        raise value_errors.bad_value("choose", why)
    places = places % len(xs) if mode == "wrap" else np.clip(places, 0, len(xs) - 1)
    try:
        shape = np.broadcast_shapes(places.shape, *[x.shape for x in xs])
    except ValueError as error:
        raise shape_errors.no_broadcast("choose", [places.shape, *[x.shape for x in xs]]) from error
    weak = (bool, int, float)
    dtype = result_type(*[c if type(c) in weak else x for c, x in zip(choices, xs, strict=True)])
    joined = stack([broadcast_to(x if x.dtype == dtype else astype(x, dtype), shape) for x in xs])
    found: Tensor = take_along_axis(joined, np.broadcast_to(places, shape)[None], 0)[0]
    return found


@named_dim
def compress(condition: Any, a: Any, axis: int | None = None) -> Tensor:
    """Return the parts of a along an axis, or of a read in C order, where a condition holds.

    condition: (n,), as long as the axis or shorter. a: any shape. Derivative: linear in a. Raises ShapeError,
    IndexError for a condition that holds behind the end, AxisError.

    >>> nb.compress([True, False, True], [1.0, 2.0, 3.0])
    tensor([1., 3.])
    """
    chosen = _mask(condition)
    if chosen.ndim != 1:
        raise shape_errors.bad_shape("compress", chosen.shape, "the condition must have one axis")
    return take(a, nonzero(chosen)[0], axis)


def extract(condition: Any, arr: Any) -> Tensor:
    """Return the elements of arr, read in C order, where a condition holds.

    condition: arr's shape, or as many elements. arr: any shape. Derivative: linear in arr. Raises IndexError
    for a condition that holds behind the end.

    >>> nb.extract([[True, False], [False, True]], [[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 4.])
    """
    return take(ravel(as_tensor(arr)), nonzero(ravel(_mask(condition)))[0])


def flatnonzero(a: Any) -> Tensor:
    """Return the places of the elements of a, read in C order, that are not zero.

    a: any shape and dtype. int64, which has no derivative. Raises DtypeError for what is no array of numbers.

    >>> nb.flatnonzero([[0.0, 2.0], [3.0, 0.0]])
    tensor([1, 2])
    """
    found: Tensor = nonzero(ravel(as_tensor(a)))[0]
    return found


def argwhere(a: Any) -> Tensor:
    """Return the places of the elements of a that are not zero, a row for each.

    a: any shape and dtype. int64, which has no derivative. Raises DtypeError for what is no array of numbers.

    >>> nb.argwhere([[0.0, 2.0], [3.0, 0.0]])
    tensor([[0, 1],
            [1, 0]])
    """
    return as_tensor(np.argwhere(host.values(a)))


@named_dim
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Tensor:
    """Return filt without the zeros at the front, the back, or both.

    filt: any shape. trim: "f", "b" or "fb". axis: one, several, or None for all: what is cut off is zero in
    all of filt. Derivative: linear in what is left. Raises ValueRangeError for another trim, AxisError.

    >>> nb.trim_zeros([0.0, 1.0, 0.0, 2.0, 0.0])
    tensor([1., 0., 2.])
    """
    x, how = as_tensor(filt), trim.lower()
    if how not in ("f", "b", "fb", "bf"):
        raise value_errors.bad_choice("trim_zeros", "trim", trim, ("fb", "f", "b"))
    axes = range(x.ndim) if axis is None else ordered("trim_zeros", axis, x.ndim, sequence=True)
    places = np.argwhere(host.values(x))
    first, last = (places.min(0), places.max(0) + 1) if len(places) else [np.zeros(x.ndim, int)] * 2
    index = [slice(None)] * x.ndim
    for k in axes:
        index[k] = slice(int(first[k]) if "f" in how else None, int(last[k]) if "b" in how else None)
    found: Tensor = getitem(x, (*index, ...))
    return found


# ------------------------------------------------------------------------------------------------- by order
def _place(name: str, function: Callable[..., Any], x: Any, worst: float, axis: int | None,
           keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if x.dtype.kind in "fc" and host.values(any(all(isnan(x), axis))) and x.size:
        raise value_errors.bad_value(name, "there is nothing but nan in a row, or in all")
    found: Tensor = function(filled(x, complex(worst, worst) if is_complex(x) else worst), axis, keepdims)
    return found


@named_dim
def nanargmax(a: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the first largest element that is not nan, along an axis or of a in C order.

    a: any shape. axis, keepdims: as in `argmax`. int64, which has no derivative. Raises ValueRangeError where
    there is nothing but nan, ShapeError if there is no element, AxisError.

    >>> nb.nanargmax([1.0, np.nan, 3.0])
    tensor(2)
    """
    return _place("nanargmax", argmax, a, -np.inf, axis, keepdims)


@named_dim
def nanargmin(a: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the first smallest element that is not nan, along an axis or of a in C order.

    a: any shape. axis, keepdims: as in `argmin`. int64, which has no derivative. Raises ValueRangeError where
    there is nothing but nan, ShapeError if there is no element, AxisError.

    >>> nb.nanargmin([1.0, np.nan, 3.0])
    tensor(0)
    """
    return _place("nanargmin", argmin, a, np.inf, axis, keepdims)


def _parted(name: str, function: Callable[..., Any], x: Any, kth: Any, axis: Any, kind: str) -> Tensor:
    """What is sorted is parted at every place."""
    if kind != "introselect":
        raise value_errors.bad_choice(name, "kind", kind, ("introselect",))
    x = as_tensor(x)
    n = x.size if axis is None else x.shape[one(name, axis, x.ndim)]
    places = integers(name, kth, "kth")
    if places.size and not -n <= places.min() <= places.max() < n:
        raise value_errors.bad_value(name, f"kth={kth} is out of bounds for {n} elements")
    found: Tensor = function(x, axis)
    return found


@named_dim
def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Tensor:
    """Return a in rising order along an axis (None: in C order), which parts it at every place.

    a: any shape. kth: the place, or several, that have what they have in order. kind: NumPy's, and the same.
    Derivative: that of `sort`. Raises ValueRangeError for a kth out of bounds, DtypeError, AxisError.

    >>> nb.partition([3.0, 1.0, 2.0], 1)
    tensor([1., 2., 3.])
    """
    return _parted("partition", sort, a, kth, axis, kind)


@named_dim
def argpartition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Tensor:
    """Return the indices that sort a along an axis (None: in C order), which part it at every place.

    a, kth, kind: as in `partition`. int64, which has no derivative. Raises ValueRangeError, DtypeError,
    AxisError.

    >>> nb.argpartition([3.0, 1.0, 2.0], 1)
    tensor([1, 2, 0])
    """
    return _parted("argpartition", argsort, a, kth, axis, kind)


@named_dim
def lexsort(keys: Any, axis: int = -1) -> Tensor:
    """Return the indices that sort by several keys along an axis: by the last one, where that ties the next.

    keys: a sequence of arrays of one shape, or its rows. Equal ones keep their order. int64, which has no
    derivative. Raises ValueRangeError for no key, ShapeError, AxisError.

    >>> nb.lexsort([[2, 1, 0], [0, 1, 0]])
    tensor([2, 0, 1])
    """
    rows = [as_tensor(key) for key in keys]
    if not rows:
        raise value_errors.bad_value("lexsort", "there is no key. Give at least one array")
    if others := {row.shape for row in rows} - {rows[0].shape}:
        raise shape_errors.not_alike("lexsort", [rows[0].shape, *others], None)
    axis = one("lexsort", axis, rows[0].ndim)
    places = argsort(rows[0], axis)
    for row in rows[1:]:
        order = argsort(take_along_axis(row, places, axis), axis)
        places = take_along_axis(places, order, axis)
    found: Tensor = places
    return found
