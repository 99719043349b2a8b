"""Singular values and vectors for CUDA, a block for each matrix, by Jacobi's rotations from one side.

Rows are turned in pairs until each is orthogonal to all others: what is left are the vectors of one side
times the singular values, and the turns make those of the other side. Rows are paired off as in jacobi.py.

Source: Golub and Van Loan, Matrix Computations (2013), section 8.6.3.
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
from nbgrad.kernels.cuda import copies, matrices
from nbgrad.kernels.cuda.jacobi import SWEEPS, pair, rotate


def dotted(x: Any, p: Any, q: Any, width: Any) -> Any:
    """The product of rows p and q."""
    total = 0.0
    for k in range(width):
        total += x[p, k] * x[q, k]
    return total


def turn_of(x: Any, p: Any, q: Any, width: Any, least: Any, *, floor: Any, far: Any) -> Any:
    """The cosine and sine that make rows p and q orthogonal; 1 and 0 where they are."""
    low, high, beside = dotted(x, p, p, width), dotted(x, q, q, width), dotted(x, p, q, width)
    if min(low, high) <= floor or abs(beside) <= least * sqrt(low) * sqrt(high):
        return 1.0, 0.0
    ratio = (high - low) / (2 * beside)
    size = abs(ratio)
    tangent = 0.5 / size if size > far else 1 / (size + sqrt(size * size + 1))
    if ratio < 0:
        tangent = -tangent
    c = 1 / sqrt(tangent * tangent + 1)
    return c, tangent * c


def sign_of(x: Any, i: Any, width: Any) -> Any:
    """The sign of the largest element of a row, the first of them."""
    top, sign = 0.0, 1.0
    for j in range(width):
        other = x[i, j]
        if abs(other) > top:
            top, sign = abs(other), 1.0 if other > 0 else -1.0
    return sign


def outside(z: Any, r: Any, width: Any) -> Any:
    """How much the best of this thread's unit vectors has outside of rows 0 to r, and which one that is."""
    best, where = -1.0, 0
    for i in lanes(width):
        rest = 1.0
        for j in range(r):
            rest -= z[j, i] * z[j, i]
        if rest > best:
            best, where = rest, i
    return best, where


def adopt(z: Any, r: Any, where: Any, width: Any, room: Any) -> Any:
    """A unit vector as row r, less its parts in the rows before it, twice, which is enough."""
    for i in lanes(width):
        z[r, i] = 1 if i == where else 0
    sync()
    for _ in range(2):
        for j in lanes(r):
            room[j] = dotted(z, j, r, width)
        sync()
        for i in lanes(width):
            for j in range(r):
                z[r, i] -= room[j] * z[j, i]
        sync()
    length = sqrt(dotted(z, r, r, width))
    sync()
    for i in lanes(width):
        z[r, i] /= length
    sync()


@kernel
def orthogonalise(w, y, z, x, v, turns, wide, *, eps, floor, far):
    """Values w and vectors y, z of the n rows of length m >= n of matrices x, by a block each.

    x is lost; v, (n, n), and turns are room for work. wide: signs are those of the largest elements of y.
    """
    n, m, total, width = x.shape[-2], x.shape[-1], z.shape[-2], turns.shape[-1]
    pairs = (n + 1) // 2
    players = pairs + pairs
    x, z, w = x.reshape(-1, n, m), z.reshape(-1, total, m), w.reshape(-1, n)
    v, y, turns = v.reshape(-1, n, n), y.reshape(-1, n, n), turns.reshape(-1, width)
    least = eps * sqrt(x.dtype.type(m))
    for matrix in blocks(w.size // n):
        rows, turned, basis, room = x[matrix], v[matrix], z[matrix], turns[matrix]
        size = 0.0
        for e in lanes(n * m):
            size = max(size, abs(rows.flat[e]))
        size = foremost(size, lane(), largest=True)[0]
        if size == 0:
            size = 1.0
        for e in lanes(n * m):
            rows.flat[e] /= size
        for e in lanes(n * n):
            i, j = divmod(e, n)
            turned.flat[e] = 1 if i == j else 0
        sync()
        for _ in range(SWEEPS):
            busy = 0.0
            for turn in range(players - 1):
                for t in lanes(pairs):
                    p, q = pair(t, turn, players)
                    c, s = 1.0, 0.0
                    if q < n:
                        c, s = turn_of(rows, p, q, m, least, floor=floor, far=far)
                    if s != 0:
                        busy = 1.0
                    room[2 * t], room[2 * t + 1] = c, s
                sync()
                for e in lanes(pairs * (m + n)):
                    t, j = divmod(e, m + n)
                    p, q = pair(t, turn, players)
                    c, s = room[2 * t], room[2 * t + 1]
                    if s != 0:
                        if j < m:
                            rotate(rows, p, q, j, c, s)
                        else:
                            rotate(turned, p, q, j - m, c, s)
                sync()
            if foremost(busy, lane(), largest=True)[0] == 0:
                break
        for i in lanes(n):
            room[i] = sqrt(dotted(rows, i, i, m))
        sync()
        for i in lanes(n):
            own, rank = room[i], 0
            for j in range(n):
                other = room[j]
                if other > own or (other == own and j < i):
                    rank += 1
            w[matrix, rank] = own * size
            sign = sign_of(turned, i, n) if wide else sign_of(rows, i, m)
            for j in range(n):
                y[matrix, rank, j] = sign * turned[i, j]
            if own * own > floor:
                for j in range(m):
                    basis[rank, j] = sign * rows[i, j] / own
        sync()
        found = 0
        for i in range(n):
            if room[i] * room[i] > floor:
                found += 1
        sync()
        for r in range(found, total):     # the rest of the basis: what has most outside of what there is
            best, where = outside(basis, r, m)
            adopt(basis, r, foremost(best, where, largest=True)[1], m, room)


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
    eps = float(np.finfo(dtype).eps)
    orthogonalise(w, y, z, x, v, turns, wide, eps=eps, floor=eps ** 4, far=1 / eps)
    left, right = (y, z) if wide else (z, y)
    return copies.converted(matrices.turned(left), dtype), w, right
