"""Logarithms: of the exponent, plus a series in s = f / (2 + f) of the mantissa 1 + f."""

from __future__ import annotations

import math

from nbgrad.kernels.cpu.vecmath import coefficients as table
from nbgrad.kernels.cpu.vecmath.functions import unary
from nbgrad.kernels.cpu.vecmath.lanes import (
    Lane,
    fma,
    polynomial,
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


def _series(f: Lane) -> tuple[Lane, Lane]:
    """f^2 / 2 and what log(1 + f) is above f - f^2 / 2. Source: the C library of FreeBSD, e_log.c, 1993."""
    s = f / (f + 2.0)
    z = s * s
    half = 0.5 * f * f
    return half, s * (half + z * polynomial(table.LOG[f.format.bits], z))


def _special(x: Lane, y: Lane) -> Lane:
    """y, the logarithm of x, put right where x is not positive and finite."""
    y = where(x < math.inf, y, x)
    y = where(x.equals(0.0), -math.inf, y)
    return where(x < 0.0, math.nan, y)


def log(x: Lane) -> Lane:
    high, low = table.LN2[x.format.bits]
    k, f = split(x)
    half, rest = _series(f)
    return _special(x, fma(k, high, f - (half - fma(k, low, rest))))


FUNCTIONS = {f.__name__: unary(f.__name__, f) for f in (log,)}
