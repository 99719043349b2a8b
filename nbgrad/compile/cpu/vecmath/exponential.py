"""Exponentials: 2^n times a polynomial on half a unit of the exponent around 0."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nbgrad.compile.cpu.vecmath import coefficients as table
from nbgrad.compile.cpu.vecmath.lanes import Lane, copysign, fma, larger, nearest, polynomial, smaller, where


def power_of_two(n: Lane) -> Lane:
    """2^n of an integer lane, where that is a normal number."""
    return ((n + n.format.bias) << n.format.digits).as_real()


def scale(x: Lane, n: Lane, low: Lane, high: Lane | None = None) -> Lane:
    """x * 2^n for x from 1/2 to 2. low, high: where it may be below or above the normal numbers."""
    lift = x.format.digits + 12
    shift, factor = where(low, n.constant(lift), 0), where(low, x.constant(2.0 ** -lift), 1.0)
    if high is not None:
        shift, factor = where(high, -1, shift), where(high, 2.0, factor)
    return (x.pattern() + ((n + shift) << x.format.digits)).as_real() * factor


def reduced(x: Lane, tail: Lane | None = None, terms: Sequence[float] = ()) -> tuple[Lane, Lane, Lane]:
    """n, r and p with x + tail = n * log 2 + r and e^r = 1 + p. terms: instead of those for the format."""
    bits = x.format.bits
    real, n = nearest(x * (1 / math.log(2)))
    high, low = table.LN2[bits]
    # real * high is exact for |n| < 2^13 (2^9), so is the difference; the sum with low is rounded once
    r = fma(real, -low, fma(real, -high, x))
    if tail is not None:
        r = r + tail
    return n, r, fma(polynomial(terms or table.EXP[bits], r), r * r, r)


def exp(x: Lane, tail: Lane | None = None, halvings: int = 0) -> Lane:
    """e^(x + tail) / 2^halvings; the tail is of the size of x's rounding error."""
    form = x.format
    n, _, p = reduced(x, tail)
    lowest, highest = math.log(2) * (2 - form.bias + halvings), table.HIGHEST[form.bits][halvings]
    # a tail may carry the result of an x just below the highest beyond all numbers
    beyond = None if tail is None else x > highest - 1.0
    y = scale(1.0 + p, n - halvings if halvings else n, x < lowest, beyond)
    y = where(x < -math.log(2) * (form.bias + form.digits + 1), 0.0, y)
    return where(x <= highest, y, x * math.inf)


def exp2(x: Lane) -> Lane:
    form = x.format
    real, n = nearest(x)
    y = fma(polynomial(table.EXP2[form.bits], x - real), x - real, 1.0)
    y = scale(y, n, x < 2 - form.bias)
    y = where(x < -form.bias - form.digits - 1, 0.0, y)
    return where(x < form.bias + 1, y, x * math.inf)


def expm1(x: Lane) -> Lane:
    """e^x - 1 as 2^n * p + (2^n - 1), halved on the way so that 2^n does not overflow before the result."""
    form = x.format
    held = larger(x, -2.0 * form.digits)
    n, _, p = reduced(held)
    half = power_of_two(n - 1)
    y = where(n.equals(0), p, 2.0 * fma(p, half, half - 0.5))
    return copysign(where(x <= table.HIGHEST[form.bits][0], y, x * math.inf), x)


def tanh(x: Lane) -> Lane:
    """e / (e + 2) with e = e^(2|x|) - 1."""
    twice = smaller(abs(x) * 2.0, 2.0 * x.format.digits)
    n, _, p = reduced(twice)
    half = power_of_two(n - 1)
    e = where(n.equals(0), p, 2.0 * fma(p, half, half - 0.5))
    return where(x.isnan(), x, copysign(e / (e + 2.0), x))


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


UNARY = (exp, exp2, expm1, sinh, cosh, tanh)
