"""What reductions need beside their row programs (kernels/shared/reduce.py), for CUDA."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import matrices, rows
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
