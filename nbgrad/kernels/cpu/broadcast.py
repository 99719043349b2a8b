"""Broadcasting and conversion for the CPU."""

from __future__ import annotations

import numpy as np

from nbgrad.kernels.cpu import reduce


def broadcast_to(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A view with repeated axes."""
    return np.broadcast_to(x, shape)


def sum_to(out: np.ndarray, x: np.ndarray, shape: tuple[int, ...]) -> None:
    """Sums over the axes that an array of out's shape would be broadcast along."""
    lead = x.ndim - out.ndim
    axes = (*range(lead), *[a + lead for a, n in enumerate(shape) if n == 1 and x.shape[a + lead] != 1])
    kept = out.reshape((1,) * lead + shape)
    reduce.sum(kept, x, axes, True)


def astype(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A converted array; x itself if it has that dtype."""
    with np.errstate(invalid="ignore", over="ignore"):
        return x.astype(dtype, copy=False)
