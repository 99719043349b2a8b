"""Generalised matrix products for CUDA: a scalar program summed over one of three indices, a thread for each
element of the result.

Operands and output are matrices over two of the indices i, j, k each, named by them: "ik" is (n, k). Of the
output u is the row and c the column, and r, the index that it lacks, is summed over, in its order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from nbgrad.cuda import CudaArray
from nbgrad.kernels.cpu.source import Body
from nbgrad.kernels.cuda import elementwise, launch, matrices

# `t = x * y` or `t = float32(x * y)`, x and y names, numbers or one of these converted
_PRODUCT = re.compile(r"^(\w+ = (?:float\d+\()?)([\w.+-]+(?:\([^()]*\))?) \* ([\w.+-]+(?:\([^()]*\))?)(\)?)$")
_SUMS = {"sum": ("0", "total + {}"), "max": ("-inf", "maximum(total, {})"),
         "min": ("inf", "minimum(total, {})")}
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
    dims, steps = launch.merged(out.shape[:-2], xs, 2)
    each = [dict(zip(pair, x.steps[-2:], strict=True)) for x, pair in zip(xs, pairs, strict=True)]
    apart = [own.get(index, 0) for own in each for index in (u, c, r)]
    summed = tuple([r in pair for pair in pairs])
    launch.run("k_gdot", _spelled, out.size, sizes[u], sizes[c], sizes[r], *launch.arguments(dims, xs, steps),
               *apart, *out.flat, what=(body, summed, len(dims), add, exact))


@lru_cache(maxsize=1024)
def _spelled(body: Body, summed: tuple[bool, ...], loops: int, add: str, exact: bool) -> str:
    """The source of a kernel. summed: whether an operand has the index that is summed over."""
    names = [f"x{i}" for i in range(len(summed))]
    first, combine = _SUMS[add]
    constants, term = [], []
    for i, (x, varies) in enumerate(zip(names, summed, strict=True)):
        constants.append(f"b_{x} = int64(p_{x}) + int64(u) * u_{x} + int64(c) * c_{x}")
        if varies:
            term.append(f"a{i} = {x}[uint64(b_{x} + int64(r) * r_{x})]")
        else:
            constants.append(f"a{i} = {x}[uint64(b_{x})]")
    lines = [_alone(line) for line in body.lines] if exact else list(body.lines)
    return _SOURCE.format(
        parameters=launch.parameters(names, loops), casts=launch.casts(loops),
        steps=", ".join(f"{index}_{x}" for x in names for index in "ucr"), dtype=body.dtypes[0], first=first,
        places=launch.places(names, loops, "matrix"), constants=_lines(constants, 8),
        term=_lines([*term, *lines], 12), combine=combine.format(body.results[0]))


def _alone(line: str) -> str:
    """A line of a program in which a product is rounded before it is added to something."""
    return _PRODUCT.sub(r"\1rounded_product(\2, \3)\4", line)


def _lines(lines: list[str], depth: int) -> str:
    return "\n".join([" " * depth + line for line in lines])
