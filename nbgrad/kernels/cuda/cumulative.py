"""Cumulative sums, products and recurrences for CUDA, over any strides.

A line is walked by one thread, in order, if it is short or many lie side by side in memory. Else a block
reads it a tile at a time: sums are taken by all threads, products and recurrences by one, in order, since
products of coefficients alone can overflow where the result does not. So are sums that are not finite.
Sums of floats carry what rounding takes from them: those of float32 are as good as if taken in float64.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import copies, elementwise

_SHORT, _MANY = 64, 1024                  # elements of a line for one thread; lines side by side
# the first total, and how the total takes in an element v of the first operand and w of the second
_RULES = {"cumsum": ("v", "total + v"), "cumprod": ("v", "total * v"), "recurrence": ("w", "w + v * total")}

# what rounding takes from a + b = s (Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B);
# nothing where that is not finite
_LOST = """
def lost(a, b, s):
    c = {T}(s - a)
    e = {T}({T}(a - {T}(s - c)) + {T}(b - c))
    return e if e - e == {T}(0) else {T}(0)
"""
_LINES = """
def k_{rule}(n, length, lag, sx, sy, so, {parameters}):
    n = uint32(n)
    length = uint32(length)
{casts}
    i = uint32(cuda.grid(1))
    step = uint32(cuda.gridsize(1))
    while i < n:
{places}
        v = x[p_x]
        w = y[p_y]
        total = {first}
        less = {T}(0)
        out[p_out] = total
        j = uint32(1)
        while j < length:
            v = x[uint64(int64(p_x) + int64(j) * sx - lag)]
            w = y[uint64(int64(p_y) + int64(j) * sy)]
            s = {T}({combine})
            {keep}
            total = s
            out[uint64(int64(p_out) + int64(j) * so)] = {T}(total + less)
            j = uint32(j + uint32(1))
        i = uint32(i + step)
"""
_BLOCKS = """
def k_{rule}(n, length, lag, sx, sy, so, {parameters}):
    n = uint32(n)
    length = uint32(length)
{casts}
    i = uint32(cuda.blockIdx.x)
    step = uint32(cuda.gridDim.x)
    lane = uint32(cuda.threadIdx.x)
    tile_v = cuda.shared.array({team}, {T})
    tile_w = cuda.shared.array({team}, {T})
    totals = cuda.shared.array({team}, {T})
    lesses = cuda.shared.array({team}, {T})
    while i < n:
{places}
        total = {T}(0)
        less = {T}(0)
        start = uint32(0)
        while start < length:
            j = uint32(start + lane)
            last = min(uint32({team} - 1), uint32(length - start - uint32(1)))
            tile_v[lane] = {T}(0)
            tile_w[lane] = {T}(0)
            if j < length:
                back = lag if j > uint32(0) else int64(0)
                tile_v[lane] = x[uint64(int64(p_x) + int64(j) * sx - back)]
                tile_w[lane] = y[uint64(int64(p_y) + int64(j) * sy)]
            cuda.syncthreads()
{work}
            cuda.syncthreads()
            if j < length:
                out[uint64(int64(p_out) + int64(j) * so)] = tile_w[lane]
            total = totals[last]
            less = lesses[last]
            cuda.syncthreads()
            start = uint32(start + uint32({team}))
        i = uint32(i + step)
"""
_IN_ORDER = """
            if lane == uint32(0):
                for k in range(last + uint32(1)):
                    v = tile_v[k]
                    w = tile_w[k]
                    total = {first} if start + k == 0 else {T}({combine})
                    tile_w[k] = total
                totals[last] = total
                lesses[last] = {T}(0)
"""
# Each element takes in that 1, 2, 4, ... before it; then the total so far.
_TOGETHER = """
            totals[lane] = tile_v[lane]
            lesses[lane] = {T}(0)
            cuda.syncthreads()
            far = uint32(1)
            while far < uint32({team}):
                a, e = {T}(0), {T}(0)
                if lane >= far:
                    a, e = totals[lane - far], lesses[lane - far]
                cuda.syncthreads()
                if lane >= far:
                    v = totals[lane]
                    s = {T}(a + v)
                    lesses[lane] = {T}(lesses[lane] + {T}(e + lost(a, v, s)))
                    totals[lane] = s
                cuda.syncthreads()
                far = uint32(far * uint32(2))
            v = totals[lane]
            s = {T}(total + v)
            e = {T}(lesses[lane] + {T}(less + lost(total, v, s)))
            z = {T}(s + e)
            if cuda.syncthreads_or(int32(1) if z - z != {T}(0) and j < length else int32(0)):
{in_order}
            else:
                totals[lane] = s
                lesses[lane] = e
                tile_w[lane] = z
