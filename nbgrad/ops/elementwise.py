"""The elementwise ops that have derivatives, one row each.

Kinks take the subgradient of least norm: abs and hypot have 0 at 0, relu and leaky_relu the slope of their
left side, ties of maximum and minimum share equally, clip has 1 strictly between its bounds and 0 elsewhere.
Domains and infinities follow IEEE: the derivative of sqrt at 0 is inf, of log at 0 inf, of cbrt at 0 inf.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from nbgrad import devices, errors
from nbgrad.broadcast import astype
from nbgrad.declare import elementwise
from nbgrad.ops.compare import (
    equal,
    floor_divide,
    less,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
    rint,
    sign,
)
from nbgrad.scalar import Elementwise, choose
from nbgrad.scalar import add as _add
from nbgrad.scalar import multiply as _multiply
from nbgrad.symbols import Symbol, common_loop
from nbgrad.tensors import Tensor, as_tensor, operand, raw

_LN2, _LN10 = math.log(2), math.log(10)
_TINY, _FAR = (1e-3, 3.0), (-3.0, 3.0)


def _floats(name: str) -> Any:
    return common_loop(name, np.float32)


# A row: name, value, and d: the partials from the operands and the result z. `Any` is for mypy, where a rule
# names its own row or one below it.
# ----------------------------------------------------------------------------------------- arithmetic
where = elementwise(
    "where", "{1} if {0} else {2}", lambda c, x, y, z: (None, choose(c, 1), choose(logical_not(c), 1)),
    like=np.where, loop=common_loop("where", first=np.bool_), at=(bool, _FAR, _FAR),
    doc="""Return x where the condition holds, y elsewhere; the three operands broadcast.

    The arm that is not taken gets no gradient, whatever the cotangent. But arms that were computed before are
    differentiated on their own: where(x > 0, log(x), 0) at x = 0 has the gradient 0 * inf = nan. Remedies:
    write the whole expression with nb.elementwise, which differentiates only the arm taken, or make the
    argument safe first: where(x > 0, log(where(x > 0, x, 1)), 0).""")
add = elementwise("add", _add, like=np.add, doc="Return x + y; the operands broadcast.")
multiply = elementwise("multiply", _multiply, like=np.multiply, doc="Return x * y; the operands broadcast.")
subtract = elementwise("subtract", "{} - {}", lambda x, y, z: (1, -1), like=np.subtract, doc="Return x - y.")
divide = elementwise("divide", "{} / {}", lambda x, y, z: (1 / y, -z / y), like=np.divide, linear=(0,),
                     at=(_FAR, (0.5, 3.0)), doc="Return x / y, a float also for integers.")
negative = elementwise("negative", "-{}", lambda x, z: -1, like=np.negative, linear=(0,), doc="Return -x.")
positive = elementwise("positive", "+{}", lambda x, z: 1, like=np.positive, linear=(0,), doc="Return x.")
abs = elementwise("abs", "abs({})", lambda x, z: sign(x), like=np.abs, on_bool="{}",
                  doc="Return |x|; its derivative at 0 is 0.")
square = elementwise("square", "{0} * {0}", lambda x, z: 2 * x, like=np.square, on_bool="{}",
                     doc="Return x * x.")
reciprocal = elementwise("reciprocal", "{T}(1) / {}", lambda x, z: -z * z, like=np.reciprocal,
                         loop=_floats("reciprocal"), at=(0.5, 3.0),
                         doc="Return 1 / x, a float also for integers.")
sqrt = elementwise("sqrt", "sqrt({})", lambda x, z: 0.5 / z, like=np.sqrt, at=_TINY,
                   doc="Return the square root; its derivative at 0 is inf.")
cbrt = elementwise("cbrt", "cbrt({})", lambda x, z: 1 / (3 * z * z), like=np.cbrt, at=(0.1, 3.0),
                   doc="Return the cube root; its derivative at 0 is inf.")
remainder = elementwise(
    "remainder", "remainder({}, {})", lambda x, y, z: (1, -floor_divide(x, y)), like=np.remainder,
    at=(_FAR, (3.1, 4.0)),
    doc="Return x - y * floor(x / y), which has the sign of y; at its jumps the derivatives are those of the "
        "right side.")
hypot = elementwise(
    "hypot", "hypot({}, {})",
    lambda x, y, z: (choose(not_equal(z, 0), x / z), choose(not_equal(z, 0), y / z)),
    like=np.hypot, doc="Return sqrt(x * x + y * y) without overflow; its derivatives at (0, 0) are 0.")
atan2 = elementwise(
    "atan2", "atan2({}, {})", lambda y, x, z: (x / hypot(x, y) / hypot(x, y), -y / hypot(x, y) / hypot(x, y)),
    like=np.arctan2, at=((0.1, 3.0), _FAR),
    doc="Return the angle of the point (x, y) from the x axis, in radians; its derivative at (0, 0) is nan.")

# What the first operand gets of max(x, y): all if it is larger, half at a tie, nan if one is nan.
_share = Elementwise(
    "share", "{T}(1) if {0} > {1} else {T}(0.5) if {0} == {1} else {T}(0) if {0} < {1} else {T}(nan)",
    lambda x, y, z: (None, None), arity=2, loop=_floats("share"))


def _larger(x: Tensor, y: Tensor) -> Tensor:
    """Partial of maximum(x, y) in x; nothing where y is larger."""
    return choose(logical_not(less(x, y)), _share(x, y))


maximum = elementwise(
    "maximum", "maximum({}, {})", lambda x, y, z: (_larger(x, y), _larger(y, x)),
    like=np.maximum, on_bool="{} | {}",
    doc="Return the larger of x and y, nan if one is nan; 0 is above -0. At a tie each has derivative "
        "1/2.")
minimum = elementwise(
    "minimum", "minimum({}, {})", lambda x, y, z: (_larger(y, x), _larger(x, y)),
    like=np.minimum, on_bool="{} & {}",
    doc="Return the smaller of x and y, nan if one is nan; -0 is below 0. At a tie each has derivative "
        "1/2.")
_clip = elementwise(
    "clip", lambda x, low, high: minimum(maximum(x, low), high),
    lambda x, low, high, z: (choose(logical_and(low < x, x < high), 1),
                             choose(logical_and(x <= low, low < high), 1),
                             choose(logical_or(x >= high, low >= high), 1)),
    like=np.clip, at=(_FAR, (-1.5, -0.5), (0.5, 1.5)))

# -------------------------------------------------------------------- exponentials, circle, hyperbola
exp = elementwise("exp", "exp({})", lambda x, z: z, like=np.exp, doc="Return e to the power x.")
exp2 = elementwise("exp2", "exp2({})", lambda x, z: z * _LN2, like=np.exp2, doc="Return 2 to the power x.")
expm1 = elementwise("expm1", "expm1({})", lambda x, z: z + 1, like=np.expm1,
                    doc="Return exp(x) - 1, accurate near 0.")
log = elementwise("log", "log({})", lambda x, z: 1 / x, like=np.log, at=_TINY,
                  doc="Return the natural logarithm.")
log2 = elementwise("log2", "log2({})", lambda x, z: (1 / _LN2) / x, like=np.log2, at=_TINY,
                   doc="Return the logarithm to base 2.")
log10 = elementwise("log10", "log10({})", lambda x, z: (1 / _LN10) / x, like=np.log10, at=_TINY,
                    doc="Return the logarithm to base 10.")
log1p = elementwise("log1p", "log1p({})", lambda x, z: 1 / (1 + x), like=np.log1p, at=(-0.9, 3.0),
                    doc="Return log(1 + x), accurate near 0.")
# y * p, and 0 where y is 0, even if p is infinite
_scaled = Elementwise("scaled", "{0} * {1} if {0} != 0 else {T}(0)", lambda y, p, z: (p, y), arity=2,
                      loop=_floats("scaled"))


def _damped(z: Tensor, x: Tensor, k: int) -> Tensor:
    """z log(x)^k for z = x^y, which is 0 where z is; nan for x below 0."""
    return choose(logical_or(not_equal(z, 0), x < 0), z * _product(log(x), k))


@cache
def _power_log(k: int) -> Any:
    """The op x^y log(x)^k. Its partials are ops of this kind again."""
    return Elementwise(f"power_log{k}", lambda x, y: _damped(_pow(x, y), x, k),
                       lambda x, y, z: _of_power_log(k, x, y), arity=2)


def _of_power_log(k: int, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    lower = _pow if k == 1 else _power_log(k - 1)
    return _scaled(y, _power_log(k)(x, y - 1)) + k * lower(x, y - 1), _power_log(k + 1)(x, y)


# y x^(y - 1), 0 where y is 0
_power_slope: Any = Elementwise(
    "power_slope", lambda x, y: _scaled(y, _pow(x, y - 1)),
    lambda x, y, z: (_scaled(y, _power_slope(x, y - 1)),
                     _pow(x, y - 1) + _scaled(y, _power_log(1)(x, y - 1))), arity=2)
# x^y log(x), where z = x^y is known: its derivative is counted with x and y
_log_times = Elementwise("log_times", lambda z, x, y: _damped(z, x, 1),
                         lambda z, x, y, w: (None, *_of_power_log(1, x, y)), arity=3)
_pow: Any = elementwise(
    "pow", "pow({}, {})", lambda x, y, z: (_power_slope(x, y), _log_times(z, x, y)),
    like=np.power, at=((0.1, 3.0), _FAR))
sin = elementwise("sin", "sin({})", lambda x, z: cos(x), like=np.sin,
                  doc="Return the sine of an angle in radians.")
cos: Any = elementwise("cos", "cos({})", lambda x, z: -sin(x), like=np.cos,
                       doc="Return the cosine of an angle in radians.")
tan = elementwise("tan", "tan({})", lambda x, z: 1 + z * z, like=np.tan, at=(-1.2, 1.2),
                  doc="Return the tangent of an angle in radians.")
asin = elementwise("asin", "asin({})", lambda x, z: 1 / sqrt((1 - x) * (1 + x)), like=np.arcsin,
                   at=(-0.9, 0.9), doc="Return the angle in radians whose sine is x.")
acos = elementwise("acos", "acos({})", lambda x, z: -1 / sqrt((1 - x) * (1 + x)), like=np.arccos,
                   at=(-0.9, 0.9), doc="Return the angle in radians whose cosine is x.")
atan = elementwise("atan", "atan({})", lambda x, z: 1 / (1 + x * x), like=np.arctan,
                   doc="Return the angle in radians whose tangent is x.")
sinh = elementwise("sinh", "sinh({})", lambda x, z: cosh(x), like=np.sinh,
                   doc="Return the hyperbolic sine.")
cosh: Any = elementwise("cosh", "cosh({})", lambda x, z: sinh(x), like=np.cosh,
                        doc="Return the hyperbolic cosine.")
tanh = elementwise("tanh", "tanh({})", lambda x, z: 1 - z * z, like=np.tanh,
                   doc="Return the hyperbolic tangent.")
asinh = elementwise("asinh", "asinh({})", lambda x, z: 1 / hypot(x, 1), like=np.arcsinh,
                    doc="Return the number whose hyperbolic sine is x.")
acosh = elementwise("acosh", "acosh({})", lambda x, z: 1 / sqrt((x - 1) * (x + 1)), like=np.arccosh,
                    at=(1.1, 4.0), doc="Return the number whose hyperbolic cosine is x.")
atanh = elementwise("atanh", "atanh({})", lambda x, z: 1 / ((1 - x) * (1 + x)), like=np.arctanh,
                    at=(-0.9, 0.9), doc="Return the number whose hyperbolic tangent is x.")
erf = elementwise("erf", "erf({})", lambda x, z: (2 / math.sqrt(math.pi)) * exp(-x * x),
                  like="scipy.special.erf", doc="Return the error function.")
erfc = elementwise("erfc", "erfc({})", lambda x, z: (-2 / math.sqrt(math.pi)) * exp(-x * x),
                   like="scipy.special.erfc", doc="Return 1 - erf(x), accurate for large x.")


# ---------------------------------------------------------------------------------------- activations
def _sigmoid(x: Tensor) -> Tensor:
    e = exp(-abs(x))
    return where(x < 0, e, 1.0) / (1 + e)


sigmoid = elementwise("sigmoid", _sigmoid, lambda x, z: z * (1 - z), like="scipy.special.expit",
                      doc="Return 1 / (1 + exp(-x)) without overflow.")
logaddexp = elementwise(
    "logaddexp", "logaddexp({}, {})",
    lambda x, y, z: (where(equal(x, y), 0.5, sigmoid(x - y)), where(equal(x, y), 0.5, sigmoid(y - x))),
    like=np.logaddexp,
    doc="Return log(exp(x) + exp(y)) without overflow; the partials of (-inf, -inf) are 1/2 each.")
relu = elementwise("relu", lambda x: where(x <= 0, 0, x), like=lambda x: np.maximum(x, 0),
                   doc="Return max(x, 0); its derivative at 0 is 0.")
leaky_relu = elementwise(
    "leaky_relu", lambda x, slope=0.01: where(x <= 0, slope * x, x),
    like=lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    doc="Return x where it is positive, slope * x elsewhere; its derivative at 0 is slope.")
softplus = elementwise(
    "softplus", lambda x, beta=1.0: logaddexp(beta * x, 0.0) / beta, lambda x, z, beta: sigmoid(beta * x),
    like=lambda x, beta=1.0: np.logaddexp(beta * x, 0) / beta,
    doc="Return log(1 + exp(beta * x)) / beta without overflow.")
silu = elementwise("silu", lambda x: x * sigmoid(x), like=lambda x: x / (1 + np.exp(-x)),
                   doc="Return x * sigmoid(x).")
softsign = elementwise("softsign", lambda x: x / (1 + abs(x)), like=lambda x: x / (1 + np.abs(x)),
                       doc="Return x / (1 + |x|).")
elu = elementwise(
    "elu", lambda x, alpha=1.0: where(x <= 0, alpha * expm1(x), x),
    like=lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(x)),
    doc="Return x where it is positive, alpha * (exp(x) - 1) elsewhere; its derivative at 0 is alpha.")


def _gelu(x: Tensor, approximate: str = "none") -> Tensor:
    if approximate == "none":
        return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))
    if approximate == "tanh":
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    raise errors.bad_choice("gelu", "approximate", approximate, ("none", "tanh"))


gelu = elementwise(
    "gelu", _gelu,
    like=lambda x: x * 0.5 * (1 + np.vectorize(math.erf, otypes=[x.dtype])(x * math.sqrt(0.5))),
    doc="""Return x times the standard normal distribution function at x.

    approximate : "none" for its exact value, "tanh" for an approximation by a tanh
    Source: Hendrycks and Gimpel, Gaussian error linear units, 2016.""")


def _product(x: Tensor, n: int = 3) -> Tensor:
    """x to a small positive power by repeated squaring."""
    if n == 1:
        return x
    half = _product(x, n // 2)
    return half * half * x if n % 2 else half * half


_power = elementwise("power", _product, like=lambda x, n=3: x ** n)


def pow(x: Any, y: Any) -> Tensor:
    """Return x to the power y; the operands broadcast.

    A Python number y is part of the kernel: 2 is a square, 0.5 a square root, integers up to 8 are products.
    x ** 0 is 1 with derivative 0 everywhere. The derivative in y is 0 where x is 0 and y positive, nan where
    x is negative. Raises ValueRangeError for integers to negative powers, as NumPy does.
    """
    x, y = (v if type(v) is Tensor or type(v) in (int, float) else operand(v) for v in (x, y))
    if _exact(x) and _exact(y) and _fraction(x, y):
        raise errors.negative_integer_power()
    if type(x) is Tensor and type(y) in (int, float):
        if y == 2 and (not _exact(x) or (type(y) is int and x.dtype != np.bool_)):
            return square(x)
        if y in _SIMPLE and not _exact(x):
            return _SIMPLE[y](x)
        if y in (3, 4, 5, 6, 7, 8) and not _exact(x):
            return _power(x, n=int(y))
    return _pow(x, y)


def _exact(x: Any) -> bool:
    """Whether an operand is an integer or boolean."""
    return type(x) is int if type(x) is not Tensor else np.dtype(x.dtype).kind in "iub"


def _fraction(x: Any, y: Any) -> bool:
    """Whether a power of integers, computed in integers, has a negative exponent; a symbol's is not known."""
    signed = _pow.loop(tuple([v.dtype if type(v) is Tensor else int for v in (x, y)]))[1].kind == "i"
    y = devices.host(raw(y))
    return signed and type(y) is not Symbol and bool(np.any(np.less(y, 0)))


