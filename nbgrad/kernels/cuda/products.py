"""Products of vectors in space, for CUDA."""

from __future__ import annotations

from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import elementwise


def crossed(out: CudaArray, a: CudaArray, b: CudaArray) -> None:
    """The cross products of vectors along the last axis, an element of all at a time."""
    # no fused multiplications: a vector's product with itself is 0
    real = "rounded_product(a0, a1) - rounded_product(a2, a3)"
    body = Body((), (real if out.dtype.kind == "f" else "a0 * a1 - a2 * a3",), (out.dtype,))
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        xs = [_part(x, place) for x, place in ((a, i), (b, j), (a, j), (b, i))]
        elementwise.run("k_cross", (out.dtype,) * 4, body, xs, (_part(out, k),))


def _part(x: CudaArray, k: int) -> CudaArray:
    return x.view(lambda form: form[..., k])
