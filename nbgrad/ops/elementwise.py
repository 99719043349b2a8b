"""The elementwise ops that have derivatives, one row each.

Kinks take the subgradient of least norm: abs and hypot have 0 at 0, ties of maximum and minimum share
equally, clip has 1 strictly between its bounds and 0 elsewhere.
Domains and infinities follow IEEE: the derivative of sqrt at 0 is inf, of log at 0 inf, of cbrt at 0 inf.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype
from nbgrad.define.declare import elementwise
from nbgrad.define.scalar import Elementwise, choose
from nbgrad.define.scalar import add as _add
from nbgrad.define.scalar import multiply as _multiply
from nbgrad.define.scalar_program import common_loop
from nbgrad.engine.graph import Op
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.ops.compare import (
    equal,
    floor_divide,
    isinf,
    less,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
    rint,
    sign,
)

_LN2, _LN10 = math.log(2), math.log(10)
_TINY, _FAR = (1e-3, 3.0), (-3.0, 3.0)
_LARGE = 2.0 ** 30                        # 1 is nothing beside its square, which is far from overflow


def floats(name: str) -> Any:
    return common_loop(name, np.float32)


# A row: name, value, and d: the partials from the operands and the result z. `Any` is for mypy, where a rule
# names its own row or one below it.
# ----------------------------------------------------------------------------------------- arithmetic
where: Op = elementwise(
    "where", "{1} if {0} else {2}", lambda condition, x, y, z: (
        None, choose(condition, 1), choose(logical_not(condition), 1)),
    like=np.where, loop=common_loop("where", first=np.bool_), on_complex=True, at=(bool, _FAR, _FAR),
    formula=("", "where(condition, 1, 0)", "where(condition, 0, 1)"),
    example="[True, False]; [1.0, 2.0]; 0.0 -> tensor([1., 0.])",
    doc="""Return x where the condition holds, y elsewhere; the three operands broadcast.

    The arm that is not taken gets no gradient, whatever the cotangent. But arms that were computed before are
    differentiated on their own: where(x > 0, log(x), 0) at x = 0 has the gradient 0 * inf = nan. Remedies:
    write the whole expression with nb.elementwise, which differentiates only the arm taken, or make the
    argument safe first: where(x > 0, log(where(x > 0, x, 1)), 0).""")
add: Op = elementwise("add", _add, like=np.add, formula=("1", "1"),
                      example="[1.0, 2.0]; 0.5 -> tensor([1.5, 2.5])",
                      doc="Return x + y; the operands broadcast.")
multiply: Op = elementwise("multiply", _multiply, like=np.multiply, formula=("y", "x"),
                           example="[1.0, 2.0]; 3.0 -> tensor([3., 6.])",
                           doc="Return x * y; the operands broadcast.")
subtract: Op = elementwise("subtract", "{} - {}", lambda x, y, z: (1, -1), like=np.subtract, on_complex=True,
                           formula=("1", "-1"), example="[1.0, 2.0]; 0.5 -> tensor([0.5, 1.5])",
                           doc="Return x - y.")
divide: Op = elementwise("divide", "{} / {}", lambda x, y, z: (1 / y, -z / y), like=np.divide, linear=(0,),
                         at=(_FAR, (0.5, 3.0)), formula=("1 / y", "-z / y"),
                         example="[1.0, 2.0]; 4.0 -> tensor([0.25, 0.5 ])",
                         doc="Return x / y, a float also for integers.")
negative: Op = elementwise("negative", "-{}", lambda x, z: -1, like=np.negative, linear=(0,), formula="-1",
                           on_complex=True, example="[1.0, -2.0] -> tensor([-1.,  2.])", doc="Return -x.")
positive: Op = elementwise("positive", "+{}", lambda x, z: 1, like=np.positive, linear=(0,), formula="1",
                           on_complex=True, example="[1.0, -2.0] -> tensor([ 1., -2.])", doc="Return x.")
abs: Op = elementwise("abs", "abs({})", lambda x, z: sign(x), like=np.abs, on_bool="{}", formula="sign(x)",
                      example="[1.5, -2.0] -> tensor([1.5, 2. ])",
                      doc="Return |x|; its derivative at 0 is 0.")
square: Op = elementwise("square", "{0} * {0}", lambda x, z: 2 * x, like=np.square, on_bool="{}",
                         on_complex=True, formula="2 * x", example="[1.5, -2.0] -> tensor([2.25, 4.  ])",
                         doc="Return x * x.")
reciprocal: Op = elementwise("reciprocal", "{T}(1) / {}", lambda x, z: -z * z, like=np.reciprocal,
                             loop=floats("reciprocal"), at=(0.5, 3.0), formula="-z**2",
                             example="[2.0, -4.0] -> tensor([ 0.5 , -0.25])",
                             doc="Return 1 / x, a float also for integers.")
sqrt: Op = elementwise("sqrt", "sqrt({})", lambda x, z: 0.5 / z, like=np.sqrt, at=_TINY,
                       formula="1 / (2 * z)", example="[4.0, 2.0] -> tensor([2.        , 1.41421356])",
                       doc="Return the square root; its derivative at 0 is inf.")
cbrt: Op = elementwise("cbrt", "cbrt({})", lambda x, z: _cbrt_slope(z), like=np.cbrt, at=(0.1, 3.0),
                       formula="1 / (3 * z**2)", example="[8.0, -1.0] -> tensor([ 2., -1.])",
                       doc="Return the cube root; its derivative at 0 is inf.")
remainder: Op = elementwise(
    "remainder", "remainder({}, {})", lambda x, y, z: (1, -floor_divide(x, y)), like=np.remainder,
    at=(_FAR, (3.1, 4.0)), formula=("1", "-floor(x / y)"), example="[5.0, -1.0]; 3.0 -> tensor([2., 2.])",
    doc="Return x - y * floor(x / y), which has the sign of y; at its jumps the derivatives are those of the "
        "right side.")
hypot: Op = elementwise(
    "hypot", "hypot({}, {})",
    lambda x, y, z: (_cosine(x, y, z), _cosine(y, x, z)),
    like=np.hypot, formula=("x / z", "y / z"), example="3.0; 4.0 -> tensor(5.)",
    doc="Return sqrt(x * x + y * y) without overflow; its derivatives at (0, 0) are 0.")
atan2: Op = elementwise(
    "atan2", "atan2({}, {})", lambda y, x, z: _turns(x, y),
    like=np.arctan2, at=((0.1, 3.0), _FAR), formula=("x / (x**2 + y**2)", "-y / (x**2 + y**2)"),
    example="1.0; -1.0 -> tensor(2.35619449)",
    doc="Return the angle of the point (x, y) from the x axis, in radians; its derivative at (0, 0) is nan.")

# What the first operand gets of max(x, y): all if it is larger, half at a tie, nan if one is nan.
_share = Elementwise(
    "share", "{T}(1) if {0} > {1} else {T}(0.5) if {0} == {1} else {T}(0) if {0} < {1} else {T}(nan)",
    lambda x, y, z: (None, None), arity=2, loop=floats("share"))


def _larger(x: Tensor, y: Tensor) -> Tensor:
    """Partial of maximum(x, y) in x; nothing where y is larger."""
    return choose(logical_not(less(x, y)), _share(x, y))


maximum: Op = elementwise(
    "maximum", "maximum({}, {})", lambda x, y, z: (_larger(x, y), _larger(y, x)),
    like=np.maximum, on_bool="{} | {}", formula=("(1 + sign(x - y)) / 2", "(1 - sign(x - y)) / 2"),
    example="[1.0, 5.0]; 3.0 -> tensor([3., 5.])",
    doc="Return the larger of x and y, nan if one is nan; 0 is above -0. At a tie each has derivative 1/2. "
        "Complex numbers have the order of `sort`.")
minimum: Op = elementwise(
    "minimum", "minimum({}, {})", lambda x, y, z: (_larger(y, x), _larger(x, y)),
    like=np.minimum, on_bool="{} & {}", formula=("(1 - sign(x - y)) / 2", "(1 + sign(x - y)) / 2"),
    example="[1.0, 5.0]; 3.0 -> tensor([1., 3.])",
    doc="Return the smaller of x and y, nan if one is nan; -0 is below 0. At a tie each has derivative 1/2. "
        "Complex numbers have the order of `sort`.")
limited: Any = elementwise(
    "clip", lambda x, low, high: minimum(maximum(x, low), high),
    lambda x, low, high, z: (choose(logical_and(low < x, x < high), 1),
                             choose(logical_and(x <= low, low < high), 1),
                             choose(logical_or(x >= high, low >= high), 1)),
    like=np.clip, at=(_FAR, (-1.5, -0.5), (0.5, 1.5)))

# -------------------------------------------------------------------- exponentials, circle, hyperbola
exp: Op = elementwise("exp", "exp({})", lambda x, z: z, like=np.exp, formula="z",
                      example="[0.0, 1.0] -> tensor([1.        , 2.71828183])",
                      doc="Return e to the power x.")
exp2: Op = elementwise("exp2", "exp2({})", lambda x, z: _exp2_slope(x), like=np.exp2, joint=True,
                       formula="log(2) * z", example="[0.5, 3.0] -> tensor([1.41421356, 8.        ])",
                       doc="Return 2 to the power x.")
expm1: Op = elementwise("expm1", "expm1({})", lambda x, z: _expm1_slope(x), like=np.expm1, joint=True,
                        formula="exp(x)", example="1e-10 -> tensor(1.e-10)",
                        doc="Return exp(x) - 1, accurate near 0.")
log: Op = elementwise("log", "log({})", lambda x, z: 1 / x, like=np.log, at=_TINY, formula="1 / x",
                      example="[1.0, 10.0] -> tensor([0.        , 2.30258509])",
                      doc="Return the natural logarithm.")
log2: Op = elementwise("log2", "log2({})", lambda x, z: (1 / _LN2) / x, like=np.log2, at=_TINY,
                       formula="1 / (x * log(2))", example="[1.0, 8.0] -> tensor([0., 3.])",
                       doc="Return the logarithm to base 2.")
log10: Op = elementwise("log10", "log10({})", lambda x, z: (1 / _LN10) / x, like=np.log10, at=_TINY,
                        formula="1 / (x * log(10))", example="[1.0, 1000.0] -> tensor([0., 3.])",
                        doc="Return the logarithm to base 10.")
log1p: Op = elementwise("log1p", "log1p({})", lambda x, z: 1 / (1 + x), like=np.log1p, at=(-0.9, 3.0),
                        formula="1 / (1 + x)", example="1e-10 -> tensor(1.e-10)",
                        doc="Return log(1 + x), accurate near 0.")
sin: Op = elementwise("sin", "sin({})", lambda x, z: cos(x), like=np.sin, formula="cos(x)",
                      example="[0.0, 0.5] -> tensor([0.        , 0.47942554])",
                      doc="Return the sine of an angle in radians.")
cos: Any = elementwise("cos", "cos({})", lambda x, z: -sin(x), like=np.cos, formula="-sin(x)",
                       example="[0.0, 0.5] -> tensor([1.        , 0.87758256])",
                       doc="Return the cosine of an angle in radians.")
tan: Op = elementwise("tan", "tan({})", lambda x, z: 1 + z * z, like=np.tan, at=(-1.2, 1.2),
                      formula="1 + z**2", example="[0.0, 0.5] -> tensor([0.        , 0.54630249])",
                      doc="Return the tangent of an angle in radians.")
asin: Op = elementwise("asin", "asin({})", lambda x, z: 1 / sqrt(_one_less_square(x)), like=np.arcsin,
                       at=(-0.9, 0.9), formula="1 / sqrt(1 - x**2)",
                       example="[0.0, 0.5] -> tensor([0.        , 0.52359878])",
                       doc="Return the angle in radians whose sine is x.")
acos: Op = elementwise("acos", "acos({})", lambda x, z: -1 / sqrt(_one_less_square(x)), like=np.arccos,
                       at=(-0.9, 0.9), formula="-1 / sqrt(1 - x**2)",
                       example="[1.0, 0.5] -> tensor([0.        , 1.04719755])",
                       doc="Return the angle in radians whose cosine is x.")
atan: Op = elementwise("atan", "atan({})", lambda x, z: _atan_slope(x), like=np.arctan,
                       formula="1 / (1 + x**2)", example="[0.0, 1.0] -> tensor([0.        , 0.78539816])",
                       doc="Return the angle in radians whose tangent is x.")
sinh: Op = elementwise("sinh", "sinh({})", lambda x, z: cosh(x), like=np.sinh, formula="cosh(x)",
                       example="[0.0, 1.0] -> tensor([0.        , 1.17520119])",
                       doc="Return the hyperbolic sine.")
cosh: Any = elementwise("cosh", "cosh({})", lambda x, z: sinh(x), like=np.cosh, formula="sinh(x)",
                        example="[0.0, 1.0] -> tensor([1.        , 1.54308063])",
                        doc="Return the hyperbolic cosine.")
tanh: Op = elementwise("tanh", "tanh({})", lambda x, z: _square_sech(2 * x, z), like=np.tanh,
                       joint=True, formula="1 - z**2",
                       example="[0.0, 1.0] -> tensor([0.        , 0.76159416])",
                       doc="Return the hyperbolic tangent.")
asinh: Op = elementwise("asinh", "asinh({})", lambda x, z: 1 / hypot(x, 1), like=np.arcsinh,
                        formula="1 / sqrt(x**2 + 1)",
                        example="[0.0, 1.0] -> tensor([0.        , 0.88137359])",
                        doc="Return the number whose hyperbolic sine is x.")
acosh: Op = elementwise("acosh", "acosh({})", lambda x, z: 1 / _leg(x), like=np.arccosh,
                        at=(1.1, 4.0), formula="1 / sqrt(x**2 - 1)",
                        example="[1.0, 2.0] -> tensor([0.       , 1.3169579])",
                        doc="Return the number whose hyperbolic cosine is x.")
atanh: Op = elementwise("atanh", "atanh({})", lambda x, z: 1 / _one_less_square(x), like=np.arctanh,
                        at=(-0.9, 0.9), formula="1 / (1 - x**2)",
                        example="[0.0, 0.5] -> tensor([0.        , 0.54930614])",
                        doc="Return the number whose hyperbolic tangent is x.")
erf: Op = elementwise("erf", "erf({})", lambda x, z: (2 / math.sqrt(math.pi)) * _gauss(x),
                      like="scipy.special.erf", formula="2 / sqrt(pi) * exp(-x**2)",
                      example="[0.0, 1.0] -> tensor([0.        , 0.84270079])",
                      doc="Return the error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 "
                          "to x.")
erfc: Op = elementwise("erfc", "erfc({})", lambda x, z: (-2 / math.sqrt(math.pi)) * _gauss(x),
                       like="scipy.special.erfc", formula="-2 / sqrt(pi) * exp(-x**2)",
                       example="[0.0, 1.0] -> tensor([1.        , 0.15729921])",
                       doc="Return 1 - erf(x), accurate for large x.")

logaddexp: Op = elementwise(
    "logaddexp", "logaddexp({}, {})", lambda x, y, z: _portions(x, y), like=np.logaddexp,
    formula=("exp(x - z)", "exp(y - z)"), example="1000.0; 1000.0 -> tensor(1000.69314718)",
    doc="""Return log(exp(x) + exp(y)) without overflow; the partials of (-inf, -inf) are 1/2 each.

    Its accuracy is in units of the larger one, by size, of the result and max(x, y).""")


# --------------------------------------------------------------------------------------------- slopes
# Derivatives that have rules of their own: in them nothing cancels, overflows or is lost, also when they are
# differentiated again.
decay: Any = Elementwise(                # e^-|x|
    "decay", "decay({})", lambda x, z: -sign(x) * z, arity=1, loop=floats("decay"))


def _of_logistic(x: Tensor, z: Tensor) -> Tensor:
    larger = where(z > 1 - z, z, 1 - z)   # 1 / (1 + e^-|x|)
    return decay(x) * larger * larger


def _of_tanh(x: Tensor, z: Tensor) -> Tensor:
    twice = 1 + abs(z)                    # 2 / (1 + e^-|x|)
    return decay(x) * twice * twice


# Of these, what comes through z, which is a function of x, is in the partial in x.
logistic_density: Any = Elementwise(                # e^x / (1 + e^x)^2, z = sigmoid(x)
    "logistic_density", _of_logistic, lambda x, z, s: (-tanh(0.5 * x) * s, None), arity=2)
_square_sech: Any = Elementwise(                # 1 / cosh(x / 2)^2, z = tanh(x / 2)
    "square_sech", _of_tanh, lambda x, z, s: (-z * s, None), arity=2)
_gauss: Any = Elementwise(                # e^(-x^2)
    "gauss", "gauss({})", lambda x, z: choose(not_equal(z, 0), -2 * (x * z)), arity=1, loop=floats("gauss"))
_one_less_square: Any = Elementwise(
    "one_less_square", lambda x: (1 - x) * (1 + x), lambda x, z: -2 * x, arity=1)
_leg: Any = Elementwise(                # sqrt(x^2 - 1)
    "leg", lambda x: where(x > _LARGE, x, sqrt((x - 1) * (x + 1))),
    lambda x, z: where(x > _LARGE, 1.0, x / z), arity=1)
_cbrt_slope: Any = Elementwise(                # 1 / (3 z^2)
    "cbrt_slope", lambda z: (1 / 3) / (z * z), lambda z, u: -2 * u / z, arity=1)


_exp2_slope: Any = Elementwise(                # log(2) 2^x, also where 2^x is beyond the range
    "exp2_slope", "exp2_slope({})", lambda x, z: _LN2 * z, arity=1, loop=floats("exp2_slope"))
_expm1_slope: Any = Elementwise(                # e^x, of what expm1 is made of
    "expm1_slope", "expm1_slope({})", lambda x, z: z, arity=1, loop=floats("expm1_slope"))


def _of_atan(x: Tensor) -> Tensor:
    near = x * (1 / _LARGE)               # its square does not overflow before the slope is 0
    return _LARGE ** -2 / (_LARGE ** -2 + near * near)


_atan_slope: Any = Elementwise(                # 1 / (1 + x^2)
    "atan_slope", _of_atan, lambda x, z: -2 * where(abs(x) > _LARGE, 1 / x, x * z) * z, arity=1)
# Of these, what comes through an operand that is a function of x and y is in the partials in x and y.
# x / z, z = hypot(x, y)
_cosine: Any = Elementwise(
    "cosine", lambda x, y, z: choose(not_equal(z, 0), x / z),
    lambda x, y, z, c: (choose(not_equal(z, 0), y / z * (y / z / z)),
                        choose(not_equal(z, 0), -(x / z) * (y / z) / z), None), arity=3)


def _of_turn(x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, None]:
    near = logical_not(isinf(z))
    return (choose(near, ((y - x) / z) * ((y + x) / z) / z / z),
            choose(near, -2 * (x / z) * (y / z) / z / z), None)


# x / (x^2 + y^2), size = max(|x|, |y|)
_turn: Any = Elementwise(
    "turn", lambda x, y, size: choose(logical_not(isinf(size)), x / size / (x * (x / size) + y * (y / size))),
    lambda x, y, size, t: _of_turn(x, y, hypot(x, y)), arity=3)


def _turns(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    size = where(abs(x) > abs(y), abs(x), abs(y))
    return _turn(x, y, size), -_turn(y, x, size)


def _of_portion(x: Tensor, y: Tensor, e: Tensor) -> Tensor:
    apart = x - y
    other = apart - x
    error = (x - (apart - other)) - (y + other)                # Knuth, 1969: x - y is apart + error
    inverse = 1 / (1 + e)
    less = where(apart < 0, 1.0, e) * inverse
    portion = where(apart < 0, e, 1.0) * inverse
    known = where(abs(apart) < math.inf, portion + portion * (less * error), portion)
    return where(equal(x, y), 0.5, known)


# e^x / (e^x + e^y), e = e^-|x - y|
_portion: Any = Elementwise(
    "portion", _of_portion,
    lambda x, y, e, z: (z * _portion(y, x, e), -z * _portion(y, x, e), None), arity=3)


def _portions(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    e = decay(x - y)
    return _portion(x, y, e), _portion(y, x, e)


# -------------------------------------------------------------------------------- limits and decimals
def is_exact(x: Any) -> bool:
    """Whether an operand is an integer or boolean."""
    return type(x) is int if type(x) is not Tensor else np.dtype(x.dtype).kind in "iub"


def clip(x: Any, min: Any = None, max: Any = None) -> Tensor:
    """Return x limited to the interval from min to max; the operands broadcast, None is no limit.

    Its derivative in x is 1 strictly between the limits and 0 elsewhere; at and beyond a limit the limit has
    derivative 1. Where min is above max the result is max.
    x, min, max: shapes that broadcast, any dtypes, promoted as in NumPy. Raises ShapeError for shapes that do
    not broadcast, DtypeError for what is no array of numbers.

    >>> nb.clip([-2.0, 0.5, 3.0], 0.0, 1.0)
    tensor([0. , 0.5, 1. ])
    """
    x = as_tensor(x)
    if type(min) is type(max) is float:       # the common call, in fewer steps
        return limited(x, min, max)
    low, high = (m if m is None or type(m) in (int, float) else as_tensor(m) for m in (min, max))
    if low is None and high is None:
        return positive(x)
    if is_complex(x) and (low is None or high is None):      # no number of theirs is before, or behind, all
        return maximum(x, low) if high is None else minimum(x, high)
    if not is_exact(x) or not all(is_exact(m) for m in (low, high) if m is not None):
        return limited(x, -math.inf if low is None else low, math.inf if high is None else high)
    bounds = np.iinfo(np.int64 if x.dtype == np.bool_ else x.dtype)
    low = None if type(low) is int and low <= bounds.min else low       # limits that are none
    high = None if type(high) is int and high >= bounds.max else high
    if low is None or high is None:
        return positive(x) if low is high else maximum(x, low) if high is None else minimum(x, high)
    return limited(x, low, high)


def round(x: Any, decimals: int = 0) -> Tensor:
    """Return x rounded to a number of decimals, ties to even; its derivative is taken as 0.

    Integers stay integers.
    x: any shape and dtype. decimals: negative for tens, hundreds, ... Raises DtypeError.

    >>> nb.round([1.25, 2.5])
    tensor([1., 2.])
    >>> nb.round(1.256, 2)
    tensor(1.26)
    """
    x = as_tensor(x)
    exact = x.dtype.kind in "iu"
    if decimals >= 0:
        scale = float(10.0 ** decimals)
        return positive(x) if exact else rint(x * scale) / scale if decimals else rint(x)
    scale = float(10.0 ** -decimals)
    z = rint(x / scale) * scale
    return astype(z, x.dtype) if exact else z
