"""The row driver of CUDA: a row program in one kernel, each row by one thread or by a team of them.

A team takes a row: each thread every so many of its elements, and what they fold is folded again in shared
memory, in an order that does not change from run to run. Short rows have small teams, several in a block, so
that neighbouring threads read neighbouring elements; rows that lie across memory have teams of one for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import Any

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile import layout
from nbgrad.compile.cuda import launch
from nbgrad.compile.cuda.row_source import spelled
from nbgrad.compile.rowprogram import COUNT, NUMBER, OUT, RowProgram, Statement, Step, Sweep, variable

_EACH = 16                                # elements of a row for each thread; of more, a larger team
_PART = 16                                # elements for each thread of a part of a long row
_ACROSS = 32                              # and at least, where the thread takes all of the part
_BUSY = 1 << 16                           # threads that keep a device busy


def reduce(program: RowProgram, x: CudaArray, axis: tuple[int, ...], form: Any, k: float = 0.0) -> CudaArray:
    """The result of a row program of one operand that gives one element for each row.

    form : the shape of the result, or whether the reduced axes stay in it with length 1
    """
    if not isinstance(form, tuple):
        form = tuple([1 if a in axis else n for a, n in enumerate(x.shape) if form or a not in axis])
    return fold(program, (x,), axis, form, k)


def fold(program: RowProgram, xs: tuple[CudaArray, ...], axis: tuple[int, ...], form: tuple[int, ...],
         k: float = 0.0) -> CudaArray:
    """The result, of a shape, of a row program of full operands that gives one element for each row."""
    rows, n = prod(form), prod([xs[-1].shape[a] for a in axis])
    part = _part(xs[-1], axis, rows, n) if program.sweeps == 1 else 0
    if not part:
        return run(program, xs, axis, form, k)
    first, middle, last = _pieces(program)
    parts = -(-n // part)
    if not _across(xs[-1], axis):
        found = run(first, xs, axis, (*form, parts), 0.0, part)
        return run(last, (found,), (len(form),), form, float(n))
    found = run(first, xs, axis, (parts, *form), 0.0, part)
    while part := _part(found, (0,), rows, parts):
        parts = -(-parts // part)
        found = run(middle, (found,), (0,), (parts, *form), 0.0, part)
    return run(last, (found,), (0,), form, float(n))


def _part(x: CudaArray, axis: tuple[int, ...], rows: int, n: int) -> int:
    """Elements of a row to be folded on their own, by a block or a thread, where rows are too few; else 0."""
    if _across(x, axis):
        part = max(_ACROSS, -(-rows * n // _BUSY))
        return part if rows < _BUSY // 2 and n >= 2 * part else 0
    part = _PART * cuda.host().threads
    return part if rows < _BUSY // 256 and n > 2 * part else 0


def _across(x: CudaArray, axis: tuple[int, ...]) -> bool:
    """Whether rows lie across memory: the next row is closer than the row's own next element."""
    kept = [abs(s) for a, (n, s) in enumerate(zip(x.shape, x.steps)) if n > 1 and a not in axis]
    inside = [abs(x.steps[a]) for a in axis if x.shape[a] > 1]
    return bool(kept and inside) and 0 < kept[-1] < min(inside)


@lru_cache(maxsize=64)
def _pieces(program: RowProgram) -> tuple[RowProgram, RowProgram, RowProgram]:
    """A program of one fold as several: for parts of a row, for parts of what these gave, and for all of it.

    In the last one the number of elements in a row is the caller's number.
    """
    sweep, *rest = program.steps
    assert isinstance(sweep, Sweep)
    (target, fold), = sweep.folds.items()
    again = Sweep((Statement(target, variable("x"), fold),))
    give = Statement(OUT, variable(target))
    kind = "same" if program.kind != "bool" else "bool"

    def piece(name: str, full: tuple[str, ...], kind: str, parts: bool, *steps: Step) -> RowProgram:
        return RowProgram(f"{program.name}_{name}", full, (), lambda: steps, True, kind, parts)

    return (piece("parts", program.full, program.kind, True, sweep, give),
            piece("parts_again", ("x",), kind, True, again, give),
            piece("whole", ("x",), kind, False, again, *[_counted(step) for step in rest]))


