"""Triangular factors of matrices for CUDA: panel after panel of columns, each then taken from what is left.
One block factors a panel, or all of a small matrix.

With partial pivoting a[p[i]] is (l @ u)[i]; l has a unit diagonal. With complete pivoting, which has no
panels, a[p[i], q[j]] is (l @ d @ u)[i, j], d diagonal, l and u with unit diagonals and no element above 1: a
singular matrix has zeros in d alone.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import block_argmax, launch
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.matrices import panels
from nbgrad.kernels.cuda.product import subtract
from nbgrad.kernels.cuda.triangular import within

_INT = np.dtype(np.int32)

# Columns low to high. facts are, for each matrix, whether its swaps are odd in number, and whether a pivot is
# zero, so far.
_FACTORS = """
{largest}
def swap(x, here, there):
    held = x[uint64(here)]
    x[uint64(here)] = x[uint64(there)]
    x[uint64(there)] = held
def k_lu(matrices, n, low, high, a, f_a, p, f_p, q, f_q, facts, f_facts):
{memory}
    matrices, n, lane = uint32(matrices), uint32(n), uint32(cuda.threadIdx.x)
    low, high = uint32(low), uint32(high)
    matrix = uint32(cuda.blockIdx.x)
    while matrix < matrices:
        first = int64(f_a) + int64(matrix) * int64(uint32(n * n))
        lines = int64(matrix) * int64(n)
        about = int64(f_facts) + int64(uint32(matrix * uint32(2)))
        odd, zero, k = uint32(0), uint32(0), low
        if low > 0:
            odd, zero = uint32(facts[uint64(about)]), uint32(facts[uint64(about + 1)])
        i = lane
        while low == 0 and i < n:
            p[uint64(f_p + lines + int64(i))] = int32(i)
            q[uint64(f_q + lines + int64(i))] = int32(i)
            i = uint32(i + uint32({threads}))
        while k < high:
            cuda.syncthreads()
            best, where, below, right = {dtype}(-1), uint32(k * n + k), uint32(n - k), uint32(high - k)
            e = lane
            while e < {count}:
                here = {candidate}
                size = abs(a[uint64(first + int64(here))])
                if size > best or size != size:
                    best, where = size, here
                e = uint32(e + uint32({threads}))
            best, where = largest(value, place, lane, best, where)
            row = uint32(where // n)
            column = uint32(where - row * n)
            j = lane
            while row != k and j < n:
                swap(a, first + int64(uint32(k * n + j)), first + int64(uint32(row * n + j)))
                j = uint32(j + uint32({threads}))
            cuda.syncthreads()
            i = lane
            while column != k and i < n:
                swap(a, first + int64(uint32(i * n + k)), first + int64(uint32(i * n + column)))
                i = uint32(i + uint32({threads}))
            if lane == 0:
                swap(p, f_p + lines + int64(k), f_p + lines + int64(row))
                swap(q, f_q + lines + int64(k), f_q + lines + int64(column))
            odd = uint32(odd ^ uint32(row != k) ^ uint32(column != k))
            cuda.syncthreads()
            pivot = a[uint64(first + int64(uint32(k * n + k)))]
            if pivot == {dtype}(0):
                zero = uint32(1)
            else:
                i = uint32(k + uint32(1) + lane)
                while i < n:
                    here = uint64(first + int64(uint32(i * n + k)))
                    a[here] = a[here] / pivot
                    i = uint32(i + uint32({threads}))
            cuda.syncthreads()
            below, right, e = uint32(below - uint32(1)), uint32(right - uint32(1)), lane
            while e < uint32(below * right):
                above = uint32(e // right)
                i, j = uint32(k + uint32(1) + above), uint32(k + uint32(1) + uint32(e - above * right))
                here = uint64(first + int64(uint32(i * n + j)))
                a[here] = a[here] - (a[uint64(first + int64(uint32(i * n + k)))]
                                     * a[uint64(first + int64(uint32(k * n + j)))])
                e = uint32(e + uint32({threads}))
            k = uint32(k + uint32(1))
        cuda.syncthreads()
{scaling}
        if lane == 0:
            facts[uint64(about)], facts[uint64(about + 1)] = int32(odd), int32(zero)
        matrix = uint32(matrix + uint32(cuda.gridDim.x))
"""
_SCALING = """
        e = lane
        while e < uint32(n * n):
            i = uint32(e // n)
            pivot = a[uint64(first + int64(uint32(i * n + i)))]
            if uint32(e - i * n) > i and pivot != {dtype}(0):
                a[uint64(first + int64(e))] = a[uint64(first + int64(e))] / pivot
            e = uint32(e + uint32({threads}))
        cuda.syncthreads()
"""


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
    p, q = cuda.empty((*batch, n), _INT), cuda.empty((*batch, n), _INT)
    facts = cuda.empty((*batch, 2), _INT)
    for low, high in ([(0, n)] if complete else panels(n)) if count else ():
        kernel = launch.kernel("k_lu", _factoring(a.dtype, complete, cuda.host().threads))
        cuda.launch(kernel, cuda.blocks(count, 1), cuda.host().threads, count, n, low, high, *lu.flat,
                    *p.flat, *q.flat, *facts.flat)
        if high < n:
            done, rest = slice(low, high), slice(high, None)
            beside = lu.part((..., done, rest))
            within(beside, lu.part((..., done, done)), lower=True, unit=True)
            subtract(lu.part((..., rest, rest)), lu.part((..., rest, done)), beside)
    return Factors(lu, p, q, facts)


@lru_cache(maxsize=16)
def _factoring(dtype: np.dtype, complete: bool, threads: int) -> str:
    count, candidate = "below", "uint32((k + e) * n + k)"
    if complete:
        count, candidate = "uint32(below * below)", "uint32((k + e // below) * n + k + e % below)"
    scaling = _SCALING.strip("\n").format(dtype=dtype, threads=threads) if complete else ""
    return _FACTORS.format(dtype=dtype, threads=threads, largest=block_argmax.largest(),
                           memory=block_argmax.memory(dtype),
                           count=count, candidate=candidate, scaling=scaling)
