"""The loss of classes for CUDA: a row program, and one element of each row on its own."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import map_source
from nbgrad.kernels.cuda import rows
from nbgrad.kernels.shared import row_programs


def class_entropy(out: CudaArray, x: CudaArray, places: np.ndarray) -> None:
    """log(sum(exp(x))) - x[place] of each row, 0 where the place is negative."""
    if out.size:
        at, chosen = cuda.upload(places), cuda.empty(out.shape, out.dtype)
        lines = ("k = max(int64(0), at[p_at])", "chosen[p_chosen] = x[uint64(int64(p_x) + k * sx)]")
        map_source.run("k_chosen", lines, out.shape, {"chosen": chosen, "x": x.part((..., 0)), "at": at},
                 sx=x.steps[1])
        rows.into(out, row_programs.class_entropy, (x, chosen, at), (1,))


def class_entropy_vjp(g: CudaArray, x: CudaArray, places: np.ndarray) -> CudaArray:
    """g times softmax(x) less 1 at the place, row by row; 0 where the place is negative."""
    at, out = cuda.upload(places), cuda.empty(x.shape, x.dtype)
    if out.size:
        rows.into(out, row_programs.class_entropy_vjp, (x, g, at), (1,))
        lines = ("k = at[p_at]", "if k >= 0:", "    q = uint64(int64(p_out) + k)",
                 "    out[q] = out[q] - g[p_g]")
        map_source.run("k_less", lines, g.shape, {"out": out.part((..., 0)), "g": g, "at": at})
    return out
