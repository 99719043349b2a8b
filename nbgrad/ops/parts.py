"""Numbers taken apart: fractions, exponents, neighbours and remainders of floats, divisors and bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import shape_errors, trace_errors, value_errors
from nbgrad.ops.compare import (
    floor_divide,
    isfinite,
    isinf,
    less,
    logical_and,
    logical_not,
    logical_xor,
    signbit,
    trunc,
)
from nbgrad.ops.dtypes import result_type
from nbgrad.ops.elementwise import negative, not_equal, remainder, subtract, where


def _host(name: str, x: Any) -> Any:
    """The values of an operand; a Python number stays one, which is weak."""
    if type(x) in (bool, int, float):
        return x
    value = devices.host(raw(as_tensor(x)))
    if not hasattr(value, "strides"):
        raise trace_errors.only_elementwise(name)
    return value


def _by_numpy(function: Callable[..., Any], *operands: Any) -> Any:
    """NumPy's function of the values, which has no derivative."""
    name = function.__name__
    values = [_host(name, x) for x in operands]
    try:
        found = function(*values)
    except TypeError as error:
        raise value_errors.bad_operands(name, [np.asarray(v).dtype for v in values]) from error
    except ValueError as error:
        raise shape_errors.no_broadcast(name, [np.shape(v) for v in values]) from error
    return tuple(map(as_tensor, found)) if type(found) is tuple else as_tensor(np.asarray(found))


def _floats(name: str, *operands: Any) -> list[Tensor]:
    """Operands in one float dtype: integers in the one that NumPy has for them, or float32 for float16.

    Raises DtypeError for complex numbers, in the name of the function.
    """
    xs = [t if type(t) in (bool, int, float) else as_tensor(t) for t in operands]
    dtype = np.result_type(result_type(*xs), np.float32)
    if dtype.kind == "c":
        raise value_errors.no_complex(name, [x.dtype for x in map(as_tensor, xs)])
    return [astype(x, dtype) for x in xs]


# ---------------------------------------------------------------------------------------------- remainders
def fmod(x: Any, y: Any, /) -> Tensor:
    """Return x - y * trunc(x / y), which has the sign of x.

    x, y: shapes that broadcast. Derivative: 1 in x, -trunc(x / y) in y; at its jumps, those where |x| is
    larger. Raises ShapeError, DtypeError.

    >>> nb.fmod([5.0, -5.0], 3.0)
    tensor([ 2., -2.])
    """
    x, y = [t if type(t) in (bool, int, float) else as_tensor(t) for t in (x, y)]
    dtype = result_type(x, y)
    if dtype.kind != "f":
        rest = remainder(x, y)                # of y's sign
        apart = logical_and(not_equal(rest, 0), logical_xor(less(x, 0), less(y, 0)))
        return where(apart, subtract(rest, y), rest)
    x, y = [astype(t, dtype) for t in (x, y)]
    rest = remainder(where(signbit(x), negative(x), x), where(signbit(y), negative(y), y))
    return where(signbit(x), negative(rest), rest)


def divmod(x: Any, y: Any, /) -> tuple[Tensor, Tensor]:
    """Return `floor_divide` and `remainder` of x and y.

    x, y: shapes that broadcast. Derivative: 0 of the first, that of `remainder` of the second. Raises
    ShapeError, DtypeError.

    >>> nb.divmod(7.0, 2.0)
    (tensor(3.), tensor(1.))
    """
    return floor_divide(x, y), remainder(x, y)


def modf(x: Any, /) -> tuple[Tensor, Tensor]:
    """Return the fraction of x and its integer, both with the sign of x.

    x: any shape. Derivative: 1 of the fraction, at integers too, 0 at infinities; 0 of the integer. Raises
    DtypeError.

    >>> nb.modf([1.5, -2.25])
    (tensor([ 0.5 , -0.25]), tensor([ 1., -2.]))
    """
    (x,) = _floats("modf", x)
    whole, minus = trunc(x), signbit(x)
    part = where(isinf(x), where(minus, x.dtype.type(-0.0), x.dtype.type(0.0)), x)
    t = trunc(part)
    return where(minus, negative(subtract(t, part)), subtract(part, t)), whole


# ----------------------------------------------------------------------------------------------- exponents
def _halved(n: np.ndarray, dtype: Any) -> list[np.ndarray]:
    """Three powers of two within the range, whose product is 2 ** n, or takes all floats to 0 or inf."""
    most = 2100 if dtype == np.float64 else 300
    n = np.clip(n, -most, most)
    first = n // 3
    second = (n - first) // 2
    return [np.ldexp(np.ones((), dtype), k) for k in (first, second, n - first - second)]


