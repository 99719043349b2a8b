"""Cholesky factors for CUDA: panel after panel, each then taken from what is left.

One block factors a panel's own square, or all of a small matrix.
"""

from __future__ import annotations

from math import prod

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import blocks, lane, lanes, sqrt, sync
from nbgrad.kernels.cuda.matrices import panels, turned
from nbgrad.kernels.cuda.product import subtract
from nbgrad.kernels.cuda.triangular import within


@kernel
def factor(a, facts, low, high):
    """Rows low to high of matrices, by a block each; facts: which ones are not positive definite, so far.

    The first columns are known, and what is right of the diagonal becomes zero.
    """
    n = a.shape[-1]
    a, facts = a.reshape(-1, n, n), facts.reshape(-1)
    for matrix in blocks(facts.size):
        block = a[matrix]
        failed = False
        for k in range(low, high):
            sync()
            d = block[k, k]
            if not d > 0:
                failed = True
            root = sqrt(d)
            sync()
            for i in lanes(k, high):
                block[i, k] = root if i == k else block[i, k] / root
            sync()
            first = k + 1
            rest = high - first
            for e in lanes(rest * rest):
                above, beside = divmod(e, rest)
                i, j = first + above, first + beside
                if j <= i:
                    block[i, j] -= block[i, k] * block[j, k]
        sync()
        for e in lanes(low * n, high * n):
            i, j = divmod(e, n)
            if j > i:
                block.flat[e] = 0
        if lane() == 0 and (low == 0 or failed):
            facts[matrix] = failed


def factored(a: CudaArray) -> np.ndarray:
    """Put factors in the place of matrices (..., n, n), in C order; which ones are not positive definite."""
    n, batch = a.shape[-1], prod(a.shape[:-2])
    facts = cuda.empty(a.shape[:-2], np.int32)
    for low, high in panels(n) if batch else ():
        factor(a, facts, low, high)
        if high < n:
            done, rest = slice(low, high), slice(high, None)
            beside = a.part((..., rest, done))
            within(turned(beside), a.part((..., done, done)), lower=True)
            subtract(a.part((..., rest, rest)), beside, turned(beside))
    return cuda.download(facts) != 0
