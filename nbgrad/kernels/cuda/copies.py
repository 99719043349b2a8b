"""Copies between arrays of any strides and dtypes on a CUDA device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.arrays.dtypes import COMPLEX
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import elementwise


def into(out: CudaArray, x: CudaArray) -> None:
    """Write x, which broadcasts to out's shape, into out, which may be a view, in out's dtype."""
    if x.dtype == out.dtype:
        value = "a0"
    else:
        part = "a0.real" if x.dtype in COMPLEX and out.dtype not in COMPLEX else "a0"
        value = "a0 != 0" if out.dtype == np.bool_ else f"{out.dtype}({part})"
    elementwise.run("k_copy", (x.dtype,), Body((), (value,), (out.dtype,)), (x,), (out,))


def fill(out: CudaArray, value: Any) -> None:
    """Write one number into all of out, which may be a view."""
    into(out, cuda.filled((), value, out.dtype))


def contiguous(x: CudaArray) -> CudaArray:
    """x in C order: itself if it is."""
    return x if x.contiguous else converted(x, x.dtype)


def converted(x: CudaArray, dtype: np.dtype) -> CudaArray:
    """A copy of x in another dtype, in C order."""
    out = cuda.empty(x.shape, dtype)
    into(out, x)
    return out


def composed(xs: Sequence[CudaArray], real: str = "a0", imag: str = "a1") -> CudaArray:
    """The complex numbers whose parts are spelled in a0, a1, ...: arrays of one shape and one float dtype."""
    kind = xs[0].dtype
    out = cuda.empty(xs[0].shape, np.result_type(kind, np.complex64))
    body = Body((), (real, imag), (kind, kind))
    elementwise.run("k_compose", (kind,) * len(xs), body, xs, (out.real, out.imag))
    return out
