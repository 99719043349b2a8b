"""Generalised matrix products for the CPU: a scalar program summed over one of three indices.

Operands and output are matrices over two of the indices i, j, k each, named by them: "ik" is (n, k). Of the
output u is the row and c the column, and r, the index that it lacks, is summed over. The innermost loop runs
along c, in memory without gaps; operands over u and r are constants in it. So each element of the output is
added up in the order of r, and nothing is reordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.compile.cache import compile_kernel
from nbgrad.compile.cpu.elementwise_source import COSTLY
from nbgrad.compile.program import Body

_silent = np.errstate(all="ignore")
_NUMBER = np.dtype(np.int64)
_WORK = 1 << 16                           # cheap terms that are worth a thread
_SUMS = {"sum": ("0", "total + {}"), "max": ("-inf", "maximum(total, {})"),
         "min": ("inf", "minimum(total, {})")}

# Tiles of 512 columns by 64 terms of each sum: what a tile reads of one operand is used for every row.
_PRODUCT = """
def part(start, stop, {operands}, sizes, offsets):
    rows = load(sizes, 0)
    cols = load(sizes, 1)
    terms = load(sizes, 2)
    for i in range(start * cols, stop * cols):
        store(o, i, {dtype}({first}))
    for left in range(0, cols, 512):
        right = min(cols, left + 512)
        for low in range(0, terms, 64):
            high = min(terms, low + 64)
            for unit in range(start, stop):
                batch = unit // rows
                u = unit - batch * rows
                here = unit * cols
{places}
                for r in range(low, high):
{constants}
                    for c in range(left, right):
                        total = load(o, here + c)
{term}
                        store(o, here + c, {combine})
def k_gdot({operands}, sizes, offsets):
    units = load(sizes, 3)
    each = load(sizes, 1) * load(sizes, 2)
    token = unlock(units * each)
    share(part, units, 1 + {least} // (each + 1), {operands}, sizes, offsets)
    lock(token)
"""


@_silent
def gdot(out: np.ndarray, *xs: np.ndarray, sizes: dict[str, int], body: Body, pairs: tuple[str, ...], to: str,
         add: str, exact: bool, shifted: Body | None) -> None:
    """The program summed over the index that `to` lacks, for operands with batch axes that broadcast.

    shifted : for logsumexp: exp(program - x0), with the largest value as x0
    exact   : every step is rounded by itself, so that programs that are compared agree in each bit
    """
    if shifted is None:
        _contract(out, xs, sizes, body, pairs, to, add, exact)
        return
    _contract(out, xs, sizes, body, pairs, to, "max", exact)
    top = np.where(np.isfinite(out), out, 0)
    _contract(out, (top, *xs), sizes, shifted, (to, *pairs), to, "sum", exact)
    np.log(out, out=out)
    np.add(out, top, out=out)


def _contract(out: np.ndarray, xs: Sequence[np.ndarray], sizes: dict[str, int], body: Body,
              pairs: tuple[str, ...], to: str, add: str, exact: bool) -> None:
    if not out.size:
        return
    u, c, r = *to, *(set("ijk") - set(to))
    given, places, offsets = [], [], []
    for x, pair in zip(xs, pairs, strict=True):
        x = np.ascontiguousarray(x.swapaxes(-1, -2) if pair in (c + r, c + u) else x)
        given.append(x)
        places.append(pair.translate({ord(u): "u", ord(r): "r", ord(c): None}))
        each = sizes[pair[0]] * sizes[pair[1]]
        first = np.arange(prod(x.shape[:-2])).reshape(x.shape[:-2]) * each
        offsets.append(np.broadcast_to(first, out.shape[:-2]).ravel())
    units = out.size // sizes[c]
    kernel = _kernel(body, tuple(places), add, exact)
    kernel(*given, out, np.array([sizes[u], sizes[c], sizes[r], units]), np.stack(offsets, -1).ravel())


@cache
def _kernel(body: Body, places: tuple[str, ...], add: str, exact: bool) -> Any:
    """The kernel for operands by place: "u" a row of the output's, "r" one for each term, else a constant."""
    names = [f"x{i}" for i in range(len(places))]
    first, combine = _SUMS[add]
    costly = len(COSTLY.findall(" ".join(body.lines)))
    starts, constants, term = [], [], []
    for i, (x, place) in enumerate(zip(names, places, strict=True)):
        row = " + u * cols" if place == "u" else ""
        starts.append(f"p_{x} = load(offsets, batch * {len(names)} + {i}){row}")
        if place in ("u", "r"):
            at = f"p_{x} + r * cols" if place == "r" else f"p_{x}"
            term.append(f"a{i} = load({x}, {at} + c)")
        else:
            at = "u * terms + r" if place == "ur" else "r * rows + u"
            constants.append(f"a{i} = load({x}, p_{x} + {at})")
    source = _PRODUCT.format(
        operands=", ".join([*names, "o"]), dtype=body.dtypes[0], first=first,
        least=_WORK >> min(2 * costly, 6),
        places=_lines(starts, 16), constants=_lines(constants or ["pass"], 20),
        term=_lines([*term, *body.lines], 24), combine=combine.format(body.results[0]))
    return compile_kernel("k_gdot", source, (*body.dtypes * len(names), *body.dtypes, _NUMBER, _NUMBER),
                          exact=exact)


def _lines(lines: list[str], depth: int) -> str:
    return "\n".join([" " * depth + line for line in lines])
