"""The gamma function, its logarithm and the derivatives of that, and what is made of them."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.special import inner, special
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import value_errors
from nbgrad.ops.compare import equal, less
from nbgrad.ops.elementwise import cos, sin, where
from nbgrad.ops.special_parts import known

__all__ = ["beta", "betaln", "binom", "digamma", "gamma", "gammaln", "loggamma", "multigammaln", "poch",
           "polygamma", "psi", "rgamma"]

_POSITIVE = (0.5, 5.0)


def _rgamma_slope(x: Tensor, z: Tensor) -> Tensor:
    """-digamma(x) / gamma(x), and by the reflection formula left of 1/2, where digamma has poles."""
    left = equal(z, 0) if is_complex(raw(x)) else less(x, 0.5)
    u, turn = where(left, 1 - x, 0.5), math.pi * where(left, x, 0.5)
    right = where(left, 0.5, x)
    return where(left, gamma(u) * (cos(turn) - digamma(u) * sin(turn) / math.pi),
                 -digamma(right) * rgamma(right))


polygamma: Any = special(
    "polygamma", "n x", lambda n, x, z: polygamma(n + 1, x), at=_POSITIVE, static=((0,), (1,), (3,)),
    like=lambda n, x: import_module("scipy.special").polygamma(n, x).astype(x.dtype),
    formula="polygamma(n + 1, x)", example="1, [1.0, 2.0] -> tensor([1.64493407, 0.64493407])",
    doc="Return the n-th derivative of digamma, in x's dtype. n: an integer, at least 0.")
_psi: Any = inner("psi_order", "n x", lambda n, x, z: _psi(n + 1, x), at=_POSITIVE, static=((1,), (2,)),
                  on_complex=True, doc="Return the n-th derivative of digamma, n > 0, of complex x too.")
digamma: Any = special(
    "digamma", "x", lambda x, z: known(z, (_psi if is_complex(raw(x)) else polygamma)(1, x)),
    at=_POSITIVE, on_complex=True, formula="polygamma(1, x)",
    example="[1.0, 2.0] -> tensor([-0.57721566,  0.42278434])", doc="Return the derivative of gammaln.")
psi = digamma
gamma: Any = special(
    "gamma", "x", lambda x, z: z * digamma(x), at=_POSITIVE, on_complex=True, formula="z * digamma(x)",
    example="[0.5, 5.0] -> tensor([ 1.77245385, 24.        ])",
    doc="Return the gamma function, the factorial of x - 1.")
gammaln: Any = special(
    "gammaln", "x", lambda x, z: digamma(x), at=_POSITIVE, formula="digamma(x)",
    example="[1.0, 100.0] -> tensor([  0.        , 359.13420537])",
    doc="Return the logarithm of |gamma(x)|.")
loggamma: Any = special(
    "loggamma", "x", lambda x, z: known(z, digamma(x)), at=_POSITIVE, on_complex=True, formula="digamma(x)",
    example="[1.0, 100.0] -> tensor([  0.        , 359.13420537])",
    doc="Return the logarithm of gamma(x), nan for negative x, where that is complex; of complex\n"
        "x its principal branch.")
rgamma: Any = special(
    "rgamma", "x", _rgamma_slope, at=_POSITIVE, on_complex=True, formula="-digamma(x) * z",
    example="[0.0, 3.0] -> tensor([0. , 0.5])", doc="Return 1 / gamma(x).")
# psi^(n)(x + h) - psi^(n)(x)
rise: Any = inner(
    "polygamma_difference", "n x h", (lambda n, x, h, z: rise(n + 1, x, h),
                                      lambda n, x, h, z: polygamma(n + 1, x + h)), at=_POSITIVE,
    static=((0,), (2,)), doc="Return polygamma(n, x + h) - polygamma(n, x).")
beta: Any = special(
    "beta", "a b", (lambda a, b, z: -z * rise(0, a, b), lambda a, b, z: -z * rise(0, b, a)), at=_POSITIVE,
    formula=("z * (digamma(a) - digamma(a + b))", "z * (digamma(b) - digamma(a + b))"),
    example="2.0, 3.0 -> tensor(0.08333333)", doc="Return gamma(a) * gamma(b) / gamma(a + b).")
betaln: Any = special(
    "betaln", "a b", (lambda a, b, z: -rise(0, a, b), lambda a, b, z: -rise(0, b, a)), at=_POSITIVE,
    formula=("digamma(a) - digamma(a + b)", "digamma(b) - digamma(a + b)"),
    example="2.0, 3.0 -> tensor(-2.48490665)", doc="Return the logarithm of |beta(a, b)|.")
poch: Any = special(
    "poch", "x m", (lambda x, m, z: z * rise(0, x, m), lambda x, m, z: z * digamma(x + m)), at=_POSITIVE,
    formula=("z * (digamma(x + m) - digamma(x))", "z * digamma(x + m)"),
    example="2.0, 3.0 -> tensor(24.)", doc="Return gamma(x + m) / gamma(x), Pochhammer's symbol.")
binom: Any = special(
    "binom", "x k", (lambda x, k, z: known(z, z * rise(0, x - k + 1, k)),
                     lambda x, k, z: known(z, z * rise(0, k + 1, x - 2 * k))),
    at=((5.0, 8.0), (0.5, 3.0)),
    formula=("z * (digamma(x + 1) - digamma(x - k + 1))", "z * (digamma(x - k + 1) - digamma(k + 1))"),
    example="5.0, 2.0 -> tensor(10.)", doc="Return the binomial coefficient of x over k.")


def multigammaln(a: Any, d: int) -> Tensor:
    """Return the logarithm of the multivariate gamma function of dimension d.

    a: any shape, greater than (d - 1) / 2; d: an integer, at least 1. Derivative: the sum of
    digamma(a - j / 2) for j from 0 to d - 1. Raises DtypeError.

    >>> nb.special.multigammaln(3.0, 2)
    tensor(1.55019499)
    """
    if not isinstance(d, int) or d < 1:
        raise value_errors.bad_argument("special.multigammaln", d, "an integer for d, at least 1")
    a = as_tensor(a)
    z = gammaln(a) + d * (d - 1) / 4 * math.log(math.pi)
    for j in range(1, d):
        z = z + gammaln(a - j / 2)
    return z
