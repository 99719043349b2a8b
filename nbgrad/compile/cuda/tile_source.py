"""Kernels that sum over one of three indices, as source text: a block computes a tile of the result, or of a
part of its sums, from tiles of the operands in shared memory. Each thread keeps a square in registers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch

# Steps of an operand are l_<x> along its lines, which are the result's rows or columns, and k_<x> along what
# is summed; those of an operand that lacks the summed index are l_<x> along rows, k_<x> along columns.
_SOURCE = """
def k_{name}(units, rows, columns, inner, down, across, parts, part, {parameters}, {steps},
        o, f_o, m_o, r_o, c_o):
{memory}
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
{begin}
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
i, k = uint32({top} + l), uint32(low + d)
v = {dtype}(0)
if i < {lines} and k < stop:
    v = {x}[uint64(p_{x} + int64(i) * l_{x} + int64(k) * k_{x})]
{guard}tile_{x}[uint32(d * uint32({pitch}) + l)] = v
"""


class Tile(NamedTuple):
    """What a block computes: each of high * wide threads has square * square elements, high and wide apart.

    depth : terms of the sums that are in shared memory at a time
    """

    high: int
    wide: int
    square: int
    depth: int


class Operand(NamedTuple):
    """A matrix that a program reads.

    lines : "rows" or "columns", which of the result's it has beside what is summed; "" if it has both
    close : whether its elements along what is summed are closer in memory than its lines
    """

    name: str
    dtype: np.dtype
    lines: str
    close: bool


def square(threads: int) -> Tile:
    """The tile of a product: of a multiple of `threads` elements in each operand."""
    high = 1 << ((threads.bit_length() - 1) // 2)
    return Tile(high, threads // high, 4 if threads >= 64 else 2, 16 if threads >= 64 else 4)


def read(tile: Tile, x: Operand, place: int, depth: str) -> str:
    """The element of an operand's tile in the thread's line of that place."""
    lane, apart = ("high", tile.high) if x.lines == "rows" else ("wide", tile.wide)
    return f"tile_{x.name}[{lane} + uint32({depth} * {apart * tile.square + 1} + {place * apart})]"


def element(tile: Tile, axis: int, place: int) -> str:
    """The row (axis 0) or column of the thread's element of that place."""
    return (f"uint32(top + high + uint32({place * tile.high}))" if axis == 0 else
            f"uint32(left + wide + uint32({place * tile.wide}))")


def spelled(name: str, tile: Tile, operands: Sequence[Operand], loops: int, begin: list[str], sums: list[str],
            value: Callable[[int, int], str]) -> str:
    """The source of a kernel.

    begin : lines that begin the sums
    sums  : lines that add the terms of the tiles
    value : the thread's element (i, j), from its sums and what is in its place, o[there]
    """
    names = [x.name for x in operands]
    height, width = tile.high * tile.square, tile.wide * tile.square
    memory, loads = list[str](), list[str]()
    for x in operands:
        if x.lines:
            count = height if x.lines == "rows" else width
            memory.append(f"tile_{x.name} = cuda.shared.array({tile.depth * (count + 1)}, {x.dtype})")
            loads += _load(tile, x, count)
    return _SOURCE.format(
        name=name, parameters=launch.parameters(names, loops), casts=launch.casts(loops), depth=tile.depth,
        steps=", ".join(f"{along}_{x}" for x in names for along in "lk"), memory=indented(memory, 4),
        places=launch.places(names, loops, "matrix"), wide=tile.wide, width=width, height=height,
        begin=indented(begin, 8), loads=indented(loads, 12), sums=indented(sums, 12),
        stores=indented(_stores(tile, value), 8))


def _load(tile: Tile, x: Operand, count: int) -> list[str]:
    """Lines that fill an operand's tile, of so many lines, with zeros for what is beyond the operand."""
    text, size, threads = list[str](), count * tile.depth, tile.high * tile.wide
    split = (f"uint32(e % uint32({tile.depth})), uint32(e // uint32({tile.depth}))" if x.close else
             f"uint32(e // uint32({count})), uint32(e % uint32({count}))")
    for start in range(0, size, threads):
        guard = f"if e < uint32({size}):\n    " if start + threads > size else ""
        text += _LOAD.strip("\n").format(
            start=start, split=split, dtype=x.dtype, x=x.name, pitch=count + 1, guard=guard, lines=x.lines,
            top="top" if x.lines == "rows" else "left").split("\n")
    return text


def _stores(tile: Tile, value: Callable[[int, int], str]) -> list[str]:
    lines = []
    for i in range(tile.square):
        lines += [f"i = {element(tile, 0, i)}", "if i < rows:"]
        for j in range(tile.square):
            lines += [f"    j = {element(tile, 1, j)}", "    if j < columns:",
                      "        there = uint64(first + int64(i) * r_o + int64(j) * c_o)",
                      f"        o[there] = {value(i, j)}"]
    return lines


def indented(lines: list[str], depth: int) -> str:
    """Lines of a kernel, so many blanks deep."""
    return "\n".join([" " * depth + line for line in lines])


def run(name: str, spell: Callable[[int], str], tile: Tile, out: CudaArray, shape: tuple[int, ...],
        inner: int, xs: Sequence[CudaArray], steps: Sequence[Sequence[int]], part: int = 0) -> None:
    """Launch a kernel for matrices out, which are as far from each other as in C order.

    spell : the kernel's source, given the number of loops over the batch axes, whose shape is `shape`
    inner : terms of a sum; part: of a part of one, if parts are to be summed by themselves, else 0
    xs    : the operands, whose batch axes broadcast; steps: for each its two
    """
    rows, columns = out.shape[-2:]
    part = part or max(inner, 1)
    down, across = -(-rows // (tile.high * tile.square)), -(-columns // (tile.wide * tile.square))
    parts = max(1, -(-inner // part))
    dims, apart = launch.merged(shape, xs, 2)
    units = prod(shape) * parts * down * across
    cuda.launch(launch.kernel(f"k_{name}", spell(len(dims))), cuda.blocks(units, 1), tile.high * tile.wide,
                units, rows, columns, inner, down, across, parts, part, *launch.arguments(dims, xs, apart),
                *[step for own in steps for step in own], *out.flat, *(0, *out.steps)[-3:])
