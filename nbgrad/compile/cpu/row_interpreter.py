"""Row programs interpreted: what their kernels do with each row, done with all rows by NumPy's functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from math import prod as product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nbgrad.arrays import memory
from nbgrad.compile.cpu import interpreter
from nbgrad.compile.rowprogram import COUNT, NUMBER, OUT, RowProgram, Sweep, first, neutral

FOLDS: dict[str, Any] = {"sum": np.add, "prod": np.multiply, "any": np.logical_or, "all": np.logical_and,
                         "max": np.maximum, "min": np.minimum}
_HEAD = 5                                 # numbers before the loops (see rows.py)


def cost(program: RowProgram) -> tuple[int, float]:
    """NumPy's functions that are called, and nanoseconds for an element."""
    count = sum([len(step.statements) if isinstance(step, Sweep) else 1 for step in program.steps])
    slow = len(program.calls & {"exp", "log", "log1p"})
    return 2 * count, 3.0 * count + 20.0 * slow


def rows(program: RowProgram, dtype: np.dtype) -> Callable[..., np.ndarray]:
    """What does as a program's kernel (row_source), whichever way that walks."""
    compute = _function(program, dtype)
    result = [] if program.reduces else [OUT]

    def run(*args: Any) -> np.ndarray:
        *xs, like, loops, k = args
        out = memory.empty(like.shape, dtype)
        arrays = dict(zip([*program.full, *program.once], xs), **{OUT: out})
        kept, reduced = map(int, loops[:2])
        full = [*program.full, *result]
        names = [*full, *program.once, *([] if result else [OUT])]
        sizes, steps = _loops(loops[_HEAD:], kept, len(names))
        lengths, inner = _loops(loops[_HEAD + kept * (1 + len(names)):], reduced, len(full))
        views = {}
        for i, x in enumerate(names):
            inside = (lengths, inner[i]) if i < len(full) else ((1,) * reduced, (0,) * reduced)
            views[x] = as_strided(arrays[x], (*sizes, *inside[0]), (*steps[i], *inside[1]))
        shape, axes = (*sizes, *lengths), tuple(range(kept, kept + reduced))
        with np.errstate(all="ignore"):
            operands = [views[x] for x in names if x != OUT]
            views[OUT][...] = compute(shape, axes, product(lengths), k, *operands)
        return out

    return run


def _loops(numbers: np.ndarray, count: int, arrays: int) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Lengths of loops, and for each array the steps of its loops, in bytes."""
    read = numbers[:count * (1 + arrays)].tolist()
    parts = [tuple(read[i * count:(i + 1) * count]) for i in range(1 + arrays)]
    return parts[0], parts[1:]


def _function(program: RowProgram, dtype: np.dtype) -> Callable[..., Any]:
    """What gives a program's result, of the shape and axes of the elements, n, k and the operands."""
    operands = [*program.full, *program.once]
    start = "None" if dtype == np.bool_ else neutral("max", dtype)
    end = "None" if dtype == np.bool_ else neutral("min", dtype)
    lines = [f"v_{x} = cast(v_{x})" for x in operands]
    lines += [f"v_{first(x)} = first(v_{x}, axes)" for x in program.firsts]
    lines += [f"{_name(target)} = {value}" for target, value in _assignments(program, dtype)]
    given = ", ".join([f"v_{x}" for x in operands])
    source = "\n    ".join([f"def program(shape, axes, {COUNT}, {NUMBER}, {given}):",
                            f"starts = {{'max': {start}, 'min': {end}}}", *lines, f"return {_name(OUT)}"])
    space = dict(interpreter.SCOPE, first=_first, fold=_fold(dtype),
                 cast=lambda x: x.astype(dtype, copy=False))
    exec(source, space)
    found: Callable[..., Any] = space["program"]
    return found


def _assignments(program: RowProgram, dtype: np.dtype) -> Iterator[tuple[str, str]]:
    """(variable, expression of arrays) for each statement, in order."""
    for step in program.steps:
        for s in step.statements if isinstance(step, Sweep) else [step]:
            tree = ast.parse(s.value.text(dtype, _name), mode="eval").body
            value = ast.unparse(interpreter.OfArrays().visit(tree))
            if s.fold:
                value = f"fold({s.fold!r}, {value}, shape, axes, starts.get({s.fold!r}))"
            elif s.target == OUT:
                value = f"{dtype}({value})"
            yield s.target, value


def _name(variable: str) -> str:
    return variable if variable in (COUNT, NUMBER) else f"v_{variable}"


def _first(x: np.ndarray, axes: tuple[int, ...]) -> Any:
    """The first element of each row; 0 where there is none."""
    head = x[tuple([slice(1) if axis in axes else slice(None) for axis in range(x.ndim)])]
    return head if all(head.shape[axis] for axis in axes) else x.dtype.type(0)


def _fold(dtype: np.dtype) -> Callable[..., Any]:
    """What folds the elements of each row. Sums of float32 have more digits on the way."""
    wide = np.dtype(np.float64) if dtype == np.float32 else dtype

    def fold(which: str, x: Any, shape: tuple[int, ...], axes: tuple[int, ...], start: Any) -> Any:
        whole = np.broadcast_to(x, shape)
        options: dict[str, Any] = {"axis": axes, "keepdims": True}
        if which in ("sum", "prod"):
            options["dtype"] = wide
        elif start is not None:
            options["initial"] = start
        return FOLDS[which].reduce(whole, **options).astype(dtype, copy=False)

    return fold
