"""Powers: products for small exponents, and the general one with its derivatives."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.declare import elementwise
from nbgrad.define.scalar import Elementwise, choose
from nbgrad.define.scalar_program import Symbol
from nbgrad.engine.tensor import Tensor, operand, raw
from nbgrad.errors import value_errors
from nbgrad.ops.compare import logical_or, not_equal
from nbgrad.ops.elementwise import floats, is_exact, log, positive, reciprocal, sqrt, square


def _product(x: Tensor, n: int = 3) -> Tensor:
    """x to a small positive power by repeated squaring."""
    if n == 1:
        return x
    half = _product(x, n // 2)
    return half * half * x if n % 2 else half * half


_power = elementwise("power", _product, like=lambda x, n=3: x ** n)

# y * p, and 0 where y is 0, even if p is infinite
_strong_product = Elementwise("strong_product", "{0} * {1} if {0} != 0 else {T}(0)",
                              lambda y, p, z: (p, y), arity=2, loop=floats("strong_product"))


def _damped(z: Tensor, x: Tensor, k: int) -> Tensor:
    """z log(x)^k for z = x^y, which is 0 where z is; nan for x below 0."""
    return choose(logical_or(not_equal(z, 0), x < 0), z * _product(log(x), k))


@cache
def _power_log(k: int) -> Any:
    """The op x^y log(x)^k. Its partials are ops of this kind again."""
    return Elementwise(f"power_log{k}", lambda x, y: _damped(general(x, y), x, k),
                       lambda x, y, z: _of_power_log(k, x, y), arity=2)


def _of_power_log(k: int, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    lower = general if k == 1 else _power_log(k - 1)
    return _strong_product(y, _power_log(k)(x, y - 1)) + k * lower(x, y - 1), _power_log(k + 1)(x, y)


# y x^(y - 1), 0 where y is 0
_power_slope: Any = Elementwise(
    "power_slope", lambda x, y: _strong_product(y, general(x, y - 1)),
    lambda x, y, z: (_strong_product(y, _power_slope(x, y - 1)),
                     general(x, y - 1) + _strong_product(y, _power_log(1)(x, y - 1))), arity=2)
# x^y log(x), where z = x^y is known: its derivative is counted with x and y
_log_times = Elementwise("log_times", lambda z, x, y: _damped(z, x, 1),
                         lambda z, x, y, w: (None, *_of_power_log(1, x, y)), arity=3)
general: Any = elementwise(
    "pow", "pow({}, {})", lambda x, y, z: (_power_slope(x, y), _log_times(z, x, y)),
    like=np.power, at=((0.1, 3.0), (-3.0, 3.0)))


def pow(x: Any, y: Any) -> Tensor:
    """Return x to the power y; the operands broadcast.

    A Python number y is part of the kernel: 2 is a square, 0.5 a square root, integers up to 8 are products.
    x ** 0 is 1 with derivative 0 everywhere. The derivative in y is 0 where x is 0 and y positive, nan where
    x is negative. Raises ValueRangeError for integers to negative powers, as NumPy does.
    Derivative in x: y * x**(y - 1); in y: x**y * log(x). Raises ShapeError for shapes that do not broadcast,
    DtypeError.

    >>> nb.pow([2.0, 3.0], 2)
    tensor([4., 9.])
    """
    x, y = (v if type(v) is Tensor or type(v) in (int, float) else operand(v) for v in (x, y))
    if is_exact(x) and is_exact(y) and _fraction(x, y):
        raise value_errors.negative_integer_power()
    if type(x) is Tensor and type(y) in (int, float):
        if y == 2 and (not is_exact(x) or (type(y) is int and x.dtype != np.bool_)):
            return square(x)
        if y in _SIMPLE and not is_exact(x):
            return _SIMPLE[y](x)
        if y in (3, 4, 5, 6, 7, 8) and not is_exact(x):
            return _power(x, n=int(y))
    return general(x, y)


def _fraction(x: Any, y: Any) -> bool:
    """Whether a power of integers, computed in integers, has a negative exponent; a symbol's is not known."""
    signed = general.loop(tuple([v.dtype if type(v) is Tensor else int for v in (x, y)]))[1].kind == "i"
    y = devices.host(raw(y))
    return signed and type(y) is not Symbol and bool(np.any(np.less(y, 0)))


_SIMPLE: dict[float, Any] = {1: positive, 0.5: sqrt, -1: reciprocal}
