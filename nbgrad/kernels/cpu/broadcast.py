"""Broadcasting and conversion for the CPU."""

from __future__ import annotations

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
    return rows.reduce(row_programs.SUM, x, axes, shape)


def astype(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A converted array; x itself if it has that dtype and lies as a copy would."""
    with np.errstate(invalid="ignore", over="ignore"):
        return x.astype(dtype, copy=not x.flags.forc)
