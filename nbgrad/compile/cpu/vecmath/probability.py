"""The error function: an odd polynomial below 1, and 1 - e^P above, P a polynomial; its complement, and the
distribution that these belong to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nbgrad.compile.cpu.vecmath import coefficients as table
from nbgrad.compile.cpu.vecmath.exponential import at_most, falling, raised, reduced
from nbgrad.compile.cpu.vecmath.lanes import Lane, copysign, fma, polynomial, smaller, two_product, where

_ONE = {32: 4.0, 64: 6.0}                 # from here on erf is 1 to the last bit
_ZERO = {32: 10.2, 64: 27.3}              # from here on erfc is 0, and so is e^(-x^2)
_ERFCX = {32: (1.5, table.ERFCX_NEAR[32]), 64: (2.0, table.ERFCX[64])}
_NORMCDF = {32: (2.0, table.NORMCDF_NEAR[32]), 64: (3.0, table.NORMCDF[64])}
_LOG_ERFC = {32: table.ERFC_NEAR[32], 64: table.ERFC[64]}


def erf(x: Lane) -> Lane:
    form = x.format
    size = abs(x)
    near = fma(polynomial(table.ERF[form.bits], x * x), x, x)
    logarithm = polynomial(_LOG_ERFC[form.bits], smaller(size, _ONE[form.bits]) - 1.0)
    far = copysign(1.0 - raised(*reduced(logarithm, offset=form.bias)), x)
    return where(x.isnan(), x, where(size < 1.0, near, far))


def erfc(x: Lane) -> Lane:
    form = x.format
    a = smaller(abs(x), _ZERO[form.bits])
    y = _bell(a, 1.0) * _scaled(a, *_ERFCX[form.bits])
    near = 1.0 - fma(polynomial(table.ERF[form.bits], x * x), x, x)
    return where(x.isnan(), x, where(abs(x) < 0.5, near, where(x < 0.0, 2.0 - y, y)))


def normcdf(x: Lane) -> Lane:
    """erfc(-x / sqrt 2) / 2, but with the square of x instead of that of a rounded quotient."""
    form = x.format
    size = at_most(abs(x), math.sqrt(2) * _ZERO[form.bits])
    y = _bell(size, 0.5) * _scaled(size, *_NORMCDF[form.bits])
    return where(x < 0.0, y, 1.0 - y)


def _scaled(s: Lane, middle: float, terms: Sequence[float]) -> Lane:
    """e^(a^2) erfc a, a = s or s / sqrt 2: a polynomial in (s - middle) / (s + middle), over s + middle.

    Source: Shepherd and Laframboise, Chebyshev approximation of (1 + 2x) exp(x^2) erfc x, 1981.
    """
    inverse = 1.0 / (s + middle)
    return inverse * polynomial(terms, (s - middle) * inverse)


def _bell(size: Lane, factor: float) -> Lane:
    """e^(-factor * size^2), not below what rounds to 0; what is rounded off the square is not lost."""
    square, error = two_product(size, size)
    return falling(factor * square, factor * error)


def gauss(x: Lane) -> Lane:
    """e^(-x^2)"""
    return _bell(at_most(abs(x), _ZERO[x.format.bits]), 1.0)


def half_gauss(x: Lane) -> Lane:
    """e^(-x^2 / 2)"""
    return _bell(at_most(abs(x), math.sqrt(2) * _ZERO[x.format.bits]), 0.5)


UNARY = (erf, erfc, normcdf, gauss, half_gauss)
