"""Searches for the CPU: NumPy's own."""

from __future__ import annotations

import numpy as np


def argmax(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first maxima."""
    np.argmax(x, axis=axis, out=out, keepdims=keepdims)


def argmin(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first minima."""
    np.argmin(x, axis=axis, out=out, keepdims=keepdims)


def argsort(x: np.ndarray, axis: int, descending: bool, stable: bool) -> np.ndarray:
    """The order of the elements along an axis."""
    if not descending:
        return np.argsort(x, axis=axis, stable=stable)
    # Backwards twice: the order of equal elements survives.
    last = x.shape[axis] - 1
    return np.flip(last - np.argsort(np.flip(x, axis), axis=axis, stable=stable), axis)
