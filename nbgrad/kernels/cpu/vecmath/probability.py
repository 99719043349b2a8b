"""The error function: an odd polynomial below 1, and 1 - e^P above, P a polynomial; and its complement."""

from __future__ import annotations

from nbgrad.kernels.cpu.vecmath import coefficients as table
from nbgrad.kernels.cpu.vecmath.exponential import exp, reduced
from nbgrad.kernels.cpu.vecmath.lanes import Lane, copysign, fma, polynomial, smaller, two_product, where

_ONE = {32: 4.0, 64: 6.0}                 # from here on erf is 1 to the last bit
_ZERO = {32: 10.5, 64: 27.5}              # from here on erfc is 0
_MIDDLE = {32: 2.0, 64: 4.0}
_SCALED = {32: table.ERFCX_NEAR[32], 64: table.ERFCX[64]}
_LOG_ERFC = {32: table.ERFC_NEAR[32], 64: table.ERFC[64]}


def erf(x: Lane) -> Lane:
    form = x.format
    size = abs(x)
    near = fma(polynomial(table.ERF[form.bits], x * x), x, x)
    logarithm = polynomial(_LOG_ERFC[form.bits], smaller(size, _ONE[form.bits]) - 1.0)
    n, _, p = reduced(logarithm)
    power = ((n + form.bias) << form.digits).as_real()
    far = copysign(1.0 - fma(power, p, power), x)
    return where(x.isnan(), x, where(size < 1.0, near, far))


def erfc(x: Lane) -> Lane:
    """Above 1/2 e^(-a^2) / (1 + 2 a) times a polynomial in (a - middle) / (a + middle), a = |x|.

    Source: Shepherd and Laframboise, Chebyshev approximation of (1 + 2x) exp(x^2) erfc x, 1981.
    """
    form = x.format
    a = smaller(abs(x), _ZERO[form.bits])
    square, error = two_product(a, a)
    middle = _MIDDLE[form.bits]
    scaled = polynomial(_SCALED[form.bits], (a - middle) / (a + middle))
    y = exp(-square, -error) * (scaled / fma(2.0, a, 1.0))
    near = 1.0 - fma(polynomial(table.ERF[form.bits], x * x), x, x)
    return where(x.isnan(), x, where(abs(x) < 0.5, near, where(x < 0.0, 2.0 - y, y)))


UNARY = (erf, erfc)
