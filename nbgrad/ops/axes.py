"""Axes and counts, as the bind functions of ops take them: checked once, then never negative."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from nbgrad.define.plans import numpy_names
from nbgrad.errors import shape_errors, value_errors

P = ParamSpec("P")
R = TypeVar("R")


def one(op: str, axis: Any, ndim: int) -> int:
    """axis counted from the front, 0 <= axis < ndim, for an array of ndim axes.

    axis: int or NumPy integer. Raises AxisError if the array does not have it, DtypeError if it is not an
    integer; a bool is none.
    """
    try:
        found = operator.index(axis)
    except TypeError as error:
        raise value_errors.bad_argument(op, axis, "an integer axis") from error
    if type(axis) is bool:
        raise value_errors.bad_argument(op, axis, "an integer axis")
    if not -ndim <= found < ndim:
        raise shape_errors.bad_axis(op, axis, ndim)
    return found + ndim if found < 0 else found


def several(op: str, axis: Any, ndim: int, sequence: bool = False) -> tuple[int, ...]:
    """Axes counted from the front, sorted, each once, for an array of ndim axes.

    axis: as `ordered` takes it, or None for all axes. Raises as `ordered`.
    """
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted(ordered(op, axis, ndim, sequence)))


def ordered(op: str, axis: Any, ndim: int, sequence: bool = False) -> tuple[int, ...]:
    """Axes counted from the front, in the order given, each once, for an array of ndim axes.

    axis: int or tuple of ints; with `sequence` any sequence of them, where NumPy's function takes one. Raises
    AxisError for an axis that the array does not have, ValueRangeError for one named twice, DtypeError for
    anything else.
    """
    if isinstance(axis, list) and not sequence:
        raise value_errors.bad_argument(op, axis, "an integer axis, or a tuple of them")
    axes = listed(axis) if sequence or isinstance(axis, tuple) else (axis,)
    found = tuple([one(op, a, ndim) for a in axes])
    if len(set(found)) != len(found):
        raise shape_errors.repeated_axis(op, axis)
    return found


def listed(xs: Any) -> tuple[Any, ...]:
    """The integers of a sequence, or the one that xs stands for; what they are is not looked at."""
    try:
        operator.index(xs)
    except TypeError:
        return tuple(xs) if isinstance(xs, Iterable) and getattr(xs, "ndim", 1) != 0 else (xs,)
    return (xs,)


def count(op: str, name: str, n: Any, least: int = 0) -> int:
    """n as an integer. Raises DtypeError unless it is one, ValueRangeError if it is below the least."""
    try:
        found = operator.index(n)
    except TypeError as error:
        raise value_errors.bad_argument(op, n, f"{name} as an integer") from error
    if found < least:
        raise value_errors.bad_value(op, f"{name}={found} must be {least} or more")
    return found


def flag(op: str, name: str, value: Any) -> bool:
    """value as a truth value. Raises DtypeError unless it is one, or 0 or 1: others are out of place."""
    if not isinstance(value, (bool, np.bool_)) and not (type(value) is int and value in (0, 1)):
        raise value_errors.bad_argument(op, value, f"{name} to be True or False; give others by name")
    return bool(value)


def named_dim(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which then takes axis and keepdims by PyTorch's names too, dim and keepdim, as ops do."""

    called: Callable[..., Any] = function

    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Any:
        return called(*args, **numpy_names(function.__name__, kwargs)) if kwargs else called(*args)

    return renamed


def reduced(x: Any, axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    """Shape of x without the axes, or with length 1 for them."""
    if keepdims:
        return tuple([1 if a in axis else n for a, n in enumerate(x.shape)])
    return tuple([n for a, n in enumerate(x.shape) if a not in axis])
