"""What elementwise ops are of complex numbers, one row each: programs of their two parts.

So the vector mathematics of real numbers computes them.

Source of the inverse functions: Kahan, Branch cuts for complex elementary functions, 1987.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.complex import compose, imag, real
from nbgrad.define.scalar_program import Symbol
from nbgrad.engine.tensor import raw
from nbgrad.ops import elementwise, powers
from nbgrad.ops.compare import (
    equal,
    greater,
    greater_equal,
    isfinite,
    isinf,
    isnan,
    less,
    logical_and,
    logical_not,
    logical_or,
    rint,
    signbit,
)
from nbgrad.ops.elementwise import (
    abs,
    asinh,
    atan2,
    cos,
    cosh,
    exp,
    expm1,
    hypot,
    log,
    log1p,
    sin,
    sinh,
    sqrt,
    tan,
    where,
)

_LN2, _LN10 = math.log(2), math.log(10)
_CLOSE = 1e-30
_FAR = 1e10                               # 1 is nothing beside its square
_LARGE = 80.0                             # e^x may overflow beyond, in float32


def apart(z: Any) -> tuple[Any, Any]:
    """The parts of an operand of a program, which may be a Python number, or real."""
    x = raw(z)
    if type(x) is not Symbol:
        return complex(x).real, complex(x).imag
    return (real(z), imag(z)) if is_complex(x) else (z, 0.0)


def _turned(z: Any) -> Any:
    """i z."""
    x, y = apart(z)
    return compose(-y, x)


def _back(z: Any) -> Any:
    """z / i."""
    x, y = apart(z)
    return compose(y, -x)


def copysign(x: Any, y: Any) -> Any:
    size = zero(y) + x if type(x) is float else abs(x)
    return where(signbit(y), -size, size)


def zero(x: Any) -> Any:
    """0 in x's dtype: a choice of two constants would have their own."""
    return where(equal(x, 0), abs(x), 0.0)


def _infinite(x: Any, y: Any) -> Any:
    return logical_or(isinf(x), isinf(y))


def _beyond(x: Any, y: Any) -> Any:
    """Whether a size is infinite, and its angle y undefined."""
    return logical_and(isinf(x), logical_not(isfinite(y)))


def _grown(x: Any, factor: Any, near: Any, part: float = 1.0) -> Any:
    """near times a factor, near being part e^x where that is large: it may overflow, and the product not."""
    half = exp(0.5 * x)
    return where(greater(x, _LARGE), part * half * factor * half, near * factor)


def _polar(x: Any, y: Any) -> Any:
    """e^x (cos y + i sin y)."""
    e, beyond = exp(x), _beyond(x, y)
    side = where(logical_and(beyond, signbit(x)), 0.0, _grown(x, sin(y), e))
    return compose(where(beyond, e, _grown(x, cos(y), e)), where(equal(y, 0), y, side))


def _exp(z: Any) -> Any:
    return _polar(*apart(z))


def _expm1(z: Any) -> Any:
    x, y = apart(z)
    half = sin(0.5 * y)
    return compose(expm1(x) * cos(y) - 2 * half * half, exp(x) * sin(y))


def _log(z: Any) -> Any:
    """log |z| + i arg z; near the unit circle of |z|^2 - 1."""
    x, y = apart(z)
    m, a, b = hypot(x, y), abs(x), abs(y)
    large, small = where(less(a, b), b, a), where(less(a, b), a, b)
    near = 0.5 * log1p((large - 1) * (large + 1) + small * small)
    return compose(where(logical_and(greater(m, 0.5), less(m, 2.0)), near, log(m)), atan2(y, x))


def _scaled(factor: float, z: Any) -> Any:
    return compose(*[factor * part for part in apart(z)])


def _log1p(z: Any) -> Any:
    x, y = apart(z)
    near = logical_and(less(abs(x), 1.0), less(abs(y), 1.0))
    return compose(where(near, 0.5 * log1p(x * (2 + x) + y * y), log(hypot(1 + x, y))), atan2(y, 1 + x))


def _sqrt(z: Any) -> Any:
    x, y = apart(z)
    t = sqrt(0.5 * abs(x) + 0.5 * hypot(x, y))
    other = where(equal(t, 0), abs(y), abs(y) / (2 * t))
    left = signbit(x)
    top = where(isinf(y), abs(y), where(left, other, t))
    side = where(isinf(y), abs(y), where(left, t, other))
    return compose(top, copysign(side, y))


