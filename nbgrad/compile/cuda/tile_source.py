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
from nbgrad.compile.writer import Writer


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


def spelled(name: str, tile: Tile, operands: Sequence[Operand], loops: int, begin: Callable[[Writer], None],
            sums: Callable[[Writer], None], value: Callable[[int, int], str]) -> str:
    """The source of a kernel.

    Steps of an operand are l_<x> along its lines, which are the result's rows or columns, and k_<x> along
    what is summed; those of an operand that lacks the summed index are l_<x> along rows, k_<x> along columns.

    begin : writes what begins the sums
    sums  : writes what adds the terms of the tiles
    value : the thread's element (i, j), from its sums and what is in its place, o[there]
    """
    w, names = Writer(), [x.name for x in operands]
    steps = [f"{along}_{x}" for x in names for along in "lk"]
    given = ["units", "rows", "columns", "inner", "down", "across", "parts", "part",
             launch.parameters(names, loops), *steps, "o", "f_o", "m_o", "r_o", "c_o"]
    height, width = tile.high * tile.square, tile.wide * tile.square
    with w.block(f"def k_{name}({', '.join(given)}):"):
        for x in operands:
            if x.lines:
                w.line(f"tile_{x.name} = cuda.shared.array({tile.depth * (_count(tile, x) + 1)}, {x.dtype})")
        w.lines("units, rows, columns, inner = uint32(units), uint32(rows), uint32(columns), uint32(inner)",
                "down, across, parts, part = uint32(down), uint32(across), uint32(parts), uint32(part)",
                *launch.cast_lines(loops), "lane = uint32(cuda.threadIdx.x)",
                f"high, wide = uint32(lane // uint32({tile.wide})), uint32(lane % uint32({tile.wide}))",
                "unit = uint32(cuda.blockIdx.x)")
        with w.block("while unit < units:"):
            w.lines("above = uint32(unit // across)",
                    f"left = uint32(uint32(unit - above * across) * uint32({width}))",
                    "unit_of_part = uint32(above // down)",
                    f"top = uint32(uint32(above - unit_of_part * down) * uint32({height}))",
                    "matrix = uint32(unit_of_part // parts)",
                    "low = uint32(uint32(unit_of_part - matrix * parts) * part)",
                    "stop = min(inner, uint32(low + part))", *launch.place_lines(names, loops, "matrix"))
            begin(w)
            with w.block("while low < stop:"):
                for x in operands:
                    if x.lines:
                        _load(w, tile, x)
                w.line("cuda.syncthreads()")
                sums(w)
                w.lines("cuda.syncthreads()", f"low = uint32(low + uint32({tile.depth}))")
            w.line("first = int64(f_o) + int64(unit_of_part) * m_o")
            _store(w, tile, value)
            w.line("unit = uint32(unit + uint32(cuda.gridDim.x))")
    return w.text()


def _count(tile: Tile, x: Operand) -> int:
    """How many of an operand's lines are in its tile."""
    return (tile.high if x.lines == "rows" else tile.wide) * tile.square


def _load(w: Writer, tile: Tile, x: Operand) -> None:
    """Write what fills an operand's tile, with zeros for what is beyond the operand."""
    count, threads = _count(tile, x), tile.high * tile.wide
    size, top = count * tile.depth, "top" if x.lines == "rows" else "left"
    line = tile.depth if x.close else count
    parts = [f"uint32(e {sign} uint32({line}))" for sign in (("%", "//") if x.close else ("//", "%"))]
    for start in range(0, size, threads):
        place = f"tile_{x.name}[uint32(d * uint32({count + 1}) + l)]"
        w.lines(f"e = uint32(lane + uint32({start}))", f"d, l = {', '.join(parts)}",
                f"i, k = uint32({top} + l), uint32(low + d)", f"v = {x.dtype}(0)")
        with w.block(f"if i < {x.lines} and k < stop:"):
            w.line(f"v = {x.name}[uint64(p_{x.name} + int64(i) * l_{x.name} + int64(k) * k_{x.name})]")
        if start + threads > size:
            with w.block(f"if e < uint32({size}):"):
                w.line(f"{place} = v")
        else:
            w.line(f"{place} = v")


def _store(w: Writer, tile: Tile, value: Callable[[int, int], str]) -> None:
    """Write what stores a thread's elements."""
    for i in range(tile.square):
        w.line(f"i = {element(tile, 0, i)}")
        with w.block("if i < rows:"):
            for j in range(tile.square):
                w.line(f"j = {element(tile, 1, j)}")
                with w.block("if j < columns:"):
                    w.lines("there = uint64(first + int64(i) * r_o + int64(j) * c_o)",
                            f"o[there] = {value(i, j)}")


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
