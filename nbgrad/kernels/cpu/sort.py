"""Sorting for the CPU: NumPy's own, which uses vector instructions."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import memory
from nbgrad.kernels.cpu.along import take_along_axis

_FEW = 256                                # elements that are soon in a stable order


def argsort(x: np.ndarray, axis: int, descending: bool, stable: bool) -> np.ndarray:
    """The order of the elements along an axis.

    Floats are seldom equal: the fast order is tried, and is the stable one if no two are, and no nan.
    """
    if not stable or (x.dtype.kind == "f" and x.size > _FEW):
        order = memory.within(8 * x.size, np.argsort, x, axis)
        if not stable or _rises(x, order, axis):
            return np.flip(order, axis) if descending else order
    if not descending:
        found: np.ndarray = x.argsort(axis, stable=True)
        return found
    # Backwards twice: the order of equal elements survives.
    last = x.shape[axis] - 1
    return np.flip(last - np.argsort(np.flip(x, axis), axis=axis, stable=True), axis)


def _rises(x: np.ndarray, order: np.ndarray, axis: int) -> bool:
    """Whether in this order each element is above the one before it."""
    z = memory.empty(x.shape, x.dtype)
    take_along_axis(z, x, order, axis)
    lines = np.moveaxis(z, axis, 0)
    return bool(np.all(lines[1:] > lines[:-1]))


def sort(x: np.ndarray, axis: int, descending: bool, stable: bool) -> np.ndarray:
    """The elements in order. Those that compare equal are not told apart, so that the fastest way will do."""
    z = memory.within(x.nbytes, np.sort, x, axis)
    return np.flip(z, axis) if descending else z
