"""Broadcasting and conversion for CUDA."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import copies, rows
from nbgrad.kernels.shared import row_programs


def broadcast_to(x: CudaArray, shape: tuple[int, ...]) -> CudaArray:
    """A view with repeated axes."""
    return x.view(lambda form: np.broadcast_to(form, shape))


def sum_to(x: CudaArray, shape: tuple[int, ...]) -> CudaArray:
    """Sums over the axes that an array of that shape would be broadcast along."""
    lead = x.ndim - len(shape)
    axes = (*range(lead), *[a + lead for a, n in enumerate(shape) if n == 1 and x.shape[a + lead] != 1])
    return rows.reduce(row_programs.total, x, axes, shape)


def astype(x: CudaArray, dtype: np.dtype) -> CudaArray:
    """A converted array; x itself if it has that dtype and lies as a copy would."""
    return x if x.dtype == dtype and x.contiguous else copies.converted(x, dtype)
