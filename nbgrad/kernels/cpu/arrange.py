"""Elements moved and repeated, for the CPU: each output is written once."""

from __future__ import annotations

from itertools import product

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
