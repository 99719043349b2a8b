"""Generalised matrix products for the CPU: a scalar program summed over one of three indices.

Operands and output are matrices over two of the indices i, j, k each, named by them: "ik" is (n, k). Of the
output u is the row and c the column, and r, the index that it lacks, is summed over. The innermost loop runs
along c, in memory without gaps; operands over u and r are constants in it. So each element of the output is
added up in the order of r, and nothing is reordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from nbgrad.compile.cpu import interpreter, row_interpreter
from nbgrad.compile.program import Body
from nbgrad.compile.rowprogram import join, neutral
from nbgrad.compile.tiers import Interim, kernel
from nbgrad.compile.writer import Writer

_silent = np.errstate(all="ignore")
_NUMBER = np.dtype(np.int64)
_WORK = 1 << 16                           # cheap terms that are worth a thread
_COLUMNS, _TERMS = 512, 64                # of a tile: what it reads of one operand is used for every row


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
    run = _kernel(body, tuple(places), add, exact)
    run(*given, out, np.array([sizes[u], sizes[c], sizes[r], units]), np.stack(offsets, -1).ravel())


_kernels: dict[Any, Any] = {}


def _kernel(body: Body, places: tuple[str, ...], add: str, exact: bool) -> Any:
    """The kernel for operands by place: "u" a row of the output's, "r" one for each term, else a constant."""
    key = body, places, add, exact
    if key not in _kernels:
        arguments = (*body.dtypes * len(places), *body.dtypes, _NUMBER, _NUMBER)
        _kernels[key] = kernel("k_gdot", _source(body, places, add), arguments, None,
                               lambda: _interim(body, places, add), partial(_kernels.__setitem__, key), exact)
    return _kernels[key]


def _interim(body: Body, places: tuple[str, ...], add: str) -> Interim:
    """What does as the kernel: a row of the output at a time, of all terms."""
    compute, fold = interpreter.function(body, len(places)), row_interpreter.FOLDS[add].reduce

    def run(*args: Any) -> None:
        *xs, o, sizes, offsets = args
        rows, columns, terms, units = sizes.tolist()
        forms = {"u": (rows, columns), "r": (terms, columns), "ur": (rows, terms), "ru": (terms, rows)}
        starts = offsets.reshape(-1, len(places)).tolist()
        out = o.reshape(units, columns)
        with np.errstate(all="ignore"):
            for unit in range(units):
                batch, u = divmod(unit, rows)
                operands = []
                for x, place, start in zip(xs, places, starts[batch]):
                    form = forms[place]
                    matrix = x.reshape(-1)[start:start + prod(form)].reshape(form)
                    if "u" in place:      # the row's part of it, along terms or columns
                        matrix = matrix[:, u:u + 1] if place == "ru" else matrix[u:u + 1]
                    operands.append(matrix.T if place == "ur" else matrix)
                (value,) = compute(*operands)
                out[unit] = fold(np.broadcast_to(value, (terms, columns)), axis=0)

    steps, each = interpreter.cost(body)
    return Interim(run, 4 * steps, each, most=1 << 12)


def _source(body: Body, places: tuple[str, ...], add: str) -> str:
    w, operands = Writer(), ", ".join([*[f"x{i}" for i in range(len(places))], "o"])
    least = _WORK >> min(2 * body.costly, 6)
    with w.block(f"def part(start, stop, {operands}, sizes, offsets):"):
        w.lines("rows = load(sizes, 0)", "cols = load(sizes, 1)", "terms = load(sizes, 2)")
        with w.block("for i in range(start * cols, stop * cols):"):
            w.line(f"store(o, i, {neutral(add, body.dtypes[0])})")
        with w.block(f"for left in range(0, cols, {_COLUMNS}):"):
            w.line(f"right = min(cols, left + {_COLUMNS})")
            with w.block(f"for low in range(0, terms, {_TERMS}):"):
                w.line(f"high = min(terms, low + {_TERMS})")
                with w.block("for unit in range(start, stop):"):
                    w.lines("batch = unit // rows", "u = unit - batch * rows", "here = unit * cols")
                    _write_row(w, body, places, add)
    with w.block(f"def k_gdot({operands}, sizes, offsets):"):
        w.lines("units = load(sizes, 3)", "each = load(sizes, 1) * load(sizes, 2)",
                "token = unlock(units * each)",
                f"share(part, units, 1 + {least} // (each + 1), {operands}, sizes, offsets)",
                "lock(token)")
    return w.text()


def _write_row(w: Writer, body: Body, places: tuple[str, ...], add: str) -> None:
    """Write the loops over the terms and columns of a tile's row."""
    for i, place in enumerate(places):
        row = " + u * cols" if place == "u" else ""
        w.line(f"p_x{i} = load(offsets, batch * {len(places)} + {i}){row}")
    with w.block("for r in range(low, high):"):
        for i, place in enumerate(places):
            if place not in ("u", "r"):
                step = "u * terms + r" if place == "ur" else "r * rows + u"
                w.line(f"a{i} = load(x{i}, p_x{i} + {step})")
        with w.block("for c in range(left, right):"):
            w.line("total = load(o, here + c)")
            for i, place in enumerate(places):
                if place in ("u", "r"):
                    w.line(f"a{i} = load(x{i}, p_x{i}{' + r * cols' if place == 'r' else ''} + c)")
            w.lines(*body.lines, f"store(o, here + c, {join(add, 'total', body.results[0])})")
