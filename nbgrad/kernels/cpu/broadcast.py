"""Broadcasting and conversion for the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, U
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
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real                            # of a cotangent: others are told what would be lost
    return x.astype(dtype, copy=not x.flags.forc)


@kernel
def convert(x: Array[T], out: Array[U]) -> None:
    """The elements in another dtype."""
    for i in range(x.size):
        out[i] = x[i]


def _converted(x: np.ndarray, dtype: np.dtype) -> Callable[..., np.ndarray] | None:
    """`astype` of small arrays where no value can be out of range, and from floats in C order to floats."""
    if dtype == x.dtype or x.nbytes >= memory.POOLED:
        return None
    if np.can_cast(x.dtype, dtype):
        return lambda x: x.astype(dtype)
    if x.dtype.kind != "f" or dtype.kind != "f" or not x.flags.c_contiguous:
        return None
    compiled, shape = convert[x.dtype, dtype], x.shape

    def run(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        compiled(x, out)
        return out

    return run


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
