"""The incomplete gamma and beta functions and their inverses, with derivatives in all arguments.

Derivatives in the parameters are integrals of the density times logarithms less their means; such integrals
are closed under differentiation. Inverses have theirs by the implicit function.
"""

from __future__ import annotations

from typing import Any

from nbgrad.define.special import inner, special
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.elementwise import log, log1p
from nbgrad.ops.special_gamma import polygamma, rise
from nbgrad.ops.special_parts import over

__all__ = ["betainc", "betaincc", "betainccinv", "betaincinv", "gammainc", "gammaincc", "gammainccinv",
           "gammaincinv"]

_UNIT = (0.2, 0.8)
_GAMMA = ((0.5, 5.0), (0.2, 8.0))
_BETA = ((0.5, 5.0), (0.5, 5.0), _UNIT)

# ------------------------------------------------------------------------------------------------ gamma
# log(x) - digamma(a)
_centered: Any = inner(
    "centered_log", "a x", (lambda a, x, z: -polygamma(1, a), lambda a, x, z: 1 / x), at=_GAMMA,
    doc="Return log(x) - digamma(a), accurate where a is large and x is near it.")
gamma_density: Any = inner(
    "gamma_density", "a x", (lambda a, x, z: z * _centered(a, x), lambda a, x, z: z * ((a - 1 - x) / x)),
    at=_GAMMA, doc="Return x**(a - 1) * exp(-x) / gamma(a).")


def _part_in_a(n: int, a: Tensor, x: Tensor) -> Tensor:
    more = _gamma_part(n + 1, a, x)
    return more - n * (polygamma(1, a) * _gamma_part(n - 1, a, x)) if n else more


def _part_in_x(n: int, a: Tensor, x: Tensor) -> Tensor:
    density = gamma_density(a, x)
    return density * _centered(a, x) ** n if n else density


_gamma_part: Any = inner(
    "gamma_part", "n a x", (lambda n, a, x, z: _part_in_a(n, a, x), lambda n, a, x, z: _part_in_x(n, a, x)),
    at=_GAMMA, static=((1,),),
    doc="Return the integral of gamma_density(a, t) * (log(t) - digamma(a))**n from 0 to x, or minus that "
        "from x on.")


def _root_in_a(a: Tensor, z: Tensor) -> Tensor:
    """The derivative in a of the z at which a probability is what it is."""
    return -over(_gamma_part(1, a, z), gamma_density(a, z))


gammainc: Any = special(
    "gammainc", "a x", (lambda a, x, z: _gamma_part(1, a, x), lambda a, x, z: gamma_density(a, x)), at=_GAMMA,
    formula=("the integral of the integrand times log(t) - digamma(a)", "x**(a - 1) * exp(-x) / gamma(a)"),
    example="2.0, 1.0 -> tensor(0.26424112)",
    doc="Return the integral of t**(a - 1) * exp(-t) from 0 to x, over gamma(a).")
gammaincc: Any = special(
    "gammaincc", "a x", (lambda a, x, z: -_gamma_part(1, a, x), lambda a, x, z: -gamma_density(a, x)),
    at=_GAMMA, formula=("the integral of the integrand times log(t) - digamma(a)",
                        "-x**(a - 1) * exp(-x) / gamma(a)"),
    example="2.0, 1.0 -> tensor(0.73575888)", doc="Return 1 - gammainc(a, x), accurate for large x.")
gammaincinv: Any = special(
    "gammaincinv", "a y", (lambda a, y, z: _root_in_a(a, z), lambda a, y, z: 1 / gamma_density(a, z)),
    at=((0.5, 5.0), _UNIT), formula=("by the implicit function", "gamma(a) * exp(z) / z**(a - 1)"),
    example="2.0, 0.5 -> tensor(1.67834699)", doc="Return the x at which gammainc(a, x) is y.")
gammainccinv: Any = special(
    "gammainccinv", "a y", (lambda a, y, z: _root_in_a(a, z), lambda a, y, z: -1 / gamma_density(a, z)),
    at=((0.5, 5.0), _UNIT), formula=("by the implicit function", "-gamma(a) * exp(z) / z**(a - 1)"),
    example="2.0, 0.5 -> tensor(1.67834699)", doc="Return the x at which gammaincc(a, x) is y.")