def _counted(step: Step) -> Statement:
    """A step that is done once, with the caller's number in the place of the number of elements."""
    assert isinstance(step, Statement)
    return replace(step, value=step.value.renamed(COUNT, NUMBER))


def run(program: RowProgram, xs: tuple[CudaArray, ...], axis: tuple[int, ...], form: Any = False,
        k: float = 0.0, part: int = 0) -> CudaArray:
    """The result of a row program of operands, first those that are full. Others may lack the reduced axes.

    part : elements of a row that are taken as a row of their own; 0: all. The parts are then the result's
        last axis, or its first where rows lie across memory
    """
    count = len(program.full)
    shape, dtype = xs[count - 1].shape, program.dtype(xs[count - 1].dtype)
    if program.reduces:
        if not isinstance(form, tuple):
            form = tuple([1 if a in axis else n for a, n in enumerate(shape) if form or a not in axis])
        out = cuda.empty(form, dtype)
    else:
        out = cuda.empty(shape, dtype)
    if out.size:
        _launch(program, xs, out, axis, k, part)
    return out


def into(out: CudaArray, program: RowProgram, xs: tuple[CudaArray, ...], axis: tuple[int, ...],
         k: float = 0.0) -> None:
    """Write the result of a row program of operands, as of `run`, into an array in C order."""
    if out.size:
        _launch(program, xs, out, axis, k, 0)


def _launch(program: RowProgram, xs: tuple[CudaArray, ...], out: CudaArray, axis: tuple[int, ...], k: float,
            part: int) -> None:
    count = len(program.full)
    shape, lead = xs[count - 1].shape, xs[count - 1].steps
    kept = [a for a in range(len(shape)) if a not in axis]
    inside = sorted(axis, key=lambda a: -abs(lead[a]))
    walked = [*xs[:count], *([] if program.reduces else [out])]
    once = [_kept(x.steps, axis, len(shape)) for x in xs[count:]]
    if program.reduces:
        once.append(_steps_of_rows(shape, axis))
    full = [x.steps for x in walked]
    kd, ks = layout.merge([shape[a] for a in kept], [[s[a] for a in kept] for s in [*full, *once]])
    rd, rs = layout.merge([shape[a] for a in inside], [[s[a] for a in inside] for s in full])
    rows, n = prod(kd), prod(rd)
    threads = cuda.host().threads
    team = 1 if _across(xs[count - 1], axis) else threads if part else _team(n, threads)
    parts = -(-n // part) if part else 1
    arrays = [*xs[:count], *xs[count:], out] if program.reduces else [*xs[:count], out, *xs[count:]]
    given: list[Any] = [rows * parts, n, rows if team == 1 else part, parts, *kd[1:], *rd[1:]]
    for i, x in enumerate(arrays):
        flat, first = x.flat
        given += [flat, first, *ks[i], *(rs[i] if i < len(walked) else [])]
    kernel = launch.kernel(f"k_{program.name}", spelled(program, tuple([x.dtype for x in xs]), out.dtype,
                                                       len(kd), len(rd), team, threads))
    grid = cuda.blocks(rows * parts, threads // team)
    cuda.launch(kernel, grid, threads, *given, out.dtype.type(k) if out.dtype.kind == "f" else k)


def _team(n: int, threads: int) -> int:
    """Threads that take a row of n elements together."""
    for team, each in ((max(threads // 32, 2), _EACH // 2), (max(threads // 8, 2), _EACH)):
        if n <= team * each:
            return team if n > 1 else 1
    return threads


def _kept(steps: Sequence[int], axis: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Steps of an operand with one element a row, for all axes, whether or not it has the reduced ones."""
    if len(steps) == ndim:
        return tuple([0 if a in axis else s for a, s in enumerate(steps)])
    rest = iter(steps)
    return tuple([0 if a in axis else next(rest) for a in range(ndim)])


def _steps_of_rows(shape: Sequence[int], axis: tuple[int, ...]) -> tuple[int, ...]:
    """Steps of a result in C order with one element for each row."""
    sizes = [1 if a in axis else n for a, n in enumerate(shape)]
    return tuple([0 if a in axis else s for a, s in enumerate(layout.packed(sizes, range(len(shape)), 1))])
