"""Pooling for CUDA: a thread for each window, or for each element, which gathers from all its windows."""

from __future__ import annotations

from math import inf
from typing import Any

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import grid, maximum, narrow, wide
from nbgrad.kernels.cuda import copies

Pair = tuple[int, int]
Shape = tuple[int, ...]


def reach(at: Any, step: Any, before: Any, size: Any, apart: Any, end: Any) -> Any:
    """The first place of a window that is in the image, and the place after the last."""
    low = at * step - before
    first = low if low >= 0 else low + narrow(apart - 1 - low) // narrow(apart) * apart
    return first, min(end, low + (size - 1) * apart + 1)


def largest(plane: Any, top: Any, bottom: Any, dy: Any, left: Any, right: Any, dx: Any) -> Any:
    """The largest element of a window."""
    best = -inf
    for i in range(top, bottom, dy):
        for j in range(left, right, dx):
            best = maximum(best, plane[i, j])
    return best


def ties(best: Any, plane: Any, top: Any, bottom: Any, dy: Any, left: Any, right: Any, dx: Any) -> Any:
    """How many elements of a window are the largest, 1 at least."""
    count = 0.0
    for i in range(top, bottom, dy):
        for j in range(left, right, dx):
            count += 1.0 if plane[i, j] == best or best != best else 0.0
    return max(1.0, count)


def extent(at: Any, step: Any, before: Any, size: Any, end: Any, *, pads: Any) -> Any:
    """How many places a window has, those in the padding among them or not."""
    low = wide(at) * step - before
    if pads:
        return min(low + size, end + before) - low
    return max(0, min(low + size, end) - max(0, low))


@kernel
def maxima(out, shares, x, kh: wide, kw: wide, sy: wide, sx: wide, py: wide, px: wide, dy: wide,
           dx: wide, *, share):
    """The largest element of each window; share: what belongs to a window becomes the share of a winner."""
    height, width, rows, across = x.shape[-2], x.shape[-1], out.shape[-2], out.shape[-1]
    out, shares, x = out.reshape(-1), shares.reshape(-1), x.reshape(-1, height, width)
    for q in grid(out.size):
        line, column = divmod(q, across)
        image, row = divmod(line, rows)
        plane = x[image]
        top, bottom = reach(row, sy, py, kh, dy, height)
        left, right = reach(column, sx, px, kw, dx, width)
        best = largest(plane, top, bottom, dy, left, right, dx)
        if share:
            shares[q] /= ties(best, plane, top, bottom, dy, left, right, dx)
        out[q] = best


@kernel
def picked(out, t, x, kh: wide, kw: wide, sy: wide, sx: wide, py: wide, px: wide, dy: wide, dx: wide):
    """The mean of t over the largest elements of each window of x."""
    height, width, rows, across = x.shape[-2], x.shape[-1], out.shape[-2], out.shape[-1]
    out, t, x = out.reshape(-1), t.reshape(-1, height, width), x.reshape(-1, height, width)
    for q in grid(out.size):
        line, column = divmod(q, across)
        image, row = divmod(line, rows)
        plane, tangent = x[image], t[image]
        top, bottom = reach(row, sy, py, kh, dy, height)
        left, right = reach(column, sx, px, kw, dx, width)
        best = largest(plane, top, bottom, dy, left, right, dx)
        total, count = 0.0, ties(best, plane, top, bottom, dy, left, right, dx)
        for i in range(top, bottom, dy):
            for j in range(left, right, dx):
                if plane[i, j] == best:
                    total += tangent[i, j]
                elif best != best:
                    total += best
        out[q] = total / count


@kernel
def means(out, x, kh: wide, kw: wide, sy: wide, sx: wide, py: wide, px: wide, dy: wide, dx: wide, *, pads):
    """The mean of each window."""
    height, width, rows, across = x.shape[-2], x.shape[-1], out.shape[-2], out.shape[-1]
    out, x = out.reshape(-1), x.reshape(-1, height, width)
    for q in grid(out.size):
        line, column = divmod(q, across)
        image, row = divmod(line, rows)
        plane = x[image]
        top, bottom = reach(row, sy, py, kh, dy, height)
        left, right = reach(column, sx, px, kw, dx, width)
        total = 0.0
        for i in range(top, bottom, dy):
            for j in range(left, right, dx):
                total += plane[i, j]
        count = extent(row, sy, py, kh, height, pads=pads) * extent(column, sx, px, kw, width, pads=pads)
        out[q] = total / count


@kernel
def spread(out, g, x, best, kh, kw, sy, sx, py, px, dy, dx, *, mean, pads):
    """To each element of windows its part of what belongs to the window, g; or to the largest, best, all."""
    height, width, rows, across = out.shape[-2], out.shape[-1], g.shape[-2], g.shape[-1]
    out, x = out.reshape(-1), x.reshape(-1)
    g, best = g.reshape(-1, rows, across), best.reshape(-1, rows, across)
    for p in grid(out.size):
        line, column = divmod(p, width)
        image, row = divmod(line, height)
        total, i = 0.0, kh
        while i > 0:
            i -= 1
            down = wide(row) + py - i * dy
            y = narrow(down) // sy
            if down >= 0 and y < rows and y * sy == narrow(down):
                j = kw
                while j > 0:
                    j -= 1
                    over = wide(column) + px - j * dx
                    z = narrow(over) // sx
                    if over >= 0 and z < across and z * sx == narrow(over):
                        if mean:
                            count = extent(y, sy, py, kh, height, pads=pads) * extent(
                                z, sx, px, kw, width, pads=pads)
                            total += g[image, y, z] / count
                        elif x[p] == best[image, y, z]:
                            total += g[image, y, z]
                        elif best[image, y, z] != best[image, y, z]:
                            total += best[image, y, z]
        out[p] = total


def _numbers(kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1)) -> tuple[int, ...]:
    """What is said of windows, in the order of the kernels' parameters."""
    return *kernel, *stride, *padding, *dilation


def window_max(out: CudaArray, x: CudaArray, counts: Shape, **windows: Any) -> None:
    """The largest element of each window."""
    maxima(out, out, copies.contiguous(x), *_numbers(**windows), share=False)


def spread_max(out: CudaArray, g: CudaArray, x: CudaArray, **windows: Any) -> None:
    """To the largest elements of each window what belongs to the window, in equal shares."""
    x, shares, best = copies.contiguous(x), copies.converted(g, g.dtype), cuda.empty(g.shape, g.dtype)
    maxima(best, shares, x, *_numbers(**windows), share=True)
    spread(out, shares, x, best, *_numbers(**windows), mean=False, pads=False)


def pick_max(out: CudaArray, t: CudaArray, x: CudaArray, counts: Shape, **windows: Any) -> None:
    """The mean of t over the largest elements of each window of x."""
    picked(out, copies.contiguous(t), copies.contiguous(x), *_numbers(**windows))


def window_mean(out: CudaArray, x: CudaArray, counts: Shape, pads: bool, **windows: Any) -> None:
    """The mean of each window."""
    means(out, copies.contiguous(x), *_numbers(**windows), pads=pads)


def spread_mean(out: CudaArray, g: CudaArray, size: Shape, pads: bool, **windows: Any) -> None:
    """To each element of a window an equal part of what belongs to the window."""
    g = copies.contiguous(g)
    spread(out, g, g, g, *_numbers(**windows), mean=True, pads=pads)
