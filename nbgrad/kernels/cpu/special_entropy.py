"""What the derivatives of exprel and sinc are made of, in float64."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import exprel

_NEAR, _TERMS = 20.0, 100                 # up to where the series is taken, and its terms


def sinc(x: np.ndarray) -> np.ndarray:
    """sin(pi x) / (pi x)"""
    return np.sinc(x)


def exponential_moment(n: int, x: np.ndarray) -> np.ndarray:
    """The integral of s^n e^(s x) from 0 to 1."""
    z = exprel(x)
    for k in range(1, n + 1):
        z = (np.exp(x) - k * z) / x
    near = abs(x) < _NEAR
    return np.where(near, _moment_series(n, np.where(near, x, 0.0)), z)


def _moment_series(n: int, x: np.ndarray) -> np.ndarray:
    """The same where the recurrence cancels: for negative x, e^x times a series for -x."""
    u, term = abs(x), np.full(x.shape, 1 / (n + 1))
    above, below = term, term
    power, falling = np.ones_like(x), term
    for k in range(1, _TERMS):
        power = power * u / k             # u^k / k!
        falling = falling * u / (n + 1 + k)
        above, below = above + power / (n + 1 + k), below + falling
    return np.where(x < 0, np.exp(x) * below, above)


def sine_ratio(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of sin(x) / x."""
    z = np.sin(x) / x
    for k in range(1, n + 1):
        z = (np.sin(x + k * (math.pi / 2)) - k * z) / x
    near = abs(x) < n + 2
    return np.where(near, _ratio_series(n, np.where(near, x, 0.0)), z)


def _ratio_series(n: int, x: np.ndarray) -> np.ndarray:
    """The same where the recurrence cancels."""
    j, square, z = (n + 1) // 2, x * x, np.zeros_like(x)
    term = (-1) ** j * x ** (2 * j - n) / (math.factorial(2 * j - n) * (2 * j + 1))
    for i in range(j, j + 20 + 2 * n):
        z = z + term
        term = term * (-square) * (2 * i + 1) / ((2 * i + 1 - n) * (2 * i + 2 - n) * (2 * i + 3))
    return z
