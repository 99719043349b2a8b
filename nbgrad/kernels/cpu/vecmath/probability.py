"""The error function: an odd polynomial below 1, and 1 - e^P above, with a polynomial P for log(1 - erf)."""

from __future__ import annotations

from nbgrad.kernels.cpu.vecmath import coefficients as table
from nbgrad.kernels.cpu.vecmath.exponential import reduced
from nbgrad.kernels.cpu.vecmath.lanes import Lane, copysign, fma, polynomial, smaller, where

_ONE = {32: 4.0, 64: 6.0}                 # from here on erf is 1 to the last bit
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


UNARY = (erf,)
