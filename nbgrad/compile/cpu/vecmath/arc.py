"""Inverse functions of the circle: odd polynomials near 0, and identities that lead there."""

from __future__ import annotations

import math

from nbgrad.compile.cpu.vecmath import coefficients as table
from nbgrad.compile.cpu.vecmath.lanes import Lane, copysign, fma, larger, polynomial, sqrt, where


def _sine(x: Lane) -> tuple[Lane, Lane, Lane]:
    """far, t and p, asin t = t + t * p: of |x|, or where that is far from 0, of sin(pi / 4 - asin|x| / 2)."""
    a = abs(x)
    far = a > 0.5
    z = where(far, 0.5 - 0.5 * a, x * x)
    return far, where(far, sqrt(z), a), z * polynomial(table.ASIN[x.format.bits], z)


def asin(x: Lane) -> Lane:
    high, low, _ = table.HALF_PI[x.format.bits]
    far, t, p = _sine(x)
    twice = t + t
    return copysign(where(far, (high - twice) - (twice * p - low), fma(t, p, t)), x)


def acos(x: Lane) -> Lane:
    high, low, _ = table.HALF_PI[x.format.bits]
    far, t, p = _sine(x)
    twice = t + t
    right = fma(twice, p, twice)
    left = (2.0 * high - twice) - (twice * p - 2.0 * low)
    near = high - (x - (low - x * p))
    return where(far, where(x > 0.0, right, left), near)


def _first_quadrant(y: Lane, x: Lane) -> Lane:
    """The angle of the point (x, y), neither negative, from the nearest multiple of pi / 4."""
    bits = x.format.bits
    high, low, _ = table.HALF_PI[bits]
    steep, flat = y > x * math.tan(3 * math.pi / 8), y <= x * math.tan(math.pi / 8)
    t = where(steep, -x, where(flat, y, y - x)) / where(steep, y, where(flat, x, y + x))
    base, rest = [where(steep, x.constant(part), where(flat, x.constant(0.0), 0.5 * part))
                  for part in (high, low)]
    z = t * t
    return base + (t + fma(t * z, polynomial(table.ATAN[bits], z), rest))


def atan(x: Lane) -> Lane:
    return copysign(_first_quadrant(abs(x), x.constant(1.0)), x)


def atan2(y: Lane, x: Lane) -> Lane:
    """The angle in the first quadrant, and the quadrant. Points of a diagonal, infinite too, are (1, 1)."""
    high, low, _ = table.HALF_PI[x.format.bits]
    up, right = abs(y), abs(x)
    diagonal, origin = up.equals(right), larger(up, right).equals(0.0)
    fit = where(larger(up, right) > float(x.format.info.max) / 4, x.constant(0.25), 1.0)
    angle = _first_quadrant(where(diagonal, where(origin, x.constant(0.0), 1.0), up * fit),
                            where(diagonal, 1.0, right * fit))
    angle = where(x.pattern() < 0, (2.0 * high - angle) + 2.0 * low, angle)
    return copysign(angle, y)


UNARY = (asin, acos, atan)
BINARY = (atan2,)
