"""Convolutions for CUDA: images' windows as the columns of matrices, and matrix products.

Some images are unfolded at a time, as many as fit in a bounded piece of memory. To fold, a thread gathers all
that belongs to one element.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import grid, narrow, strided, wide
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import copies, elementwise
from nbgrad.kernels.cuda.matrices import turned
from nbgrad.kernels.cuda.product import product
from nbgrad.kernels.cuda.shape import permute_dims, reshape

Pair = tuple[int, int]
Shape = tuple[int, ...]

_EACH = 64                                # elements of columns for each thread of a full launch


@kernel
def unfolded(out, x, second, images_first, kh, kw, rows, across, height: wide, width: wide, sy: wide,
             sx: wide, py: wide, px: wide, dy: wide, dx: wide):
    """Columns of windows; elements beyond an image are zero.

    They are (image, place, row, column), or (place, image, row, column); a place is a channel and a place of
    the kernel. second: the length of the second axis.
    """
    out, x = out.reshape(-1), strided(x, 4)
    for e in grid(out.size):
        line, column = divmod(e, across)
        plane, row = divmod(line, rows)
        image, place = divmod(plane, second)
        if not images_first:
            image, place = place, image
        above, j = divmod(place, kw)
        channel, i = divmod(above, kh)
        y, k = row * sy + i * dy - py, column * sx + j * dx - px
        out[e] = x[image, channel, y, k] if y >= 0 and y < height and k >= 0 and k < width else 0


@kernel
def folded(out, x, kh: wide, kw: wide, rows, across, height, width, sy, sx, py: wide, px: wide, dy: wide,
           dx: wide):
    """What the columns x, images first, hold for each element, added up."""
    windows = rows * across
    out, x = out.reshape(-1), x.reshape(-1)
    for e in grid(out.size):
        above, column = divmod(e, width)
        plane, line = divmod(above, height)
        total = 0.0
        for i in range(kh):
            down = line + py - i * dy
            row = narrow(down) // sy
            if down >= 0 and row < rows and row * sy == narrow(down):
                for j in range(kw):
                    right = column + px - j * dx
                    at = narrow(right) // sx
                    if right >= 0 and at < across and at * sx == narrow(right):
                        total += x[((plane * kh + i) * kw + j) * windows + wide(row * across + at)]
        out[e] = total


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
        unfolded(out, x, lead[1], images_first, *self.sizes)
        return out

    def fold(self, out: CudaArray, columns: CudaArray) -> None:
        """Write into images what the columns, images first, hold for each element, added up."""
        folded(out, columns, *self.sizes)


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
