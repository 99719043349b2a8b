"""Searches for CUDA: where the extremes of rows are, and where values belong in a sorted array."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Literal

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch, map_source
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.places import opened, read

_SHORT = 64                               # elements of a row that one thread takes
_PART = 16                                # elements for each thread of a part of a longer row

# A team takes a part of a row: each thread every so many elements, of which it keeps the best; then the best
# of these, in halves. Of equal ones the first is best, and nan is better than all else.
_BEST = """
def better(v, j, w, k):
    if v == w or (v != v and w != w):
        return j < k
    if v != v or w != w:
        return v != v
    return v {sign} w
def k_best(n, length, part, parts, sx, out, f_out, {parameters}):
    n = uint32(n)
    length = uint32(length)
    part = uint32(part)
    parts = uint32(parts)
{casts}
    i = uint32({first})
    step = uint32({step})
    lane = uint32({lane})
{tiles}
    while i < n:
        row = uint32(i // parts)
        start = uint32((i - row * parts) * part)
        stop = min(length, uint32(start + part))
{places}
        best = min(uint32(start + lane), uint32(stop - uint32(1)))
        top = x[uint64(int64(p_x) + int64(best) * sx)]
        j = uint32(start + lane + uint32({team}))
        while j < stop:
            v = x[uint64(int64(p_x) + int64(j) * sx)]
            if better(v, j, top, best):
                top = v
                best = j
            j = uint32(j + uint32({team}))
{together}
        if lane == uint32(0):
            out[uint64(f_out + int64(i))] = int64(best)
        i = uint32(i + step)
"""
_TILES = """
    tops = cuda.shared.array({team}, {dtype})
    bests = cuda.shared.array({team}, uint32)
"""
_TOGETHER = """
        tops[lane] = top
        bests[lane] = best
        cuda.syncthreads()
        half = uint32({team} // 2)
        while half > uint32(0):
            if lane < half:
                other = uint32(lane + half)
                if better(tops[other], bests[other], tops[lane], bests[lane]):
                    tops[lane] = tops[other]
                    bests[lane] = bests[other]
            cuda.syncthreads()
            half = uint32(half // uint32(2))
        best = bests[0]
        cuda.syncthreads()
"""


@lru_cache(maxsize=1024)
def _spelled(dtype: np.dtype, sign: str, loops: int, team: int) -> str:
    """The source of a search for the largest (sign ">") or smallest ("<") elements by teams of threads."""
    alone = team == 1
    return _BEST.format(
        sign=sign, parameters=launch.parameters(("x",), loops), casts=launch.casts(loops),
        places=launch.places(("x",), loops, "row"), team=team,
        first="cuda.grid(1)" if alone else "cuda.blockIdx.x",
        step="cuda.gridsize(1)" if alone else "cuda.gridDim.x", lane="0" if alone else "cuda.threadIdx.x",
        tiles="" if alone else _TILES.format(team=team, dtype=dtype),
        together="" if alone else _TOGETHER.format(team=team))


def _best(sign: str, out: CudaArray, x: CudaArray) -> None:
    """Places of the first largest (sign ">") or smallest ("<") elements along the last axis of x."""
    length, threads, rows = x.shape[-1], cuda.host().threads, prod(out.shape)
    part = _PART * threads
    if rows >= threads or length <= 2 * part:
        _launch(sign, out, x, length)
        return
    parts = -(-length // part)
    found = cuda.empty((*out.shape, parts), np.int64)
    _launch(sign, found, x, part)
    tops, turn = cuda.empty(found.shape, x.dtype), cuda.empty(out.shape, np.int64)
    axis = x.ndim - 1
    read(tops, opened(x, (axis,), (parts,), axis), found, x.steps[-1])
    _launch(sign, turn, tops, parts)
    read(out, found.part((..., 0)), turn)


def _launch(sign: str, out: CudaArray, x: CudaArray, part: int) -> None:
    """out: in C order, one place for each part of a row."""
    length, threads = x.shape[-1], cuda.host().threads
    line = x.part((..., 0))
    dims, steps = launch.merged(line.shape, (line,))
    across = dims[-1] >= threads and abs(steps[0][-1]) < abs(x.steps[-1])
    team = 1 if part == length and (length <= _SHORT or across) else threads
    kernel = launch.kernel("k_best", _spelled(x.dtype, sign, len(dims), team))
    grid = cuda.blocks(out.size) if team == 1 else cuda.blocks(out.size, 1)
    cuda.launch(kernel, grid, threads, out.size, length, part, -(-length // part), x.steps[-1], *out.flat,
                *launch.arguments(dims, (line,), steps))


def _extreme(sign: str, out: CudaArray, x: CudaArray, axis: int | None) -> None:
    if not out.size:
        return
    if x.dtype == np.bool_:
        x = x.view(lambda form: form.view(np.uint8))
    if axis is None:
        x = copies.contiguous(x).view(lambda form: form.reshape(-1))
    else:
        x = x.view(lambda form: np.moveaxis(form, axis, -1))
    _best(sign, out.view(lambda form: form.reshape(x.shape[:-1])), x)


def argmax(out: CudaArray, x: CudaArray, axis: int | None, keepdims: bool) -> None:
    """Places of the first maxima."""
    _extreme(">", out, x, axis)


def argmin(out: CudaArray, x: CudaArray, axis: int | None, keepdims: bool) -> None:
    """Places of the first minima."""
    _extreme("<", out, x, axis)


_BEFORE = {"left": "a < key or (key != key and a == a)", "right": "a <= key or key != key"}
_SEARCH = ("key = v[p_v]", "low = uint32(0)", "high = uint32(length)", "while low < high:",
           "    middle = uint32((low + high) >> uint32(1))", "    a = x[uint64(f_x + int64(middle) * sx)]",
           "    if {before}:", "        low = uint32(middle + uint32(1))", "    else:",
           "        high = middle", "out[p_out] = int64(low)")


def searchsorted(out: CudaArray, x: CudaArray, v: CudaArray, side: Literal["left", "right"]) -> None:
    """Where values belong in a sorted array; nan is above every number and equal to nan."""
    dtype = np.result_type(x.dtype, v.dtype)
    dtype = np.dtype(np.uint8) if dtype == np.bool_ else dtype
    x, v = [a if a.dtype == dtype else copies.converted(a, dtype) for a in (x, v)]
    flat, first = x.flat
    map_source.run("k_search", tuple([line.format(before=_BEFORE[side]) for line in _SEARCH]), out.shape,
             {"out": out, "v": v}, x=flat, f_x=first, sx=x.steps[0], length=x.size)
