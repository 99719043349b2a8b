"""What reductions need beside their row programs (kernels/shared/reduce.py), for the CPU."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

_MANY = 4096                              # elements that are not worth writing


def normal(x: np.ndarray) -> bool:
    """Whether every element is finite and has all its digits: it is neither zero nor denormal."""
    size = np.abs(x)
    return bool(((size >= np.finfo(x.dtype).tiny) & (size < np.inf)).all())


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
