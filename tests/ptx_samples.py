"""Kernels in Python that the tests compile. Importing this file imports numba.cuda."""

import math
from collections.abc import Callable
from typing import Any

from numba import cuda, float32, float64

TILE = 16
BLOCK = 128


def elementwise(expression: str, inputs: int) -> Callable[..., None]:
    """The kernel z = expression of elements x, y, and so on, of `inputs` arrays."""
    names = "xyw"[:inputs]
    given = "; ".join(f"{n} = {n}s[i]" for n in names)
    source = (f"def kernel(z, {', '.join(n + 's' for n in names)}):\n    i = cuda.grid(1)\n"
              f"    if i < z.size:\n        {given}\n        z[i] = {expression}\n")
    scope: dict[str, Any] = {"cuda": cuda, "math": math, "float32": float32, "float64": float64}
    exec(source, scope)
    made: Callable[..., None] = scope["kernel"]
    return made


def total(sums, x):
    """The sum of a part of x for every block."""
    shared = cuda.shared.array(BLOCK, float64)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    own = 0.0
    while i < x.size:
        own += x[i]
        i += cuda.gridsize(1)
    shared[t] = own
    cuda.syncthreads()
    half = BLOCK // 2
    while half:
        if t < half:
            shared[t] += shared[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        sums[cuda.blockIdx.x] = shared[0]


def total_without_barriers(sums, x):
    """`total` as it must not be."""
    shared = cuda.shared.array(BLOCK, float64)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    shared[t] = x[i]
    half = BLOCK // 2
    while half:
        if t < half:
            shared[t] += shared[t + half]
        half //= 2
    if t == 0:
        sums[cuda.blockIdx.x] = shared[0]


def matmul(c, a, b):
    """c = a @ b in tiles of shared memory, of any sizes."""
    left = cuda.shared.array((TILE, TILE), float32)
    right = cuda.shared.array((TILE, TILE), float32)
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * TILE + y, cuda.blockIdx.x * TILE + x
    own = float32(0)
    for tile in range((a.shape[1] + TILE - 1) // TILE):
        k = tile * TILE
        left[y, x] = a[row, k + x] if row < a.shape[0] and k + x < a.shape[1] else float32(0)
        right[y, x] = b[k + y, column] if k + y < b.shape[0] and column < b.shape[1] else float32(0)
        cuda.syncthreads()
        for n in range(TILE):
            own += left[y, n] * right[n, x]
        cuda.syncthreads()
    if row < c.shape[0] and column < c.shape[1]:
        c[row, column] = own


def histogram(counts, sums, x):
    """How often each remainder modulo the number of counts occurs, and their sums."""
    i = cuda.grid(1)
    if i < x.size:
        k = x[i] % counts.size
        cuda.atomic.add(counts, k, 1)
        cuda.atomic.add(sums, k, float64(x[i]))


def extremes(z, x):
    """The smallest and the largest element."""
    i = cuda.grid(1)
    if i < x.size:
        cuda.atomic.min(z, 0, x[i])
        cuda.atomic.max(z, 1, x[i])


def warp_sums(z, x):
    """The sum of the elements of each warp, in all its lanes."""
    i = cuda.grid(1)
    own = x[i] if i < x.size else x[0] - x[0]
    step = 16
    while step:
        own += cuda.shfl_xor_sync(0xFFFFFFFF, own, step)
        step //= 2
    if i < z.size:
        z[i] = own


def sorted_eights(z, x):
    """Every eight elements in order, sorted in local memory."""
    i = cuda.grid(1)
    if 8 * i + 8 > x.size:
        return
    own = cuda.local.array(8, float32)
    for k in range(8):
        own[k] = x[8 * i + k]
    for k in range(1, 8):
        value, n = own[k], k
        while n > 0 and own[n - 1] > value:
            own[n] = own[n - 1]
            n -= 1
        own[n] = value
    for k in range(8):
        z[8 * i + k] = own[k]


def transpose(z, x):
    """z[j, i] = x[i, j]."""
    i, j = cuda.grid(2)
    if i < x.shape[0] and j < x.shape[1]:
        z[j, i] = x[i, j]


def store_at(z, shift):
    """z[i + shift] = i without looking."""
    i = cuda.grid(1)
    if i < z.size:
        z[i + shift] = i


def some_at_a_barrier(z, first):
    """A barrier that only the threads from `first` on reach."""
    t = cuda.threadIdx.x
    if t >= first:
        cuda.syncthreads()
    z[t] = t


def endless(z, step):
    """Ends only for a positive step."""
    t = cuda.threadIdx.x
    n = z[t]
    while n < 1000:
        n += step
        z[t] = n
