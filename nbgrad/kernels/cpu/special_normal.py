"""What the derivatives of the error function's kin are made of, in float64."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import dawsn, erfcx, ndtr

from nbgrad.kernels.cpu.special_parts import in_parts, integral

_TERMS = 250                              # of a continued fraction, which has converged for x >= 1
_FAR = 6.5                                # where the asymptotic series of Dawson's integral is exact


def erfcx_integral(n: int, x: np.ndarray) -> np.ndarray:
    """e^(x^2) times the n-th repeated integral of erfc, 2 / sqrt(pi) / n! int t^n e^(-t^2 - 2 x t) dt."""
    if x.dtype.kind == "c":
        left = x.real < 0
        both = _recurred(n, x, np.zeros_like(x), 2 * np.exp(x * x))          # the sum for x and -x
        z = _right(n, np.where(left, -x, x))
        return np.where(left, both - (-1) ** n * z, z)
    z = _recurred(n, x, np.full(x.shape, 2 / math.sqrt(math.pi)), erfcx(x))   # where x < 0 all are positive
    far = x >= 1
    if n and far.any():
        z = np.asarray(z)
        z[far] = _by_fraction(n, x[far])
    return z


def _recurred(n: int, x: np.ndarray, before: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The n-th of the integrals from the first and what stands before it."""
    for k in range(1, n + 1):
        before, z = z, (before - 2 * x * z) / (2 * k)
    return z


@in_parts
def _right(n: int, x: np.ndarray) -> np.ndarray:
    """The same of complex numbers right of 0: by the fraction far out, else the integral on a turned ray."""
    far = (abs(x) >= 7) | ((abs(x) >= 3) & (x.real >= 1))
    ray = np.exp(np.where(x.imag < 0, 1j, -1j) * (math.pi / 6))
    y = np.where(far, 0, x)
    near = integral(lambda s: s**n * np.exp(-s * ray * (s * ray + 2 * y)), np.full(x.shape, 9.0), 4)
    size = 2 / math.sqrt(math.pi) / math.factorial(n)
    return np.where(far, _by_fraction(n, np.where(far, x, 7)), size * ray ** (n + 1) * near)


def _by_fraction(n: int, x: np.ndarray) -> np.ndarray:
    """The same by the ratios of neighbours."""
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
