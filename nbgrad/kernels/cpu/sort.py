"""Sorting for the CPU: NumPy's own, which uses vector instructions."""

from __future__ import annotations

import numpy as np


def argsort(x: np.ndarray, axis: int, descending: bool, stable: bool) -> np.ndarray:
    """The order of the elements along an axis."""
    if not descending:
        return np.argsort(x, axis=axis, stable=stable)
    # Backwards twice: the order of equal elements survives.
    last = x.shape[axis] - 1
    return np.flip(last - np.argsort(np.flip(x, axis), axis=axis, stable=stable), axis)


def sort(x: np.ndarray, axis: int, descending: bool, stable: bool) -> np.ndarray:
    """The elements in order. Those that compare equal are not told apart, so that the fastest way will do."""
    z = np.sort(x, axis=axis)
    return np.flip(z, axis) if descending else z
