"""Pooling for the CPU: one walk over the windows of images, and what is done with a window's elements."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.compile.cache import compile_kernel

Pair = tuple[int, int]
Shape = tuple[int, ...]

# a is what the windows are of, b what there is one of for each window; x decides what is largest
_WALK = """
def k_{name}(a, x, b, sizes):
    images, height, width, rows, across = (load(sizes, 0), load(sizes, 1), load(sizes, 2), load(sizes, 3),
                                           load(sizes, 4))
    kh, kw, sy, sx = load(sizes, 5), load(sizes, 6), load(sizes, 7), load(sizes, 8)
    py, px, dy, dx = load(sizes, 9), load(sizes, 10), load(sizes, 11), load(sizes, 12)
    token = unlock(images * rows * across * kh * kw)
    for image in range(images):
        base = image * height * width
        for row in range(rows):
            y0 = row * sy - py
            top = y0 if y0 >= 0 else y0 + (dy - 1 - y0) // dy * dy
            bottom = min(height, y0 + (kh - 1) * dy + 1)
            for column in range(across):
                x0 = column * sx - px
                left = x0 if x0 >= 0 else x0 + (dx - 1 - x0) // dx * dx
                right = min(width, x0 + (kw - 1) * dx + 1)
                q = (image * rows + row) * across + column
                {step}
    lock(token)
"""
_OVER = """
                for i in range(top, bottom, dy):
                    for p in range(base + i * width + left, base + i * width + right, dx):
                        {each}
"""
_LARGEST = "best = -{T}(inf)" + _OVER.format(each="best = maximum(best, load(x, p))")
# the same, with its place and how many are equal; mostly there is one, and no second look is needed
_WINNER = """best = -{T}(inf)
                at = -1
                ties = 0
                for i in range(top, bottom, dy):
                    for p in range(base + i * width + left, base + i * width + right, dx):
                        v = load(x, p)
                        larger = v > best
                        ties = 1 if larger else ties + (1 if v == best else 0)
                        at = p if larger else at
                        best = maximum(best, v)
                if ties == 1 and at >= 0 and best == best:
                    {one}
                else:
                    ties = 0
                    for i in range(top, bottom, dy):
                        for p in range(base + i * width + left, base + i * width + right, dx):
                            ties += 1 if load(x, p) == best or best != best else 0
                    {before}
                    for i in range(top, bottom, dy):
                        for p in range(base + i * width + left, base + i * width + right, dx):
                            {each}
                    {after}
"""


def _winners(one: str, before: str, each: str, after: str) -> str:
    """What is done with a single winner; else what before, for each element of, and after the window."""
    return _WINNER.replace("{one}", one).replace("{before}", before).replace("{each}", each).replace(
        "{after}", after)


# elements that count in a mean: sizes[13] says whether those of the padding do
_COUNT = """
                inside = max(0, bottom - top) * max(0, right - left)
                if load(sizes, 13) == 1:
                    inside = (min(y0 + kh, height + py) - y0) * (min(x0 + kw, width + px) - x0)
"""
_STEPS = {
    "window_max": _LARGEST + "                store(b, q, best)",
    "spread_max": _winners(
        "store(a, at, load(a, at) + load(b, q))", "part = load(b, q) / {T}(max(1, ties))",
        "won = part if load(x, p) == best else part * best if best != best else {T}(0)\n"
        "                            store(a, p, load(a, p) + won)", ""),
    "pick_max": _winners(
        "store(b, q, load(a, at))", "total = {T}(0)",
        "total += load(a, p) if load(x, p) == best else best if best != best else {T}(0)",
        "store(b, q, total / {T}(max(1, ties)))"),
    "window_mean": "total = {T}(0)" + _OVER.format(each="total += load(a, p)") + _COUNT
    + "                store(b, q, total / {T}(inside))",
    "spread_mean": _COUNT + "                part = load(b, q) / {T}(inside)" + _OVER.format(
        each="store(a, p, load(a, p) + part)"),
}


@cache
def _kernel(name: str, dtype: np.dtype) -> Any:
    source = _WALK.format(name=name, step=_STEPS[name].strip().replace("{T}", str(dtype)))
    return compile_kernel(f"k_{name}", source, (dtype, dtype, dtype, np.dtype(np.int64)))


def _run(name: str, a: np.ndarray, x: np.ndarray, b: np.ndarray, kernel: Pair, stride: Pair, padding: Pair,
         dilation: Pair = (1, 1), pads: bool = False) -> None:
    """Run a kernel on C-contiguous images a and x and windows b."""
    sizes = (prod(a.shape[:-2]), *a.shape[-2:], *b.shape[-2:], *kernel, *stride, *padding, *dilation, pads)
    _kernel(name, b.dtype)(a, x, b, np.array(sizes, np.int64))


def window_max(out: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """The largest element of each window."""
    x = np.ascontiguousarray(x)
    _run("window_max", x, x, out, **_only(windows))


def _only(windows: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a walk: without the shape of what it makes."""
    return {name: value for name, value in windows.items() if name not in ("counts", "size")}


def spread_max(out: np.ndarray, g: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """To the largest elements of each window what belongs to the window, in equal shares."""
    out[...] = 0
    _run("spread_max", out, np.ascontiguousarray(x), np.ascontiguousarray(g), **_only(windows))


def pick_max(out: np.ndarray, t: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """The mean of t over the largest elements of each window of x."""
    _run("pick_max", np.ascontiguousarray(t), np.ascontiguousarray(x), out, **_only(windows))


def window_mean(out: np.ndarray, x: np.ndarray, **windows: Any) -> None:
    """The mean of each window."""
    x = np.ascontiguousarray(x)
    _run("window_mean", x, x, out, **_only(windows))


def spread_mean(out: np.ndarray, g: np.ndarray, **windows: Any) -> None:
    """To each element of a window an equal part of what belongs to the window."""
    out[...] = 0
    _run("spread_mean", out, out, np.ascontiguousarray(g), **_only(windows))
