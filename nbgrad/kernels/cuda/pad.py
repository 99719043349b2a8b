"""Borders that repeat what they surround, for CUDA: read at places axis by axis, and added there."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.index import Index, getitem, scatter

Widths = tuple[tuple[int, int], ...]


def _index(axis: int, n: int, widths: tuple[int, int], mode: Any) -> Index:
    """An index along an axis of n elements that gives it its borders."""
    return (slice(None),) * axis + (np.pad(np.arange(n), widths, mode), ...)


def pad_edges(out: CudaArray, x: CudaArray, widths: Widths, mode: str) -> None:
    """x with borders, axis by axis."""
    for axis, pair in enumerate(widths):
        if any(pair):
            x = getitem(x, _index(axis, x.shape[axis], pair, mode))
    copies.into(out, x)


def fold_edges(g: CudaArray, widths: Widths, mode: str) -> CudaArray:
    """The middle, with each border added where it came from."""
    for axis, pair in enumerate(widths):
        if any(pair):
            n = g.shape[axis] - sum(pair)
            shape = (*g.shape[:axis], n, *g.shape[axis + 1:])
            g = scatter(g, _index(axis, n, pair, mode), shape)
    return g
