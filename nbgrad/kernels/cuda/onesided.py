"""Singular values and vectors for CUDA, a block for each matrix, by Jacobi's rotations from one side.

Rows are turned in pairs until each is orthogonal to all others: what is left are the vectors of one side
times the singular values, and the turns make those of the other side. Rows are paired off as in jacobi.py.

Source: Golub and Van Loan, Matrix Computations (2013), section 8.6.3.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import block_argmax, launch
from nbgrad.kernels.cuda import copies, matrices
from nbgrad.kernels.cuda.jacobi import PAIR, SWEEPS

# x: n rows of length m >= n; v: what turns them, (n, n); z: rows for the vectors, `total` of length m.
# After the turns: values and vectors in order, and the rest of the basis, each the unit vector that has most
# outside of what there is, less its parts inside (twice, which is enough).
_SOURCE = """
{largest}
{pair}
def rotate(x, first, width, j, p, q, c, s):
    one = uint64(first + int64(uint32(p * width + j)))
    other = uint64(first + int64(uint32(q * width + j)))
    u, v = x[one], x[other]
    x[one], x[other] = c * u - s * v, s * u + c * v
def dotted(x, first, width, p, q):
    total, k = {dtype}(0), uint32(0)
    while k < width:
        total = total + (x[uint64(first + int64(uint32(p * width + k)))]
                         * x[uint64(first + int64(uint32(q * width + k)))])
        k = uint32(k + uint32(1))
    return total
def turn_of(x, first, m, p, q, least):
    low, high = dotted(x, first, m, p, p), dotted(x, first, m, q, q)
    beside = dotted(x, first, m, p, q)
    if min(low, high) <= {dtype}({floor}) or abs(beside) <= least * sqrt(low) * sqrt(high):
        return {dtype}(1), {dtype}(0)
    ratio = (high - low) / ({dtype}(2) * beside)
    size = abs(ratio)
    if size > {dtype}({far}):
        tangent = {dtype}(0.5) / size
    else:
        tangent = {dtype}(1) / (size + sqrt(size * size + {dtype}(1)))
    if ratio < {dtype}(0):
        tangent = -tangent
    c = {dtype}(1) / sqrt(tangent * tangent + {dtype}(1))
    return c, tangent * c
def sign_of(x, first, width, i):
    top, sign, j = {dtype}(0), {dtype}(1), uint32(0)
    while j < width:
        other = x[uint64(first + int64(uint32(i * width + j)))]
        if abs(other) > top:
            top = abs(other)
            sign = {dtype}(1) if other > {dtype}(0) else {dtype}(-1)
        j = uint32(j + uint32(1))
    return sign
