"""Sine, cosine and tangent: the angle less the nearest multiple of a right angle, then two polynomials.

The multiple of pi / 2 is taken off in three parts, which is exact enough for angles up to FAR. Beyond, pi /
2 is needed to a thousand bits, and the C library is asked.
"""

from __future__ import annotations

import math

from nbgrad.compile.cpu.vecmath import coefficients as table
from nbgrad.compile.cpu.vecmath.far import elsewhere
from nbgrad.compile.cpu.vecmath.lanes import Lane, fma, nearest, polynomial, two_product, two_sum, where

FAR = {32: 2.0 ** 16, 64: 2.0 ** 30}


def _quadrant(x: Lane) -> tuple[Lane, Lane, Lane]:
    """n, sin r and cos r of x = n * pi / 2 + r, |r| up to pi / 4."""
    bits = x.format.bits
    real, n = nearest(x * (2 / math.pi))
    first, second, third = table.HALF_PI[bits]
    # x - n * first is exact; r and tail are what the other parts leave of it
    above = fma(real, -first, x)
    product, error = two_product(real, second)
    r, tail = two_sum(above, -product)
    tail = fma(real, -third, tail - error)
    z = r * r
    sine = r + fma(z * r, polynomial(table.SIN[bits], z), tail)
    half = 0.5 * z
    near = 1.0 - half
    rest = fma(z * z, polynomial(table.COS[bits], z), ((1.0 - near) - half) - r * tail)
    return n, sine, near + rest


def _negated(x: Lane, n: Lane) -> Lane:
    """x with its sign changed where the second bit of n is set."""
    return (x.pattern() ^ ((n & 2) << (x.format.bits - 2))).as_real()


def _near(x: Lane, y: Lane, name: str) -> Lane:
    return elsewhere(y, name, lambda x: abs(x) > FAR[x.format.bits], x)


def sin(x: Lane) -> Lane:
    n, sine, cosine = _quadrant(x)
    y = _negated(where((n & 1).equals(0), sine, cosine), n)
    return _near(x, where(x.equals(0.0), x, y), "sin")


def cos(x: Lane) -> Lane:
    n, sine, cosine = _quadrant(x)
    # of n = 0, 1, 2, 3 those with a minus are 1 and 2: the second bit of n + 1
    return _near(x, _negated(where((n & 1).equals(0), cosine, sine), n + 1), "cos")


def tan(x: Lane) -> Lane:
    n, sine, cosine = _quadrant(x)
    even = (n & 1).equals(0)
    y = where(even, sine, cosine) / where(even, cosine, -sine)
    return _near(x, where(x.equals(0.0), x, y), "tan")


UNARY = (sin, cos, tan)
