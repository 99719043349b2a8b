"""Matrix products for CUDA: tiles in shared memory, of which each thread keeps a square in registers.

A block takes one tile of one product, or of one part of its sums: where there are few tiles, the sums are cut
in parts that are added afterwards, always in the same order. Vectors along memory are rows of a reduction.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from nbgrad import cuda
from nbgrad.cuda import CudaArray
from nbgrad.kernels import recipes
from nbgrad.kernels.cuda import copies, launch, rows

_PART = 16                                # depths of a tile that are worth a block of their own

# Steps along rows and columns are r_<x> and c_<x>. Tiles are columns of a, and rows of b, one by one.
_SOURCE = """
def k_product(units, rows, columns, inner, down, across, parts, part, {parameters}, r_a, c_a, r_b, c_b,
              o, f_o, m_o, r_o, c_o):
    tile_a = cuda.shared.array({size_a}, {dtype})
    tile_b = cuda.shared.array({size_b}, {dtype})
    units, rows, columns, inner = uint32(units), uint32(rows), uint32(columns), uint32(inner)
    down, across, parts, part = uint32(down), uint32(across), uint32(parts), uint32(part)
{casts}
    lane = uint32(cuda.threadIdx.x)
    high, wide = uint32(lane // uint32({wide})), uint32(lane % uint32({wide}))
    unit = uint32(cuda.blockIdx.x)
    while unit < units:
        above = uint32(unit // across)
        left = uint32(uint32(unit - above * across) * uint32({width}))
        unit_of_part = uint32(above // down)
        top = uint32(uint32(above - unit_of_part * down) * uint32({height}))
        matrix = uint32(unit_of_part // parts)
        low = uint32(uint32(unit_of_part - matrix * parts) * part)
        stop = min(inner, uint32(low + part))
{places}
{zeros}
        while low < stop:
{loads}
            cuda.syncthreads()
{sums}
            cuda.syncthreads()
            low = uint32(low + uint32({depth}))
        first = int64(f_o) + int64(unit_of_part) * m_o
{stores}
        unit = uint32(unit + uint32(cuda.gridDim.x))
"""
_LOAD = """
            e = uint32(lane + uint32({start}))
            d, l = {split}
            i, k = uint32({line} + l), uint32(low + d)
            v = {dtype}(0)
            if i < {lines} and k < stop:
                v = {x}[uint64(p_{x} + int64(i) * {step} + int64(k) * {along})]
            tile_{x}[uint32(d * uint32({pitch}) + l)] = v
"""


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
    return rows.fold(recipes.DOT, (x, y), axis, form)


def _tiled(out: CudaArray, a: CudaArray, b: CudaArray, from_out: bool = False) -> None:
    (n, m), k = out.shape[-2:], a.shape[-1]
    high, wide, square, depth = _shape(cuda.host().threads)
    down, across = -(-n // (high * square)), -(-m // (wide * square))
    batch = prod(out.shape[:-2])
    spare = max(2, cuda.host().blocks // 8) // (batch * down * across)
    parts = 1 if from_out else max(1, min(k // (_PART * depth), spare))
    part = -(-k // parts // depth) * depth if parts > 1 else max(k, 1)
    parts = max(1, -(-k // part))
    z = out if parts == 1 else cuda.empty((batch, parts, n, m), out.dtype)
    dims, steps = launch.merged(out.shape[:-2], (a, b), 2)
    turned = abs(a.steps[-2]) < abs(a.steps[-1]), abs(b.steps[-2]) < abs(b.steps[-1])
    kernel = launch.kernel("k_product", spelled(out.dtype, len(dims), turned, from_out, cuda.host().threads))
    units = batch * parts * down * across
    cuda.launch(kernel, cuda.blocks(units, 1), cuda.host().threads, units, n, m, k, down, across, parts, part,
                *launch.arguments(dims, (a, b), steps), *a.steps[-2:], *b.steps[-2:], *z.flat,
                *(0, *z.steps)[-3:])
    if parts > 1:
        total = rows.reduce(recipes.SUM, z, (1,), (batch, n, m))
        copies.into(out.view(lambda form: form.reshape(batch, n, m)), total)


def _shape(threads: int) -> tuple[int, int, int, int]:
    """Threads of a block along columns and rows, rows and columns of a thread, and depth of a tile.

    A tile has a multiple of `threads` elements.
    """
    high = 1 << ((threads.bit_length() - 1) // 2)
    return high, threads // high, 4 if threads >= 64 else 2, 16 if threads >= 64 else 4


@lru_cache(maxsize=64)
def spelled(dtype: np.dtype, loops: int, turned: tuple[bool, bool], from_out: bool, threads: int) -> str:
    """The source of the kernel.

    turned   : whether the columns of a, and those of b, lie along memory
    from_out : whether the product is taken from what out holds
    """
    high, wide, square, depth = _shape(threads)
    height, width = high * square, wide * square
    each = range(square)
    sums = [f"u{i} = tile_a[high + uint32({{d}} * {height + 1} + {i * high})]" for i in each]
    sums += [f"v{j} = tile_b[wide + uint32({{d}} * {width + 1} + {j * wide})]" for j in each]
    sums += [f"z{i}{j} += u{i} * v{j}" for i in each for j in each]
    stores: list[Any] = []
    for i in each:
        stores += [f"i = uint32(top + high + uint32({i * high}))", "if i < rows:"]
        for j in each:
            stores += [f"    j = uint32(left + wide + uint32({j * wide}))", "    if j < columns:",
                       "        there = uint64(first + int64(i) * r_o + int64(j) * c_o)",
                       f"        o[there] = {'o[there] - ' if from_out else ''}z{i}{j}"]
    names = ("a", "b")
    return _SOURCE.format(
        parameters=launch.parameters(names, loops), casts=launch.casts(loops), dtype=dtype, depth=depth,
        places=launch.places(names, loops, "matrix"), wide=wide, height=height, width=width,
        size_a=depth * (height + 1), size_b=depth * (width + 1),
        zeros=_lines([f"z{i}{j} = {dtype}(0)" for i in each for j in each], 8),
        loads=_load("a", height, depth, threads, dtype, not turned[0])
        + _load("b", width, depth, threads, dtype, turned[1]),
        sums=_lines([line.format(d=d) for d in range(depth) for line in sums], 12), stores=_lines(stores, 8))


def _load(x: str, lines: int, depth: int, threads: int, dtype: np.dtype, along: bool) -> str:
    """Lines that fill an operand's tile. along: neighbouring threads read along what is summed."""
    split = (f"uint32(e % uint32({depth})), uint32(e // uint32({depth}))" if along else
             f"uint32(e // uint32({lines})), uint32(e % uint32({lines}))")
    where = {"line": "top", "lines": "rows", "step": "r_a", "along": "c_a"} if x == "a" else {
        "line": "left", "lines": "columns", "step": "c_b", "along": "r_b"}
    line = _LOAD.strip("\n") + "\n"
    return "".join([line.format(start=start, split=split, dtype=dtype, x=x, pitch=lines + 1, **where)
                    for start in range(0, lines * depth, threads)])


def _lines(lines: list[str], depth: int) -> str:
    return "\n".join([" " * depth + line for line in lines])
