"""What the derivatives of the error function's kin are made of, in float64."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import dawsn, erfcx, ndtr

_TERMS = 250                              # of a continued fraction, which has converged for x >= 1
_FAR = 6.5                                # where the asymptotic series of Dawson's integral is exact


def erfcx_integral(n: int, x: np.ndarray) -> np.ndarray:
    """e^(x^2) times the n-th repeated integral of erfc, 2 / sqrt(pi) / n! int t^n e^(-t^2 - 2 x t) dt."""
    before, z = np.full(x.shape, 2 / math.sqrt(math.pi)), erfcx(x)
    for k in range(1, n + 1):             # where x < 0 all terms are positive
        before, z = z, (before - 2 * x * z) / (2 * k)
    far = x >= 1
    if n and far.any():
        z = np.asarray(z)
        z[far] = _by_fraction(n, x[far])
    return z


def _by_fraction(n: int, x: np.ndarray) -> np.ndarray:
    """The same for x >= 1, by the ratios of neighbours."""
    ratio = 1 / (x + np.sqrt(x * x + 2 * (n + _TERMS)))      # its limit
    product = erfcx(x)
    for k in range(n + _TERMS, 0, -1):
        ratio = 0.5 / (x + (k + 1) * ratio)     # of the k-th integral and the one before it
        if k <= n:
            product = product * ratio
    return product


def normal_hazard(x: np.ndarray) -> np.ndarray:
    """The density of the normal distribution over its distribution function."""
    below = math.sqrt(2 / math.pi) / erfcx(-np.minimum(x, 0) / math.sqrt(2))
    above = np.exp(-0.5 * x * x) / (math.sqrt(2 * math.pi) * ndtr(np.maximum(x, 0)))
    return np.where(x > 0, above, below)


def dawson_slope(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of Dawson's integral, n > 0."""
    before, z = dawsn(x), 1 - 2 * x * dawsn(x)
    for k in range(1, n):
        before, z = z, -2 * (x * z + k * before)
    far = abs(x) > _FAR
    if far.any():
        z = np.asarray(z)
        z[far] = _dawson_far(n, x[far])
    return z


def _dawson_far(n: int, x: np.ndarray) -> np.ndarray:
    """The same by the asymptotic series, the sum of (2 k - 1)!! / 2^(k + 1) / x^(2 k + 1)."""
    term = 0.5 * math.factorial(n) * (-1) ** n / x ** (n + 1)
    z = term
    for k in range(40):
        term = term * ((2 * k + 1 + n) * (2 * k + 2 + n) / (4 * (k + 1))) / (x * x)
        z = z + term
    return z
