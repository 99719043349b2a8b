"""Cholesky factors for CUDA: panel after panel, each then taken from what is left.

One block factors a panel's own square, or all of a small matrix.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda.matrices import panels, turned
from nbgrad.kernels.cuda.product import subtract
from nbgrad.kernels.cuda.triangular import within

# Rows low to high, of which the first columns are known, and what is right of the diagonal becomes zero.
_SOURCE = """
def k_cholesky(matrices, n, low, high, a, f_a, facts, f_facts):
    matrices, n, lane = uint32(matrices), uint32(n), uint32(cuda.threadIdx.x)
    low, high = uint32(low), uint32(high)
    matrix = uint32(cuda.blockIdx.x)
    while matrix < matrices:
        first = f_a + int64(uint32(matrix * n * n))
        failed, k = uint32(0), low
        while k < high:
            cuda.syncthreads()
            corner = uint64(first + int64(uint32(k * n + k)))
            d = a[corner]
            if not d > {dtype}(0):
                failed = uint32(1)
            root = sqrt(d)
            cuda.syncthreads()
            i = uint32(k + lane)
            while i < high:
                here = uint64(first + int64(uint32(i * n + k)))
                a[here] = root if i == k else a[here] / root
                i = uint32(i + uint32({threads}))
            cuda.syncthreads()
            k = uint32(k + uint32(1))
            rest, e = uint32(high - k), lane
            while e < uint32(rest * rest):
                above = uint32(e // rest)
                i, j = uint32(k + above), uint32(k + uint32(e - above * rest))
                if j <= i:
                    here = uint64(first + int64(uint32(i * n + j)))
                    a[here] = a[here] - (a[uint64(first + int64(uint32(i * n + k - uint32(1))))]
                                         * a[uint64(first + int64(uint32(j * n + k - uint32(1))))])
                e = uint32(e + uint32({threads}))
        cuda.syncthreads()
        e = uint32(low * n + lane)
        while e < uint32(high * n):
            i = uint32(e // n)
            if uint32(e - i * n) > i:
                a[uint64(first + int64(e))] = {dtype}(0)
            e = uint32(e + uint32({threads}))
        if lane == 0 and (low == 0 or failed != 0):
            facts[uint64(f_facts + int64(matrix))] = int32(failed)
        matrix = uint32(matrix + uint32(cuda.gridDim.x))
"""


def factored(a: CudaArray) -> np.ndarray:
    """Put factors in the place of matrices (..., n, n), in C order; which ones are not positive definite."""
    n, batch = a.shape[-1], prod(a.shape[:-2])
    facts = cuda.empty(a.shape[:-2], np.int32)
    for low, high in panels(n) if batch else ():
        kernel = launch.kernel("k_cholesky", _spelled(a.dtype, cuda.host().threads))
        given = batch, n, low, high, *a.flat, *facts.flat
        cuda.launch(kernel, cuda.blocks(batch, 1), cuda.host().threads, *given)
        if high < n:
            done, rest = slice(low, high), slice(high, None)
            beside = a.part((..., rest, done))
            within(turned(beside), a.part((..., done, done)), lower=True)
            subtract(a.part((..., rest, rest)), beside, turned(beside))
    return cuda.download(facts) != 0


@lru_cache(maxsize=16)
def _spelled(dtype: np.dtype, threads: int) -> str:
    return _SOURCE.format(dtype=dtype, threads=threads)
