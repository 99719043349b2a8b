"""Diagonals for the CPU."""

from __future__ import annotations

from math import prod
from typing import Any

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


def _placed(d: np.ndarray, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """`from_diagonal` of a vector, in a small matrix."""
    dtype = d.dtype
    if (axis1, axis2) != (0, 1) or len(shape) != 2 or prod(shape) * d.itemsize >= memory.POOLED:
        return None
    start, step = max(offset, -offset * shape[1]), shape[1] + 1
    places = slice(start, start + d.size * step, step)

    def run(d: np.ndarray) -> np.ndarray:
        out = np.zeros(shape, dtype)
        out.reshape(-1)[places] = d
        return out

    return run


READY = {from_diagonal: _placed}
