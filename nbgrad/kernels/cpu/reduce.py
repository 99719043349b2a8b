"""Reductions for the CPU: a recipe each (recipes.py)."""

from __future__ import annotations

from math import prod as product

import numpy as np

from nbgrad.kernels import recipes
from nbgrad.kernels.cpu.nest import reduce, run

Axes = tuple[int, ...]
_MANY = 4096                              # elements that are not worth writing


def sum(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Sums, in blocks: as accurate as NumPy's pairwise sums."""
    return reduce(recipes.SUM, x, axis, keepdims)


def prod(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Products."""
    return reduce(recipes.PROD, x, axis, keepdims)


def max(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Largest elements; nan wins."""
    return reduce(recipes.MAX, x, axis, keepdims)


def min(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Smallest elements; nan wins."""
    return reduce(recipes.MIN, x, axis, keepdims)


def any(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Whether an element is not zero."""
    return reduce(recipes.ANY, x, axis, keepdims)


def all(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Whether no element is zero."""
    return reduce(recipes.ALL, x, axis, keepdims)


def mean(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    """Means: nan where there is nothing to average."""
    return reduce(recipes.MEAN, x, axis, keepdims)


def normal(x: np.ndarray) -> bool:
    """Whether every element is finite and has all its digits: it is neither zero nor denormal."""
    size = np.abs(x)
    return bool(((size >= np.finfo(x.dtype).tiny) & (size < np.inf)).all())


def extremum_vjp(g: np.ndarray, z: np.ndarray, x: np.ndarray, axis: Axes) -> np.ndarray:
    """g, shared equally by the elements that are z."""
    return run(recipes.EXTREMUM_VJP, (x, g, z), axis)


def spread(x: np.ndarray, shape: tuple[int, ...], axis: Axes) -> np.ndarray:
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