"""


@lru_cache(maxsize=256)
def _spelled(rule: str, dtype: np.dtype, loops: int, team: int) -> str:
    """The source of a scan by teams of threads."""
    first, combine = _RULES[rule]
    sums = rule == "cumsum" and dtype.kind == "f"
    names = ("x", "y", "out")
    fields = {"rule": rule, "first": first, "combine": combine, "T": dtype, "team": team}
    in_order = _IN_ORDER.strip("\n").format(**fields)
    deeper = "\n".join("    " + line for line in in_order.split("\n"))
    work = _TOGETHER.strip("\n").format(**fields, in_order=deeper) if sums else in_order
    keep = f"less = {dtype}(less + lost(total, v, s))" if sums else ""
    source = _LINES if team == 1 else _BLOCKS
    return (_LOST.format(T=dtype) if sums else "") + source.format(
        **fields, work=work, keep=keep, parameters=launch.parameters(names, loops),
        casts=launch.casts(loops), places=launch.places(names, loops))


def _scan(rule: str, out: CudaArray, x: CudaArray, y: CudaArray, axis: int, reverse: bool,
          lag: int = 0) -> None:
    """out = the rule taken along the axis, from its end if reverse. lag: x is read as many places before."""
    if not out.size:
        return
    back = (slice(None),) * axis + (slice(None, None, -1 if reverse else 1), ...)
    arrays = [a.part(back) for a in (x, y, out)]
    scan = [a.steps[axis] for a in arrays]
    length = out.shape[axis]
    lines = [a.part((slice(None),) * axis + (0, ...)) for a in arrays]
    dims, steps = launch.merged(lines[0].shape, lines)
    n = out.size // length
    beside = n >= _MANY and abs(steps[0][-1]) < abs(scan[0])
    team = 1 if length <= _SHORT or beside else cuda.host().threads
    kernel = launch.kernel(f"k_{rule}", _spelled(rule, out.dtype, len(dims), team))
    cuda.launch(kernel, cuda.blocks(n) if team == 1 else cuda.blocks(n, 1), cuda.host().threads, n, length,
                lag * scan[0], *scan, *launch.arguments(dims, lines, steps))


def cumsum(out: CudaArray, x: CudaArray, axis: int, reverse: bool) -> None:
    """Sums of all elements up to each."""
    _scan("cumsum", out, x, x, axis, reverse)


def cumprod(out: CudaArray, x: CudaArray, axis: int) -> None:
    """Products of all elements up to each."""
    _scan("cumprod", out, x, x, axis, False)


def recurrence(out: CudaArray, a: CudaArray, b: CudaArray, axis: int, reverse: bool) -> None:
    """out[k] = b[k] + a[k] * out[k - 1]; its transpose, out[k] = b[k] + a[k + 1] * out[k + 1], if reverse."""
    _scan("recurrence", out, a, b, axis, reverse, lag=int(reverse))


def _subtract(out: CudaArray, x: CudaArray, y: CudaArray) -> None:
    """out = x - y."""
    body = Body((), (f"{out.dtype}(a0 - a1)",), (out.dtype,))
    elementwise.run("k_subtract", (x.dtype, y.dtype), body, (x, y), (out,))


def difference(out: CudaArray, x: CudaArray, axis: int) -> None:
    """Each element less the one before it."""
    before = (slice(None),) * axis
    _subtract(out, x.part((*before, slice(1, None), ...)), x.part((*before, slice(None, -1), ...)))


def gather_differences(out: CudaArray, g: CudaArray, axis: int, n: int) -> None:
    """The transpose of `difference`."""
    copies.fill(out, 0)
    before = (slice(None),) * axis
    if n > 1:
        copies.into(out.part((*before, slice(1, None), ...)), g)
        front = out.part((*before, slice(None, -1), ...))
        _subtract(front, front, g)