def k_onesided(matrices, n, m, total, wide, room, x, f_x, v, f_v, turns, f_turns, w, f_w, y, f_y, z, f_z):
{memory}
    matrices, n, m, total = uint32(matrices), uint32(n), uint32(m), uint32(total)
    lane, one = uint32(cuda.threadIdx.x), uint32(1)
    pairs = uint32(uint32(n + one) // uint32(2))
    players = uint32(pairs + pairs)
    least = {dtype}({eps}) * sqrt({dtype}(m))
    matrix = uint32(cuda.blockIdx.x)
    while matrix < matrices:
        first, square = f_x + int64(uint32(matrix * n * m)), int64(uint32(matrix * n * n))
        second, third = f_v + square, f_z + int64(uint32(matrix * total * m))
        at = f_turns + int64(matrix) * int64(room)
        size = {dtype}(0)
        e = lane
        while e < uint32(n * m):
            size = max(size, abs(x[uint64(first + int64(e))]))
            e = uint32(e + uint32({threads}))
        size = largest(value, place, lane, size, lane)[0]
        if size == {dtype}(0):
            size = {dtype}(1)
        e = lane
        while e < uint32(n * m):
            x[uint64(first + int64(e))] = x[uint64(first + int64(e))] / size
            e = uint32(e + uint32({threads}))
        e = lane
        while e < uint32(n * n):
            i = uint32(e // n)
            v[uint64(second + int64(e))] = {dtype}(1) if uint32(e - i * n) == i else {dtype}(0)
            e = uint32(e + uint32({threads}))
        cuda.syncthreads()
        sweep = uint32(0)
        while sweep < uint32({sweeps}):
            busy, turn = {dtype}(0), uint32(0)
            while uint32(turn + one) < players:
                t = lane
                while t < pairs:
                    p, q = pair(t, turn, players)
                    c, s = {dtype}(1), {dtype}(0)
                    if q < n:
                        c, s = turn_of(x, first, m, p, q, least)
                    if s != {dtype}(0):
                        busy = {dtype}(1)
                    here = at + int64(uint32(t + t))
                    turns[uint64(here)], turns[uint64(here + 1)] = c, s
                    t = uint32(t + uint32({threads}))
                cuda.syncthreads()
                e = lane
                while e < uint32(pairs * uint32(m + n)):
                    t = uint32(e // uint32(m + n))
                    j = uint32(e - t * uint32(m + n))
                    p, q = pair(t, turn, players)
                    here = at + int64(uint32(t + t))
                    c, s = turns[uint64(here)], turns[uint64(here + 1)]
                    if s != {dtype}(0):
                        if j < m:
                            rotate(x, first, m, j, p, q, c, s)
                        else:
                            rotate(v, second, n, uint32(j - m), p, q, c, s)
                    e = uint32(e + uint32({threads}))
                cuda.syncthreads()
                turn = uint32(turn + one)
            sweep = uint32(sweep + one)
            if largest(value, place, lane, busy, lane)[0] == {dtype}(0):
                sweep = uint32({sweeps})
        i = lane
        while i < n:
            turns[uint64(at + int64(i))] = sqrt(dotted(x, first, m, i, i))
            i = uint32(i + uint32({threads}))
        cuda.syncthreads()
        i = lane
        while i < n:
            own, rank, j = turns[uint64(at + int64(i))], uint32(0), uint32(0)
            while j < n:
                other = turns[uint64(at + int64(j))]
                if other > own or (other == own and j < i):
                    rank = uint32(rank + one)
                j = uint32(j + one)
            w[uint64(f_w + int64(uint32(matrix * n + rank)))] = own * size
            sign = sign_of(v, second, n, i) if wide != 0 else sign_of(x, first, m, i)
            j = uint32(0)
            while j < n:
                y[uint64(f_y + square + int64(uint32(rank * n + j)))] = sign * v[
                    uint64(second + int64(uint32(i * n + j)))]
                j = uint32(j + one)
            j = uint32(0)
            while own * own > {dtype}({floor}) and j < m:
                z[uint64(third + int64(uint32(rank * m + j)))] = sign * x[
                    uint64(first + int64(uint32(i * m + j)))] / own
                j = uint32(j + one)
            i = uint32(i + uint32({threads}))
        cuda.syncthreads()
        r, i = uint32(0), uint32(0)
        while i < n:
            own = turns[uint64(at + int64(i))]
            if own * own > {dtype}({floor}):
                r = uint32(r + one)
            i = uint32(i + one)
        cuda.syncthreads()
        while r < total:
            best, where, i = {dtype}(-1), uint32(0), lane
            while i < m:
                rest, j = {dtype}(1), uint32(0)
                while j < r:
                    part = z[uint64(third + int64(uint32(j * m + i)))]
                    rest = rest - part * part
                    j = uint32(j + one)
                if rest > best:
                    best, where = rest, i
                i = uint32(i + uint32({threads}))
            where = largest(value, place, lane, best, where)[1]
            i = lane
            while i < m:
                z[uint64(third + int64(uint32(r * m + i)))] = {dtype}(1) if i == where else {dtype}(0)
                i = uint32(i + uint32({threads}))
            cuda.syncthreads()
            again = uint32(0)
            while again < uint32(2):
                j = lane
                while j < r:
                    turns[uint64(at + int64(j))] = dotted(z, third, m, j, r)
                    j = uint32(j + uint32({threads}))
                cuda.syncthreads()
                i = lane
                while i < m:
                    here, j = uint64(third + int64(uint32(r * m + i))), uint32(0)
                    while j < r:
                        z[here] = z[here] - (turns[uint64(at + int64(j))]
                                             * z[uint64(third + int64(uint32(j * m + i)))])
                        j = uint32(j + one)
                    i = uint32(i + uint32({threads}))
                cuda.syncthreads()
                again = uint32(again + one)
            length = sqrt(dotted(z, third, m, r, r))
            cuda.syncthreads()
            i = lane
            while i < m:
                here = uint64(third + int64(uint32(r * m + i)))
                z[here] = z[here] / length
                i = uint32(i + uint32({threads}))
            cuda.syncthreads()
            r = uint32(r + one)
        matrix = uint32(matrix + uint32(cuda.gridDim.x))
"""


def decomposed(a: CudaArray, full: bool) -> tuple[CudaArray, CudaArray, CudaArray]:
    """Vectors, the columns, values, falling, and vectors, the rows, of finite matrices (..., m, n), all sizes
    above 0. full: square matrices of vectors.

    The largest element of each column, the first of them, is positive.
    """
    wide = a.shape[-2] < a.shape[-1]
    x = copies.converted(a if wide else matrices.turned(a), a.dtype)
    n, m = x.shape[-2:]
    total, lead, batch, dtype = m if full else n, x.shape[:-2], prod(x.shape[:-2]), x.dtype
    v, w = cuda.empty((*lead, n, n), dtype), cuda.empty((*lead, n), dtype)
    y, z = cuda.empty((*lead, n, n), dtype), cuda.empty((*lead, total, m), dtype)
    room = n + 1 + total
    turns = cuda.empty((batch, room), dtype)
    kernel = launch.kernel("k_onesided", _spelled(dtype, cuda.host().threads))
    given = batch, n, m, total, int(wide), room, *x.flat, *v.flat, *turns.flat, *w.flat, *y.flat, *z.flat
    cuda.launch(kernel, cuda.blocks(batch, 1), cuda.host().threads, *given)
    left, right = (y, z) if wide else (z, y)
    return copies.converted(matrices.turned(left), dtype), w, right


@lru_cache(maxsize=16)
def _spelled(dtype: np.dtype, threads: int) -> str:
    eps = float(np.finfo(dtype).eps)
    return _SOURCE.format(dtype=dtype, threads=threads, largest=block_argmax.largest(),
                          memory=block_argmax.memory(dtype),
                          pair=PAIR.strip("\n"), sweeps=SWEEPS, eps=eps, floor=eps ** 4, far=1 / eps)
