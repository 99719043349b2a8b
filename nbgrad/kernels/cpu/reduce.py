"""What reductions need beside their row programs (kernels/shared/reduce.py), for the CPU."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

_silent = np.errstate(all="ignore")       # inf and nan flow without a warning
_MANY = 4096                              # elements that are not worth writing


def normal(x: np.ndarray) -> bool:
    """Whether every element is finite and has all its digits: it is neither zero nor denormal."""
    size = np.abs(x)
    return bool(((size >= np.finfo(x.dtype).tiny) & (size < np.inf)).all())


# Of complex numbers, whose order is that of real parts, and of imaginary ones where those are equal.


@_silent
def complex_prod(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """Products."""
    return np.asarray(np.prod(x, axis, keepdims=keepdims))


@_silent
def complex_max(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """Largest elements; nan wins."""
    return np.asarray(np.max(x, axis, keepdims=keepdims))


@_silent
def complex_min(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """Smallest elements; nan wins."""
    return np.asarray(np.min(x, axis, keepdims=keepdims))


@_silent
def complex_extremum_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """g, shared equally by the elements that are z; nan where there was a nan."""
    form = tuple([1 if a in axis else n for a, n in enumerate(x.shape)])
    won = x == z.reshape(form)
    count = won.sum(axis, keepdims=True)
    share = g.reshape(form) / np.where(count == 0, 1, count).astype(x.real.dtype)
    return np.where(won, share, np.where(count == 0, x.dtype.type(complex(np.nan, np.nan)), 0))


def spread(x: np.ndarray, shape: tuple[int, ...], axis: tuple[int, ...]) -> np.ndarray:
    """Copies along the axes; of many elements a view."""
    x = x.reshape([1 if a in axis else n for a, n in enumerate(shape)])
    if product(shape) >= _MANY:
        x = np.ascontiguousarray(x)
        steps = [0 if a in axis else step for a, step in enumerate(x.strides)]
        view = np.ndarray(shape, x.dtype, x, 0, steps)
        view.flags.writeable = False          # its elements share memory
        return view
    out = np.empty(shape, x.dtype)
    out[...] = x
    return out


def _copies(x: np.ndarray, shape: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    """`spread` to few elements."""
    form = tuple([1 if a in axis else n for a, n in enumerate(shape)])
    if product(shape) >= _MANY:
        return None

    def run(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, x.dtype)
        out[...] = x.reshape(form)
        return out

    return run


READY = {spread: _copies}
