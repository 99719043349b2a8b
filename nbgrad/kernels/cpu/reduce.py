"""What reductions need beside their row programs (kernels/shared/reduce.py), for the CPU."""

from __future__ import annotations

import math
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.kernels.cpu import rows
from nbgrad.kernels.shared import row_programs

_silent = np.errstate(all="ignore")       # inf and nan flow without a warning
_MANY = 4096                              # elements that are not worth writing


def normal(x: np.ndarray) -> bool:
    """Whether every element is finite and has all its digits: it is neither zero nor denormal."""
    size = np.abs(x)
    return bool(((size >= np.finfo(x.dtype).tiny) & (size < np.inf)).all())


@_silent
def complex_sum(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """Sums, each as accurate as a sum of real numbers.

    Where neighbours in memory are added up NumPy does it, pairwise; what is left is summed part by part, with
    both parts of a number as the last axis.
    """
    kept, rest = tuple([1 if a in axis else n for a, n in enumerate(x.shape)]), axis
    if len(axis) == x.ndim and (x.flags.c_contiguous or x.flags.f_contiguous):
        x, rest = np.asarray(x.ravel("K").sum()).reshape(kept), ()
    else:
        near = min(axis, key=lambda a: abs(x.strides[a]), default=0)
        beside = [abs(x.strides[a]) for a in range(x.ndim) if a not in axis and x.shape[a] > 1]
        if axis and abs(x.strides[near]) < min(beside, default=math.inf):
            x, rest = x.sum(near, keepdims=True), tuple([a for a in axis if a != near])
    if rest:
        parts = x[..., None].view(x.real.dtype)
        x = rows.reduce(row_programs.total, parts, rest, True).view(x.dtype)[..., 0]
    elif not axis:
        x = x.copy()
    return x if keepdims else x.reshape([n for a, n in enumerate(x.shape) if a not in axis])


@_silent
def complex_mean(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """Means: nan where there is nothing to average."""
    z = complex_sum(x, axis, keepdims)
    parts = z[..., None].view(x.real.dtype)
    parts /= product([x.shape[a] for a in axis])
    return z


def complex_any(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """Whether an element is not zero."""
    return np.asarray(np.any(x, axis, keepdims=keepdims))


def complex_all(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """Whether no element is zero."""
    return np.asarray(np.all(x, axis, keepdims=keepdims))


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
