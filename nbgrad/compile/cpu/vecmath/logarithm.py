"""Logarithms: of the exponent, plus a series in s = f / (2 + f) of the mantissa 1 + f; what needs them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nbgrad.compile.cpu.vecmath import coefficients as table
from nbgrad.compile.cpu.vecmath.exponential import decay
from nbgrad.compile.cpu.vecmath.lanes import (
    Lane,
    copysign,
    fma,
    larger,
    polynomial,
    sqrt,
    two_product,
    two_sum,
    where,
)


def split(x: Lane) -> tuple[Lane, Lane]:
    """k, a real lane, and f with x = 2^k * (1 + f), 1 + f from sqrt(1/2) to sqrt(2); x positive, finite."""
    form = x.format
    small = x < float(form.info.tiny)
    lift = form.digits + 2
    bits = where(small, x * 2.0 ** lift, x).pattern()
    k = (bits - x.constant(math.sqrt(0.5)).pattern()) >> form.digits
    f = (bits - (k << form.digits)).as_real() - 1.0
    return k.to_real() - where(small, x.constant(lift), 0.0), f


def series(f: Lane, terms: Sequence[float] = ()) -> tuple[Lane, Lane]:
    """f^2 / 2 and what log(1 + f) is above f - f^2 / 2. Source: the C library of FreeBSD, e_log.c, 1993."""
    s = f / (f + 2.0)
    z = s * s
    half = 0.5 * f * f
    return half, s * (half + z * polynomial(terms or table.LOG[f.format.bits], z))


def _positive(x: Lane, tail: Lane | None = None) -> Lane:
    """log x + tail for a positive finite x."""
    high, low = table.LN2[x.format.bits]
    k, f = split(x)
    half, rest = series(f)
    rest = fma(k, low, rest)
    if tail is not None:
        rest = rest + tail
    return fma(k, high, f - (half - rest))


def _special(x: Lane, y: Lane) -> Lane:
    """y, the logarithm of x, put right where x is not positive and finite."""
    y = where(x < math.inf, y, x)
    y = where(x.equals(0.0), -math.inf, y)
    return where(x < 0.0, math.nan, y)


def log(x: Lane) -> Lane:
    return _special(x, _positive(x))


def _to_base(x: Lane, unit: tuple[float, float], scale: tuple[float, float]) -> Lane:
    """k * unit + scale * log(1 + f), the latter in two parts, so that powers of the base are exact."""
    k, f = split(x)
    half, rest = series(f)
    high, low = two_sum(f, -half)
    product, error = two_product(high, scale[0])
    error = fma(low + rest, scale[0], fma(high, scale[1], error))
    total, tail = two_sum(k * unit[0], product)
    return _special(x, total + (fma(k, unit[1], tail) + error))


def log2(x: Lane) -> Lane:
    return _to_base(x, (1.0, 0.0), table.LOG2_E[x.format.bits])


def log10(x: Lane) -> Lane:
    return _to_base(x, table.LOG10_2[x.format.bits], table.LOG10_E[x.format.bits])


def _one_plus(x: Lane) -> Lane:
    """log(1 + x) for finite x above -1: of the rounded sum, and what was rounded off over it."""
    total = 1.0 + x
    taken = total - 1.0
    error = (1.0 - (total - taken)) + (x - taken)
    return _positive(total, error / total)


def log1p(x: Lane) -> Lane:
    y = where(x < math.inf, _one_plus(x), x)
    y = where(x < -1.0, math.nan, copysign(y, x))
    return where(x.equals(-1.0), -math.inf, y)


def _far(x: Lane) -> Lane:
    """Where 1 is lost beside x, so that asinh x and acosh x are log(2 x)."""
    return x > 2.0 ** (x.format.digits + 2)


def asinh(x: Lane) -> Lane:
    """log1p(a + a^2 / (1 + sqrt(1 + a^2))) with the sign of x, a = |x|."""
    a = abs(x)
    far = _far(a)
    z = a * a
    y = _one_plus(where(far, a, a + z / (1.0 + sqrt(1.0 + z)))) + where(far, x.constant(math.log(2)), 0.0)
    return where(a < math.inf, copysign(y, x), x)


def acosh(x: Lane) -> Lane:
    """log1p(t + sqrt(2 t + t^2)), t = x - 1."""
    far = _far(x)
    t = x - 1.0
    y = _one_plus(where(far, x, t + sqrt(fma(t, t, t + t)))) + where(far, x.constant(math.log(2)), 0.0)
    return where(x < 1.0, math.nan, where(x < math.inf, y, x))


def atanh(x: Lane) -> Lane:
    """log1p(2 a / (1 - a)) / 2 with the sign of x, a = |x|."""
    a = abs(x)
    y = where(a.equals(1.0), math.inf, 0.5 * _one_plus((a + a) / (1.0 - a)))
    return where(a <= 1.0, copysign(y, x), math.nan)


def logaddexp(x: Lane, y: Lane) -> Lane:
    """max(x, y) + log1p(e^-|x - y|)."""
    apart = x - y
    z = larger(x, y) + _one_plus(decay(apart))
    return where(x.equals(y), x + math.log(2), where(apart.isnan(), apart, z))


UNARY = (log, log2, log10, log1p, asinh, acosh, atanh)
BINARY = (logaddexp,)
