"""Special functions of logarithms and powers: entropies, Box and Cox's transformation, losses.

Products with a logarithm are 0 where the factor is 0; there the derivative in the factor is that logarithm.
"""

from __future__ import annotations

import math
from typing import Any

from nbgrad.define.scalar import Elementwise
from nbgrad.define.special import inner, special
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.compare import greater, less, logical_and, sign
from nbgrad.ops.elementwise import abs, hypot, log, log1p, square, where
from nbgrad.ops.powers import pow
from nbgrad.ops.special_parts import known, over

__all__ = ["boxcox", "boxcox1p", "entr", "exprel", "huber", "kl_div", "pseudo_huber", "rel_entr", "sinc",
           "xlog1py", "xlogy"]

_POSITIVE = (0.2, 3.0)


def _log_quotient(x: Tensor, y: Tensor) -> Tensor:
    near = logical_and(less(x, 2 * y), greater(x, 0.5 * y))
    return where(near, log1p((x - y) / y), log(x) - log(y))


# log(x / y), also where x / y is near 1 or beyond the range
_log_over: Any = Elementwise("log_over", _log_quotient, lambda x, y, z: (1 / x, -1 / y), arity=2)

xlogy: Any = special(
    "xlogy", "x y", (lambda x, y, z: log(y), lambda x, y, z: known(z, over(x, y))), at=_POSITIVE,
    on_complex=True, formula=("log(y)", "x / y"),
    example="[0.0, 2.0], [0.0, 3.0] -> tensor([0.        , 2.19722458])",
    doc="Return x * log(y), and 0 where x is 0.")
xlog1py: Any = special(
    "xlog1py", "x y", (lambda x, y, z: log1p(y), lambda x, y, z: known(z, over(x, 1 + y))), at=_POSITIVE,
    on_complex=True, formula=("log1p(y)", "x / (1 + y)"),
    example="[0.0, 2.0], [-1.0, 3.0] -> tensor([0.        , 2.77258872])",
    doc="Return x * log1p(y), and 0 where x is 0.")
entr: Any = special(
    "entr", "x", lambda x, z: -log(x) - 1, at=_POSITIVE, formula="-log(x) - 1",
    example="[0.0, 0.5] -> tensor([0.        , 0.34657359])",
    doc="Return -x * log(x), 0 where x is 0 and -inf where it is negative.")
rel_entr: Any = special(
    "rel_entr", "x y", (lambda x, y, z: _log_over(x, y) + 1, lambda x, y, z: -over(x, y)), at=_POSITIVE,
    formula=("log(x / y) + 1", "-x / y"), example="0.5, 0.25 -> tensor(0.34657359)",
    doc="Return x * log(x / y), 0 where x is 0 and inf where x or y is negative.")
kl_div: Any = special(
    "kl_div", "x y", (lambda x, y, z: _log_over(x, y), lambda x, y, z: over(y - x, y)), at=_POSITIVE,
    formula=("log(x / y)", "1 - x / y"), example="0.5, 0.25 -> tensor(0.09657359)",
    doc="Return x * log(x / y) - x + y, y where x is 0 and inf where x or y is negative.")
# integral of s^n e^(s x) from 0 to 1
_moment: Any = inner(
    "exponential_moment", "n x", lambda n, x, z: _moment(n + 1, x), at=(-3.0, 3.0), static=((1,), (2,)),
    doc="Return the integral of s**n * exp(s * x) for s from 0 to 1.")
exprel: Any = special(
    "exprel", "x", lambda x, z: _moment(1, x), at=(-3.0, 3.0), formula="(exp(x) - z) / x",
    example="[0.0, 1.0] -> tensor([1.        , 1.71828183])", doc="Return (exp(x) - 1) / x, 1 at 0.")


def _boxcox_slope(x: Tensor, power: Tensor) -> Tensor:
    """Derivative in the power, of which both the value and its logarithm may be near 0."""
    return square(x) * _moment(1, power * x)


boxcox: Any = special(
    "boxcox", "x power", (lambda x, power, z: known(z, pow(x, power - 1)),
                          lambda x, power, z: _boxcox_slope(log(x), power)), at=_POSITIVE,
    formula=("x**(power - 1)", "(x**power * log(x) - z) / power"), example="4.0, 0.5 -> tensor(2.)",
    doc="Return (x**power - 1) / power, the logarithm of x where power is 0.")
boxcox1p: Any = special(
    "boxcox1p", "x power", (lambda x, power, z: known(z, pow(1 + x, power - 1)),
                            lambda x, power, z: _boxcox_slope(log1p(x), power)), at=_POSITIVE,
    formula=("(1 + x)**(power - 1)", "((1 + x)**power * log1p(x) - z) / power"),
    example="3.0, 0.5 -> tensor(2.)", doc="Return boxcox(1 + x, power), accurate near x = 0.")
# the n-th derivative of sin(x) / x
_sine_ratio: Any = inner(
    "sine_ratio", "n x", lambda n, x, z: _sine_ratio(n + 1, x), at=(-3.0, 3.0), static=((1,), (2,)),
    doc="Return the n-th derivative of sin(x) / x.")
sinc: Any = special(
    "sinc", "x", lambda x, z: math.pi * _sine_ratio(1, math.pi * x), at=(-3.0, 3.0),
    formula="(cos(pi * x) - z) / x", example="[0.0, 0.5] -> tensor([1.        , 0.63661977])",
    doc="Return sin(pi * x) / (pi * x), 1 at 0.")
huber: Any = special(
    "huber", "delta r", (lambda delta, r, z: _refused(delta, where(abs(r) <= delta, 0, abs(r) - delta)),
                         lambda delta, r, z: _refused(delta, where(abs(r) <= delta, r, delta * sign(r)))),
    at=((0.5, 1.0), (-3.0, 3.0)), formula=("where(abs(r) <= delta, 0, abs(r) - delta)",
                                           "where(abs(r) <= delta, r, delta * sign(r))"),
    example="1.0, [0.5, 3.0] -> tensor([0.125, 2.5  ])",
    doc="Return r**2 / 2 where |r| <= delta, delta * (|r| - delta / 2) beyond.")


def _refused(delta: Tensor, d: Tensor) -> Tensor:
    """A derivative where delta is at least 0, nan elsewhere: there the loss is inf."""
    return where(delta >= 0, d, math.nan)


def _of_part(x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    other, size = _part(y, x), hypot(x, y)
    return other * over(other, size), -z * over(other, size)


# x / hypot(x, y)
_part: Any = Elementwise("part", lambda x, y: over(x, hypot(x, y)), _of_part, arity=2)


def _pseudo_huber_slope(delta: Tensor, r: Tensor) -> Tensor:
    """Derivative in delta, in which nothing cancels."""
    size = hypot(delta, r)
    excess = r * over(r, size + delta)    # size - delta
    return _refused(delta, excess * over(excess, size))


pseudo_huber: Any = special(
    "pseudo_huber", "delta r", (lambda delta, r, z: known(z, _pseudo_huber_slope(delta, r)),
                                lambda delta, r, z: known(z, _refused(delta, delta * _part(r, delta)))),
    at=((0.5, 1.0), (-3.0, 3.0)),
    formula=("(hypot(delta, r) - delta)**2 / hypot(delta, r)", "r * delta / hypot(delta, r)"),
    example="1.0, [0.0, 1.0] -> tensor([0.        , 0.41421356])",
    doc="Return delta**2 * (sqrt(1 + (r / delta)**2) - 1), a smooth huber.")
