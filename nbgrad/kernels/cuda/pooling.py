"""Pooling for CUDA: a thread for each window, or for each element, which gathers from all its windows."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda import copies

Pair = tuple[int, int]
Shape = tuple[int, ...]

_SIZES = "height, width, rows, across, kh, kw, sy, sx, py, px, dy, dx, pads"
_EXTENT = """
def begin(low, apart):
    return low if low >= 0 else low + int64(uint32(uint32(apart - 1 - low) // uint32(apart))) * apart
def extent(at, step, before, kernel, size):
    low = int64(at) * step - before
    return min(low + kernel, size + before) - low
def inside(at, step, before, kernel, size):
    low = int64(at) * step - before
    return max(int64(0), min(low + kernel, int64(size)) - max(int64(0), low))
"""
# o has one element for each window of a and x; x decides what is largest
_WINDOWS = _EXTENT + """
def k_{name}(elements, {sizes}, a, f_a, x, f_x, o, f_o, b, f_b):
    elements, rows, across = uint32(elements), uint32(rows), uint32(across)
    q = uint32(cuda.grid(1))
    while q < elements:
        line = uint32(q // across)
        column = uint32(q - line * across)
        image = uint32(line // rows)
        row = uint32(line - image * rows)
        first = int64(image) * (int64(height) * width)
        y0, x0 = int64(row) * sy - py, int64(column) * sx - px
        top, bottom = begin(y0, int64(dy)), min(int64(height), y0 + (int64(kh) - 1) * dy + 1)
        left, right = begin(x0, int64(dx)), min(int64(width), x0 + (int64(kw) - 1) * dx + 1)
{step}
        q = uint32(q + uint32(cuda.gridsize(1)))
"""
_OVER = """
        i = top
        while i < bottom:
            p = uint64(first + i * width + left)
            k = left
            while k < right:
                {each}
                p = uint64(p + uint64(dx))
                k = k + dx
            i = i + dy
"""
# a is what the windows are of, b what there is one of for each window
_ELEMENTS = _EXTENT + """
def k_{name}(elements, {sizes}, o, f_o, x, f_x, b, f_b, best, f_best):
    elements, high, wide = uint32(elements), uint32(height), uint32(width)
    p = uint32(cuda.grid(1))
    while p < elements:
        line = uint32(p // wide)
        k = uint32(p - line * wide)
        image = uint32(line // high)
        y = uint32(line - image * high)
        total = {T}(0)
        i = int64(kh)
        while i > 0:
            i = i - int64(1)
            down = int64(y) + py - i * dy
            row = uint32(uint32(down) // uint32(sy))
            if down >= 0 and row < uint32(rows) and uint32(row * uint32(sy)) == uint32(down):
                j = int64(kw)
                while j > 0:
                    j = j - int64(1)
                    over = int64(k) + px - j * dx
                    column = uint32(uint32(over) // uint32(sx))
                    if over >= 0 and column < uint32(across) and uint32(column * uint32(sx)) == uint32(over):
                        q = (int64(image) * rows + int64(row)) * across + int64(column)
                        {each}
        o[uint64(f_o + int64(p))] = total
        p = uint32(p + uint32(cuda.gridsize(1)))
"""
_LARGEST = "        best = -{T}(inf)" + _OVER.replace("{each}", "best = maximum(best, x[uint64(f_x + p)])")
_TIED = ("        ties = {T}(0)" + _OVER.replace(
    "{each}", "ties = ties + ({T}(1) if x[uint64(f_x + p)] == best or best != best else {T}(0))")
    + "        ties = max({T}(1), ties)\n")
_DIVISOR = """
        if pads != 0:
            count = {T}(extent(row, sy, py, kh, height) * extent(column, sx, px, kw, width))
        else:
            count = {T}(inside(row, sy, py, kh, height) * inside(column, sx, px, kw, width))
"""
_PICKED = """if x[uint64(f_x + p)] == best:
                    total = total + a[uint64(f_a + p)]
                elif best != best:
                    total = total + best"""
_WON = """if x[uint64(f_x + int64(p))] == best[uint64(f_best + q)]:
                            total = total + b[uint64(f_b + q)]
                        elif best[uint64(f_best + q)] != best[uint64(f_best + q)]:
                            total = total + best[uint64(f_best + q)]"""
_STEPS = {
    "window_max": _LARGEST + "        o[uint64(f_o + int64(q))] = best",
    # b comes as what belongs to each window, and goes as the share of a winner
    "winners": _LARGEST + _TIED + "        o[uint64(f_o + int64(q))] = best\n"
    "        b[uint64(f_b + int64(q))] = b[uint64(f_b + int64(q))] / ties",
    "pick_max": _LARGEST + _TIED + "        total = {T}(0)" + _OVER.replace("{each}", _PICKED)
    + "        o[uint64(f_o + int64(q))] = total / ties",
    "window_mean": "        total = {T}(0)" + _OVER.replace("{each}", "total = total + a[uint64(f_a + p)]")
    + _DIVISOR + "        o[uint64(f_o + int64(q))] = total / count",
    "spread_max": _WON,
    "spread_mean": _DIVISOR.strip("\n").strip().replace("\n", "\n" + 16 * " ")
    + "\n                        total = total + b[uint64(f_b + q)] / count",
}


@lru_cache(maxsize=64)
def _spelled(name: str, dtype: np.dtype) -> str:
    step = _STEPS[name]
    if name.startswith("spread"):
        source = _ELEMENTS.replace("{each}", step)
    else:
        source = _WINDOWS.replace("{step}", step)
    return source.replace("{T}", str(dtype)).replace("{name}", name).replace("{sizes}", _SIZES)


def _run(name: str, size: Shape, counts: Shape, arrays: tuple[CudaArray, ...], kernel: Pair, stride: Pair,
         padding: Pair, dilation: Pair = (1, 1), pads: bool = False) -> None:
    """Run a kernel on images, (..., *size), and windows, (..., *counts); all arrays are in C order.

    arrays : what the kernel's name needs, in the order of its parameters
    """
    lead = arrays[0].shape[:-2]
    n = prod(lead) * prod(size if name.startswith("spread") else counts)
    launch.run(f"k_{name}", _spelled, n, *size, *counts, *kernel, *stride, *padding, *dilation, int(pads),
               *[part for x in arrays for part in x.flat], what=(name, arrays[0].dtype))


def window_max(out: CudaArray, x: CudaArray, counts: Shape, **windows: Any) -> None:
    """The largest element of each window."""
    x = copies.contiguous(x)
    _run("window_max", x.shape[-2:], counts, (x, x, out, out), **windows)


def spread_max(out: CudaArray, g: CudaArray, x: CudaArray, **windows: Any) -> None:
    """To the largest elements of each window what belongs to the window, in equal shares."""
    x, shares, best = copies.contiguous(x), copies.converted(g, g.dtype), cuda.empty(g.shape, g.dtype)
    _run("winners", x.shape[-2:], g.shape[-2:], (x, x, best, shares), **windows)
    _run("spread_max", x.shape[-2:], g.shape[-2:], (out, x, shares, best), **windows)


def pick_max(out: CudaArray, t: CudaArray, x: CudaArray, counts: Shape, **windows: Any) -> None:
    """The mean of t over the largest elements of each window of x."""
    x = copies.contiguous(x)
    _run("pick_max", x.shape[-2:], counts, (copies.contiguous(t), x, out, out), **windows)


def window_mean(out: CudaArray, x: CudaArray, counts: Shape, **windows: Any) -> None:
    """The mean of each window."""
    x = copies.contiguous(x)
    _run("window_mean", x.shape[-2:], counts, (x, x, out, out), **windows)


def spread_mean(out: CudaArray, g: CudaArray, size: Shape, **windows: Any) -> None:
    """To each element of a window an equal part of what belongs to the window."""
    g = copies.contiguous(g)
    _run("spread_mean", size, g.shape[-2:], (out, out, g, g), **windows)
