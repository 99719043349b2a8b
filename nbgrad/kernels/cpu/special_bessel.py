"""What the derivatives of Bessel functions are made of, in float64: Schlaefli's integrals.

Derivatives in the order are integrals over a path with one more power of the variable. Paths are of steepest
descent where a function is small, so that nothing cancels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.special import ive

from nbgrad.kernels.cpu.special_parts import in_parts, integral

Function = Callable[..., np.ndarray]

_SMALL = 46.0                             # e^-46 of the largest value of an integrand is nothing
_PI = math.pi
_MOST = 5000                              # steps or panels


def _largest(x: np.ndarray, where: np.ndarray) -> int:
    """The integer part of the largest x of some elements."""
    return int(np.max(x, initial=0.0, where=where))


# ----------------------------------------------------------------------------------------- modified, second
@in_parts
def kve_moment(m: int, n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The integral over t > 0 of (cosh t - 1)^m e^(-x (cosh t - 1)) times the n-th derivative of cosh(v t);
    nan for orders of millions.
    """
    size = np.hypot(v, x)                 # of the exponent's curvature where it is largest
    reach = np.arcsinh(abs(v) / x) + np.arccosh(1 + (_SMALL + 8 * m) / size)
    step = np.minimum(0.2, 0.55 / np.sqrt(size))
    near = reach / step < _MOST
    t = np.arange(_largest(reach / step, near) + 2)[:, None] * step
    rise = 2 * np.sinh(t / 2) ** 2
    terms = np.exp(v * t - x * rise) + (-1) ** n * np.exp(-v * t - x * rise)
    terms = np.where(t > reach, 0.0, terms) * (rise**m * t**n)
    z = 0.5 * step * (terms.sum(0) - 0.5 * terms[0])
    ends = np.where(x == 0, np.inf if n % 2 == 0 else np.sign(v) * np.inf, 0.0)
    return np.where(x < 0, np.nan, np.where((x > 0) & (x < np.inf), np.where(near, z, np.nan), ends))


