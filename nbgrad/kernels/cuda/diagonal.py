"""Diagonals for CUDA."""

from __future__ import annotations

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import copies


def diagonal(x: CudaArray, offset: int, axis1: int, axis2: int) -> CudaArray:
    """A view."""
    return x.view(lambda form: form.diagonal(offset, axis1, axis2))


def from_diagonal(d: CudaArray, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> CudaArray:
    """Zeros with a diagonal."""
    out = cuda.empty(shape, d.dtype)
    copies.fill(out, 0)
    copies.into(diagonal(out, offset, axis1, axis2), d)
    return out