def _divide(z: Any, w: Any, part: bool = False) -> Any:
    """z / w, or its real part, by the larger part of w: no square overflows. Source: Smith, Algorithm 116.
    """
    (a, b), (c, d) = apart(z), apart(w)
    if type(d) is float and d == 0:           # by a real number
        return a / c if part else compose(a / c, b / c)
    if type(d) is float:
        return z * (1 / complex(c, d))
    a, b = [zero(c) + part if type(part) is float else part for part in (a, b)]
    wide = greater_equal(abs(c), abs(d))
    p, q, u, v = where(wide, c, d), where(wide, d, c), where(wide, a, b), where(wide, b, a)
    ratio = where(equal(p, 0), 0.0, q / p)
    over = 1 / (p + q * ratio)
    if part:
        return (u + v * ratio) * over
    y = (v - u * ratio) * over
    return compose((u + v * ratio) * over, where(wide, y, -y))


def _sin(z: Any) -> Any:
    x, y = apart(z)
    size = abs(y)
    side = where(_beyond(y, x), size, _grown(size, cos(x), sinh(size), 0.5))
    top = where(equal(x, 0), x, _grown(size, sin(x), cosh(y), 0.5))
    return compose(top, where(equal(y, 0), y, where(signbit(y), -side, side)))


def _cos(z: Any) -> Any:
    x, y = apart(z)
    size = abs(y)
    top = where(_beyond(y, x), size, _grown(size, cos(x), cosh(y), 0.5))
    side = where(equal(y, 0), where(isfinite(x), sin(x) * size, size), _grown(size, sin(x), sinh(size), 0.5))
    side = where(equal(x, 0), x, side)
    return compose(top, where(signbit(y), side, -side))


def _sinh(z: Any) -> Any:
    return _back(_sin(_turned(z)))


def _cosh(z: Any) -> Any:
    return _cos(_turned(z))


def _tanh(z: Any) -> Any:
    x, y = apart(z)
    far = greater(abs(x), 20.0)
    t, s = tan(y), sinh(where(far, 1.0, x))
    beta = 1 + t * t
    under = 1 / (1 + beta * s * s)
    e = exp(-abs(x))
    side = where(far, 4 * sin(y) * cos(y) * e * e, t * under)
    top = where(far, copysign(1.0, x) + where(isinf(x), 0.0, y - y), beta * sqrt(1 + s * s) * s * under)
    return compose(where(equal(x, 0), x, top), where(equal(y, 0), y, where(_beyond(x, y), 0.0, side)))


def _tan(z: Any) -> Any:
    return _back(_tanh(_turned(z)))


def _roots(z: Any) -> tuple[Any, ...]:
    """The parts of sqrt(1 - z) and sqrt(1 + z), on the sides of their cuts that z is on."""
    x, y = apart(z)
    return *apart(_sqrt(compose(1 - x, -y))), *apart(_sqrt(compose(1 + x, y)))


def _asin(z: Any) -> Any:
    (x, y), (a, b, c, d) = apart(z), _roots(z)
    far = _infinite(x, y)
    angle = where(far, atan2(x, abs(y)), atan2(x, a * c - b * d))
    return compose(where(equal(x, 0), x, angle), where(far, copysign(math.inf, y), asinh(a * d - b * c)))


def _acos(z: Any) -> Any:
    (x, y), (a, b, c, d) = apart(z), _roots(z)
    far, right = _infinite(x, y), zero(x) + 0.5 * math.pi
    angle = where(far, atan2(abs(y), x), where(_upright(x, y), right, 2 * atan2(a, c)))
    return compose(angle, where(far, copysign(math.inf, -y), asinh(c * b - d * a)))


def _acosh(z: Any) -> Any:
    x, y = apart(z)
    (a, b), (c, d) = apart(_sqrt(compose(x - 1, y))), apart(_sqrt(compose(x + 1, y)))
    far, right = _infinite(x, y), zero(x) + 0.5 * math.pi
    angle = where(far, atan2(y, x), where(_upright(x, y), right, 2 * atan2(b, c)))
    return compose(where(far, math.inf, asinh(a * c + b * d)), angle)


def _upright(x: Any, y: Any) -> Any:
    """Whether it is imaginary, of an unknown size."""
    return logical_and(equal(x, 0), isnan(y))


def _asinh(z: Any) -> Any:
    return _back(_asin(_turned(z)))


def _atanh(z: Any) -> Any:
    x, y = apart(z)
    far = greater(abs(x) + abs(y), _FAR)      # there it is 1 / z, and i pi / 2
    a, b = where(far, 0.0, abs(x)), where(far, 0.0, y)
    near = (1 - a) * (1 - a) + b * b
    pole = less(near, _CLOSE)                 # it has no digits left
    of_pole = 0.5 * (log(hypot(1 + a, b)) - log(hypot(1 - a, b)))
    usual = where(pole, of_pole, 0.25 * log1p(4 * a / where(pole, 1.0, near)))
    size = where(far, _divide(1.0, compose(x, y), True), copysign(usual, x))
    angle = where(far, copysign(0.5 * math.pi, y), 0.5 * atan2(2 * b, (1 - a) * (1 + a) - b * b))
    return compose(where(equal(x, 0), x, where(_infinite(x, y), copysign(0.0, x), size)),
                   where(isnan(y), y, where(_infinite(x, y), copysign(0.5 * math.pi, y), angle)))


