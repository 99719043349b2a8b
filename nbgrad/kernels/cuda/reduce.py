"""What reductions need beside their row programs (kernels/shared/reduce.py), for CUDA."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import copies, matrices, rows
from nbgrad.kernels.shared import row_programs

_BOOL = np.dtype(bool)


def normal(x: CudaArray) -> bool:
    """Whether every element is finite and has all its digits: it is neither zero nor denormal."""
    low, high = f"{x.dtype}({np.finfo(x.dtype).tiny})", f"{x.dtype}(inf)"
    each = matrices.mapped("normal", f"abs(a0) >= {low} and abs(a0) < {high}", _BOOL, x)
    return bool(cuda.download(rows.reduce(row_programs.all_true, each, tuple(range(x.ndim)), False)))


def spread(x: CudaArray, shape: tuple[int, ...], axis: tuple[int, ...]) -> CudaArray:
    """A view with repeated axes."""
    sizes = [1 if a in axis else n for a, n in enumerate(shape)]
    return x.view(lambda form: np.broadcast_to(form.reshape(sizes), shape))


# ----------------------------------------------------------------------------------------- of complex numbers
def complex_sum(x: CudaArray, axis: tuple[int, ...], keepdims: bool) -> CudaArray:
    """Sums of both parts."""
    return copies.composed([rows.reduce(row_programs.total, part, axis, keepdims)
                            for part in (x.real, x.imag)])


def complex_mean(x: CudaArray, axis: tuple[int, ...], keepdims: bool) -> CudaArray:
    """Means of both parts: nan where there is nothing to average."""
    return copies.composed([rows.reduce(row_programs.mean, part, axis, keepdims)
                            for part in (x.real, x.imag)])


def complex_any(x: CudaArray, axis: tuple[int, ...], keepdims: bool) -> CudaArray:
    """Whether an element is not zero."""
    return rows.reduce(row_programs.any_true, _nonzero(x), axis, keepdims)


def complex_all(x: CudaArray, axis: tuple[int, ...], keepdims: bool) -> CudaArray:
    """Whether no element is zero."""
    return rows.reduce(row_programs.all_true, _nonzero(x), axis, keepdims)


def _nonzero(x: CudaArray) -> CudaArray:
    return matrices.mapped("nonzero", "a0 != 0", _BOOL, x)
