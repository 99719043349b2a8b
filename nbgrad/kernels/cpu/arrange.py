"""Elements moved and repeated, for the CPU: each output is written once."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from nbgrad.arrays import memory


def roll(out: np.ndarray, x: np.ndarray, shifts: tuple[int, ...], axes: tuple[int, ...] | None) -> None:
    """Elements moved round along axes, or in C order if axes is None."""
    if axes is None:
        out, x, axes = out.reshape(-1), x.reshape(-1), (0,)
    moves = [[(slice(None), slice(None))]] * x.ndim
    for axis, shift in zip(axes, shifts, strict=True):
        cut = x.shape[axis] - shift
        moves[axis] = [(slice(shift, None), slice(None, cut)), (slice(None, shift), slice(cut, None))]
    for pairs in product(*moves):
        out[tuple([to for to, _ in pairs])] = x[tuple([start for _, start in pairs])]


def repeat(x: np.ndarray, counts: int | np.ndarray, axis: int) -> np.ndarray:
    """Each element as often as its count says, one after the other."""
    return memory.within(x.nbytes, np.repeat, x, counts, axis)


def _rolled(x: np.ndarray, shifts: tuple[int, ...], axes: tuple[int, ...] | None) -> Any:
    """`roll` of a small array along one axis: its two parts, exchanged."""
    if axes is None or len(axes) != 1 or x.nbytes >= memory.POOLED:
        return None
    (axis,), cut = axes, x.shape[axes[0]] - shifts[0]
    last, first = [(slice(None),) * axis + (part,) for part in (slice(cut, None), slice(None, cut))]
    return lambda x: np.concatenate((x[last], x[first]), axis)


READY = {roll: _rolled}
