"""What the derivatives of the incomplete gamma and beta functions are made of, in float64.

Derivatives in the parameters are integrals of the density times powers of a logarithm less its mean. They are
taken from x away from where that logarithm is its mean, so that all of the integrand has one sign; u is the
logarithm, or the logit, of the variable, in which densities are log-concave.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.special import beta, betainc, betaincc, gammainc, gammaincc, psi

from nbgrad.kernels.cpu.special_gamma import (
    digamma_less_log,
    gamma_density,
    log_excess,
    polygamma_difference,
    stirling_error,
)
from nbgrad.kernels.cpu.special_parts import NODES, WEIGHTS, in_parts

Function = Callable[[np.ndarray], np.ndarray]

_SMALL = 46.0                             # e^-46 of the largest value of an integrand is nothing
_NEWTON = 24
_INF = math.inf
_ENDS = (-_INF, -64.0, -16.0, -4.0, -1.0, 1.0, 4.0, 16.0, 64.0, _INF)


def _reach(excess: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], start: np.ndarray) -> np.ndarray:
    """Where a convex function, given with its slope, has grown to _SMALL, from the right of it."""
    d = start
    for _ in range(_NEWTON):
        value, slope = excess(d)
        step = (value - _SMALL) / slope
        d = np.where(step > 0, np.maximum(d - step, 0), d)
    return d


def _integral(f: Function, u: np.ndarray, s: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """The integral of f(d) for d from 0 to reach; s = 1 or -1. The density bends near u + s d = 0, away from
    which it is taken in ever larger panels.
    """
    total = np.zeros(np.broadcast_shapes(u.shape, reach.shape))
    for low, high in pairwise(_ENDS):
        first, last = (np.where(s > 0, low, high) - u) * s, (np.where(s > 0, high, low) - u) * s
        start, stop = np.clip(first, 0, reach), np.clip(last, 0, reach)
        width = 0.5 * (stop - start)
        if not np.any(width > 0):
            continue
        total = total + width * (WEIGHTS @ f(start + NODES * width))
    return total


# ------------------------------------------------------------------------------------------------ gamma
def centered_log(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """log(x) - digamma(a)"""
    apart = (x - a) / a
    near = np.log1p(np.where(abs(apart) < 0.5, apart, 0.0)) - digamma_less_log(a)
    return np.where(abs(apart) < 0.5, near, np.log(x) - psi(a))


@in_parts
def gamma_part(n: int, a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The integral of gamma_density(a, t) (log t - digamma(a))^n from 0 to x if x is below e^digamma(a), else
    less that from x on.
    """
    center = centered_log(a, x)
    s = np.where(center < 0, -1.0, 1.0)
    if n == 0:
        return np.where(s < 0, gammainc(a, x), -gammaincc(a, x))
    u, slope = np.log(x), x - a

    def excess(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e = np.expm1(s * d)
        return x * (e - s * d) + slope * s * d, s * (x * e + slope)

    far = np.where(s < 0, (_SMALL + x) / a, np.log1p((60 + 10 * a + a * abs(u)) / x))
    reach = _reach(excess, np.maximum(far, 0))
    z = _integral(lambda d: (center + s * d)**n * np.exp(-excess(d)[0]), u - np.log1p(a), s, reach)
    z = -s * x * gamma_density(a, x) * z
    z = np.where((x == 0) | (x == _INF), 0.0, z)
    return np.where((a > 0) & (x >= 0), z, np.nan)


# ------------------------------------------------------------------------------------------------- beta
def _logit_density(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x^a (1 - x)^b / beta(a, b)"""
    whole, apart = a + b, b * x - a * (1 - x)
    lost = stirling_error(a) + stirling_error(b) - stirling_error(whole)
    excess = a * log_excess(whole * x, a, apart) + b * log_excess(whole * (1 - x), b, -apart)
    return np.sqrt(a / whole * b / (2 * math.pi)) * np.exp(-lost - excess)


def beta_density(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x^(a - 1) (1 - x)^(b - 1) / beta(a, b), the derivative of betainc(a, b, x) in x."""
    y = 1 - x
    ends = x ** (a - 1) * y ** (b - 1) / beta(a, b)
    z = np.where((x == 0) | (y == 0), ends, _logit_density(a, b, x) / x / y)
    return np.where((a > 0) & (b > 0) & (x >= 0) & (y >= 0), z, np.nan)


@in_parts
def beta_part(m: int, n: int, side: int, a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The integral from 0 to x of the density times the m-th power of log t and the n-th of log(1 - t), each
    less its mean; or less that from x on. side: 0 where log t, 1 where log(1 - t) is to have one sign.
    """
    y, whole = 1 - x, a + b
    first = np.log(x) + polygamma_difference(0, a, b)
    second = np.log1p(-x) + polygamma_difference(0, b, a)
    s = np.where(second < 0 if side else first >= 0, 1.0, -1.0)
    if m == n == 0:
        return np.where(s < 0, betainc(a, b, x), -betaincc(a, b, x))
    up = s > 0
    rate, other = np.where(up, b, a), np.where(up, a, b)
    v, w = np.where(up, y, x), np.where(up, x, y)

    def changes(d: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How much less the logarithm of the density is at d, and what log(w) and log(v) become less them."""
        before = w * np.exp(d) < 1            # either side of the bend, from its own asymptote
        k = np.log1p(w * np.expm1(np.where(before, d, 0.0)))
        rest = w + v * np.exp(-d)
        fall = np.where(rest < 0.5, np.log(rest), np.log1p(v * np.expm1(-d)))
        excess = np.where(before, whole * k - other * d, rate * d + whole * fall)
        return excess, np.where(before, d - k, -fall), np.where(before, -k, -d - fall)

    def excess(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e = v * np.exp(-d)
        return changes(d)[0], rate - whole * e / (w + e)

    def integrand(d: np.ndarray) -> np.ndarray:
        less, near, far = changes(d)
        log_first, log_second = first + np.where(up, near, far), second + np.where(up, far, near)
        return np.exp(-less) * log_first**m * log_second**n

    reach = _reach(excess, (_SMALL - whole * np.log(w)) / rate)
    z = _integral(integrand, np.log(x) - np.log1p(-x) - np.log1p(a) + np.log1p(b), s, reach)
    z = np.where((x == 0) | (y == 0), 0.0, -s * _logit_density(a, b, x) * z)
    return np.where((a > 0) & (b > 0) & (x >= 0) & (y >= 0), z, np.nan)
