"""The special functions for the CPU: SciPy's, and those that their derivatives are made of.

The kernel of the op special.<name> is the function of that name in the files beside this one, or in
scipy.special. Nothing warns: outside the domain of a function its value is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from nbgrad.kernels.cpu import (
    special_bessel,
    special_elliptic,
    special_entropy,
    special_gamma,
    special_incomplete,
    special_normal,
    special_other,
)

_PREFIX = "special."
_OWN = (special_bessel, special_elliptic, special_entropy, special_gamma, special_incomplete, special_normal,
        special_other)


def __getattr__(name: str) -> Callable[..., Any]:
    """The kernel of an op. Raises AttributeError where there is none."""
    short = name.removeprefix(_PREFIX)
    if short != name:
        for module in _OWN:
            found: Any = vars(module).get(short)
            if getattr(found, "__module__", "") == module.__name__:       # it imports some of SciPy's
                return _rounded(found)
        return _called(getattr(scipy.special, short))
    raise AttributeError(f"no kernel {name!r}")


def _called(function: Callable[..., Any]) -> Callable[..., Any]:
    """One of SciPy's functions as a kernel."""

    @np.errstate(all="ignore")
    def kernel(*xs: np.ndarray, **numbers: int) -> np.ndarray:
        return np.asarray(function(*numbers.values(), *xs))

    return kernel


def _rounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes in float64 or complex128 as a kernel that gives its operands' dtype."""

    @np.errstate(all="ignore")
    def kernel(*xs: np.ndarray, **numbers: int) -> np.ndarray:
        wide = np.result_type(np.float64, *xs)
        z = function(*numbers.values(), *[x.astype(wide, copy=False) for x in xs])
        return np.asarray(z, xs[0].dtype)

    return kernel
