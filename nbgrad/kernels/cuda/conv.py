"""Convolutions for CUDA: images' windows as the columns of matrices, and matrix products.

Some images are unfolded at a time, as many as fit in a bounded piece of memory. To fold, a thread gathers all
that belongs to one element.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import copies, elementwise
from nbgrad.kernels.cuda.matrices import turned
from nbgrad.kernels.cuda.product import product
from nbgrad.kernels.cuda.shape import permute_dims, reshape

Pair = tuple[int, int]
Shape = tuple[int, ...]

_EACH = 64                                # elements of columns for each thread of a full launch

# Columns are (image, place, row, column), or (place, image, row, column); a place is a channel and a place of
# the kernel. Elements beyond an image are zero.
_UNFOLD = """
def k_unfold(elements, second, images_first, kh, kw, rows, across, height, width, sy, sx, py, px, dy, dx,
             x, f_x, s_0, s_1, s_2, s_3, o, f_o):
    elements, second, kh, kw = uint32(elements), uint32(second), uint32(kh), uint32(kw)
    rows, across = uint32(rows), uint32(across)
    e = uint32(cuda.grid(1))
    while e < elements:
        line = uint32(e // across)
        column = uint32(e - line * across)
        plane = uint32(line // rows)
        row = uint32(line - plane * rows)
        image = uint32(plane // second)
        place = uint32(plane - image * second)
        if images_first == 0:
            image, place = place, image
        above = uint32(place // kw)
        j = uint32(place - above * kw)
        channel = uint32(above // kh)
        i = uint32(above - channel * kh)
        y, k = int64(row) * sy + int64(i) * dy - py, int64(column) * sx + int64(j) * dx - px
        v = {dtype}(0)
        if y >= 0 and y < height and k >= 0 and k < width:
            v = x[uint64(f_x + int64(image) * s_0 + int64(channel) * s_1 + y * s_2 + k * s_3)]
        o[uint64(f_o + int64(e))] = v
        e = uint32(e + uint32(cuda.gridsize(1)))
"""
_FOLD = """
def k_fold(elements, kh, kw, rows, across, height, width, sy, sx, py, px, dy, dx, x, f_x, o, f_o):
    elements, rows, across = uint32(elements), uint32(rows), uint32(across)
    height, width, sy, sx = uint32(height), uint32(width), uint32(sy), uint32(sx)
    windows = int64(rows) * int64(across)
    e = uint32(cuda.grid(1))
    while e < elements:
        plane = uint32(e // width)
        k = uint32(e - plane * width)
        y = plane
        plane = uint32(plane // height)
        y = uint32(y - plane * height)
        total = {dtype}(0)
        i = int64(0)
        while i < kh:
            down = int64(y) + py - i * dy
            row = uint32(uint32(down) // sy)
            if down >= 0 and row < rows and uint32(row * sy) == uint32(down):
                j = int64(0)
                while j < kw:
                    right = int64(k) + px - j * dx
                    column = uint32(uint32(right) // sx)
                    if right >= 0 and column < across and uint32(column * sx) == uint32(right):
                        place = f_x + ((int64(plane) * kh + i) * kw + j) * windows
                        total = total + x[uint64(place + int64(uint32(row * across + column)))]
                    j = j + int64(1)
            i = i + int64(1)
        o[uint64(f_o + int64(e))] = total
        e = uint32(e + uint32(cuda.gridsize(1)))
"""


@lru_cache(maxsize=16)
def _unfolding(dtype: np.dtype) -> str:
    return _UNFOLD.format(dtype=dtype)


@lru_cache(maxsize=16)
def _folding(dtype: np.dtype) -> str:
    return _FOLD.format(dtype=dtype)


class _Windows:
    """The windows of images, as matrices (groups, channels of a group and places, windows)."""

    def __init__(self, shape: Shape, kernel: Shape, out: Shape, stride: Pair, padding: tuple[Pair, Pair],
                 dilation: Pair, groups: int) -> None:
        self.images, self.groups = shape[0], groups
        self.places, self.windows = prod(kernel[1:]), prod(out[2:])
        # every element is one window: nothing to unfold
        self.same = kernel[2:] == (1, 1) == stride and padding == ((0, 0), (0, 0))
        before = padding[0][0], padding[1][0]
        self.sizes = (*kernel[2:], *out[2:], *shape[2:], *stride, *before, *dilation)

    def chunks(self) -> Iterator[slice]:
        """The images that are unfolded together."""
        room = _EACH * cuda.host().threads * cuda.host().blocks
        step = max(1, room // max(1, self.groups * self.places * self.windows))
        for start in range(0, self.images, step):
            yield slice(start, min(start + step, self.images))

    def unfold(self, x: CudaArray, images_first: bool) -> CudaArray:
        """The windows of images x: (images, groups, places, windows), or with the images before windows."""
        n, places = x.shape[0], self.groups * self.places
        if images_first:
            lead, shape = (n, places), (n, self.groups, self.places, self.windows)
        else:
            lead, shape = (places, n), (self.groups, self.places, n, self.windows)
        if self.same:
            return reshape(x if images_first else permute_dims(x, (1, 0, 2, 3)), shape)
        out = cuda.empty(shape, x.dtype)
        launch.run("k_unfold", _unfolding, out.size, lead[1], int(images_first), *self.sizes, *_placed(x),
                   *out.flat, what=(x.dtype,))
        return out

    def fold(self, out: CudaArray, columns: CudaArray) -> None:
        """Write into images what the columns, images first, hold for each element, added up."""
        launch.run("k_fold", _folding, out.size, *self.sizes, *columns.flat, *out.flat, what=(out.dtype,))


def _placed(x: CudaArray) -> list[Any]:
    return [*x.flat, *x.steps]


def convolution(out: CudaArray, x: CudaArray, w: CudaArray, groups: int, **geometry: Any) -> None:
    """The kernels, as rows, times the windows, as columns."""
    windows = _Windows(x.shape, w.shape, out.shape, groups=groups, **geometry)
    kernels = reshape(w, (groups, w.shape[0] // groups, windows.places))
    results = reshape(out, (out.shape[0], *kernels.shape[:2], windows.windows))
    for some in windows.chunks():
        product(results.part(some), kernels, windows.unfold(x.part(some), True))


def convolution_input(out: CudaArray, g: CudaArray, w: CudaArray, shape: Shape, groups: int,
                      **geometry: Any) -> None:
    """The kernels, as columns, times the cotangents; what belongs to one element is added up."""
    windows = _Windows(shape, w.shape, g.shape, groups=groups, **geometry)
    kernels = turned(reshape(w, (groups, w.shape[0] // groups, windows.places)))
    cotangents = reshape(g, (g.shape[0], groups, kernels.shape[2], windows.windows))
    for some in windows.chunks():
        part = out.part(some)
        form = (part.shape[0], groups, windows.places, windows.windows)
        columns = reshape(part, form) if windows.same else cuda.empty(form, g.dtype)
        product(columns, kernels, cotangents.part(some))
        if not windows.same:
            windows.fold(part, columns)


def convolution_weight(out: CudaArray, x: CudaArray, g: CudaArray, shape: Shape, groups: int,
                       **geometry: Any) -> None:
    """The cotangents times the windows as rows, summed over the images."""
    windows = _Windows(x.shape, shape, g.shape, groups=groups, **geometry)
    total = reshape(out, (groups, shape[0] // groups, windows.places))
    copies.fill(total, 0)
    for some in windows.chunks():
        columns = windows.unfold(x.part(some), False)
        length = columns.shape[2] * windows.windows
        rows = reshape(permute_dims(g.part(some), (1, 0, 2, 3)), (*total.shape[:2], length))
        found = cuda.empty(total.shape, total.dtype)
        product(found, rows, turned(reshape(columns, (groups, windows.places, length))))
        body = Body((), ("a0 + a1",), (out.dtype,))
        elementwise.run("k_add", (out.dtype, out.dtype), body, (total, found), (total,))