def _atan(z: Any) -> Any:
    return _back(_atanh(_turned(z)))


def _pow(z: Any, w: Any) -> Any:
    """e^(w log z); 0 to a power with a positive real part is 0, to 0 it is 1."""
    if type(raw(z)) is not Symbol:
        base = complex(raw(z))
        return _exp(w * cmath.log(base)) if base else where(_none(w), 1.0 + 0j, _of_zero(w))
    if type(raw(w)) is not Symbol and not complex(raw(w)):
        found: Any = 0 * real(z)
        return found + (1.0 + 0j)
    nothing = _none(z)
    found = where(nothing, _of_zero(w), _exp(w * _log(where(nothing, 1.0 + 0j, z))))
    return found if type(raw(w)) is not Symbol else where(_none(w), 1.0 + 0j, found)


def _none(z: Any) -> Any:
    """Whether it is 0."""
    x, y = apart(z)
    return equal(x, 0) if type(y) is float else logical_and(equal(x, 0), equal(y, 0))


def _of_zero(w: Any) -> Any:
    """0 to a power that is not 0."""
    x = apart(w)[0]
    if type(x) is float:
        return 0j if x > 0 else complex(math.nan, math.nan)
    nothing, undefined = zero(x), zero(x) + math.nan
    return where(greater(x, 0), compose(nothing, nothing), compose(undefined, undefined))


def _power_slope(z: Any, w: Any) -> Any:
    return w * powers.pow(z, w - 1)


def _power_log(z: Any, w: Any, p: Any) -> Any:
    return where(equal(p, 0), 0j, p * log(where(equal(z, 0), 1.0, z)))


def _each(op: Any) -> Any:
    """An op of real numbers, of both parts."""
    return lambda z: compose(*[op(part) for part in apart(z)])


# What ops are of complex numbers: their values, and the partials of what is analytic. What has none is
# differentiated as the program of real numbers that it is.
FORMS: dict[Any, tuple[Any, Any]] = {
    abs: (lambda z: hypot(*apart(z)), None),
    rint: (_each(rint), None),
    elementwise.divide: (_divide, lambda x, y, z: (1 / y, -z / y)),
    elementwise.reciprocal: (lambda z: _divide(1.0 + 0j, z), lambda x, z: -z * z),
    powers.general: (_pow, lambda x, y, z: (_power_slope(x, y), _power_log(x, y, z))),
    sqrt: (_sqrt, lambda x, z: 0.5 / z),
    exp: (_exp, lambda x, z: z),
    elementwise.exp2: (lambda z: _exp(_scaled(_LN2, z)), lambda x, z: _LN2 * z),
    expm1: (_expm1, lambda x, z: exp(x)),
    log: (_log, lambda x, z: 1 / x),
    elementwise.log2: (lambda z: _scaled(1 / _LN2, _log(z)), lambda x, z: (1 / _LN2) / x),
    elementwise.log10: (lambda z: _scaled(1 / _LN10, _log(z)), lambda x, z: (1 / _LN10) / x),
    log1p: (_log1p, lambda x, z: 1 / (1 + x)),
    sin: (_sin, lambda x, z: cos(x)),
    cos: (_cos, lambda x, z: -sin(x)),
    tan: (_tan, lambda x, z: 1 + z * z),
    elementwise.asin: (_asin, lambda x, z: 1 / sqrt((1 - x) * (1 + x))),
    elementwise.acos: (_acos, lambda x, z: -1 / sqrt((1 - x) * (1 + x))),
    elementwise.atan: (_atan, lambda x, z: 1 / (1 + x * x)),
    sinh: (_sinh, lambda x, z: cosh(x)),
    cosh: (_cosh, lambda x, z: sinh(x)),
    elementwise.tanh: (_tanh, lambda x, z: 1 - z * z),
    asinh: (_asinh, lambda x, z: 1 / sqrt(1 + x * x)),
    elementwise.acosh: (_acosh, lambda x, z: 1 / (sqrt(x - 1) * sqrt(x + 1))),
    elementwise.atanh: (_atanh, lambda x, z: 1 / ((1 - x) * (1 + x))),
}
for _op, _form in FORMS.items():
    _op.on_complex = _form
