"""What follows from the triangular factors of matrices for CUDA: determinants, and rows in another order."""

from __future__ import annotations

from math import inf

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import batch, grid, log, sign
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.lu import Factors


@kernel
def determinants(out, signs, a, facts, *, logarithm):
    """Products of pivots; or, with a logarithm, that of the absolute values, and signs."""
    n = a.shape[-1]
    out, signs = out.reshape(-1), signs.reshape(-1)
    a, facts = a.reshape(-1, n, n), facts.reshape(-1, 2)
    for matrix in grid(out.size):
        block = a[matrix]
        total = 0.0 if logarithm else 1.0
        s = -1.0 if facts[matrix, 0] != 0 else 1.0
        for k in range(n):
            pivot = block[k, k]
            if logarithm:
                total += log(abs(pivot))
                s *= sign(pivot)
            else:
                total *= pivot
        if logarithm:
            if facts[matrix, 1] != 0:
                total, s = -inf, 0.0
            signs[matrix] = s
            out[matrix] = total
        else:
            out[matrix] = total * s


@kernel
def permute(out, x, p):
    """The rows p[..., i] of x as rows i of out."""
    n, columns = out.shape[-2], out.shape[-1]
    out, x, p = out.reshape(-1), batch(x, 2), batch(p, 1)
    for e in grid(out.size):
        line, j = divmod(e, columns)
        matrix, i = divmod(line, n)
        of, order = x[matrix], p[matrix]
        out[e] = of[order[i], j]


@kernel
def exchange(out, x, p, q, *, back):
    """x[p[i], q[j]] as element (i, j); or back, element (j, i) there."""
    n = x.shape[-1]
    out, x, p, q = out.reshape(-1, n, n), x.reshape(-1, n, n), p.reshape(-1, n), q.reshape(-1, n)
    for e in grid(out.size):
        line, j = divmod(e, n)
        matrix, i = divmod(line, n)
        row, column = p[matrix, i], q[matrix, j]
        if back:
            out[matrix, row, column] = x[matrix, j, i]
        else:
            out.flat[e] = x[matrix, row, column]


def determinant(out: CudaArray, of: Factors, sign: CudaArray | None = None) -> None:
    """Write determinants into out; or, if there is a sign, that there and logarithms into out."""
    determinants(out, out if sign is None else sign, of.lu, of.facts, logarithm=sign is not None)


def permuted(out: CudaArray, x: CudaArray, p: CudaArray) -> None:
    """Write the rows p[..., i] of x: (..., n, k), as rows i of out, in C order; batch axes broadcast."""
    permute(out, x, p)


def exchanged(x: CudaArray, of: Factors, back: bool) -> CudaArray:
    """x[p[i], q[j]] as element (i, j); or back: its transpose, so that element (i, j) is put there."""
    x, out = copies.contiguous(x), cuda.empty(x.shape, x.dtype)
    exchange(out, x, of.p, of.q, back=back)
    return out
