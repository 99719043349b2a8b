"""Lambert's function, and derivatives of the zeta function, in float64."""

from __future__ import annotations

import math

import numpy as np
import scipy.special

from nbgrad.errors import value_errors
from nbgrad.kernels.cpu.special_parts import in_parts

_TERMS = 20                               # of the sum, before the formula of Euler and Maclaurin
_SERIES = scipy.special.bernoulli(24)[2::2]
_BRANCH = -math.exp(-1)


def lambertw_upper(x: np.ndarray) -> np.ndarray:
    """The real branch 0 of Lambert's function."""
    return _lambertw(x, 0, x >= _BRANCH)


def lambertw_lower(x: np.ndarray) -> np.ndarray:
    """The real branch -1 of Lambert's function."""
    return _lambertw(x, -1, (x >= _BRANCH) & (x <= 0))


def _lambertw(x: np.ndarray, branch: int, real: np.ndarray) -> np.ndarray:
    """A branch. Raises ValueRangeError where it is complex, but for complex numbers."""
    if x.dtype.kind == "c":
        return np.asarray(scipy.special.lambertw(x, branch))
    if not np.all(real | np.isnan(x)):
        raise value_errors.complex_branch("special.lambertw", branch, float(x[~real].flat[0]))
    return np.asarray(scipy.special.lambertw(x, branch).real)


@in_parts
def zeta_order(n: int, x: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The n-th derivative of zeta(x, q) in x, by Euler and Maclaurin for series in x."""
    z = np.zeros((n + 1, *x.shape))
    for k in range(_TERMS):
        z += _power(n, x, q + k)
    last = q + _TERMS
    term = _power(n, x, last)             # of last^-x
    z += 0.5 * term
    pole = np.stack([(-1) ** j / (x - 1) ** (j + 1) for j in range(n + 1)])
    z += _multiplied(term * last, pole)
    for j, b in enumerate(_SERIES, 1):
        for factor in range(max(2 * j - 3, 0), 2 * j - 1):
            shifted = term * (x + factor)
            shifted[1:] += term[:-1]
            term = shifted / last
        z += b / math.factorial(2 * j) * term
    return np.where((x > 1) & (q > 0), math.factorial(n) * z[n], np.nan)


def _power(n: int, x: np.ndarray, base: np.ndarray) -> np.ndarray:
    """The series of base^-(x + e) in e, up to e^n."""
    falling = -np.log(base)
    return np.stack([base**-x * falling**j / math.factorial(j) for j in range(n + 1)])


def _multiplied(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product of two truncated series."""
    return np.stack([sum(a[i] * b[j - i] for i in range(j + 1)) for j in range(len(a))])
