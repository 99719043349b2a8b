"""Division with a remainder, as Python and NumPy have it: the remainder has the sign of the divisor."""

from __future__ import annotations

import math

from nbgrad.compile.cpu.vecmath.far import elsewhere
from nbgrad.compile.cpu.vecmath.lanes import Lane, copysign, floor, fma, trunc, where


def _far(x: Lane, y: Lane) -> Lane:
    """Where the quotient has no bits for a fraction, or there is none."""
    return abs(x) >= abs(y) * 2.0 ** (x.format.digits - 1)


def _opposed(r: Lane, y: Lane) -> Lane:
    """Whether r is not 0 and its sign not that of y."""
    return ((r.pattern() ^ y.pattern()) < 0) & ~r.equals(0.0)


def _fmod(x: Lane, y: Lane) -> Lane:
    """x - y * trunc(x / y), which no rounding touches; a quotient rounded up to an integer is put right."""
    r = fma(-trunc(x / y), y, x)
    r = where(_opposed(r, x), r + copysign(y, x), r)
    r = where(abs(y).equals(math.inf), x, copysign(r, x))
    return elsewhere(r, "fmod", _far, x, y)


def _divmod(x: Lane, y: Lane) -> tuple[Lane, Lane, Lane]:
    """The remainder with the sign of x, whether y is added to it, and the remainder with the sign of y."""
    r = _fmod(x, y)
    other = _opposed(r, y)
    return r, other, where(r.equals(0.0), copysign(0.0, y), where(other, r + y, r))


def remainder(x: Lane, y: Lane) -> Lane:
    return _divmod(x, y)[2]


def floor_divide(x: Lane, y: Lane) -> Lane:
    r, other, _ = _divmod(x, y)
    quotient = (x - r) / y
    quotient = where(other, quotient - 1.0, quotient)
    below = floor(quotient)
    below = where(quotient - below > 0.5, below + 1.0, below)
    z = where(quotient.equals(0.0), copysign(0.0, x / y), where(quotient.isnan(), quotient, below))
    return where(y.equals(0.0), x / y, z)


BINARY = (remainder, floor_divide)
