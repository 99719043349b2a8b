"""Cumulative sums, products and recurrences for the CPU, over any strides.

A scan walks its axis element by element where that lies densest in memory (rows); else line by line, all
elements of a line at once (columns). Floats are added and multiplied in float64, so that float32 loses no
more than its last rounding.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np

from nbgrad.compile import layout
from nbgrad.compile.cache import compile_kernel

# the first total, and how the total takes in an element v of the first operand and w of the second
_RULES = {"cumsum": ("v", "total + v"), "cumprod": ("v", "total * v"), "recurrence": ("w", "w + v * total")}
_silent = np.errstate(all="ignore")       # inf and nan flow without a warning
_STRIP = 1024                             # totals of as many columns stay in the fastest cache

# loops: sizes of the loops beside the scan's; steps: their bytes in x, y and o; scan: length and bytes of the
# scan's own loop, and how far before its place (in bytes) x is read
_HEAD = """
def k_{rule}(x, y, o, totals, loops, steps, scan):
    kept = size(loops)
    n = load(scan, 0)
    sx = load(scan, 1)
    sy = load(scan, 2)
    so = load(scan, 3)
    lag = load(scan, 4)
    outer = kept - {inner}
    rows = 1
    for k in range(outer):
        rows *= load(loops, k)
    token = unlock(rows * n)
    for row in range(rows):
        p = 0
        q = 0
        r = 0
        rest = row
        for k in range(outer - 1, -1, -1):
            m = load(loops, k)
            above = rest // m
            p += (rest - above * m) * load(steps, k)
            q += (rest - above * m) * load(steps, kept + k)
            r += (rest - above * m) * load(steps, 2 * kept + k)
            rest = above
"""
_ROWS = _HEAD + """
        v = {cast}(load_at(x, p))
        w = {cast}(load_at(y, q))
        total = {first}
        store_at(o, r, {out}(total))
        p -= lag
        i = 1
{block}
        while i < n:
            v = {cast}(load_at(x, p + i * sx))
            w = {cast}(load_at(y, q + i * sy))
            total = {combine}
            store_at(o, r + i * so, {out}(total))
            i += 1
    lock(token)
"""
# Eight partial sums do not wait for the sum before them. Where one is not finite, the plain loop decides what
# overflows: `odd` is then nan.


def _lines(text: str, start: int = 0) -> str:
    """A line of the block for each of its eight elements: {0} is its number, {1} that of the one before."""
    return "\n            ".join([text.format(k, k - 1) for k in range(start, 8)])


_BLOCK = f"""
        while i + 8 <= n:
            a = p + i * sx
            b = r + i * so
            v0 = float64(load_at(x, a))
            {_lines("v{0} = v{1} + float64(load_at(x, a + {0} * sx))", 1)}
            odd = 0.0
            {_lines("v{0} = total + v{0}")}
            {_lines("odd = odd + 0.0 * v{0}")}
            if odd != 0.0:
                break
            {_lines("store_at(o, b + {0} * so, OUT(v{0}))")}
            total = v7
            i += 8
"""
_COLUMNS = _HEAD + """
        inner = load(loops, kept - 1)
        cx = load(steps, kept - 1)
        cy = load(steps, 2 * kept - 1)
        co = load(steps, 3 * kept - 1)
        for start in range(0, inner, {strip}):
            width = min({strip}, inner - start)
            a = p + start * cx
            b = q + start * cy
            c = r + start * co
            for j in range(width):
                v = {cast}(load_at(x, a + j * cx))
                w = {cast}(load_at(y, b + j * cy))
                total = {first}
                store(totals, j, total)
                store_at(o, c + j * co, {out}(total))
            a -= lag
            for i in range(1, n):
                a += sx
                b += sy
                c += so
                if cx == {width} and cy == {width} and co == {out_width}:
                    for j in range(width):
                        v = {cast}(load_at(x, a + j * {width}))
                        w = {cast}(load_at(y, b + j * {width}))
                        total = load(totals, j)
                        total = {combine}
                        store(totals, j, total)
                        store_at(o, c + j * {out_width}, {out}(total))
                else:
                    for j in range(width):
                        v = {cast}(load_at(x, a + j * cx))
                        w = {cast}(load_at(y, b + j * cy))
                        total = load(totals, j)
                        total = {combine}
                        store(totals, j, total)
                        store_at(o, c + j * co, {out}(total))
    lock(token)
"""


def _wide(out: np.dtype) -> np.dtype:
    """The dtype of totals."""
    return np.dtype(np.float64) if out.kind == "f" else out


@cache
def _kernel(rule: str, rows: bool, dtype: np.dtype, out: np.dtype) -> Any:
    first, combine = _RULES[rule]
    wide = _wide(out)
    block = _BLOCK.replace("OUT", str(out)) if rule == "cumsum" and out.kind == "f" else ""
    source = (_ROWS if rows else _COLUMNS).format(
        rule=rule, first=first, combine=combine, cast=wide, out=out, block=block, inner=0 if rows else 1,
        strip=_STRIP, width=dtype.itemsize, out_width=out.itemsize)
    arguments = (dtype, dtype, out, wide, *[np.dtype(np.int64)] * 3)
    return compile_kernel(f"k_{rule}", source, arguments)


@lru_cache(maxsize=1024)
def _walk(shape: tuple[int, ...], steps: tuple[tuple[int, ...], ...], axis: int, lag: int) -> tuple[Any, ...]:
    """Whether to scan along rows; sizes and steps of the other loops; length and steps of the scan's."""
    others = sorted([a for a in range(len(shape)) if a != axis], key=lambda a: -abs(steps[-1][a]))
    loops, found = layout.merge([shape[a] for a in others], [[s[a] for a in others] for s in steps])
    rows = loops[-1] < 8 or abs(found[0][-1]) > abs(steps[0][axis])
    scan = [shape[axis], *[s[axis] for s in steps], lag * steps[0][axis]]
    return rows, *[np.array(m, np.int64).ravel() for m in (loops, found, scan)]


def _scan(rule: str, out: np.ndarray, x: np.ndarray, y: np.ndarray, axis: int, reverse: bool,
          lag: int = 0) -> None:
    """out = the rule taken along the axis, from its end if reverse. lag: x is read as many places before."""
    if not out.size:
        return
    if reverse:
        back = (slice(None),) * axis + (slice(None, None, -1),)
        x, y, out = x[back], y[back], out[back]
    rows, loops, steps, scan = _walk(out.shape, (x.strides, y.strides, out.strides), axis, lag)
    totals = np.empty(0 if rows else _STRIP, _wide(out.dtype))
    _kernel(rule, rows, x.dtype, out.dtype)(x, y, out, totals, loops, steps, scan)


def cumsum(out: np.ndarray, x: np.ndarray, axis: int, reverse: bool) -> None:
    """Sums of all elements up to each."""
    _scan("cumsum", out, x, x, axis, reverse)


def cumprod(out: np.ndarray, x: np.ndarray, axis: int) -> None:
    """Products of all elements up to each."""
    _scan("cumprod", out, x, x, axis, False)


def recurrence(out: np.ndarray, a: np.ndarray, b: np.ndarray, axis: int, reverse: bool) -> None:
    """out[k] = b[k] + a[k] * out[k - 1]; its transpose, out[k] = b[k] + a[k + 1] * out[k + 1], if reverse."""
    _scan("recurrence", out, a, b, axis, reverse, lag=int(reverse))


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
