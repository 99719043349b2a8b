"""Eigenvalues and eigenvectors of symmetric matrices for CUDA, a block each, by Jacobi's rotations.

Rows are paired off as players of a tournament, so that the pairs of a round are rotated at the same time. An
element off the diagonal is left when it is far below rounding.

Source: Golub and Van Loan, Matrix Computations (2013), sections 8.5.2 to 8.5.6.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import block_argmax, launch
from nbgrad.kernels.cuda import copies

SWEEPS = 30                               # 6 to 10 are enough; more are for what rounding alone moves

# Who meets whom in a turn of a tournament, the lower number first; with an odd number of rows one rests.
PAIR = """
def pair(t, turn, players):
    last = uint32(players - uint32(1))
    if t == 0:
        return turn, last
    x, y = uint32(turn + t), uint32(turn + last - t)
    if x >= last:
        x = uint32(x - last)
    if y >= last:
        y = uint32(y - last)
    return min(x, y), max(x, y)
"""
_SOURCE = """
{largest}
{pair}
def rotate(x, first, step, n, t, j, p, q, turns, at):
    here = at + int64(uint32(uint32(4) * t))
    c, s = turns[uint64(here)], turns[uint64(here + 1)]
    if s != {dtype}(0):
        along = uint32(j * uint32(n + uint32(1) - step))
        one = uint64(first + int64(uint32(p * step + along)))
        other = uint64(first + int64(uint32(q * step + along)))
        u, v = x[one], x[other]
        x[one], x[other] = c * u - s * v, s * u + c * v
