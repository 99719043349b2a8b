"""Cholesky factors for CUDA, a block for each matrix."""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from nbgrad import cuda
from nbgrad.cuda import CudaArray
from nbgrad.kernels.cuda import launch

_SOURCE = """
def k_cholesky(matrices, n, a, f_a, facts, f_facts):
    matrices, n, lane = uint32(matrices), uint32(n), uint32(cuda.threadIdx.x)
    matrix = uint32(cuda.blockIdx.x)
    while matrix < matrices:
        first = f_a + int64(uint32(matrix * n * n))
        failed, k = uint32(0), uint32(0)
        while k < n:
            cuda.syncthreads()
            corner = uint64(first + int64(uint32(k * n + k)))
            d = a[corner]
            if not d > {dtype}(0):
                failed = uint32(1)
            root = sqrt(d)
            cuda.syncthreads()
            i = uint32(k + lane)
            while i < n:
                here = uint64(first + int64(uint32(i * n + k)))
                a[here] = root if i == k else a[here] / root
                i = uint32(i + uint32({threads}))
            cuda.syncthreads()
            k = uint32(k + uint32(1))
            rest, e = uint32(n - k), lane
            while e < uint32(rest * rest):
                above = uint32(e // rest)
                i, j = uint32(k + above), uint32(k + uint32(e - above * rest))
                if j <= i:
                    here = uint64(first + int64(uint32(i * n + j)))
                    a[here] = a[here] - (a[uint64(first + int64(uint32(i * n + k - uint32(1))))]
                                         * a[uint64(first + int64(uint32(j * n + k - uint32(1))))])
                e = uint32(e + uint32({threads}))
        cuda.syncthreads()
        e = lane
        while e < uint32(n * n):
            i = uint32(e // n)
            if uint32(e - i * n) > i:
                a[uint64(first + int64(e))] = {dtype}(0)
            e = uint32(e + uint32({threads}))
        if lane == 0:
            facts[uint64(f_facts + int64(matrix))] = int32(failed)
        matrix = uint32(matrix + uint32(cuda.gridDim.x))
"""


def factored(a: CudaArray) -> np.ndarray:
    """Put factors in the place of matrices (..., n, n), in C order; which ones are not positive definite."""
    batch = prod(a.shape[:-2])
    facts = cuda.empty(a.shape[:-2], np.int32)
    if batch:
        kernel = launch.kernel("k_cholesky", _spelled(a.dtype, cuda.host().threads))
        given = batch, a.shape[-1], *a.flat, *facts.flat
        cuda.launch(kernel, cuda.blocks(batch, 1), cuda.host().threads, *given)
    return cuda.download(facts) != 0


@lru_cache(maxsize=16)
def _spelled(dtype: np.dtype, threads: int) -> str:
    return _SOURCE.format(dtype=dtype, threads=threads)
