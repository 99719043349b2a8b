"""What the factorisations of CUDA share: panels, identities, and matrices that are not finite."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import copies, elementwise, rows
from nbgrad.kernels.shared import row_programs

_BOOL = np.dtype(bool)


def panels(n: int) -> list[tuple[int, int]]:
    """Where the panels of a matrix's rows or columns begin and end. A small matrix is one panel.

    One block takes a panel of a matrix; what lies beside it is for products, which are for the whole device.
    """
    width = max(cuda.host().threads // 8, 4)
    return [(low, min(low + width, n)) for low in range(0, n, width)] if n > 2 * width else [(0, n)]


def identity(n: int, dtype: np.dtype) -> CudaArray:
    """An identity matrix."""
    z = cuda.empty((n, n), dtype)
    copies.fill(z, 0)
    copies.fill(z.view(np.diagonal), 1)
    return z


def turned(x: CudaArray) -> CudaArray:
    """A view of the transposes."""
    return x.view(lambda form: form.swapaxes(-1, -2))


def mapped(name: str, line: str, dtype: np.dtype, *xs: CudaArray) -> CudaArray:
    """An expression of the elements a0, a1, ... of arrays that broadcast."""
    out = cuda.empty(np.broadcast_shapes(*[x.shape for x in xs]), dtype)
    elementwise.run(f"k_{name}", tuple([x.dtype for x in xs]), Body((), (line,), (dtype,)), xs, (out,))
    return out


def finite(a: CudaArray) -> CudaArray:
    """Whether all elements of each matrix (..., n, n) are finite: (..., 1, 1)."""
    each = mapped("isfinite", "isfinite(a0)", _BOOL, a)
    return rows.reduce(row_programs.all_true, each, (a.ndim - 2, a.ndim - 1), True)


def cleaned(a: CudaArray, good: CudaArray) -> CudaArray:
    """A copy of a in C order, with zeros for the matrices that are not good."""
    return mapped("cleaned", f"a0 if a1 else {a.dtype}(0)", a.dtype, a, good)


def spoiled(out: CudaArray, x: CudaArray, good: CudaArray) -> None:
    """Write x into out, and nan for the matrices that are not good."""
    copies.into(out, mapped("spoiled", f"a0 if a1 else {x.dtype}(nan)", x.dtype, x, good))


def mirrored(a: CudaArray, lower: bool) -> CudaArray:
    """The symmetric matrices that have a's lower, or upper, triangle."""
    columns = cuda.upload(np.arange(a.shape[-1], dtype=np.int32))
    rows = columns.view(lambda form: form[:, None])
    line = f"a0 if a2 {'<=' if lower else '>='} a3 else a1"
    return mapped("mirrored", line, a.dtype, a, turned(a), columns, rows)
