"""Shapes and places of axes for the CPU: views where NumPy can make them."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter, methodcaller
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile import layout


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
    layers = np.moveaxis(out, axis, 0) if axis else out
    for i, x in enumerate(xs):
        layers[i, ...] = x


def split_at(x: np.ndarray, places: tuple[int, ...], axis: int) -> tuple[np.ndarray, ...]:
    """Views of the pieces between the places."""
    return tuple([x[index] for index in layout.pieces(x.shape[axis], places, axis)])


def _split(x: np.ndarray, places: tuple[int, ...], axis: int) -> Callable[..., tuple[np.ndarray, ...]]:
    """`split_at` with its indices known."""
    parts = layout.pieces(x.shape[axis], places, axis)
    return itemgetter(*parts) if len(parts) > 1 else lambda x: (x[parts[0]],)


_BACK = slice(None, None, -1)


def _concatenate(*xs: np.ndarray, axis: int) -> Callable[..., np.ndarray] | None:
    """np.concatenate where the result is small: it need not come from the pool."""
    if sum([x.nbytes for x in xs]) * 8 >= memory.POOLED:
        return None
    return lambda *xs: np.concatenate(xs, axis)


def _stack(*xs: np.ndarray, axis: int) -> Callable[..., np.ndarray] | None:
    """`stack` of small arrays in front of one of their axes: joined, then parted."""
    if axis == xs[0].ndim or not xs[0].size or sum([x.nbytes for x in xs]) * 8 >= memory.POOLED:
        return None
    shape = *xs[0].shape[:axis], len(xs), *xs[0].shape[axis:]
    return lambda *xs: np.concatenate(xs, axis).reshape(shape)


READY: dict[Any, Any] = {
    reshape: lambda x, shape: methodcaller("reshape", shape) if x.flags.c_contiguous else None,
    permute_dims: lambda x, axes: methodcaller("transpose", axes),
    concat: _concatenate,
    stack: _stack,
    split_at: _split,
    flip: lambda x, axis: itemgetter((*[_BACK if a in axis else slice(None) for a in range(x.ndim)], ...)),
}
