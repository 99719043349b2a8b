"""Pooling for the CPU: one walk over the windows of images, and what is done with a window's elements."""

from __future__ import annotations

from functools import lru_cache
from math import inf, prod
from typing import Any

import numpy as np

from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, inline, maximum

Pair = tuple[int, int]
Shape = tuple[int, ...]


@inline
def span(start: int, size: int, dilation: int, length: int) -> Any:
    """The first place of a window that is not before the image, and the end of it, along one axis."""
    low = start if start >= 0 else start + (dilation - 1 - start) // dilation * dilation
    return low, min(length, start + (size - 1) * dilation + 1)


@kernel
def pool(a: Array[T], x: Array[T], b: Array[T], sizes: Array[np.int64], *, step: Any) -> None:
    """A walk over the windows of images: `step` is done with each.

    a is what the windows are of, b what there is one of for each window; x decides what is largest.
    """
    images, height, width, rows, across = sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]
    kh, kw, sy, sx, py, px = sizes[5], sizes[6], sizes[7], sizes[8], sizes[9], sizes[10]
    dy, dx, pads = sizes[11], sizes[12], sizes[13]
    for image in range(images):
        here, there = a[image * height * width:], x[image * height * width:]
        for row in range(rows):
            y = row * sy - py
            top, bottom = span(y, kh, dy, height)
            for column in range(across):
                z = column * sx - px
                left, right = span(z, kw, dx, width)
                count = max(0, bottom - top) * max(0, right - left)
                if pads:                      # elements of the padding count in a mean
                    count = (min(y + kh, height + py) - y) * (min(z + kw, width + px) - z)
                q = (image * rows + row) * across + column
                step(here, there, b, q, count, width, top, bottom, dy, left, right, dx)


@inline
def window_max_step(a: Any, x: Any, b: Any, q: int, count: int, width: int, top: int, bottom: int, dy: int,
                    left: int, right: int, dx: int) -> None:
    best = -inf
    for i in range(top, bottom, dy):
        for p in range(i * width + left, i * width + right, dx):
            best = maximum(best, x[p])
    b[q] = best


@inline
def winner(x: Any, width: int, top: int, bottom: int, dy: int, left: int, right: int, dx: int) -> Any:
    """The largest element of a window, its place, and whether it is alone; mostly it is."""
    best = -inf
    at = -1
    ties = 0
    for i in range(top, bottom, dy):
        for p in range(i * width + left, i * width + right, dx):
            v = x[p]
            larger = v > best
            ties = 1 if larger else ties + (1 if v == best else 0)
            at = p if larger else at
            best = maximum(best, v)
    return best, at, ties == 1 and at >= 0 and best == best


@inline
def tied(x: Any, best: Any, width: int, top: int, bottom: int, dy: int, left: int, right: int,
         dx: int) -> int:
    """How many elements of a window are its largest; all if one is nan."""
    ties = 0
    for i in range(top, bottom, dy):
        for p in range(i * width + left, i * width + right, dx):
            ties += 1 if x[p] == best or best != best else 0
    return max(1, ties)


@inline
def spread_max_step(a: Any, x: Any, b: Any, q: int, count: int, width: int, top: int, bottom: int, dy: int,
                    left: int, right: int, dx: int) -> None:
    best, at, alone = winner(x, width, top, bottom, dy, left, right, dx)
    if alone:
        a[at] += b[q]
    else:
        part = b[q] / tied(x, best, width, top, bottom, dy, left, right, dx)
        for i in range(top, bottom, dy):
            for p in range(i * width + left, i * width + right, dx):
                a[p] += part if x[p] == best else part * best if best != best else 0


@inline
def pick_max_step(a: Any, x: Any, b: Any, q: int, count: int, width: int, top: int, bottom: int, dy: int,
                  left: int, right: int, dx: int) -> None:
    best, at, alone = winner(x, width, top, bottom, dy, left, right, dx)
    if alone:
        b[q] = a[at]
    else:
        total = 0.0
        for i in range(top, bottom, dy):
            for p in range(i * width + left, i * width + right, dx):
                total += a[p] if x[p] == best else best if best != best else 0
        b[q] = total / tied(x, best, width, top, bottom, dy, left, right, dx)


@inline
def window_mean_step(a: Any, x: Any, b: Any, q: int, count: int, width: int, top: int, bottom: int, dy: int,
                     left: int, right: int, dx: int) -> None:
    total = 0.0
    for i in range(top, bottom, dy):
        for p in range(i * width + left, i * width + right, dx):
            total += a[p]
    b[q] = total / count


@inline
def spread_mean_step(a: Any, x: Any, b: Any, q: int, count: int, width: int, top: int, bottom: int, dy: int,
                     left: int, right: int, dx: int) -> None:
    part = b[q] / count
    for i in range(top, bottom, dy):
        for p in range(i * width + left, i * width + right, dx):
            a[p] += part


def _run(step: Any, a: np.ndarray, x: np.ndarray, b: np.ndarray, kernel: Pair, stride: Pair, padding: Pair,
         dilation: Pair = (1, 1), pads: bool = False) -> None:
    """Run a kernel on C-contiguous images a and x and windows b."""
    sizes = _sizes(a.shape, b.shape, kernel, stride, padding, dilation, pads)
    pool[b.dtype, step](a, x, b, sizes)


@lru_cache(maxsize=1024)
def _sizes(a: Shape, b: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair,
           pads: bool) -> np.ndarray:
    """What `pool` reads of the walk, for images and windows of these shapes."""
    sizes = (prod(a[:-2]), *a[-2:], *b[-2:], *kernel, *stride, *padding, *dilation, pads)
    return np.array(sizes, np.int64)


def window_max(out: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """The largest element of each window."""
    x = np.ascontiguousarray(x)
    _run(window_max_step, x, x, out, **_only(windows))


def _only(windows: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a walk: without the shape of what it makes."""
    return {name: value for name, value in windows.items() if name not in ("counts", "size")}


def spread_max(out: np.ndarray, g: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """To the largest elements of each window what belongs to the window, in equal shares."""
    out[...] = 0
    _run(spread_max_step, out, np.ascontiguousarray(x), np.ascontiguousarray(g), **_only(windows))


def pick_max(out: np.ndarray, t: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """The mean of t over the largest elements of each window of x."""
    _run(pick_max_step, np.ascontiguousarray(t), np.ascontiguousarray(x), out, **_only(windows))


def window_mean(out: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """The mean of each window."""
    x = np.ascontiguousarray(x)
    _run(window_mean_step, x, x, out, **_only(windows))


def spread_mean(out: np.ndarray, g: np.ndarray, **windows: Any) -> None:
    """To each element of a window an equal part of what belongs to the window."""
    out[...] = 0
    _run(spread_mean_step, out, out, np.ascontiguousarray(g), **_only(windows))
