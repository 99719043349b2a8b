"""What the derivatives of the gamma function's kin are made of, in float64."""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import Polynomial
from scipy.special import bernoulli, gammaln, psi, rgamma
from scipy.special import polygamma as scipys_polygamma

_STEPS, _LARGE = 12, 12.0                 # steps of recurrence up to where the asymptotic series are exact
_BERNOULLI = bernoulli(20)[2::2]


def polygamma(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of digamma."""
    return np.asarray(scipys_polygamma(n, x))


def psi_order(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of digamma, n > 0, of complex numbers: by the asymptotic series, by reflection left
    of 1/2.
    """
    left = x.real < 0.5
    y, total = np.where(left, 1 - x, x), np.zeros_like(x)
    for _ in range(_STEPS):
        total = total + y ** -(n + 1)
        y = y + 1
    series = math.factorial(n - 1) * y**-n + 0.5 * math.factorial(n) * y ** -(n + 1)
    for k, b in enumerate(_BERNOULLI, 1):
        series = series + b * math.factorial(2 * k + n - 1) / math.factorial(2 * k) * y ** -(2 * k + n)
    z = (-1) ** (n + 1) * (math.factorial(n) * total + series)
    turn = math.pi * (x - np.round(x.real))
    mirrored = (-1) ** n * z - math.pi ** (n + 1) * _cotangent_slope(n, np.where(left, turn, 1))
    return np.where(left, mirrored, z)


def _cotangent_slope(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of the cotangent, n > 0: a polynomial in it over the square of the sine."""
    slope, square = Polynomial([-1.0]), Polynomial([1.0, 0.0, 1.0])
    for _ in range(n - 1):
        slope = -(slope * square).deriv()
    sine = np.sin(x)
    return np.asarray(slope(np.cos(x) / sine) / sine / sine)


def polygamma_difference(n: int, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """polygamma(n, x + h) - polygamma(n, x), also where h is small beside x."""
    y, total = x, np.zeros(np.broadcast_shapes(x.shape, h.shape))
    for _ in range(_STEPS):
        total = total + _change(n + 1, y, h)
        y = y + 1
    sign = (-1.0) ** (n + 1)
    series = 0.5 * math.factorial(n) * _change(n + 1, y, h)
    series = series + (math.factorial(n - 1) * _change(n, y, h) if n else -np.log1p(h / y))
    for k, b in enumerate(_BERNOULLI, 1):
        series = series + b * math.factorial(2 * k + n - 1) / math.factorial(2 * k) * _change(2 * k + n, y, h)
    z = sign * (math.factorial(n) * total + series)
    return np.where((x > 0) & (x + h > 0), z, scipys_polygamma(n, x + h) - scipys_polygamma(n, x))


def _change(power: int, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """1 / (x + h)^power - 1 / x^power."""
    return np.expm1(-power * np.log1p(h / x)) / x**power


def digamma_less_log(x: np.ndarray) -> np.ndarray:
    """digamma(x) - log(x)."""
    far = np.maximum(x, _LARGE)
    series = -0.5 / far
    for k, b in enumerate(_BERNOULLI, 1):
        series = series - b / (2 * k) / far**(2 * k)
    return np.where(x > _LARGE, series, psi(x) - np.log(x))


def log_excess(x: np.ndarray, mean: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """u - log(1 + u) for 1 + u = x / mean, given apart = x - mean: nothing cancels near the mean."""
    u = apart / mean
    r = u / (2 + u)                       # log1p(u) = 2 artanh(r)
    square, series = r * r, np.zeros_like(r)
    for k in range(14, -1, -1):
        series = series * square + 1 / (2 * k + 3)
    return np.where(abs(u) < 0.4, r * (u - 2 * square * series), u - np.log(x / mean))


def stirling_error(a: np.ndarray) -> np.ndarray:
    """The logarithm of gamma(a) less that of Stirling's formula."""
    far, z = np.maximum(a, 10.0), np.zeros_like(a)
    for k in range(9, 0, -1):
        z = z / (far * far) + _BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
    near = gammaln(a) - (a - 0.5) * np.log(a) + a - 0.5 * math.log(2 * math.pi)
    return np.where(a < 10, near, z / far)


def gamma_density(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x^(a - 1) e^-x / gamma(a), the derivative of gammainc(a, x) in x."""
    z = np.sqrt(a / (2 * math.pi)) / x * np.exp(-stirling_error(a) - a * log_excess(x, a, x - a))
    z = np.where(x == 0, x ** (a - 1) * rgamma(a), np.where(x < math.inf, z, 0.0))
    return np.where((a > 0) & (x >= 0), z, np.nan)
