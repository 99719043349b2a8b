"""Products that sum over shared axes, for CUDA."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.arrays.dtypes import COMPLEX, real_of
from nbgrad.compile import layout
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import copies, elementwise, rows
from nbgrad.kernels.cuda.broadcast import astype
from nbgrad.kernels.cuda.product import dots, product
from nbgrad.kernels.cuda.shape import permute_dims, reshape
from nbgrad.kernels.shared import row_programs
from nbgrad.kernels.shared.einsum import Pair, Steps, Trim, contract


def matmul(a: CudaArray, b: CudaArray) -> CudaArray:
    """Matrix products."""
    if a.dtype in COMPLEX or b.dtype in COMPLEX:
        return _of_parts(matmul, a, b)
    shape = layout.product("matmul", a.shape, b.shape)
    dtype = np.result_type(a.dtype, b.dtype)
    work = _work(dtype)
    out = cuda.empty(shape, work)
    matrices = out.view(lambda form: form.reshape((*shape[:max(a.ndim, b.ndim, 2) - 2], *(
        a.shape[-2:-1] or (1,)), b.shape[-1] if b.ndim > 1 else 1)))
    left = a.part((None, slice(None))) if a.ndim == 1 else a
    right = b.part((slice(None), None)) if b.ndim == 1 else b
    product(matrices, astype(left, work), astype(right, work))
    return astype(out, dtype)


def _of_parts(multiply: Callable[[CudaArray, CudaArray], CudaArray], a: CudaArray,
              b: CudaArray) -> CudaArray:
    """A product of arrays of which one is complex, or both, from products of their parts."""
    dtype = real_of(np.result_type(a.dtype, b.dtype))
    left, right = ([astype(part, dtype) for part in ((x.real, x.imag) if x.dtype in COMPLEX else (x,))]
                   for x in (a, b))
    found = [multiply(x, y) for x in left for y in right]
    if len(found) == 2:                   # one of them is real
        return copies.composed(found)
    return copies.composed(found, "a0 - a3", "a1 + a2")


def _work(dtype: np.dtype) -> np.dtype:
    """The dtype that products of a dtype are summed in: integers wrap around in the end as they would."""
    return dtype if dtype.kind == "f" else np.dtype(np.uint64 if dtype.kind == "u" else np.int64)


def matmul_turned(a: CudaArray, b: CudaArray, turned: tuple[bool, bool]) -> CudaArray:
    """Matrix products of operands of which some are transposed."""
    a, b = [x.view(lambda form: form.swapaxes(-1, -2)) if turn else x
            for x, turn in zip((a, b), turned, strict=True)]
    return matmul(a, b)


def einsum(*xs: CudaArray, subscripts: str) -> CudaArray:
    """Contraction by subscripts, see `contract`."""
    return contract(xs, subscripts, _STEPS)


def _trim(x: CudaArray, dtype: np.dtype, trim: Trim) -> CudaArray:
    x = astype(x, dtype)
    if trim.diagonal:
        x = x.view(lambda form: np.einsum(trim.diagonal, form))
    if trim.squeezed:
        x = x.view(lambda form: form.squeeze(trim.squeezed))
    if trim.summed:
        x = _total(x, trim.summed)
    return x


def _total(x: CudaArray, axes: tuple[int, ...]) -> CudaArray:
    """Sums over axes, in x's dtype."""
    if x.dtype in COMPLEX:
        return copies.composed([_total(part, axes) for part in (x.real, x.imag)])
    return astype(rows.reduce(row_programs.total, x, axes, False), x.dtype)


def _multiply(a: CudaArray, b: CudaArray, pair: Pair) -> CudaArray:
    if a.dtype in COMPLEX and pair.form != "multiply":
        return _of_parts(lambda a, b: _multiply(a, b, pair), a, b)
    a = reshape(permute_dims(a, pair.axes_a), pair.shape_a)
    b = reshape(permute_dims(b, pair.axes_b), pair.shape_b)
    if pair.form == "matmul":
        return reshape(matmul(a, b), pair.shape)
    if pair.form == "multiply":
        out = cuda.empty(layout.broadcast("einsum", [a.shape, b.shape]), a.dtype)
        value = "a0 & a1" if a.dtype == np.bool_ else f"{a.dtype}(a0 * a1)"
        elementwise.run("k_multiply", (a.dtype, b.dtype), Body((), (value,), (a.dtype,)), (a, b), (out,))
        return out
    work = _work(a.dtype)
    kept = len(pair.form.partition("->")[2])
    return astype(dots(astype(a, work), astype(b, work), tuple(range(kept, a.ndim))), a.dtype)


def _place(z: CudaArray, diagonal: str, shape: tuple[int, ...]) -> CudaArray:
    out = cuda.empty(shape, z.dtype)
    copies.fill(out, 0)
    copies.into(out.view(lambda form: np.einsum(diagonal, form)), z)
    return out


_STEPS = Steps(_trim, _multiply, permute_dims, _place)
