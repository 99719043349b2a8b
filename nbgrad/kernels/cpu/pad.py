"""Borders that repeat what they surround, for the CPU: slices are copied, and added up in the transpose."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from nbgrad.arrays import memory

Widths = tuple[tuple[int, int], ...]


@lru_cache(maxsize=1024)
def _runs(mode: str, n: int, width: int) -> tuple[tuple[slice, slice], ...]:
    """Slices of the border in front of n elements, and the slices behind it that each is equal to.

    A border is whole and partial periods, outermost last.
    """
    if not width:
        return ()
    if mode == "edge" or n == 1:
        return ((slice(0, width), slice(width, width + 1)),)
    span = n - 1 if mode == "reflect" else n
    runs = []
    for turn, start in enumerate(range(0, width, span)):
        m = min(span, width - start)
        into = slice(width - start - m, width - start)
        if mode == "wrap" or turn % 2:
            end = width + span
            runs.append((into, slice(end - m, end)))
        else:
            first = width + n - span          # after the edge in reflect, at it in symmetric
            runs.append((into, slice(first + m - 1, first - 1, -1)))
    return tuple(runs)


def _sides(x: np.ndarray, axis: int, widths: tuple[int, int]) -> tuple[tuple[np.ndarray, int], ...]:
    """x with the axis in front, as seen from each of its ends, and the width of the border there."""
    lines = x.transpose(axis, *range(axis), *range(axis + 1, x.ndim))
    return (lines, widths[0]), (lines[::-1], widths[1])


def pad_edges(out: np.ndarray, x: np.ndarray, widths: Widths, mode: str) -> None:
    """x in the middle, then the borders, axis by axis."""
    region = [slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True)]
    out[tuple(region)] = x
    for axis, n in enumerate(x.shape):
        region[axis] = slice(None)
        for lines, width in _sides(out[tuple(region)], axis, widths[axis]):
            for into, start in _runs(mode, n, width):
                lines[into] = lines[start]


def fold_edges(g: np.ndarray, widths: Widths, mode: str) -> np.ndarray:
    """The middle, with each border added where it came from, in the opposite order. A view of a new array."""
    out = memory.empty(g.shape, g.dtype)
    out[...] = g
    region: list[Any] = [slice(None)] * g.ndim
    for axis in reversed(range(g.ndim)):
        before, after = widths[axis]
        n = g.shape[axis] - before - after
        for lines, width in _sides(out[tuple(region)], axis, widths[axis]):
            for into, start in _runs(mode, n, width):
                if start.stop - start.start == 1:
                    lines[start] += lines[into].sum(0, keepdims=True)
                else:
                    lines[start] += lines[into]
        region[axis] = slice(before, before + n)
    return out[(*region, ...)]                # of a 0-d array too an array, not a scalar
