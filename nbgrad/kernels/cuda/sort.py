"""Sorting for CUDA: runs of a tile are sorted in shared memory, then merged, two and two, in global memory.

Each element finds its place in the merged run by itself: as many elements come before it as in its own run,
and as many of the other run as a search there finds. Of equal elements those of the left run come first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import blocks, grid, lane, shared, sync, threads
from nbgrad.kernels.cuda import copies


def before(a: Any, b: Any, *, falling: Any) -> Any:
    """Whether a stands before b: nan stands last in a rising order, first in a falling one."""
    if falling:
        return b < a or (a != a and b == b)
    return a < b or (b != b and a == a)


@kernel
def sort_tiles(z, at, x, *, falling):
    """Each tile of a line by a block, in order; at: places in the line."""
    length = x.shape[-1]
    tiles = -(-length // threads())
    z, at, x = z.reshape(-1), at.reshape(-1), x.reshape(-1)
    tile = shared(x.dtype.type(0))
    me = lane()
    for i in blocks(x.size // length * tiles):
        line, part = divmod(i, tiles)
        start = part * threads()
        count = min(threads(), length - start)
        first = line * length + start
        if me < count:
            tile[me] = x[first + me]
        sync()
        if me < count:
            v, place = tile[me], 0
            for k in range(count):
                w = tile[k]
                if before(w, v, falling=falling) or (k < me and not before(v, w, falling=falling)):
                    place += 1
            z[first + place], at[first + place] = v, start + me
        sync()


@kernel
def merge(z, at, x, had, width, *, falling):
    """Runs of `width` elements that are in order, two and two."""
    length = x.shape[-1]
    z, at, x, had = z.reshape(-1), at.reshape(-1), x.reshape(-1), had.reshape(-1)
    for i in grid(x.size):
        line, j = divmod(i, length)
        run = j // width
        left = run % 2 == 0
        own, first = run * width, line * length
        v = x[i]
        low = min(length, own + width) if left else own - width
        start, high = low, min(length, low + width)
        while low < high:
            middle = (low + high) // 2
            w = x[first + middle]
            passed = before(w, v, falling=falling) if left else not before(v, w, falling=falling)
            if passed:
                low = middle + 1
            else:
                high = middle
        place = i + (low - start) - (0 if left else width)
        z[place], at[place] = v, had[i]


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
    sort_tiles(z, at, x, falling=descending)
    if length > team:
        spare = cuda.empty(x.shape, x.dtype), cuda.empty(x.shape, np.int64)
        width = team
        while width < length:
            merge(*spare, z, at, width, falling=descending)
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
