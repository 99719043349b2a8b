"""Exponentials: 2^n times a polynomial on half a unit of the exponent around 0."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nbgrad.compile.cpu.vecmath import coefficients as table
from nbgrad.compile.cpu.vecmath.lanes import Format, Lane, copysign, fma, polynomial, where


def reduced(x: Lane, tail: Lane | None = None, terms: Sequence[float] = (),
            offset: int = 0, sign: int = 1) -> tuple[Lane, Lane]:
    """An integer lane with n + offset in its lowest bits, and p: e^(sign * (x + tail)) = 2^n * (1 + p).

    Adding 1.5 * 2^digits + offset leaves no bits for a fraction. terms: instead of those for the format.
    """
    form = x.format
    magic = 1.5 * 2.0 ** form.digits + offset
    shifted = fma(x, sign / math.log(2), magic)
    real = shifted - magic
    high, low = table.LN2[form.bits]
    # real * high is exact for |n| < 2^13 (2^9), so is the difference; the sum with low is rounded once
    r = fma(real, -sign * low, fma(real, -sign * high, x))
    if tail is not None:
        r = r + tail
    terms = [c * sign ** k for k, c in enumerate(terms or table.EXP[form.bits])]
    return shifted.pattern(), fma(polynomial(terms, r), r * r, r if sign > 0 else -r)


def raised(bits: Lane, p: Lane) -> Lane:
    """2^n * (1 + p), 2^n a normal number; the lowest bits are n + bias."""
    power = (bits << bits.format.digits).as_real()
    return fma(power, p, power)


def _raised_far(bits: Lane, p: Lane, factor: float | None = None) -> Lane:
    """2^n * (1 + p) * factor, also beyond the numbers and below the normal ones; the lowest bits: n + 2 bias.

    2^n is the product of two normal numbers. The exponent of the first is half, and so a shift by one less.
    """
    form = bits.format
    exponent = 2 ** (form.bits - 1) - 2 ** form.digits
    half = (bits << form.digits - 1) & exponent
    first, second = half.as_real(), ((bits << form.digits) - half).as_real()
    mantissa = fma(first, p, first)
    return (mantissa if factor is None else mantissa * factor) * second


def at_most(x: Lane, high: float) -> Lane:
    """The smaller of both; nan stays."""
    return where(x > high, high, x)


def _held(x: Lane, low: float, high: float) -> Lane:
    """x, or the limit that it is beyond; nan stays."""
    return where(x < low, low, at_most(x, high))


def _nothing(form: Format) -> int:
    """2^-this, and all below, rounds to 0."""
    return form.bias + form.digits + 1


def exp(x: Lane, tail: Lane | None = None, halvings: int = 0) -> Lane:
    """e^(x + tail) / 2^halvings; the tail is of the size of x's rounding error."""
    form = x.format
    held = _held(x, -math.log(2) * _nothing(form), math.log(2) * (form.bias + 1.5 + halvings))
    if tail is not None:
        tail = where(held.equals(x), tail, 0.0)
    return _raised_far(*reduced(held, tail, offset=2 * form.bias - halvings))


def _falling(x: Lane, tail: Lane | None = None) -> tuple[Lane, Lane, float]:
    """2^n, p and a scale: e^-(x + tail) = 2^n * (1 + p) * scale for x from 0 on, to where it rounds to 0."""
    lift = x.format.digits + 12
    bits, p = reduced(x, tail, offset=x.format.bias + lift, sign=-1)
    return (bits << x.format.digits).as_real(), p, 2.0 ** -lift


def falling(x: Lane, tail: Lane | None = None) -> Lane:
    """e^-(x + tail) for x from 0 on, to where that rounds to 0."""
    power, p, scale = _falling(x, tail)
    return fma(power, p, power) * scale


def _size(x: Lane) -> Lane:
    """|x|, not above that from which e^-|x| rounds to 0."""
    return at_most(abs(x), math.log(2) * _nothing(x.format))


def decay(x: Lane) -> Lane:
    """e^-|x|"""
    return falling(_size(x))


def _exp2_parts(x: Lane) -> tuple[Lane, Lane]:
    """n + 2 bias in the lowest bits of an integer, and p: 2^x = 2^n * (1 + p)."""
    form = x.format
    held = _held(x, -_nothing(form), form.bias + 2.0)
    magic = 1.5 * 2.0 ** form.digits + 2 * form.bias
    shifted = held + magic
    rest = held - (shifted - magic)
    return shifted.pattern(), polynomial(table.EXP2[form.bits], rest) * rest


def exp2(x: Lane) -> Lane:
    return _raised_far(*_exp2_parts(x))


def exp2_slope(x: Lane) -> Lane:
    """log(2) * 2^x, of the same parts; also where 2^x is beyond the range."""
    return _raised_far(*_exp2_parts(x), factor=math.log(2))


def _expm1_parts(x: Lane) -> tuple[Lane, Lane]:
    """n + bias - 1 in the lowest bits of an integer, and p: e^x = 2^n * (1 + p)."""
    form = x.format
    return reduced(at_most(x, math.log(2) * (form.bias + 1.5)), offset=form.bias - 1)


def expm1(x: Lane) -> Lane:
    """e^x - 1 = 2^n * p + (2^n - 1), halved on the way so that 2^n does not overflow before the result."""
    form = x.format
    bits, p = _expm1_parts(x)
    half = (bits << form.digits).as_real()
    z = where(half.equals(0.5), p, 2.0 * fma(p, half, half - 0.5))
    return copysign(where(x < -2.0 * form.digits, -1.0, z), x)


def expm1_slope(x: Lane) -> Lane:
    """e^x, of the same parts."""
    form = x.format
    bits, p = _expm1_parts(x)
    return where(x < -math.log(2) * _nothing(form), 0.0, _raised_far(bits + (form.bias + 1), p))


def tanh(x: Lane) -> Lane:
    """(1 - e) / (1 + e) with e = e^(-2|x|), of the parts of `decay`."""
    power, p, scale = _falling(_size(x * 2.0))
    power = power * scale
    return copysign(fma(-power, p, 1.0 - power) / fma(power, p, 1.0 + power), x)


def sinh(x: Lane) -> Lane:
    """An odd polynomial below 1, (e^|x| - e^-|x|) / 2 above."""
    size = abs(x)
    z = x * x
    near = fma(polynomial(table.SINH[x.format.bits], z) * z, x, x)
    half = exp(size, halvings=1)
    return where(size < 1.0, near, copysign(half - 0.25 / half, x))


def cosh(x: Lane) -> Lane:
    half = exp(abs(x), halvings=1)
    return half + 0.25 / half


UNARY = (exp, exp2, exp2_slope, decay, expm1, expm1_slope, sinh, cosh, tanh)
