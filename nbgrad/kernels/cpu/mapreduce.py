"""Sums of elementwise programs for the CPU: results are summed to a smaller shape as they are computed."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from nbgrad.compile import layout
from nbgrad.compile.rowprogram import OUT, Expression, RowProgram, Statement, Step, Sweep, variable
from nbgrad.kernels.cpu import rows
from nbgrad.kernels.cpu.elementwise import Loops


def summed(loops: Loops, place: int, xs: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray | None:
    """Result number `place` of an elementwise program, summed over the axes that `shape` would repeat along.

    None where not all operands are arrays of one floating-point dtype, or Python floats.
    """
    dtypes = {x.dtype for x in xs if type(x) is np.ndarray}
    if len(dtypes) != 1 or not {type(x) for x in xs} <= {np.ndarray, float}:
        return None
    dtype = dtypes.pop()
    if dtype.kind != "f":
        return None
    arrays = [x if type(x) is np.ndarray else np.array(x, dtype) for x in xs]
    whole = layout.broadcast(loops.name, [x.shape for x in arrays])
    steps = [(0,) * (len(whole) - x.ndim) + tuple([0 if n == 1 else s for n, s in zip(x.shape, x.strides)])
             for x in arrays]
    # the operand that fills the shape best decides how memory is walked
    lead = max(range(len(steps)), key=lambda i: len(steps[i]) - steps[i].count(0))
    order = [*range(lead), *range(lead + 1, len(steps)), lead]
    kinds = tuple([dtype if type(x) is np.ndarray else float for x in xs])
    program = _summing(loops, place, kinds, tuple(order))
    missing = len(whole) - len(shape)
    axis = tuple([a for a, n in enumerate(whole) if a < missing or shape[a - missing] != n])
    return rows.run_at(program, [arrays[i] for i in order], [steps[i] for i in order], whole, axis, shape)


@lru_cache(maxsize=1024)
def _summing(loops: Loops, place: int, kinds: tuple[Any, ...], order: tuple[int, ...]) -> RowProgram:
    """The row program that sums a result of an elementwise program, whose lines are its sweep."""
    body = loops.program(kinds)
    work = [(name, Expression(value)) for name, value in body.assignments]
    result = Expression(ast.parse(body.results[place], mode="eval").body)
    steps: tuple[Step, ...] = (
        Sweep((*[Statement(*each) for each in work], Statement("total", result, "sum"))),
        Statement(OUT, variable("total")))
    return RowProgram(f"sum_of_{len(work)}", tuple([f"a{i}" for i in order]), (), lambda: steps, True, "same")