_SIMPLE: dict[float, Any] = {1: positive, 0.5: sqrt, -1: reciprocal}


def clip(x: Any, min: Any = None, max: Any = None) -> Tensor:
    """Return x limited to the interval from min to max; the operands broadcast, None is no limit.

    Its derivative in x is 1 strictly between the limits and 0 elsewhere; at and beyond a limit the limit has
    derivative 1. Where min is above max the result is max.
    """
    x = as_tensor(x)
    low, high = (m if m is None or type(m) in (int, float) else as_tensor(m) for m in (min, max))
    if low is None and high is None:
        return positive(x)
    if not all(_exact(m) for m in (x, low, high) if m is not None):
        return _clip(x, -math.inf if low is None else low, math.inf if high is None else high)
    bounds = np.iinfo(np.int64 if x.dtype == np.bool_ else x.dtype)
    low = None if type(low) is int and low <= bounds.min else low       # limits that are none
    high = None if type(high) is int and high >= bounds.max else high
    if low is None or high is None:
        return positive(x) if low is high else maximum(x, low) if high is None else minimum(x, high)
    return _clip(x, low, high)


def round(x: Any, decimals: int = 0) -> Tensor:
    """Return x rounded to a number of decimals, ties to even; its derivative is taken as 0.

    Integers stay as they are, unless decimals is negative.
    """
    x = as_tensor(x)
    if x.dtype.kind in "iu":
        if decimals >= 0:
            return positive(x)
        scale = 10.0 ** -decimals
        return astype(rint(x / scale) * scale, x.dtype)
    if decimals == 0:
        return rint(x)
    scale = 10.0 ** decimals
    return rint(x * scale) / scale
