"""Cumulative sums, products and recurrences for the CPU, over any strides.

A scan walks its axis element by element where that lies densest in memory (rows); else line by line, all
elements of a line at once (columns). Floats are added and multiplied in float64, so that float32 loses no
more than its last rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile import layout
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import (
    Array,
    T,
    U,
    W,
    inline,
    load_at,
    registers,
    store_at,
    unrolled,
)
from nbgrad.kernels.cpu.walk import offsets

STRIP = 1024                              # totals of as many columns stay in the fastest cache
_silent = np.errstate(all="ignore")       # inf and nan flow without a warning


@inline
def add(total: Any, v: Any, w: Any) -> Any:
    return total + v


@inline
def multiply(total: Any, v: Any, w: Any) -> Any:
    return total * v


@inline
def recur(total: Any, v: Any, w: Any) -> Any:
    return w + v * total


@kernel
def scan_rows(x: Array[T], y: Array[T], out: Array[U], totals: Array[W], loops: Array[np.int64],
              steps: Array[np.int64], scan: Array[np.int64], *, rule: Any, first_of_y: bool,
              blocks: bool) -> None:
    """A scan along rows: rule(total, element of x, element of y).

    loops, steps : sizes of the loops beside the scan's; their bytes in x, y and out
    scan : length and bytes of the scan's own loop, and how far before its place (in bytes) x is read
    totals : memory, whose dtype is that of the totals
    """
    n, sx, sy, so, lag = scan[0], scan[1], scan[2], scan[3], scan[4]
    count = loops.size
    rows = 1
    for k in range(count):
        rows *= loops[k]
    for row in range(rows):
        p, q, r = offsets(row, count, loops, steps)
        total = totals.dtype.type(load_at(y, q) if first_of_y else load_at(x, p))
        store_at(out, r, total)
        p -= lag
        i = 1
        # Eight partial sums do not wait for the sum before them. Where one is not finite, the plain loop
        # decides what overflows: `odd` is then nan.
        while blocks and i + 8 <= n:
            a = p + i * sx
            c = r + i * so
            sums = registers(8)
            for k in unrolled(8):
                v = totals.dtype.type(load_at(x, a + k * sx))
                sums[k] = v + sums[k - 1] if k > 0 else v
            odd = 0.0
            for k in unrolled(8):
                sums[k] = total + sums[k]
            for k in unrolled(8):
                odd = odd + 0.0 * sums[k]
            if odd != 0.0:
                break
            for k in unrolled(8):
                store_at(out, c + k * so, sums[k])
            total = sums[7]
            i += 8
        while i < n:
            v = totals.dtype.type(load_at(x, p + i * sx))
            w = totals.dtype.type(load_at(y, q + i * sy))
            total = rule(total, v, w)
            store_at(out, r + i * so, total)
            i += 1


@inline
def take_in(x: Array[T], a: int, y: Array[T], b: int, out: Array[U], c: int, totals: Array[W], j: int, *,
            rule: Any) -> None:
    """One element more for the total of column j."""
    v = totals.dtype.type(load_at(x, a))
    w = totals.dtype.type(load_at(y, b))
    totals[j] = rule(totals[j], v, w)
    store_at(out, c, totals[j])


@kernel
def scan_columns(x: Array[T], y: Array[T], out: Array[U], totals: Array[W], loops: Array[np.int64],
                 steps: Array[np.int64], scan: Array[np.int64], *, rule: Any, first_of_y: bool) -> None:
    """The same, line by line: all elements of a line, which the last loop walks, at once."""
    n, sx, sy, so, lag = scan[0], scan[1], scan[2], scan[3], scan[4]
    last = loops.size - 1
    inner, cx, cy, co = loops[last], steps[last], steps[2 * last + 1], steps[3 * last + 2]
    rows = 1
    for k in range(last):
        rows *= loops[k]
    for row in range(rows):
        p, q, r = offsets(row, last, loops, steps)
        for start in range(0, inner, STRIP):
            width = min(STRIP, inner - start)
            a, b, c = p + start * cx, q + start * cy, r + start * co
            for j in range(width):
                totals[j] = load_at(y, b + j * cy) if first_of_y else load_at(x, a + j * cx)
                store_at(out, c + j * co, totals[j])
            a -= lag
            for _ in range(1, n):
                a += sx
                b += sy
                c += so
                if cx == x.itemsize and cy == y.itemsize and co == out.itemsize:
                    for j in range(width):
                        take_in(x, a + j * x.itemsize, y, b + j * y.itemsize, out, c + j * out.itemsize,
                                totals, j, rule=rule)
                else:
                    for j in range(width):
                        take_in(x, a + j * cx, y, b + j * cy, out, c + j * co, totals, j, rule=rule)


def _wide(out: np.dtype) -> np.dtype:
    """The dtype of totals."""
    return np.dtype(np.float64) if out.kind == "f" else out


@cache
def _kernel(rule: Any, rows: bool, dtype: np.dtype, out: np.dtype) -> Any:
    key = dtype, out, _wide(out), rule, rule is recur
    return scan_rows[*key, rule is add and out.kind == "f"] if rows else scan_columns[key]


@lru_cache(maxsize=1024)
def _walk(shape: tuple[int, ...], steps: tuple[tuple[int, ...], ...], axis: int, lag: int) -> tuple[Any, ...]:
    """Whether to scan along rows; sizes and steps of the other loops; length and steps of the scan's."""
    others = sorted([a for a in range(len(shape)) if a != axis], key=lambda a: -abs(steps[-1][a]))
    loops, found = layout.merge([shape[a] for a in others], [[s[a] for a in others] for s in steps])
    rows = loops[-1] < 8 or abs(found[0][-1]) > abs(steps[0][axis])
    scan = [shape[axis], *[s[axis] for s in steps], lag * steps[0][axis]]
    return rows, *[np.array(m, np.int64).ravel() for m in (loops, found, scan)]


