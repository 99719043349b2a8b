"""Convolutions for the CPU: an image's windows as the columns of a matrix, and products of BLAS.

One image is unfolded at a time, into memory that serves them all: it stays in the cache.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T

Pair = tuple[int, int]
Shape = tuple[int, ...]


@kernel
def unfold(x: Array[T], columns: Array[T], first: int, sizes: Array[np.int64], *, back: bool) -> None:
    """columns[(channel, i, j), (row, k)] = x[channel, row * sy + i * dy - py, k * sx + j * dx - px].

    Outside of x they are zero. Back: the columns are added to x instead.
    """
    channels, height, width, kh, kw, rows, across = (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4],
                                                     sizes[5], sizes[6])
    sy, sx, py, px, dy, dx = sizes[7], sizes[8], sizes[9], sizes[10], sizes[11], sizes[12]
    q = 0
    for channel in range(channels):
        for i in range(kh):
            for j in range(kw):
                shift = j * dx - px
                low = min(across, max(0, (sx - 1 - shift) // sx))
                high = max(low, min(across, (width - 1 - shift) // sx + 1))
                for row in range(rows):
                    y = row * sy + i * dy - py
                    start, stop = low, high
                    if y < 0 or y >= height:
                        start, stop = across, across
                    p = first + (channel * height + y) * width + shift
                    if not back:
                        for k in range(start):
                            columns[q + k] = 0
                        for k in range(stop, across):
                            columns[q + k] = 0
                    if sx == 1:
                        for k in range(start, stop):
                            if back:
                                x[p + k] += columns[q + k]
                            else:
                                columns[q + k] = x[p + k]
                    else:
                        for k in range(start, stop):
                            if back:
                                x[p + k * sx] += columns[q + k]
                            else:
                                columns[q + k] = x[p + k * sx]
                    q += across


@lru_cache(maxsize=1024)
def _layout(shape: Shape, kernel: Shape, out: Shape, stride: Pair, padding: tuple[Pair, Pair], dilation: Pair,
            groups: int) -> tuple[int, Shape, bool, np.ndarray]:
    """Elements of an image; the matrices' shape; whether every element is one window; what `unfold` reads."""
    before = padding[0][0], padding[1][0]
    sizes = (*shape[1:], *kernel[2:], *out[2:], *stride, *before, *dilation)
    same = kernel[2:] == (1, 1) == stride and padding == ((0, 0), (0, 0))
    matrices = groups, prod(kernel[1:]), prod(out[2:])
    return prod(shape[1:]), matrices, same, np.array(sizes, np.int64)


class _Windows:
    """The windows of images of one shape, as matrices (groups, channels of a group and places, windows)."""

    def __init__(self, shape: Shape, kernel: Shape, out: Shape, stride: Pair, padding: tuple[Pair, Pair],
                 dilation: Pair, groups: int, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.image, self.shape, self.same, self.sizes = _layout(
            shape, kernel, out, stride, padding, dilation, groups)
        self.columns = np.empty(self.shape if not self.same else 0, dtype)

    def unfold(self, x: np.ndarray, place: int) -> np.ndarray:
        """The windows of image number `place` of x, until the next call."""
        if self.same:
            return x[place].reshape(self.shape)
        unfold[self.dtype, False](x, self.columns, place * self.image, self.sizes)
        return self.columns

    def fold(self, x: np.ndarray, place: int) -> None:
        """Add what `columns` holds to image number `place` of x."""
        unfold[self.dtype, True](x, self.columns, place * self.image, self.sizes)


def convolution(out: np.ndarray, x: np.ndarray, w: np.ndarray, groups: int, **geometry: Any) -> None:
    """The kernels, as rows, times the windows, as columns."""
    x, windows = np.ascontiguousarray(x), _Windows(x.shape, w.shape, out.shape, groups=groups, dtype=x.dtype,
                                                   **geometry)
    kernels = w.reshape(groups, w.shape[0] // groups, windows.shape[1])
    results = out.reshape(out.shape[0], groups, kernels.shape[1], windows.shape[2])
    for place in range(x.shape[0]):
        np.matmul(kernels, windows.unfold(x, place), out=results[place])


def convolution_input(out: np.ndarray, g: np.ndarray, w: np.ndarray, shape: Shape, groups: int,
                      **geometry: Any) -> None:
    """The kernels, as columns, times the cotangents; what belongs to one element is added up."""
    windows = _Windows(shape, w.shape, g.shape, groups=groups, dtype=g.dtype, **geometry)
    kernels = w.reshape(groups, w.shape[0] // groups, windows.shape[1]).swapaxes(1, 2)
    cotangents = g.reshape(g.shape[0], groups, kernels.shape[2], windows.shape[2])
    if not windows.same:
        out[...] = 0
    for place in range(shape[0]):
        if windows.same:
            np.matmul(kernels, cotangents[place], out=out[place].reshape(windows.shape))
        else:
            np.matmul(kernels, cotangents[place], out=windows.columns)
            windows.fold(out, place)


def convolution_weight(out: np.ndarray, x: np.ndarray, g: np.ndarray, shape: Shape, groups: int,
                       **geometry: Any) -> None:
    """The cotangents times the windows as rows, summed over the images."""
    x, windows = np.ascontiguousarray(x), _Windows(x.shape, shape, g.shape, groups=groups, dtype=x.dtype,
                                                   **geometry)
    total = out.reshape(groups, shape[0] // groups, windows.shape[1])
    cotangents = g.reshape(g.shape[0], groups, total.shape[1], windows.shape[2])
    product = np.empty(total.shape, out.dtype)
    total[...] = 0
    for place in range(x.shape[0]):
        np.matmul(cotangents[place], windows.unfold(x, place).swapaxes(1, 2), out=product)
        total += product
