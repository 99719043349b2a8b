"""Generalised matrix products for CUDA: a scalar program summed over one of three indices, in tiles if the
result is large, else by a thread for each element of it.

Operands and output are matrices over two of the indices i, j, k each, named by them: "ik" is (n, k). Of the
output u is the row and c the column, and r, the index that it lacks, is summed over, in its order.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch, tile_source
from nbgrad.compile.cuda.tile_source import Operand, Tile
from nbgrad.compile.program import Body
from nbgrad.compile.rowprogram import join, neutral
from nbgrad.compile.writer import Writer
from nbgrad.kernels.cuda import elementwise, matrices

_SQUARE = 2                               # programs may be long: fewer elements than a product has
_MEMORY = 1 << 15                         # bytes of a block's tiles


def gdot(out: CudaArray, *xs: CudaArray, sizes: dict[str, int], body: Body, pairs: tuple[str, ...], to: str,
         add: str, exact: bool, shifted: Body | None) -> None:
    """The program summed over the index that `to` lacks, for operands with batch axes that broadcast.

    shifted : for logsumexp: exp(program - x0), with the largest value as x0
    exact   : every step is rounded by itself, so that programs that are compared agree in each bit
    """
    if shifted is None:
        _contract(out, xs, sizes, body, pairs, to, add, exact)
        return
    _contract(out, xs, sizes, body, pairs, to, "max", exact)
    dtype = out.dtype
    top = matrices.mapped("finite", f"a0 if isfinite(a0) else {dtype}(0)", dtype, out)
    _contract(out, (top, *xs), sizes, shifted, (to, *pairs), to, "sum", exact)
    elementwise.run("k_shifted", (dtype, dtype), Body((), ("log(a0) + a1",), (dtype,)), (out, top), (out,))


def _contract(out: CudaArray, xs: Sequence[CudaArray], sizes: dict[str, int], body: Body,
              pairs: tuple[str, ...], to: str, add: str, exact: bool) -> None:
    u, c, r = *to, *(set("ijk") - set(to))
    operands, steps = [], []
    for i, (x, pair) in enumerate(zip(xs, pairs, strict=True)):
        along = dict(zip(pair, x.steps[-2:], strict=True))
        own = [along[index] for index in (u, c, r) if index in pair]
        lines = "" if r not in pair else "rows" if u in pair else "columns"
        operands.append(Operand(f"x{i}", x.dtype, lines, abs(own[1]) <= abs(own[0])))
        steps.append(own)
    tile = _tile(operands)
    if 2 * min(sizes[u], sizes[c]) > tile.high * tile.square and out.size:
        tile_source.run("gdot", lambda loops: _tiled(body, tuple(operands), loops, add, exact, tile), tile,
                        out, out.shape[:-2], sizes[r], xs, steps)
        return
    dims, apart = launch.merged(out.shape[:-2], xs, 2)
    launch.run("k_gdot", _spelled, out.size, sizes[u], sizes[c], sizes[r], *launch.arguments(dims, xs, apart),
               *[step for own in steps for step in own], *out.flat,
               what=(body, tuple([x.lines for x in operands]), len(dims), add, exact))


def _tile(operands: Sequence[Operand]) -> Tile:
    """A tile of the result, for which the operands' tiles fit in shared memory."""
    tile = tile_source.square(cuda.host().threads)._replace(square=_SQUARE)
    longest = max(tile.high, tile.wide) * tile.square + 1
    each = sum([longest * x.dtype.itemsize for x in operands if x.lines])
    while tile.depth > 1 and tile.depth * each > _MEMORY:
        tile = tile._replace(depth=tile.depth // 2)
    return tile


@lru_cache(maxsize=1024)
def _tiled(body: Body, operands: tuple[Operand, ...], loops: int, add: str, exact: bool, tile: Tile) -> str:
    """The source of a kernel that works in tiles."""
    dtype, each = body.dtypes[0], range(tile.square)

    def begin(w: Writer) -> None:
        for i in each:
            w.line(f"u{i}, c{i} = {tile_source.element(tile, 0, i)}, {tile_source.element(tile, 1, i)}")
        for i in each:
            for j in each:
                w.line(f"z{i}{j} = {neutral(add, dtype)}")
                for k, x in enumerate(operands):
                    if not x.lines:
                        _write_element(w, x, f"b{k}_{i}{j}", f"u{i}", f"c{j}")

    def sums(w: Writer) -> None:
        w.line(f"depth, d = min(uint32(stop - low), uint32({tile.depth})), uint32(0)")
        with w.block("while d < depth:"):
            for i in each:
                w.lines(*[f"b{k}_{i} = {tile_source.read(tile, x, i, 'd')}"
                          for k, x in enumerate(operands) if x.lines])
            for i in each:
                with w.block(f"if u{i} < rows:"):
                    for j in each:
                        place = {"": f"{i}{j}", "rows": i, "columns": j}
                        w.lines(*[f"a{k} = b{k}_{place[x.lines]}" for k, x in enumerate(operands)],
                                *_lines(body, exact), f"z{i}{j} = {join(add, f'z{i}{j}', body.results[0])}")
            w.line("d = uint32(d + uint32(1))")

    return tile_source.spelled("gdot", tile, operands, loops, begin, sums, lambda i, j: f"z{i}{j}")


def _write_element(w: Writer, x: Operand, name: str, u: str, c: str) -> None:
    """Write what reads an element of an operand without the summed index: zero where there is none."""
    w.line(f"{name} = {x.dtype}(0)")
    with w.block(f"if {u} < rows and {c} < columns:"):
        w.line(f"{name} = {x.name}[uint64(p_{x.name} + int64({u}) * l_{x.name} + int64({c}) * k_{x.name})]")


@lru_cache(maxsize=1024)
def _spelled(body: Body, pairs: tuple[str, ...], loops: int, add: str, exact: bool) -> str:
    """The source of a kernel for small results. pairs: which lines of the result an operand has, if one."""
    w, names = Writer(), [f"x{i}" for i in range(len(pairs))]
    counts = ["elements", "rows", "columns", "terms"]
    given = [*counts, launch.parameters(names, loops),
             *[f"{along}_{x}" for x in names for along in "lk"], "o", "f_o"]
    with w.block(f"def k_gdot({', '.join(given)}):"):
        w.lines(f"{', '.join(counts)} = {', '.join(f'uint32({x})' for x in counts)}",
                *launch.cast_lines(loops), "e = uint32(cuda.grid(1))")
        with w.block("while e < elements:"):
            w.lines("line = uint32(e // columns)", "c = uint32(e - line * columns)",
                    "matrix = uint32(line // rows)", "u = uint32(line - matrix * rows)",
                    *launch.place_lines(names, loops, "matrix"))
            for i, (x, lines) in enumerate(zip(names, pairs, strict=True)):
                line, second = ("c" if lines == "columns" else "u"), "" if lines else f" + int64(c) * k_{x}"
                w.line(f"b_{x} = int64(p_{x}) + int64({line}) * l_{x}{second}")
                if not lines:
                    w.line(f"a{i} = {x}[uint64(b_{x})]")
            w.lines(f"total = {neutral(add, body.dtypes[0])}", "r = uint32(0)")
            with w.block("while r < terms:"):
                for i, (x, lines) in enumerate(zip(names, pairs, strict=True)):
                    if lines:
                        w.line(f"a{i} = {x}[uint64(b_{x} + int64(r) * k_{x})]")
                w.lines(*_lines(body, exact), f"total = {join(add, 'total', body.results[0])}",
                        "r = uint32(r + uint32(1))")
            w.lines("o[uint64(f_o + int64(e))] = total", "e = uint32(e + uint32(cuda.gridsize(1)))")
    return w.text()


def _lines(body: Body, exact: bool) -> list[str]:
    """The lines of a program; if exact, a product is rounded before it is added to something."""
    if not exact:
        return list(body.lines)
    return [f"{name} = {ast.unparse(_rounded(value))}" for name, value in body.assignments]


def _rounded(value: ast.expr) -> ast.expr:
    """A product, or one that is converted, as one that is rounded by itself; other values as they are."""
    match value:
        case ast.BinOp(x, ast.Mult(), y) if not isinstance(x, ast.BinOp) and not isinstance(y, ast.BinOp):
            return ast.Call(ast.Name("rounded_product"), [x, y], [])
        case ast.Call(ast.Name(dtype), [x], []) if dtype.startswith("float"):
            return ast.Call(ast.Name(dtype), [_rounded(x)], [])
    return value