def _scaled(x: Tensor, n: np.ndarray) -> Tensor:
    for factor in _halved(np.asarray(n, np.int64), x.dtype):
        x = multiply(x, factor)
    return x


def ldexp(x: Any, n: Any, /) -> Tensor:
    """Return x * 2 ** n, rounded once, or more often where the result is not normal.

    x, n: shapes that broadcast; n: integers, constants. Derivative: 2 ** n in x. Raises ShapeError,
    DtypeError for an n that is no integer.

    >>> nb.ldexp([1.5, -1.0], [1, 4])
    tensor([  3., -16.])
    """
    (x,), power = _floats("ldexp", x), np.asarray(_host("ldexp", n))
    if power.dtype.kind not in "iub" or power.dtype == np.uint64:
        raise value_errors.needs_integers("ldexp", "n", power.dtype)
    return _scaled(x, power)


def frexp(x: Any, /) -> tuple[Tensor, Tensor]:
    """Return m and n with x = m * 2 ** n and 0.5 <= |m| < 1; of 0, infinities and nan themselves and 0.

    x: any shape. n: int32. Derivative: 2 ** -n of the first; n is a step, and has 0. Raises DtypeError.

    >>> nb.frexp(12.0)
    (tensor(0.75), tensor(4, dtype=int32))
    """
    (x,) = _floats("frexp", x)
    power = np.asarray(np.frexp(_host("frexp", x))[1])
    power = np.where(np.isfinite(_host("frexp", x)), power, 0).astype(np.int32)
    return _scaled(x, -power.astype(np.int64)), as_tensor(power)


# ---------------------------------------------------------------------------------------------- neighbours
def nextafter(x: Any, y: Any, /) -> Tensor:
    """Return the float next to x in the direction of y; y where they are equal.

    x, y: shapes that broadcast. Derivative: 1 in x where it is finite, as the step is a constant; 0 in y.
    Raises ShapeError, DtypeError.

    >>> nb.nextafter(1.0, 2.0) - 1.0 == nb.finfo(nb.float64).eps
    tensor(True)
    """
    x, y = _floats("nextafter", x, y)
    found: Tensor = _by_numpy(np.nextafter, x, y)
    if x.trace is None:
        return found
    near = where(isfinite(x), x, 0)
    nothing = negative(subtract(stop_gradient(near), near))       # -0, which changes no float it is added to
    return add(found, nothing)


def spacing(x: Any, /) -> Tensor:
    """Return the distance of x from the next float away from 0, with the sign of x.

    x: any shape. Its derivative is taken as 0, what a step has almost everywhere. Raises DtypeError.

    >>> nb.spacing(1.0) == nb.finfo(nb.float64).eps
    tensor(True)
    """
    return _by_numpy(np.spacing, *_floats("spacing", x))


def isposinf(x: Any, /) -> Tensor:
    """Return whether x is inf. x: any shape. No derivative. Raises DtypeError.

    >>> nb.isposinf([np.inf, -np.inf, 1.0])
    tensor([ True, False, False])
    """
    return logical_and(isinf(x), logical_not(signbit(x)))


def isneginf(x: Any, /) -> Tensor:
    """Return whether x is -inf. x: any shape. No derivative. Raises DtypeError.

    >>> nb.isneginf([np.inf, -np.inf, 1.0])
    tensor([False,  True, False])
    """
    return logical_and(isinf(x), signbit(x))


# ------------------------------------------------------------------------------------------------ integers
def gcd(x: Any, y: Any, /) -> Tensor:
    """Return the greatest common divisor of integers. x, y: shapes that broadcast. No derivative.

    Raises ShapeError, DtypeError for what is no integer.

    >>> nb.gcd([12, 20], 8)
    tensor([4, 4])
    """
    return _by_numpy(np.gcd, x, y)


def lcm(x: Any, y: Any, /) -> Tensor:
    """Return the least common multiple of integers. x, y: shapes that broadcast. No derivative.

    Raises ShapeError, DtypeError for what is no integer.

    >>> nb.lcm([4, 6], 10)
    tensor([20, 30])
    """
    return _by_numpy(np.lcm, x, y)


def bitwise_count(x: Any, /) -> Tensor:
    """Return how many bits of |x| are 1, as uint8. x: integers, any shape. No derivative. Raises DtypeError.

    >>> nb.bitwise_count([7, 8])
    tensor([3, 1], dtype=uint8)
    """
    return _by_numpy(np.bitwise_count, x)
