"""Eigenvalues and eigenvectors of symmetric matrices for CUDA, a block each, by Jacobi's rotations.

Rows are paired off as players of a tournament, so that the pairs of a round are rotated at the same time. An
element off the diagonal is left when it is far below rounding.

Source: Golub and Van Loan, Matrix Computations (2013), sections 8.5.2 to 8.5.6.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.block import foremost
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import blocks, lane, lanes, sqrt, sync
from nbgrad.kernels.cuda import copies

SWEEPS = 30                               # 6 to 10 are enough; more are for what rounding alone moves


def pair(t: Any, turn: Any, players: Any) -> Any:
    """Who meets whom in a turn of a tournament, the lower number first; an odd one rests."""
    last = players - 1
    if t == 0:
        return turn, last
    x, y = turn + t, turn + last - t
    if x >= last:
        x -= last
    if y >= last:
        y -= last
    return min(x, y), max(x, y)


def rotate(x: Any, p: Any, q: Any, j: Any, c: Any, s: Any) -> Any:
    """Turn element j of rows p and q."""
    u, v = x[p, j], x[q, j]
    x[p, j], x[q, j] = c * u - s * v, s * u + c * v


@kernel
def diagonalise(w, z, a, v, turns, *, eps, floor):
    """Values w in order and vectors z of matrices a, by a block each; a, v and turns are room for work."""
    n = a.shape[-1]
    pairs = (n + 1) // 2
    players = pairs + pairs
    a, v, z = a.reshape(-1, n, n), v.reshape(-1, n, n), z.reshape(-1, n, n)
    w, turns = w.reshape(-1, n), turns.reshape(-1, pairs, 4)
    for matrix in blocks(w.size // n):
        block, vectors, room = a[matrix], v[matrix], turns[matrix]
        size = 0.0
        for e in lanes(n * n):
            i, j = divmod(e, n)
            vectors.flat[e] = 1 if i == j else 0
            size = max(size, abs(block.flat[e]))
        least = foremost(size, lane(), largest=True)[0] * floor
        for _ in range(SWEEPS):
            busy = 0.0
            for turn in range(players - 1):
                for t in lanes(pairs):
                    p, q = pair(t, turn, players)
                    c, s, low, high = 1.0, 0.0, 0.0, 0.0
                    if q < n:
                        low, high, beside = block[p, p], block[q, q], block[p, q]
                        if abs(beside) > max(least, eps * min(abs(low), abs(high))):
                            ratio = (high - low) / (2 * beside)
                            tangent = 1 / (abs(ratio) + sqrt(ratio * ratio + 1))
                            if ratio < 0:
                                tangent = -tangent
                            c = 1 / sqrt(tangent * tangent + 1)
                            s = tangent * c
                            low, high = low - tangent * beside, high + tangent * beside
                            if s != 0:
                                busy = 1.0
                    room[t, 0], room[t, 1], room[t, 2], room[t, 3] = c, s, low, high
                sync()
                for e in lanes(pairs * n):
                    t, j = divmod(e, n)
                    p, q = pair(t, turn, players)
                    c, s = room[t, 0], room[t, 1]
                    if s != 0:
                        rotate(block, p, q, j, c, s)
                        rotate(vectors.T, p, q, j, c, s)
                sync()
                for e in lanes(pairs * n):
                    t, j = divmod(e, n)
                    p, q = pair(t, turn, players)
                    c, s = room[t, 0], room[t, 1]
                    if s != 0:
                        rotate(block.T, p, q, j, c, s)
                sync()
                for t in lanes(pairs):
                    p, q = pair(t, turn, players)
                    if room[t, 1] != 0:
                        block[p, p], block[q, q], block[p, q], block[q, p] = room[t, 2], room[t, 3], 0, 0
                sync()
            if foremost(busy, lane(), largest=True)[0] == 0:
                break
        for i in lanes(n):
            own, rank, top, sign = block[i, i], 0, 0.0, 1.0
            for j in range(n):
                other = block[j, j]
                if other < own or (other == own and j < i):
                    rank += 1
                other = vectors[j, i]
                if abs(other) > top:
                    top, sign = abs(other), 1.0 if other > 0 else -1.0
            w[matrix, rank] = own
            for j in range(n):
                z[matrix, j, rank] = sign * vectors[j, i]
        sync()


def eigen(a: CudaArray) -> tuple[CudaArray, CudaArray]:
    """Eigenvalues, ascending, and eigenvectors, the columns, of symmetric finite matrices (..., n, n).

    The largest element of each vector, the first of them, is positive.
    """
    n, batch, dtype = a.shape[-1], prod(a.shape[:-2]), a.dtype
    w, z = cuda.empty(a.shape[:-1], dtype), cuda.empty(a.shape, dtype)
    if z.size:
        a, v = copies.converted(a, dtype), cuda.empty(a.shape, dtype)
        turns = cuda.empty((batch, (n + 1) // 2, 4), dtype)
        eps = float(np.finfo(dtype).eps)
        diagonalise(w, z, a, v, turns, eps=eps / 8, floor=eps * eps)
    return w, z
