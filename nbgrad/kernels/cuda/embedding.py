"""Rows of a table for CUDA."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda.places import opened, read


def embedding_rows(out: CudaArray, weight: CudaArray, indices: np.ndarray | np.generic) -> None:
    """The rows at indices, all of which lie inside."""
    if out.size:
        places = np.asarray(indices).reshape(*indices.shape, *(1,) * (weight.ndim - 1))
        read(out, opened(weight, (0,), indices.shape, 0), cuda.upload(places), weight.steps[0])