# ------------------------------------------------------------------------------------------ modified, first
@in_parts
def ive_part(m: int, n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The m-th derivative in x of e^-x times the n-th derivative of iv(v, x) in v."""
    if m:                                 # where x is large its terms cancel
        near = 0.5 * (ive_part(m - 1, n, v - 1, x) + ive_part(m - 1, n, v + 1, x)) - ive_part(m - 1, n, v, x)
        return np.where((x < 1) | (v < 0), near, _modified(m, n, np.maximum(v, 0), np.maximum(x, 1)))
    if n == 0:
        return ive(v, x)
    w = abs(v)
    z = _first_kind(partial(_modified, 0), n, w, x, 1.0)
    if (v < 0).any():                     # I_-w = I_w + 2 / pi sin(pi w) K_w
        more = _product(n, w, 0.0, lambda k: kve_moment(0, k, w, x))
        z = np.where(v < 0, (-1) ** n * (z + 2 / _PI * np.exp(-2 * x) * more), z)
    return _on_axis(v, x, z)


def _first_kind(f: Function, n: int, v: np.ndarray, x: np.ndarray, sign: float) -> np.ndarray:
    """f(n, v, x), the n-th derivative in v >= 0 of a function of the first kind; where both are small, by
    z_v = 2 (v + 1) / x z_(v + 1) + sign z_(v + 2).
    """
    low = (v < 1) & (x < 1)
    u = np.where(low, v + 1, v)
    z = f(n, u, x)
    if low.any():
        before = f(n - 1, u, x) if n else 0.0
        z = np.where(low, 2 / x * (u * z + n * before) + sign * f(n, u + 1, x), z)
    return z


def _product(n: int, w: np.ndarray, shift: float, f: Callable[[int], np.ndarray]) -> np.ndarray:
    """The n-th derivative of sin(pi w + shift) f in w, given the derivatives of f."""
    return sum([math.comb(n, k) * _PI**k * np.sin(_PI * w + shift + k * _PI / 2) * f(n - k)
                for k in range(n + 1)])


def _on_axis(v: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Derivatives in the order of functions of the first kind where x = 0; nan left of it."""
    z = np.where((x == 0) & (v > 0), 0.0, z)
    return np.where((x < 0) | ((x == 0) & (v <= 0)), np.nan, z)


def _path(t: np.ndarray, slope: np.ndarray, n: int) -> np.ndarray:
    """(-t)^n dt / d theta on a path of t = u + i theta, given the slope of u."""
    return (-t) ** n * (slope + 1j)


def _modified(m: int, n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    steep = v * v >= np.maximum(x, 1)
    return np.where(steep, _modified_steep(m, n, np.maximum(v, 0.5), x), _modified_straight(m, n, v, x))


def _modified_steep(m: int, n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Along sinh u = v / x theta / sin theta."""

    def f(theta: np.ndarray) -> np.ndarray:
        sine = np.sin(theta)
        u = np.arcsinh(v / x * theta / sine)
        slope = v / x * (sine - theta * np.cos(theta)) / (sine * sine) / np.cosh(u)
        exponent = 2 * x * np.sinh(u / 2) ** 2 * np.cos(theta) - 2 * x * np.sin(theta / 2) ** 2 - v * u
        t = u + 1j * theta
        return (_path(t, slope, n) * (2 * np.sinh(t / 2) ** 2) ** m).imag * np.exp(exponent)

    return integral(f, np.minimum(_PI, 16 / np.sqrt(np.hypot(v, x))), 2) / _PI


def _modified_straight(m: int, n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Along t = i theta, then t = i pi + s."""

    def f(theta: np.ndarray) -> np.ndarray:
        rise = -2 * np.sin(theta / 2) ** 2
        return ((-1j * theta) ** n * np.exp(-1j * v * theta)).real * rise**m * np.exp(x * rise)

    def tail(s: np.ndarray) -> np.ndarray:
        t, rise = s + 1j * _PI, -2 * np.cosh(s / 2) ** 2
        return ((-t) ** n * np.exp(x * rise - v * t)).imag * rise**m

    z = integral(f, np.minimum(_PI, 16 / np.sqrt(x)), 2)
    return (z + integral(tail, np.arccosh(1 + (_SMALL + 8 * m) / x), 2)) / _PI


# ------------------------------------------------------------------------------------------------ ordinary
@in_parts
def jv_order(n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of jv(v, x) in v."""
    z = _j(n, abs(v), x)
    if (v < 0).any():                     # J_-w = cos(pi w) J_w - sin(pi w) Y_w
        w = abs(v)
        turned = _product(n, w, _PI / 2, lambda k: _j(k, w, x)) - _product(n, w, 0.0, lambda k: _y(k, w, x))
        z = np.where(v < 0, (-1) ** n * turned, z)
    return _on_axis(v, x, z)


@in_parts
def yv_order(n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of yv(v, x) in v."""
    z = _y(n, abs(v), x)
    if (v < 0).any():                     # Y_-w = sin(pi w) J_w + cos(pi w) Y_w
        w = abs(v)
        turned = _product(n, w, 0.0, lambda k: _j(k, w, x)) + _product(n, w, _PI / 2, lambda k: _y(k, w, x))
        z = np.where(v < 0, (-1) ** n * turned, z)
    return np.where(x > 0, z, np.nan)


def _j(n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _first_kind(_ordinary, n, v, x, -1.0)


def _y(n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    turn, tail = _straight(n, v, x)
    large = np.maximum(v, x)
    d = np.minimum(np.cbrt(6 * _SMALL / large), np.maximum(np.arcsinh(2 * _SMALL / large), 2.2))
    d = np.where(v < x, np.minimum(d, _SMALL / (x - v)), d)
    reach = np.arccosh(np.maximum(v / x, 1)) + d
    needed = reach * np.sqrt(v + 1) / 4
    near = needed < _MOST
    rest = integral(lambda s: s**n * np.exp(v * s - x * np.sinh(s)), reach, _largest(needed, near) + 2) / _PI
    return np.where(near, turn.imag - tail.real - rest, np.nan)


def _ordinary(n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    turn, tail = _straight(n, v, x)
    return np.where(v >= np.maximum(x, 1), _steep(n, np.maximum(v, x), x), turn.real + tail.imag)


def _steep(n: int, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Along cosh u = v / x theta / sin theta, for v >= x."""

    def f(theta: np.ndarray) -> np.ndarray:
        sine = np.sin(theta)
        beyond = ((v - x) * theta + x * (theta - sine)) / (x * sine)      # cosh u - 1
        sinh = np.sqrt(beyond * (2 + beyond))
        u = np.log1p(beyond + sinh)
        slope = v / x * (sine - theta * np.cos(theta)) / (sine * sine) / sinh
        return _path(u + 1j * theta, slope, n).imag * np.exp(x * sinh * np.cos(theta) - v * u)

    reach = np.minimum(7 / np.cbrt(v), 16 / np.sqrt(np.sqrt((v - x) * (v + x))))
    return integral(f, np.minimum(_PI, reach), 3) / _PI


def _straight(n: int, v: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integrals over t = i theta, and over t = i pi + s; nan where they turn more than 100 000 radians."""

    def turn(theta: np.ndarray) -> np.ndarray:
        return (-1j * theta) ** n * np.exp(1j * (x * np.sin(theta) - v * theta))

    def tail(s: np.ndarray) -> np.ndarray:
        t = s + 1j * _PI
        return (-t) ** n * np.exp(-x * np.sinh(s) - v * t)

    radians = 2 * x + _PI * v
    near = radians < 20 * _MOST
    z = integral(turn, np.where(near, _PI, np.nan), _largest(radians / 20, near) + 1)
    reach = np.arcsinh(_SMALL / x)
    return z / _PI, integral(tail, reach, _largest(reach / 3, np.isfinite(reach)) + 2) / _PI
