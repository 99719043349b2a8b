"""Functions of arrays that need many numbers for each element."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

_PART = 1024                              # elements whose numbers fit in the processor's caches

Function = Callable[..., np.ndarray]
_ROOTS, WEIGHTS = np.polynomial.legendre.leggauss(40)
NODES = 1 + _ROOTS[:, None]               # of an interval of length 2


def integral(f: Function, reach: np.ndarray, panels: int) -> np.ndarray:
    """The integral of f from 0 to reach, in panels of one length, by Gauss and Legendre's rule."""
    width = reach / (2 * panels)
    parts = [WEIGHTS @ f(2 * p * width + NODES * width) for p in range(panels)]
    return np.asarray(width * np.sum(parts, 0))


def in_parts(function: Function) -> Function:
    """A function of numbers and of arrays of one axis as one of arrays that broadcast."""

    @wraps(function)
    def run(*args: Any) -> np.ndarray:
        numbers = [x for x in args if not isinstance(x, np.ndarray)]
        arrays = np.broadcast_arrays(*args[len(numbers):])
        flat = [x.reshape(-1) for x in arrays]
        z = np.empty(flat[0].shape, np.result_type(np.float64, *flat))
        for start in range(0, z.size, _PART):
            part = slice(start, start + _PART)
            z[part] = function(*numbers, *[x[part] for x in flat])
        return z.reshape(arrays[0].shape)

    return run
