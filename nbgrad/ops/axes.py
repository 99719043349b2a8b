"""Axis arguments, as the bind functions of ops take them: checked once, then never negative."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from nbgrad import errors
from nbgrad.structured import numpy_names


def one(op: str, axis: Any, ndim: int) -> int:
    """axis counted from the front, 0 <= axis < ndim, for an array of ndim axes.

    axis: int or NumPy integer. Raises AxisError if the array does not have it, DtypeError if it is not an
    integer.
    """
    try:
        found = operator.index(axis)
    except TypeError as error:
        raise errors.bad_argument(op, axis, "an integer axis") from error
    if not -ndim <= found < ndim:
        raise errors.bad_axis(op, axis, ndim)
    return found + ndim if found < 0 else found


def several(op: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, sorted, each once, for an array of ndim axes.

    axis: int, tuple or list of ints, or None for all axes. Raises AxisError for an axis that the array does
    not have, ValueRangeError for one named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted(ordered(op, axis, ndim)))


def ordered(op: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, in the order given, each once; Raises as `several`."""
    found = tuple([one(op, a, ndim) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))])
    if len(set(found)) != len(found):
        raise errors.repeated_axis(op, axis)
    return found


def named_dim(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which then takes axis and keepdims by PyTorch's names too, dim and keepdim, as ops do."""

    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **numpy_names(function.__name__, kwargs))

    return renamed
