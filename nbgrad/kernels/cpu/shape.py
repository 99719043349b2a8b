"""Shapes and places of axes for the CPU: views where NumPy can make them."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import memory


def reshape(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A view, or a copy in C order where the strides do not allow one."""
    if x.flags.c_contiguous:
        return x.reshape(shape)
    return memory.within(x.nbytes, x.reshape, shape)


def permute_dims(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """A view with the axes in another order."""
    return x.transpose(axes)


def flip(x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """A view with negative strides."""
    return np.flip(x, axis) if axis else x[...]


def concat(out: np.ndarray, *xs: np.ndarray, axis: int) -> None:
    """Arrays one after the other."""
    np.concatenate(xs, axis, out)


def stack(out: np.ndarray, *xs: np.ndarray, axis: int) -> None:
    """Arrays side by side along a new axis."""
    np.stack(xs, axis, out)


def split_at(x: np.ndarray, places: tuple[int, ...], axis: int) -> tuple[np.ndarray, ...]:
    """Views of the pieces between the places."""
    before = (slice(None),) * axis
    ends = zip((0, *places), (*places, x.shape[axis]), strict=True)
    return tuple([x[(*before, slice(start, stop))] for start, stop in ends])