# ------------------------------------------------------------------------------------------------- beta
def _log_first(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """log(x) less its mean."""
    return log(x) + rise(0, a, b)


def _log_second(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """log(1 - x) less its mean."""
    return log1p(-x) + rise(0, b, a)


beta_density: Any = inner(
    "beta_density", "a b x",
    (lambda a, b, x, z: z * _log_first(a, b, x), lambda a, b, x, z: z * _log_second(a, b, x),
     lambda a, b, x, z: z * ((a - 1) / x - (b - 1) / (1 - x))), at=_BETA,
    doc="Return x**(a - 1) * (1 - x)**(b - 1) / beta(a, b).")


def _beta_in_a(m: int, n: int, side: int, a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    z = _beta_part(m + 1, n, side, a, b, x)
    if m:
        z = z + m * (rise(1, a, b) * _beta_part(m - 1, n, side, a, b, x))
    return z + n * (polygamma(1, a + b) * _beta_part(m, n - 1, side, a, b, x)) if n else z


def _beta_in_b(m: int, n: int, side: int, a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    z = _beta_part(m, n + 1, side, a, b, x)
    if n:
        z = z + n * (rise(1, b, a) * _beta_part(m, n - 1, side, a, b, x))
    return z + m * (polygamma(1, a + b) * _beta_part(m - 1, n, side, a, b, x)) if m else z


def _beta_in_x(m: int, n: int, a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    z = beta_density(a, b, x)
    z = z * _log_first(a, b, x) ** m if m else z
    return z * _log_second(a, b, x) ** n if n else z


_beta_part: Any = inner(
    "beta_part", "m n side a b x", (
        lambda m, n, side, a, b, x, z: _beta_in_a(m, n, side, a, b, x),
        lambda m, n, side, a, b, x, z: _beta_in_b(m, n, side, a, b, x),
        lambda m, n, side, a, b, x, z: _beta_in_x(m, n, a, b, x)), at=_BETA,
    static=((1, 0, 0),),
    doc="Return the integral of beta_density(a, b, t) * (log(t) less its mean)**m * (log(1 - t) less its "
        "mean)**n from 0 to x, or minus that from x on.")


def _quantile_in(m: int, n: int, a: Tensor, b: Tensor, z: Tensor) -> Tensor:
    """The derivative in a or b of the z at which a probability is what it is."""
    return -over(_beta_part(m, n, n, a, b, z), beta_density(a, b, z))


_FORMULAS = ("the integral of the integrand times log(t) less its mean",
             "the integral of the integrand times log(1 - t) less its mean")
betainc: Any = special(
    "betainc", "a b x",
    (lambda a, b, x, z: _beta_part(1, 0, 0, a, b, x), lambda a, b, x, z: _beta_part(0, 1, 1, a, b, x),
     lambda a, b, x, z: beta_density(a, b, x)), at=_BETA,
    formula=(*_FORMULAS, "x**(a - 1) * (1 - x)**(b - 1) / beta(a, b)"),
    example="2.0, 3.0, 0.5 -> tensor(0.6875)",
    doc="Return the integral of t**(a - 1) * (1 - t)**(b - 1) from 0 to x, over beta(a, b).")
betaincc: Any = special(
    "betaincc", "a b x",
    (lambda a, b, x, z: -_beta_part(1, 0, 0, a, b, x), lambda a, b, x, z: -_beta_part(0, 1, 1, a, b, x),
     lambda a, b, x, z: -beta_density(a, b, x)), at=_BETA,
    formula=(*_FORMULAS, "-x**(a - 1) * (1 - x)**(b - 1) / beta(a, b)"),
    example="2.0, 3.0, 0.5 -> tensor(0.3125)",
    doc="Return 1 - betainc(a, b, x), accurate where that is small.")
betaincinv: Any = special(
    "betaincinv", "a b y",
    (lambda a, b, y, z: _quantile_in(1, 0, a, b, z), lambda a, b, y, z: _quantile_in(0, 1, a, b, z),
     lambda a, b, y, z: 1 / beta_density(a, b, z)), at=_BETA,
    formula=("by the implicit function", "by the implicit function",
             "beta(a, b) / (z**(a - 1) * (1 - z)**(b - 1))"),
    example="2.0, 3.0, 0.6875 -> tensor(0.5)", doc="Return the x at which betainc(a, b, x) is y.")
betainccinv: Any = special(
    "betainccinv", "a b y",
    (lambda a, b, y, z: _quantile_in(1, 0, a, b, z), lambda a, b, y, z: _quantile_in(0, 1, a, b, z),
     lambda a, b, y, z: -1 / beta_density(a, b, z)), at=_BETA,
    formula=("by the implicit function", "by the implicit function",
             "-beta(a, b) / (z**(a - 1) * (1 - z)**(b - 1))"),
    example="2.0, 3.0, 0.3125 -> tensor(0.5)", doc="Return the x at which betaincc(a, b, x) is y.")
