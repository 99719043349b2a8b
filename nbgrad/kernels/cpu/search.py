"""Searches for the CPU: NumPy's own."""

from __future__ import annotations

from typing import Literal

import numpy as np


def argmax(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first maxima."""
    np.argmax(x, axis=axis, out=out, keepdims=keepdims)


def argmin(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first minima."""
    np.argmin(x, axis=axis, out=out, keepdims=keepdims)


def searchsorted(out: np.ndarray, x: np.ndarray, v: np.ndarray, side: Literal["left", "right"]) -> None:
    """Where values belong in a sorted array."""
    out[...] = np.searchsorted(x, v, side)
