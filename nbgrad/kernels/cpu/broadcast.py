"""Broadcasting and conversion for the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.kernels.cpu import rows
from nbgrad.kernels.shared import row_programs


def broadcast_to(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A view with repeated axes."""
    return np.broadcast_to(x, shape)


def sum_to(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sums over the axes that an array of that shape would be broadcast along."""
    lead = x.ndim - len(shape)
    axes = (*range(lead), *[a + lead for a, n in enumerate(shape) if n == 1 and x.shape[a + lead] != 1])
    return rows.reduce(row_programs.total, x, axes, shape)


@np.errstate(invalid="ignore", over="ignore")
def astype(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A converted array; x itself if it has that dtype and lies as a copy would."""
    return x.astype(dtype, copy=not x.flags.forc)


def _converted(x: np.ndarray, dtype: np.dtype) -> Callable[..., np.ndarray] | None:
    """`astype` where no value can be out of range."""
    if not np.can_cast(x.dtype, dtype) or (dtype == x.dtype and x.flags.forc):
        return None
    return lambda x: x.astype(dtype)


def _repeated(x: np.ndarray, shape: tuple[int, ...]) -> Callable[..., np.ndarray] | None:
    """`broadcast_to` of arrays in C order, of which NumPy need only be told the steps."""
    if not x.size or not x.flags.c_contiguous or 0 in shape:
        return None
    steps = np.broadcast_to(x, shape).strides

    def repeat(x: np.ndarray) -> np.ndarray:
        z = np.ndarray(shape, x.dtype, x, 0, steps)
        z.setflags(write=False)               # its elements share memory
        return z

    return repeat


READY: dict[Any, Any] = {broadcast_to: _repeated, astype: _converted}
