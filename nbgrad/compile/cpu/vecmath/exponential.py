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


def _raised_far(bits: Lane, p: Lane) -> Lane:
    """2^n * (1 + p) beyond the numbers and below the normal ones too; the lowest bits are n + 2 bias.

    2^n is the product of two normal numbers. The exponent of the first is half, and so a shift by one less.
    """
    form = bits.format
    exponent = 2 ** (form.bits - 1) - 2 ** form.digits
    half = (bits << form.digits - 1) & exponent
    first, second = half.as_real(), ((bits << form.digits) - half).as_real()
    return fma(first, p, first) * second


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


def falling(x: Lane, tail: Lane | None = None) -> Lane:
    """e^-(x + tail) for x from 0 on, to where that rounds to 0."""
    lift = x.format.digits + 12
    return raised(*reduced(x, tail, offset=x.format.bias + lift, sign=-1)) * 2.0 ** -lift


def decay(x: Lane) -> Lane:
    """e^-|x|"""
    return falling(at_most(abs(x), math.log(2) * _nothing(x.format)))


def exp2(x: Lane) -> Lane:
    form = x.format
    held = _held(x, -_nothing(form), form.bias + 1.5)
    magic = 1.5 * 2.0 ** form.digits + 2 * form.bias
    shifted = held + magic
    rest = held - (shifted - magic)
    return _raised_far(shifted.pattern(), polynomial(table.EXP2[form.bits], rest) * rest)


def expm1(x: Lane) -> Lane:
    """e^x - 1"""
    form = x.format
    return copysign(_less_one(_held(x, -2.0 * form.digits, math.log(2) * (form.bias + 1.5))), x)


def _less_one(x: Lane) -> Lane:
    """2^n * p + (2^n - 1), halved on the way so that 2^n does not overflow before the result."""
    bits, p = reduced(x, offset=x.format.bias - 1)
    half = (bits << x.format.digits).as_real()
    return where(half.equals(0.5), p, 2.0 * fma(p, half, half - 0.5))


def tanh(x: Lane) -> Lane:
    """e / (e + 2) with e = e^(2|x|) - 1."""
    e = _less_one(at_most(abs(x) * 2.0, 2.0 * x.format.digits))
    return copysign(e / (e + 2.0), x)


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


UNARY = (exp, exp2, decay, expm1, sinh, cosh, tanh)
