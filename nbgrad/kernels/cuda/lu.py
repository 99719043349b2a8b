"""Triangular factors of matrices for CUDA: panel after panel of columns, each then taken from what is left.
One block factors a panel, or all of a small matrix.

With partial pivoting a[p[i]] is (l @ u)[i]; l has a unit diagonal. With complete pivoting, which has no
panels, a[p[i], q[j]] is (l @ d @ u)[i, j], d diagonal, l and u with unit diagonals and no element above 1: a
singular matrix has zeros in d alone.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.block import foremost
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import blocks, lane, lanes, sync
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.matrices import panels
from nbgrad.kernels.cuda.product import subtract
from nbgrad.kernels.cuda.triangular import within


@kernel
def eliminate(a, p, q, facts, low, high, *, complete):
    """Columns low to high of matrices, by a block each.

    facts: for each matrix, whether its swaps are odd in number, and whether a pivot is zero, so far.
    """
    n = a.shape[-1]
    a, p, q, facts = a.reshape(-1, n, n), p.reshape(-1, n), q.reshape(-1, n), facts.reshape(-1, 2)
    for matrix in blocks(facts.size // 2):
        block, rows, columns = a[matrix], p[matrix], q[matrix]
        odd, zero = 0, 0
        if low > 0:
            odd, zero = facts[matrix, 0], facts[matrix, 1]
        else:
            for i in lanes(n):
                rows[i], columns[i] = i, i
        for k in range(low, high):
            sync()
            below, right = n - k, high - k
            best, where = -1.0, k * n + k
            for e in lanes(below * below if complete else below):
                here = (k + e // below) * n + k + e % below if complete else (k + e) * n + k
                size = abs(block.flat[here])
                if size > best or size != size:
                    best, where = size, here
            best, where = foremost(best, where, largest=True)
            row, column = divmod(where, n)
            if row != k:
                for j in lanes(n):
                    block[k, j], block[row, j] = block[row, j], block[k, j]
            sync()
            if column != k:
                for i in lanes(n):
                    block[i, k], block[i, column] = block[i, column], block[i, k]
            if lane() == 0:
                rows[k], rows[row] = rows[row], rows[k]
                columns[k], columns[column] = columns[column], columns[k]
            odd = odd ^ (row != k) ^ (column != k)
            sync()
            pivot = block[k, k]
            if pivot == 0:
                zero = 1
            else:
                for i in lanes(k + 1, n):
                    block[i, k] /= pivot
            sync()
            below, right = below - 1, right - 1
            for e in lanes(below * right):
                above, beside = divmod(e, right)
                i, j = k + 1 + above, k + 1 + beside
                block[i, j] -= block[i, k] * block[k, j]
        sync()
        if complete:
            for e in lanes(n * n):
                i, j = divmod(e, n)
                pivot = block[i, i]
                if j > i and pivot != 0:
                    block.flat[e] /= pivot
            sync()
        if lane() == 0:
            facts[matrix, 0], facts[matrix, 1] = odd, zero


class Factors(NamedTuple):
    """The factors in one matrix (..., n, n), without unit diagonals; permutations (..., n); and facts."""

    lu: CudaArray
    p: CudaArray
    q: CudaArray
    facts: CudaArray

    def singular(self) -> np.ndarray:
        """Which matrices have a pivot of zero."""
        return cuda.download(self.facts)[..., 1] != 0


def factors(a: CudaArray, complete: bool = False) -> Factors:
    """The factors of matrices (..., n, n), with partial or complete pivoting."""
    n, batch, count = a.shape[-1], a.shape[:-2], prod(a.shape[:-2])
    lu = copies.converted(a, a.dtype)
    p, q = cuda.empty((*batch, n), np.uint32), cuda.empty((*batch, n), np.uint32)
    facts = cuda.empty((*batch, 2), np.uint32)
    for low, high in ([(0, n)] if complete else panels(n)) if count else ():
        eliminate(lu, p, q, facts, low, high, complete=complete)
        if high < n:
            done, rest = slice(low, high), slice(high, None)
            beside = lu.part((..., done, rest))
            within(beside, lu.part((..., done, done)), lower=True, unit=True)
            subtract(lu.part((..., rest, rest)), lu.part((..., rest, done)), beside)
    return Factors(lu, p, q, facts)
