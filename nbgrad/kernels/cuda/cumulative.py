"""Cumulative sums, products and recurrences for CUDA, over any strides.

A line is walked by one thread, in order, if it is short or many lie side by side in memory. Else a block
reads it a tile at a time: sums are taken by all threads, products and recurrences by one, in order, since
products of coefficients alone can overflow where the result does not. So are sums that are not finite.
Sums of floats carry what rounding takes from them: those of float32 are as good as if taken in float64.
"""

from __future__ import annotations

from typing import Any

from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import any_thread, batch, blocks, grid, lane, shared, sync, threads
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import copies, elementwise

_SHORT, _MANY = 64, 1024                  # elements of a line for one thread; lines side by side


def lost(a: Any, b: Any, s: Any) -> Any:
    """What rounding takes from a + b = s; nothing where that is not finite.

    Source: Knuth, The Art of Computer Programming 2 (1997), section 4.2.2, theorem B.
    """
    c = s - a
    e = a - (s - c) + (b - c)
    return e if e - e == 0 else 0


def follow(total: Any, v: Any, w: Any, *, rule: Any) -> Any:
    """The total that takes in elements v and w of the two operands."""
    if rule == "cumsum":
        return total + v
    return total * v if rule == "cumprod" else w + v * total


def start(v: Any, w: Any, *, rule: Any) -> Any:
    """The first total."""
    return w if rule == "recurrence" else v


@kernel
def scan_lines(out, x, y, *, rule, sums, lag):
    """Each line by one thread.

    sums: of floats, which carry what is lost. lag: x is read as many places before.
    """
    length = out.shape[-1]
    out, x, y = batch(out, 1), batch(x, 1), batch(y, 1)
    for i in grid(out.size // length):
        a, b, line = x[i], y[i], out[i]
        total = start(a[0], b[0], rule=rule)
        less = a.dtype.type(0)
        line[0] = total
        for j in range(1, length):
            v, w = a[j - lag], b[j]
            s = follow(total, v, w, rule=rule)
            if sums:
                less = less + lost(total, v, s)
            total = s
            line[j] = total + less if sums else total


def in_order(total: Any, before: Any, last: Any, tile: Any, other: Any, totals: Any, lesses: Any, *,
             rule: Any) -> Any:
    """One thread takes elements 0 to last of a tile; before: elements of the line before the tile."""
    if lane() == 0:
        for k in range(last + 1):
            v, w = tile[k], other[k]
            total = start(v, w, rule=rule) if before + k == 0 else follow(total, v, w, rule=rule)
            other[k] = total
        totals[last] = total
        lesses[last] = 0


@kernel
def scan_tiles(out, x, y, *, rule, sums, lag):
    """Each line by a block, a tile at a time."""
    length = out.shape[-1]
    out, x, y = batch(out, 1), batch(x, 1), batch(y, 1)
    me, zero = lane(), x.dtype.type(0)
    tile, other, totals, lesses = shared(zero), shared(zero), shared(zero), shared(zero)
    for i in blocks(out.size // length):
        a, b, line = x[i], y[i], out[i]
        total, less = zero, zero
        for before in range(0, length, threads()):
            j = before + me
            last = min(threads() - 1, length - before - 1)
            tile[me], other[me] = 0, 0
            if j < length:
                tile[me], other[me] = a[j - lag if j > 0 else 0], b[j]
            sync()
            if sums:
                totals[me], lesses[me] = tile[me], 0
                sync()
                far = 1
                while far < threads():    # each element takes in that 1, 2, 4, ... before it
                    u, e = zero, zero
                    if me >= far:
                        u, e = totals[me - far], lesses[me - far]
                    sync()
                    if me >= far:
                        v = totals[me]
                        s = u + v
                        lesses[me] += e + lost(u, v, s)
                        totals[me] = s
                    sync()
                    far = far * 2
                v = totals[me]            # then the total so far
                s = total + v
                e = lesses[me] + (less + lost(total, v, s))
                z = s + e
                if any_thread(z - z != 0 and j < length):
                    in_order(total, before, last, tile, other, totals, lesses, rule=rule)
                else:
                    totals[me], lesses[me], other[me] = s, e, z
            else:
                in_order(total, before, last, tile, other, totals, lesses, rule=rule)
            sync()
            if j < length:
                line[j] = other[me]
            total, less = totals[last], lesses[last]
            sync()


def _scan(rule: str, out: CudaArray, x: CudaArray, y: CudaArray, axis: int, reverse: bool,
          lag: int = 0) -> None:
    """out = the rule taken along the axis, from its end if reverse. lag: x is read as many places before."""
    if not out.size:
        return
    order = (*[k for k in range(out.ndim) if k != axis], axis)
    way = slice(None, None, -1 if reverse else 1)
    out, x, y = [a.view(lambda form: form.transpose(order)[..., way]) for a in (out, x, y)]
    length, (*steps, own) = out.shape[-1], map(abs, x.steps)
    apart = next((step for n, step in zip(x.shape[-2::-1], steps[::-1]) if n != 1), 0)
    beside = out.size // length >= _MANY and apart < own
    scan = scan_lines if length <= _SHORT or beside else scan_tiles
    scan(out, x, y, rule=rule, sums=rule == "cumsum" and out.dtype.kind == "f", lag=lag)


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
