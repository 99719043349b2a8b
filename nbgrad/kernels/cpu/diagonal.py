"""Diagonals for the CPU."""

from __future__ import annotations

from math import prod

import numpy as np

from nbgrad.arrays import memory


def diagonal(x: np.ndarray, offset: int, axis1: int, axis2: int) -> np.ndarray:
    """A view."""
    return x.diagonal(offset, axis1, axis2)


def from_diagonal(d: np.ndarray, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> np.ndarray:
    """Zeros with a diagonal."""
    out = memory.within(prod(shape) * d.itemsize, np.zeros, shape, d.dtype)
    line = out.diagonal(offset, axis1, axis2)
    line.flags.writeable = True
    line[...] = d
    return out