def k_jacobi(matrices, n, a, f_a, v, f_v, turns, f_turns, w, f_w, z, f_z):
{memory}
    matrices, n, lane = uint32(matrices), uint32(n), uint32(cuda.threadIdx.x)
    pairs = uint32(uint32(n + uint32(1)) // uint32(2))
    players, one = uint32(pairs + pairs), uint32(1)
    matrix = uint32(cuda.blockIdx.x)
    while matrix < matrices:
        places = int64(uint32(matrix * n * n))
        first, second = f_a + places, f_v + places
        at = f_turns + int64(matrix) * int64(uint32(uint32(4) * pairs))
        size = {dtype}(0)
        e = lane
        while e < uint32(n * n):
            i = uint32(e // n)
            v[uint64(second + int64(e))] = {dtype}(1) if uint32(e - i * n) == i else {dtype}(0)
            size = max(size, abs(a[uint64(first + int64(e))]))
            e = uint32(e + uint32({threads}))
        least = largest(value, place, lane, size, lane)[0] * {dtype}({floor})
        sweep = uint32(0)
        while sweep < uint32({sweeps}):
            busy, turn = {dtype}(0), uint32(0)
            while uint32(turn + one) < players:
                t = lane
                while t < pairs:
                    p, q = pair(t, turn, players)
                    c, s, low, high = {dtype}(1), {dtype}(0), {dtype}(0), {dtype}(0)
                    if q < n:
                        low = a[uint64(first + int64(uint32(p * n + p)))]
                        high = a[uint64(first + int64(uint32(q * n + q)))]
                        beside = a[uint64(first + int64(uint32(p * n + q)))]
                        if abs(beside) > max(least, {dtype}({eps}) * min(abs(low), abs(high))):
                            ratio = (high - low) / ({dtype}(2) * beside)
                            tangent = {dtype}(1) / (abs(ratio) + sqrt(ratio * ratio + {dtype}(1)))
                            if ratio < {dtype}(0):
                                tangent = -tangent
                            c = {dtype}(1) / sqrt(tangent * tangent + {dtype}(1))
                            s = tangent * c
                            low, high = low - tangent * beside, high + tangent * beside
                            if s != {dtype}(0):
                                busy = {dtype}(1)
                    here = at + int64(uint32(uint32(4) * t))
                    turns[uint64(here)], turns[uint64(here + 1)] = c, s
                    turns[uint64(here + 2)], turns[uint64(here + 3)] = low, high
                    t = uint32(t + uint32({threads}))
                cuda.syncthreads()
                e = lane
                while e < uint32(pairs * n):
                    t = uint32(e // n)
                    p, q = pair(t, turn, players)
                    rotate(a, first, n, n, t, uint32(e - t * n), p, q, turns, at)
                    rotate(v, second, one, n, t, uint32(e - t * n), p, q, turns, at)
                    e = uint32(e + uint32({threads}))
                cuda.syncthreads()
                e = lane
                while e < uint32(pairs * n):
                    t = uint32(e // n)
                    p, q = pair(t, turn, players)
                    rotate(a, first, one, n, t, uint32(e - t * n), p, q, turns, at)
                    e = uint32(e + uint32({threads}))
                cuda.syncthreads()
                t = lane
                while t < pairs:
                    p, q = pair(t, turn, players)
                    here = at + int64(uint32(uint32(4) * t))
                    if turns[uint64(here + 1)] != {dtype}(0):
                        a[uint64(first + int64(uint32(p * n + p)))] = turns[uint64(here + 2)]
                        a[uint64(first + int64(uint32(q * n + q)))] = turns[uint64(here + 3)]
                        a[uint64(first + int64(uint32(p * n + q)))] = {dtype}(0)
                        a[uint64(first + int64(uint32(q * n + p)))] = {dtype}(0)
                    t = uint32(t + uint32({threads}))
                cuda.syncthreads()
                turn = uint32(turn + one)
            sweep = uint32(sweep + one)
            if largest(value, place, lane, busy, lane)[0] == {dtype}(0):
                sweep = uint32({sweeps})
        i = lane
        while i < n:
            own, rank, j = a[uint64(first + int64(uint32(i * n + i)))], uint32(0), uint32(0)
            top, sign = {dtype}(0), {dtype}(1)
            while j < n:
                other = a[uint64(first + int64(uint32(j * n + j)))]
                if other < own or (other == own and j < i):
                    rank = uint32(rank + one)
                other = v[uint64(second + int64(uint32(j * n + i)))]
                if abs(other) > top:
                    top = abs(other)
                    sign = {dtype}(1) if other > {dtype}(0) else {dtype}(-1)
                j = uint32(j + one)
            w[uint64(f_w + int64(uint32(matrix * n + rank)))] = own
            j = uint32(0)
            while j < n:
                z[uint64(f_z + places + int64(uint32(j * n + rank)))] = sign * v[
                    uint64(second + int64(uint32(j * n + i)))]
                j = uint32(j + one)
            i = uint32(i + uint32({threads}))
        cuda.syncthreads()
        matrix = uint32(matrix + uint32(cuda.gridDim.x))
"""


def eigen(a: CudaArray) -> tuple[CudaArray, CudaArray]:
    """Eigenvalues, ascending, and eigenvectors, the columns, of symmetric finite matrices (..., n, n).

    The largest element of each vector, the first of them, is positive.
    """
    n, batch, dtype = a.shape[-1], prod(a.shape[:-2]), a.dtype
    w, z = cuda.empty(a.shape[:-1], dtype), cuda.empty(a.shape, dtype)
    if z.size:
        a, v = copies.converted(a, dtype), cuda.empty(a.shape, dtype)
        turns = cuda.empty((batch, (n + 1) // 2, 4), dtype)
        kernel = launch.kernel("k_jacobi", _spelled(dtype, cuda.host().threads))
        given = batch, n, *a.flat, *v.flat, *turns.flat, *w.flat, *z.flat
        cuda.launch(kernel, cuda.blocks(batch, 1), cuda.host().threads, *given)
    return w, z


@lru_cache(maxsize=16)
def _spelled(dtype: np.dtype, threads: int) -> str:
    eps = float(np.finfo(dtype).eps)
    return _SOURCE.format(dtype=dtype, threads=threads, largest=block_argmax.largest(),
                          memory=block_argmax.memory(dtype),
                          pair=PAIR.strip("\n"), sweeps=SWEEPS, eps=eps / 8, floor=eps * eps)