def _scan(rule: Any, out: np.ndarray, x: np.ndarray, y: np.ndarray, axis: int, reverse: bool,
          lag: int = 0) -> None:
    """out = the rule taken along the axis, from its end if reverse. lag: x is read as many places before."""
    if not out.size:
        return
    if reverse:
        back = (slice(None),) * axis + (slice(None, None, -1),)
        x, y, out = x[back], y[back], out[back]
    rows, loops, steps, scan = _walk(out.shape, (x.strides, y.strides, out.strides), axis, lag)
    totals = np.empty(0 if rows else STRIP, _wide(out.dtype))
    _kernel(rule, rows, x.dtype, out.dtype)(x, y, out, totals, loops, steps, scan)


def _scanning(rule: Any, x: np.ndarray, axis: int, reverse: bool = False) -> Callable[..., Any] | None:
    """What gives scans of floats like x, of few elements; or None."""
    if not x.size or x.dtype.kind != "f" or x.nbytes >= memory.POOLED:
        return None
    shape, dtype = x.shape, x.dtype
    back = (slice(None),) * axis + (slice(None, None, -1),) if reverse else ...
    like, given = np.empty(shape, dtype)[back], x[back]
    rows, loops, steps, scan = _walk(shape, (given.strides, given.strides, like.strides), axis, 0)
    kernel, room = _kernel(rule, rows, dtype, dtype), 0 if rows else STRIP

    def run(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        if reverse:
            x = x[back]
            kernel(x, x, out[back], np.empty(room), loops, steps, scan)
        else:
            kernel(x, x, out, np.empty(room), loops, steps, scan)
        return out

    return run


def cumsum(out: np.ndarray, x: np.ndarray, axis: int, reverse: bool) -> None:
    """Sums of all elements up to each."""
    _scan(add, out, x, x, axis, reverse)


def cumprod(out: np.ndarray, x: np.ndarray, axis: int) -> None:
    """Products of all elements up to each."""
    _scan(multiply, out, x, x, axis, False)


def recurrence(out: np.ndarray, a: np.ndarray, b: np.ndarray, axis: int, reverse: bool) -> None:
    """out[k] = b[k] + a[k] * out[k - 1]; its transpose, out[k] = b[k] + a[k + 1] * out[k + 1], if reverse."""
    _scan(recur, out, a, b, axis, reverse, lag=int(reverse))


@_silent
def difference(out: np.ndarray, x: np.ndarray, axis: int) -> None:
    """Each element less the one before it."""
    before = (slice(None),) * axis
    np.subtract(x[(*before, slice(1, None))], x[(*before, slice(None, -1))], out=out)


@_silent
def gather_differences(out: np.ndarray, g: np.ndarray, axis: int, n: int) -> None:
    """The transpose of `difference`."""
    out[...] = 0
    before = (slice(None),) * axis
    if n > 1:
        out[(*before, slice(1, None))] = g
        out[(*before, slice(None, -1))] -= g


READY: dict[Any, Any] = {cumsum: lambda x, axis, reverse: _scanning(add, x, axis, reverse),
                         cumprod: lambda x, axis: _scanning(multiply, x, axis)}
