"""Variances and standard deviations of complex numbers, for the CPU: those of both parts together.

The cotangents of parts x and y from that of a real result are one complex number, that of x - i that of y.
"""

from __future__ import annotations

import numpy as np

from nbgrad.kernels.cpu import rows
from nbgrad.kernels.shared import deviation

Axes = tuple[int, ...]


def complex_var(x: np.ndarray, axis: Axes, keepdims: bool, correction: float) -> np.ndarray:
    """The variance of the real parts and that of the imaginary ones."""
    return np.asarray(deviation.var(rows, x.real, axis, keepdims, correction) +
                      deviation.var(rows, x.imag, axis, keepdims, correction))


def complex_std(x: np.ndarray, axis: Axes, keepdims: bool, correction: float) -> np.ndarray:
    """The square root of the variance, without overflow or underflow of the squares."""
    return np.asarray(np.hypot(deviation.std(rows, x.real, axis, keepdims, correction),
                               deviation.std(rows, x.imag, axis, keepdims, correction)))


def complex_var_vjp(g: np.ndarray, x: np.ndarray, axis: Axes, correction: float) -> np.ndarray:
    """2 g times the conjugate of x - mean, over the divisor of the variance."""
    return _conjugate(deviation.var_vjp(rows, g, x.real, axis, correction),
                      deviation.var_vjp(rows, g, x.imag, axis, correction))


def complex_std_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: Axes, correction: float) -> np.ndarray:
    """g times the conjugate of x - mean, over z and the divisor of the variance; 0 where z is 0."""
    return _conjugate(deviation.std_vjp(rows, g, z, x.real, axis, correction),
                      deviation.std_vjp(rows, g, z, x.imag, axis, correction))


def _conjugate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x - iy"""
    z = np.empty(x.shape, np.result_type(x, np.complex64))
    z.real, z.imag = x, np.negative(y, out=y)
    return z
