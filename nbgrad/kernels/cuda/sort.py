"""Sorting for CUDA: runs of a tile are sorted in shared memory, then merged, two and two, in global memory.

Each element finds its place in the merged run by itself: as many elements come before it as in its own run,
and as many of the other run as a search there finds. Of equal elements those of the left run come first.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda import copies

# Whether a stands before b: nan stands last in a rising order, first in a falling one.
_BEFORE = """
def before(a, b):
    return {before}
"""
_RISING = "a < b or (b != b and a == a)"
_FALLING = "b < a or (a != a and b == b)"

# n elements in lines of `length`, a block for each tile; at: places in the line
_TILES = _BEFORE + """
def k_tiles(n, length, tiles, x, f_x, z, f_z, at, f_at):
    n = uint32(n)
    length = uint32(length)
    tiles = uint32(tiles)
    i = uint32(cuda.blockIdx.x)
    step = uint32(cuda.gridDim.x)
    lane = uint32(cuda.threadIdx.x)
    tile = cuda.shared.array({team}, {dtype})
    while i < n:
        line = uint32(i // tiles)
        start = uint32((i - line * tiles) * uint32({team}))
        count = min(uint32({team}), uint32(length - start))
        first = int64(line) * int64(length) + int64(start)
        if lane < count:
            tile[lane] = x[uint64(f_x + first + int64(lane))]
        cuda.syncthreads()
        if lane < count:
            v = tile[lane]
            place = uint32(0)
            k = uint32(0)
            while k < count:
                w = tile[k]
                if before(w, v) or (k < lane and not before(v, w)):
                    place = uint32(place + uint32(1))
                k = uint32(k + uint32(1))
            z[uint64(f_z + first + int64(place))] = v
            at[uint64(f_at + first + int64(place))] = int64(start + lane)
        cuda.syncthreads()
        i = uint32(i + step)
"""
# runs of `width` elements are in order
_MERGE = _BEFORE + """
def k_merge(n, length, width, x, f_x, had, f_had, z, f_z, at, f_at):
    n = uint32(n)
    length = uint32(length)
    width = uint32(width)
    i = uint32(cuda.grid(1))
    step = uint32(cuda.gridsize(1))
    while i < n:
        line = uint32(i // length)
        j = uint32(i - line * length)
        run = uint32(j // width)
        left = (run & uint32(1)) == uint32(0)
        own = uint32(run * width)
        first = int64(line) * int64(length)
        v = x[uint64(f_x + int64(i))]
        low = uint32(min(length, uint32(own + width))) if left else uint32(own - width)
        start = low
        high = uint32(min(uint64(length), uint64(low) + uint64(width)))
        while low < high:
            middle = uint32((low + high) >> uint32(1))
            w = x[uint64(f_x + first + int64(middle))]
            passed = before(w, v) if left else not before(v, w)
            if passed:
                low = uint32(middle + uint32(1))
            else:
                high = middle
        place = first + int64(j) + int64(uint32(low - start)) - (int64(0) if left else int64(width))
        z[uint64(f_z + place)] = v
        at[uint64(f_at + place)] = had[uint64(f_had + int64(i))]
        i = uint32(i + step)
"""


@lru_cache(maxsize=64)
def _spelled(source: str, dtype: np.dtype, falling: bool, team: int) -> str:
    return source.format(before=_FALLING if falling else _RISING, dtype=dtype, team=team)


def ordered(x: CudaArray, descending: bool = False) -> tuple[CudaArray, CudaArray]:
    """The elements of x in order along the last axis, and where they were, in C order; nan last or first.

    Equal elements keep their order.
    """
    if x.dtype == np.bool_:
        z, at = ordered(x.view(lambda form: form.view(np.uint8)), descending)
        return z.view(lambda form: form.view(np.bool_)), at
    z, at = cuda.empty(x.shape, x.dtype), cuda.empty(x.shape, np.int64)
    if not x.size:
        return z, at
    x = copies.contiguous(x)
    team, length = cuda.host().threads, x.shape[-1]
    tiles = -(-length // team)
    count = x.size // length * tiles
    kernel = launch.kernel("k_tiles", _spelled(_TILES, x.dtype, descending, team))
    cuda.launch(kernel, cuda.blocks(count, 1), team, count, length, tiles, *x.flat, *z.flat, *at.flat)
    if length > team:
        kernel = launch.kernel("k_merge", _spelled(_MERGE, x.dtype, descending, 0))
        spare = cuda.empty(x.shape, x.dtype), cuda.empty(x.shape, np.int64)
        width = team
        while width < length:
            cuda.launch(kernel, cuda.blocks(x.size), team, x.size, length, width, *z.flat, *at.flat,
                        *spare[0].flat, *spare[1].flat)
            (z, at), spare = spare, (z, at)
            width *= 2
    return z, at


def _along(x: CudaArray, axis: int, descending: bool) -> tuple[CudaArray, ...]:
    """What `ordered` gives along an axis."""
    found = ordered(x.view(lambda form: np.moveaxis(form, axis, -1)), descending)
    return tuple([a.view(lambda form: np.moveaxis(form, -1, axis)) for a in found])


def argsort(x: CudaArray, axis: int, descending: bool, stable: bool) -> CudaArray:
    """The order of the elements along an axis; that of equal ones stays."""
    return _along(x, axis, descending)[1]


def sort(x: CudaArray, axis: int, descending: bool, stable: bool) -> CudaArray:
    """The elements in order along an axis."""
    return _along(x, axis, descending)[0]
