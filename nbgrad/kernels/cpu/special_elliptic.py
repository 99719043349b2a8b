"""What the derivatives of elliptic integrals are made of, in float64.

All are integrals of sin(t)^(2 k) / delta(t)^(2 n + 1), where delta(t)^2 = cos(t)^2 + p sin(t)^2, p = 1 - m.
In log(tan(t)) the integrand has no singularity nearer to the real axis than pi / 2, whatever p is, and decays
at both ends; no term is negative, so nothing cancels.
"""

from __future__ import annotations

import math

import numpy as np

from nbgrad.kernels.cpu.special_parts import in_parts

_FAR = 38.0                               # exp(-_FAR) is less than a rounding
_ROOTS, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NODES = 0.5 + 0.5 * _ROOTS[:, None]      # of an interval of length 1
_PANEL = 2.0                              # length of the panels, for which these are enough


@in_parts
def elliptic_complete(k: int, n: int, p: np.ndarray) -> np.ndarray:
    """The integral from 0 to pi / 2; infinite for p = 0."""
    z = _up_to(k, n, np.full(p.shape, math.inf), np.where(p > 0, p, 1.0))
    return np.where(p > 0, z, np.where(p == 0, math.inf, np.nan))


@in_parts
def elliptic_incomplete(k: int, n: int, phi: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The integral from 0 to phi; infinite for p = 0 beyond pi / 2."""
    turns = np.round(phi / math.pi)
    rest = np.where(turns == 0, phi, np.arctan(np.tan(phi)))
    z = np.copysign(_up_to(k, n, np.tan(abs(rest)), p), rest)
    return np.where(p >= 0, z + np.where(turns == 0, 0.0, 2 * turns * elliptic_complete(k, n, p)), np.nan)


def _up_to(k: int, n: int, end: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The integral up to where tan(t) is end, by Gauss and Legendre's rule in panels."""
    bend = np.clip(-0.5 * np.log(p), -400.0, 400.0)           # beside 0, where the integrand bends
    end = np.minimum(end, np.exp(np.maximum(bend, 0.0) + _FAR))
    high = np.log(end)
    length = high - np.minimum(np.minimum(bend, 0.0), high) + _FAR / (2 * k + 1)
    panels = math.ceil(np.max(np.where(np.isfinite(length), length, 1.0), initial=1.0) / _PANEL)
    width, z = length / panels, np.zeros(p.shape)
    for i in range(panels):
        z += _WEIGHTS @ _integrand(k, n, end * np.exp(-(i + _NODES) * width), p)
    return np.where(end == 0, 0.0, 0.5 * width * z)


def _integrand(k: int, n: int, t: np.ndarray, p: np.ndarray) -> np.ndarray:
    sine, cosine = 1 / np.hypot(1, 1 / t), 1 / np.hypot(1, t)
    return np.asarray(sine ** (2 * k + 1) * cosine / np.hypot(cosine, np.sqrt(p) * sine) ** (2 * n + 1))
