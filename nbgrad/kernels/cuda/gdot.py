"""Generalised matrix products for CUDA: a scalar program summed over one of three indices, in tiles if the
result is large, else by a thread for each element of it.

Operands and output are matrices over two of the indices i, j, k each, named by them: "ik" is (n, k). Of the
output u is the row and c the column, and r, the index that it lacks, is summed over, in its order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch, tile_source
from nbgrad.compile.cuda.tile_source import Operand, Tile
from nbgrad.compile.program import Body
from nbgrad.kernels.cuda import elementwise, matrices

# `t = x * y` or `t = float32(x * y)`, x and y names, numbers or one of these converted
_PRODUCT = re.compile(r"^(\w+ = (?:float\d+\()?)([\w.+-]+(?:\([^()]*\))?) \* ([\w.+-]+(?:\([^()]*\))?)(\)?)$")
_SUMS = {"sum": ("0", "{} + {}"), "max": ("-inf", "maximum({}, {})"), "min": ("inf", "minimum({}, {})")}
_SQUARE = 2                               # programs may be long: fewer elements than a product has
_MEMORY = 1 << 15                         # bytes of a block's tiles
_SOURCE = """
def k_gdot(elements, rows, columns, terms, {parameters}, {steps}, o, f_o):
    elements, rows, columns, terms = uint32(elements), uint32(rows), uint32(columns), uint32(terms)
{casts}
    e = uint32(cuda.grid(1))
    while e < elements:
        line = uint32(e // columns)
        c = uint32(e - line * columns)
        matrix = uint32(line // rows)
        u = uint32(line - matrix * rows)
{places}
{constants}
        total = {dtype}({first})
        r = uint32(0)
        while r < terms:
{term}
            total = {combine}
            r = uint32(r + uint32(1))
        o[uint64(f_o + int64(e))] = total
        e = uint32(e + uint32(cuda.gridsize(1)))
"""


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
    first, combine = _SUMS[add]
    begin, terms, each = [], [], range(tile.square)
    for i in each:
        begin += [f"u{i}, c{i} = {tile_source.element(tile, 0, i)}, {tile_source.element(tile, 1, i)}"]
        terms += [f"b{k}_{i} = {tile_source.read(tile, x, i, 'd')}"
                  for k, x in enumerate(operands) if x.lines]
    for i in each:
        terms.append(f"if u{i} < rows:")
        for j in each:
            begin.append(f"z{i}{j} = {body.dtypes[0]}({first})")
            own, place = [], {"": f"{i}{j}", "rows": i, "columns": j}
            for k, x in enumerate(operands):
                own.append(f"a{k} = b{k}_{place[x.lines]}")
                if not x.lines:
                    begin += _element(x, f"b{k}_{i}{j}", f"u{i}", f"c{j}")
            value = combine.format(f"z{i}{j}", body.results[0])
            terms += ["    " + line for line in (*own, *_lines(body, exact), f"z{i}{j} = {value}")]
    sums = [f"depth, d = min(uint32(stop - low), uint32({tile.depth})), uint32(0)", "while d < depth:",
            *["    " + line for line in terms], "    d = uint32(d + uint32(1))"]
    return tile_source.spelled("gdot", tile, operands, loops, begin, sums, lambda i, j: f"z{i}{j}")


def _element(x: Operand, name: str, u: str, c: str) -> list[str]:
    """Lines that read an element of an operand without the summed index: zero where there is none."""
    return [f"{name} = {x.dtype}(0)", f"if {u} < rows and {c} < columns:",
            f"    {name} = {x.name}[uint64(p_{x.name} + int64({u}) * l_{x.name} + int64({c}) * k_{x.name})]"]


@lru_cache(maxsize=1024)
def _spelled(body: Body, pairs: tuple[str, ...], loops: int, add: str, exact: bool) -> str:
    """The source of a kernel for small results. pairs: which lines of the result an operand has, if one."""
    names = [f"x{i}" for i in range(len(pairs))]
    first, combine = _SUMS[add]
    constants, term = [], []
    for i, (x, lines) in enumerate(zip(names, pairs, strict=True)):
        line, second = ("c" if lines == "columns" else "u"), "" if lines else f" + int64(c) * k_{x}"
        constants.append(f"b_{x} = int64(p_{x}) + int64({line}) * l_{x}{second}")
        if lines:
            term.append(f"a{i} = {x}[uint64(b_{x} + int64(r) * k_{x})]")
        else:
            constants.append(f"a{i} = {x}[uint64(b_{x})]")
    return _SOURCE.format(
        parameters=launch.parameters(names, loops), casts=launch.casts(loops),
        steps=", ".join(f"{along}_{x}" for x in names for along in "lk"), dtype=body.dtypes[0], first=first,
        places=launch.places(names, loops, "matrix"), constants=tile_source.indented(constants, 8),
        term=tile_source.indented([*term, *_lines(body, exact)], 12),
        combine=combine.format("total", body.results[0]))


def _lines(body: Body, exact: bool) -> list[str]:
    """The lines of a program; if exact, a product is rounded before it is added to something."""
    return [_PRODUCT.sub(r"\1rounded_product(\2, \3)\4", line) if exact else line for line in body.lines]
