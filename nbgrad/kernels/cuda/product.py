"""Matrix products for CUDA, in tiles. Where there are few tiles, the sums are cut in parts that are added
afterwards, always in the same order. Vectors along memory are rows of a reduction.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import tile_source
from nbgrad.compile.cuda.tile_source import Operand, Tile
from nbgrad.compile.writer import Writer
from nbgrad.kernels.cuda import copies, rows
from nbgrad.kernels.shared import row_programs

_PART = 16                                # depths of a tile that are worth a block of their own


def product(out: CudaArray, a: CudaArray, b: CudaArray) -> None:
    """Write a @ b into out, which is in C order.

    a: (..., n, k), b: (..., k, m), with batch axes that broadcast to those of out: (..., n, m); all of one
    dtype: float32, float64, int64 or uint64.
    """
    if not out.size:
        return
    (n, m), terms = out.shape[-2:], (*out.shape, a.shape[-1])
    if (m == 1 and _runs(a.steps, n, -1)) or (n == 1 and _runs(b.steps, m, -2)):
        a = a.view(lambda form: np.broadcast_to(form[..., :, None, :], terms))
        b = b.view(lambda form: np.broadcast_to(form.swapaxes(-1, -2)[..., None, :, :], terms))
        copies.into(out, dots(a, b, (out.ndim,)))
        return
    if out.ndim > 2 and b.ndim == 2 and a.contiguous:
        a, out = [x.view(lambda form: form.reshape(-1, form.shape[-1])) for x in (a, out)]
    _tiled(out, a, b)


def subtract(out: CudaArray, a: CudaArray, b: CudaArray) -> None:
    """Take a @ b from out: (..., n, m), matrices that are as far from each other as in C order.

    a: (..., n, k), b: (..., k, m), with batch axes that broadcast to those of out; all of one dtype.
    """
    if out.size:
        _tiled(out, a, b, True)


def _runs(steps: tuple[int, ...], lines: int, axis: int) -> bool:
    """Whether what is summed, along an axis, lies closer together in memory than the lines do."""
    return lines == 1 or abs(steps[axis]) <= abs(steps[-3 - axis])


def dots(x: CudaArray, y: CudaArray, axis: tuple[int, ...]) -> CudaArray:
    """Sums of the products of two arrays of one shape, along axes."""
    form = tuple([n for a, n in enumerate(x.shape) if a not in axis])
    return rows.fold(row_programs.dot, (x, y), axis, form)


def _tiled(out: CudaArray, a: CudaArray, b: CudaArray, from_out: bool = False) -> None:
    (n, m), k, batch = out.shape[-2:], a.shape[-1], prod(out.shape[:-2])
    tile = tile_source.square(cuda.host().threads)
    across = batch * -(-n // (tile.high * tile.square)) * -(-m // (tile.wide * tile.square))
    parts = 1 if from_out else min(k // (_PART * tile.depth), max(2, cuda.host().blocks // 8) // across)
    part = -(-k // parts // tile.depth) * tile.depth if parts > 1 else 0
    parts = -(-k // part) if part else 1
    z = out if parts == 1 else cuda.empty((batch, parts, n, m), out.dtype)
    close = abs(a.steps[-1]) <= abs(a.steps[-2]), abs(b.steps[-2]) < abs(b.steps[-1])
    tile_source.run("product", lambda loops: _spelled(out.dtype, loops, close, from_out, tile), tile, z,
              out.shape[:-2], k, (a, b), (a.steps[-2:], b.steps[:-3:-1]), part)
    if parts > 1:
        total = rows.reduce(row_programs.total, z, (1,), (batch, n, m))
        copies.into(out.view(lambda form: form.reshape(batch, n, m)), total)


@lru_cache(maxsize=64)
def _spelled(dtype: np.dtype, loops: int, close: tuple[bool, bool], from_out: bool, tile: Tile) -> str:
    """The source of the kernel. from_out: whether the product is taken from what out holds."""
    a, b = Operand("a", dtype, "rows", close[0]), Operand("b", dtype, "columns", close[1])
    each = range(tile.square)

    def begin(w: Writer) -> None:
        w.lines(*[f"z{i}{j} = {dtype}(0)" for i in each for j in each])

    def sums(w: Writer) -> None:
        for d in range(tile.depth):
            w.lines(*[f"u{i} = {tile_source.read(tile, a, i, str(d))}" for i in each],
                    *[f"v{j} = {tile_source.read(tile, b, j, str(d))}" for j in each],
                    *[f"z{i}{j} += u{i} * v{j}" for i in each for j in each])

    return tile_source.spelled("product", tile, (a, b), loops, begin, sums,
                               lambda i, j: f"o[there] - z{i}{j}" if from_out else f"z{i}{j}")
