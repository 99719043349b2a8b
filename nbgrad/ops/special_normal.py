"""Special functions of the error function's family: erfcx and its kin, the normal distribution, logits.

Derivatives are right in the tails: what cancels there is an op of its own, and so is its derivative.
"""

from __future__ import annotations

import math
from typing import Any

from nbgrad.define.scalar import Elementwise
from nbgrad.define.special import inner, special
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.activations import sigmoid
from nbgrad.ops.compare import less
from nbgrad.ops.elementwise import exp, square, where
from nbgrad.ops.special_parts import known

__all__ = ["dawsn", "erfcinv", "erfcx", "erfi", "erfinv", "expit", "log_expit", "log_ndtr", "logit", "ndtr",
           "ndtri"]

_FAR = (-3.0, 3.0)
_ROOT_PI, _ROOT_TAU = math.sqrt(math.pi), math.sqrt(2 * math.pi)
expit = sigmoid

_integral: Any = inner(
    "erfcx_integral", "n x", lambda n, x, z: -2 * (n + 1) * _integral(n + 1, x), at=_FAR,
    static=((1,), (2,)), on_complex=True,
    doc="Return e**(x * x) times the n-th repeated integral of erfc from x on.")
_hazard: Any = inner(
    "normal_hazard", "x", lambda x, z: -z * _beside(x, z), at=_FAR,
    doc="Return the density of the standard normal distribution over its distribution function.")


def _beside(x: Tensor, z: Tensor) -> Tensor:
    """x + z, z being the hazard of x."""
    below = less(x, 0)
    u = where(below, x, 0) * -math.sqrt(0.5)
    return where(below, math.sqrt(2) * _integral(1, u) / erfcx(u), where(below, 0, x) + z)


_logit_slope: Any = Elementwise(
    "logit_slope", lambda x: 1 / (x * (1 - x)), lambda x, z: (2 * x - 1) * z * z, arity=1)


erfinv: Any = special(
    "erfinv", "x", lambda x, z: 0.5 * _ROOT_PI * exp(square(z)), at=(-0.9, 0.9),
    formula="sqrt(pi) / 2 * exp(z**2)", example="[0.0, 0.5] -> tensor([0.        , 0.47693628])",
    doc="Return the number whose error function is x.")
erfcinv: Any = special(
    "erfcinv", "x", lambda x, z: -0.5 * _ROOT_PI * exp(square(z)), at=(0.1, 1.9),
    formula="-sqrt(pi) / 2 * exp(z**2)", example="[0.5, 1e-300] -> tensor([ 0.47693628, 26.20946996])",
    doc="Return the number whose complementary error function is x.")
erfcx: Any = special(
    "erfcx", "x", lambda x, z: -2 * _integral(1, x), at=_FAR, on_complex=True,
    formula="2 * x * z - 2 / sqrt(pi)", example="[0.0, 1000.0] -> tensor([1.00000000e+00, 5.64189301e-04])",
    doc="Return exp(x**2) * erfc(x), which does not underflow for large x.")
erfi: Any = special(
    "erfi", "x", lambda x, z: 2 / _ROOT_PI * exp(square(x)), at=(-2.0, 2.0),
    on_complex=True, formula="2 / sqrt(pi) * exp(x**2)",
    example="[0.0, 1.0] -> tensor([0.        , 1.65042576])",
    doc="Return the imaginary error function, -1j * erf(1j * x).")
_dawson: Any = inner(
    "dawson_slope", "n x", lambda n, x, z: _dawson(n + 1, x), at=_FAR, static=((1,), (2,)),
    doc="Return the n-th derivative of Dawson's integral.")
dawsn: Any = special(
    "dawsn", "x", lambda x, z: _dawson(1, x), at=_FAR, formula="1 - 2 * x * z",
    example="[0.0, 1.0] -> tensor([0.        , 0.53807951])",
    doc="Return Dawson's integral, exp(-x**2) times the integral of exp(t**2) from 0 to x.")
ndtr: Any = special(
    "ndtr", "x", lambda x, z: 1 / _ROOT_TAU * exp(-0.5 * square(x)), at=_FAR,
    on_complex=True, formula="exp(-x**2 / 2) / sqrt(2 * pi)",
    example="[0.0, 1.0] -> tensor([0.5       , 0.84134475])",
    doc="Return the distribution function of the standard normal distribution.")
log_ndtr: Any = special(
    "log_ndtr", "x", lambda x, z: _hazard(x), at=_FAR, formula="exp(-x**2 / 2 - z) / sqrt(2 * pi)",
    example="-40.0 -> tensor(-804.60844201)",
    doc="Return the logarithm of ndtr(x), also where that underflows.")
ndtri: Any = special(
    "ndtri", "y", lambda y, z: _ROOT_TAU * exp(0.5 * square(z)), at=(0.05, 0.95),
    formula="sqrt(2 * pi) * exp(z**2 / 2)", example="[0.5, 0.975] -> tensor([0.        , 1.95996398])",
    doc="Return the number below which the standard normal distribution has probability y.")
logit: Any = special(
    "logit", "x", lambda x, z: known(z, _logit_slope(x)), at=(0.05, 0.95),
    formula="1 / (x * (1 - x))", example="[0.5, 0.75] -> tensor([0.        , 1.09861229])",
    doc="Return log(x / (1 - x)), the inverse of expit.")
log_expit: Any = special(
    "log_expit", "x", lambda x, z: expit(-x), at=_FAR, formula="expit(-x)",
    example="-800.0 -> tensor(-800.)",
    doc="Return the logarithm of expit(x), also where that underflows.")
