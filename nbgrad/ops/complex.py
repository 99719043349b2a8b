"""Complex numbers: their parts, and what elementwise ops are of them, one row each.

A complex number goes through programs as one scalar, and its functions are programs of its two parts, so that
the vector mathematics of real numbers computes them. Derivatives follow jax's convention, in which the rules of
analytic functions are those of real numbers: of a real function f of z = x + iy the gradient is
df/dx - i df/dy, and the pullback of z -> w multiplies by dw/dz. PyTorch's gradient is its conjugate.

Source of the inverse functions: Kahan, Branch cuts for complex elementary functions, 1987.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.scalar import RealLinear
from nbgrad.define.scalar_program import Symbol, strong
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, operand, raw
from nbgrad.errors import value_errors
from nbgrad.ops import elementwise, powers
from nbgrad.ops.compare import equal, greater, greater_equal, isinf, less, logical_and, rint, signbit
from nbgrad.ops.create import zeros_like
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
from nbgrad.ops.shape import permute_dims

_LN2, _LN10 = math.log(2), math.log(10)
_FAR = 1e10                               # 1 is nothing beside its square
_LARGE, _SHIFT = 80.0, 20.0               # beyond, e^x is computed as e^(x - 20) e^20: it alone may overflow


# ---------------------------------------------------------------------------------------------- parts
def _of_parts(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    dtype = np.result_type(*map(strong, kinds), np.float32)
    return [dtype] * 2, np.result_type(dtype, np.complex64)


def _to_part(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    dtype = strong(kinds[0])
    return [dtype], np.dtype(np.float32 if dtype == np.complex64 else np.float64)


def _same(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    return [strong(kinds[0])], strong(kinds[0])


_compose: Any = RealLinear("complex", "compose({}, {})", lambda g: (real(g), -imag(g)), arity=2, loop=_of_parts)
_real: Any = RealLinear("real", "{}.real", lambda g: _compose(real(g), 0.0), arity=1, loop=_to_part)
_imag: Any = RealLinear("imag", "{}.imag", lambda g: _compose(0.0, -real(g)), arity=1, loop=_to_part)
_conj: Any = RealLinear("conj", "compose({0}.real, -{0}.imag)", lambda g: conj(g), arity=1, loop=_same)


def _given(x: Any) -> Any:
    return x if type(x) in (Tensor, float, int, complex) else operand(x)


def _is(x: Any) -> bool:
    return is_complex(raw(x))


def complex_(real: Any, imag: Any) -> Tensor:
    """Return the complex numbers of their parts; they broadcast.

    real, imag: real numbers, of float32 or float64 or what promotes to these. Raises DtypeError for complex
    ones. Derivative: with a cotangent g, that of the real part is its real part, of the other -g's imaginary.

    >>> nb.complex(1.0, [2.0, -2.0])
    tensor([1.+2.j, 1.-2.j])
    """
    parts = _given(real), _given(imag)
    for x in parts:
        if _is(x):
            raise value_errors.no_complex("complex", [raw(x).dtype])
    found: Tensor = _compose(*parts)
    return found


def real(x: Any) -> Tensor:
    """Return the real part: x itself where x is real.

    Derivative: a real cotangent, as a complex one.

    >>> nb.real([1 + 2j, 3.0])
    tensor([1., 3.])
    """
    x = _given(x)
    return _real(x) if _is(x) else as_tensor(x)


def imag(x: Any) -> Tensor:
    """Return the imaginary part: zeros where x is real.

    Derivative: a real cotangent g, as the complex one -ig.

    >>> nb.imag([1 + 2j, 3.0])
    tensor([2., 0.])
    """
    x = _given(x)
    return _imag(x) if _is(x) else _nothing(x)


def _nothing(x: Any) -> Any:
    return 0.0 * x if type(x) is not Tensor or not hasattr(raw(x), "strides") else zeros_like(x)


def conj(x: Any) -> Tensor:
    """Return the complex conjugate: x itself where x is real.

    Derivative: the conjugate of the cotangent.

    >>> nb.conj([1 + 2j, 3.0])
    tensor([1.-2.j, 3.-0.j])
    """
    x = _given(x)
    return _conj(x) if _is(x) else as_tensor(x)


def adjoint(x: Tensor) -> Tensor:
    """The conjugates of matrices, transposed, for rules."""
    n = x.ndim
    return conj(apply(permute_dims, (x,), {"axes": (*range(n - 2), n - 1, n - 2)}))


def angle(x: Any, deg: bool = False) -> Tensor:
    """Return the angle of complex numbers from the real axis, in radians, or degrees if `deg`.

    Of real numbers 0 or pi. Its derivative at 0 is nan.

    >>> nb.angle([1j, -1.0, 2.0])
    tensor([1.57079633, 3.14159265, 0.        ])
    """
    x = _given(x)
    z = atan2(imag(x), real(x))
    return z * (180 / math.pi) if deg else z


# -------------------------------------------------------------------------------- values of their parts
def _apart(z: Any) -> tuple[Any, Any]:
    """The parts of an operand of a program, which may be a Python number, or real."""
    x = raw(z)
    if type(x) is not Symbol:
        return complex(x).real, complex(x).imag
    return (_real(z), _imag(z)) if is_complex(x) else (z, 0.0)


def _turned(z: Any) -> Any:
    """i z."""
    x, y = _apart(z)
    return _compose(-y, x)


def _back(z: Any) -> Any:
    """z / i."""
    x, y = _apart(z)
    return _compose(y, -x)


def _copysign(x: Any, y: Any) -> Any:
    size = math.fabs(x) if type(x) is float else abs(x)
    return where(signbit(y), -size, size)


def _polar(x: Any, y: Any) -> Any:
    """e^x (cos y + i sin y)."""
    far = greater(x, _LARGE)
    e, more = exp(where(far, x - _SHIFT, x)), where(far, math.exp(_SHIFT), 1.0)
    gone = equal(x, -math.inf)                # nothing is left of it, whatever the angle
    return _compose(where(gone, 0.0, e * cos(y) * more),
                    where(equal(y, 0), y, where(gone, 0.0, e * sin(y) * more)))


def _exp(z: Any) -> Any:
    return _polar(*_apart(z))


def _expm1(z: Any) -> Any:
    x, y = _apart(z)
    half = sin(0.5 * y)
    return _compose(expm1(x) * cos(y) - 2 * half * half, exp(x) * sin(y))


def _log(z: Any) -> Any:
    """log |z| + i arg z; near the unit circle of |z|^2 - 1."""
    x, y = _apart(z)
    m, a, b = hypot(x, y), abs(x), abs(y)
    large, small = where(less(a, b), b, a), where(less(a, b), a, b)
    near = 0.5 * log1p((large - 1) * (large + 1) + small * small)
    return _compose(where(logical_and(greater(m, 0.5), less(m, 2.0)), near, log(m)), atan2(y, x))


def _scaled(factor: float, z: Any) -> Any:
    return _compose(*[factor * part for part in _apart(z)])


def _log1p(z: Any) -> Any:
    x, y = _apart(z)
    near = logical_and(less(abs(x), 1.0), less(abs(y), 1.0))
    return _compose(where(near, 0.5 * log1p(x * (2 + x) + y * y), log(hypot(1 + x, y))), atan2(y, 1 + x))


def _sqrt(z: Any) -> Any:
    x, y = _apart(z)
    t = sqrt(0.5 * abs(x) + 0.5 * hypot(x, y))
    other = where(equal(t, 0), abs(y), abs(y) / (2 * t))
    left = signbit(x)
    top = where(isinf(y), abs(y), where(left, other, t))
    side = where(isinf(y), abs(y), where(left, t, other))
    return _compose(top, _copysign(side, y))


def _divide(z: Any, w: Any, real: bool = False) -> Any:
    """z / w, or its real part: by the larger part of w, so that no square overflows. Source: Smith, Algorithm 116, 1962."""
    (a, b), (c, d) = _apart(z), _apart(w)
    if type(d) is float and d == 0:           # by a real number
        return a / c if real else _compose(a / c, b / c)
    if type(d) is float:
        return z * (1 / complex(c, d))
    wide = greater_equal(abs(c), abs(d))
    p, q, u, v = where(wide, c, d), where(wide, d, c), where(wide, a, b), where(wide, b, a)
    ratio = where(equal(p, 0), 0.0, q / p)
    over = 1 / (p + q * ratio)
    if real:
        return (u + v * ratio) * over
    y = (v - u * ratio) * over
    return _compose((u + v * ratio) * over, where(wide, y, -y))


def _sin(z: Any) -> Any:
    x, y = _apart(z)
    return _compose(where(equal(x, 0), x, sin(x) * cosh(y)), where(equal(y, 0), y, cos(x) * sinh(y)))


def _cos(z: Any) -> Any:
    x, y = _apart(z)
    still = where(signbit(y), x, -x)
    return _compose(cos(x) * cosh(y), where(equal(x, 0), still, where(equal(y, 0), -x * y, -sin(x) * sinh(y))))


def _sinh(z: Any) -> Any:
    return _back(_sin(_turned(z)))


def _cosh(z: Any) -> Any:
    return _cos(_turned(z))


def _tanh(z: Any) -> Any:
    x, y = _apart(z)
    far = greater(abs(x), 20.0)
    t, s = tan(y), sinh(where(far, 1.0, x))
    beta = 1 + t * t
    under = 1 / (1 + beta * s * s)
    e = exp(-abs(x))
    return _compose(where(far, where(signbit(x), -1.0, 1.0), beta * sqrt(1 + s * s) * s * under),
                    where(far, 4 * sin(y) * cos(y) * e * e, t * under))


def _tan(z: Any) -> Any:
    return _back(_tanh(_turned(z)))


def _roots(z: Any) -> tuple[Any, ...]:
    """The parts of sqrt(1 - z) and sqrt(1 + z), on the sides of their cuts that z is on."""
    x, y = _apart(z)
    return *_apart(_sqrt(_compose(1 - x, -y))), *_apart(_sqrt(_compose(1 + x, y)))


def _asin(z: Any) -> Any:
    a, b, c, d = _roots(z)
    return _compose(atan2(_real(z), a * c - b * d), asinh(a * d - b * c))


def _acos(z: Any) -> Any:
    a, b, c, d = _roots(z)
    return _compose(2 * atan2(a, c), asinh(c * b - d * a))


def _acosh(z: Any) -> Any:
    x, y = _apart(z)
    (a, b), (c, d) = _apart(_sqrt(_compose(x - 1, y))), _apart(_sqrt(_compose(x + 1, y)))
    return _compose(asinh(a * c + b * d), 2 * atan2(b, c))


def _asinh(z: Any) -> Any:
    return _back(_asin(_turned(z)))


def _atanh(z: Any) -> Any:
    x, y = _apart(z)
    far = greater(abs(x) + abs(y), _FAR)      # there it is 1 / z, and i pi / 2
    a, b = where(far, 0.0, x), where(far, 0.0, y)
    near = (1 - a) * (1 - a) + b * b
    return _compose(where(far, _divide(1.0, _compose(x, y), True), 0.25 * log1p(4 * a / near)),
                    where(far, _copysign(0.5 * math.pi, y), 0.5 * atan2(2 * b, (1 - a) * (1 + a) - b * b)))


def _atan(z: Any) -> Any:
    return _back(_atanh(_turned(z)))


def _pow(z: Any, w: Any) -> Any:
    """e^(w log z); 0 to a power with a positive real part is 0, to 0 it is 1."""
    if type(raw(z)) is not Symbol:
        base = complex(raw(z))
        return _exp(w * cmath.log(base)) if base else where(_none(w), 1.0 + 0j, _of_zero(w))
    if type(raw(w)) is not Symbol and not complex(raw(w)):
        return 0 * _real(z) + (1.0 + 0j)
    nothing = _none(z)
    found = where(nothing, _of_zero(w), _exp(w * _log(where(nothing, 1.0 + 0j, z))))
    return found if type(raw(w)) is not Symbol else where(_none(w), 1.0 + 0j, found)


def _none(z: Any) -> Any:
    """Whether it is 0."""
    x, y = _apart(z)
    return equal(x, 0) if type(y) is float else logical_and(equal(x, 0), equal(y, 0))


def _of_zero(w: Any) -> Any:
    """0 to a power that is not 0."""
    x, undefined = _apart(w)[0], complex(math.nan, math.nan)
    return where(greater(x, 0), 0j, undefined) if type(x) is not float else 0j if x > 0 else undefined


def _power_slope(z: Any, w: Any) -> Any:
    return w * powers.pow(z, w - 1)


def _power_log(z: Any, w: Any, p: Any) -> Any:
    return where(equal(p, 0), 0j, p * log(where(equal(z, 0), 1.0, z)))


def _each(op: Any) -> Any:
    """An op of real numbers, of both parts."""
    return lambda z: _compose(*[op(part) for part in _apart(z)])


# What ops are of complex numbers: their values, and the partials of what is analytic. What has none is
# differentiated as the program of real numbers that it is.
_FORMS: dict[Any, tuple[Any, Any]] = {
    abs: (lambda z: hypot(*_apart(z)), None),
    rint: (_each(rint), None),
    elementwise.divide: (_divide, lambda x, y, z: (1 / y, -z / y)),
    elementwise.reciprocal: (lambda z: _divide(1.0 + 0j, z), lambda x, z: -z * z),
    powers._pow: (_pow, lambda x, y, z: (_power_slope(x, y), _power_log(x, y, z))),
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
for _op, _form in _FORMS.items():
    _op.on_complex = _form
