"""The row driver of the CPU: which kernel of a row program takes operands of any shapes and strides, in which
loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.memory import BLOCK
from nbgrad.compile import layout
from nbgrad.compile.cpu import row_interpreter
from nbgrad.compile.cpu.row_source import source
from nbgrad.compile.rowprogram import RowProgram
from nbgrad.compile.tiers import Interim, kernel

_NEAR = 1 << 19          # bytes that are still near when a block of rows is walked a second time
_WHOLE = 1 << 20                          # elements that are interpreted, all at once
_NUMBER = np.dtype(np.int64)
_kernels: dict[Any, Any] = {}
_MEMORY_BOUND, _COSTLY = 16384, 2048      # elements that are worth a thread


class RowPlan:
    """How a row program runs on operands of certain dtypes, shapes and strides.

    like  : an array of the result's shape, its axes in the order they have in memory; it has no elements of
        its own
    axes  : what puts the axes in their places, or None where they are
    """

    __slots__ = ("axes", "kernel", "like", "loops")
    kernel: Any
    loops: np.ndarray
    like: np.ndarray
    axes: np.ndarray | None

    def __init__(self, kernel: Any, loops: list[int], shape: Sequence[int], order: Sequence[int],
                 dtype: np.dtype) -> None:
        self.kernel, self.loops = kernel, np.array(loops, np.int64)
        self.like = np.broadcast_to(np.empty((), dtype), [shape[a] for a in order])
        self.axes = None if list(order) == sorted(order) else np.argsort(order)

    def run(self, *args: Any) -> np.ndarray:
        """The result of the operands and k."""
        z = self.kernel(*args[:-1], self.like, self.loops, args[-1])
        if z is None:                     # this raises MemoryError, or finds that there is memory now
            devices.empty(self.like.shape, self.like.dtype)
            return self.run(*args)
        return z if self.axes is None else z.transpose(self.axes)


def reduce(program: RowProgram, x: np.ndarray, axis: tuple[int, ...], form: Any,
           k: float = 0.0) -> np.ndarray:
    """The result of a row program of one operand that gives one element for each row.

    form : the shape of the result, or whether the reduced axes stay in it with length 1
    """
    plan = _plan(program, axis, form, x.dtype, x.shape, x.strides)
    z = plan.kernel(x, plan.like, plan.loops, k)
    return plan.run(x, k) if z is None else z


def run(program: RowProgram, xs: tuple[np.ndarray, ...], axis: tuple[int, ...], form: Any = False,
        k: float = 0.0) -> np.ndarray:
    """The result of a row program of operands, first those that are full. Others may lack the reduced axes.
    """
    plan = _plan(program, axis, form, *[part for x in xs for part in (x.dtype, x.shape, x.strides)])
    return plan.run(*xs, k)


def run_at(program: RowProgram, xs: Sequence[np.ndarray], strides: Sequence[tuple[int, ...]],
           shape: tuple[int, ...], axis: tuple[int, ...], form: tuple[int, ...]) -> np.ndarray:
    """The result of a row program of full operands that take on a shape by their strides."""
    places = [part for x, steps in zip(xs, strides, strict=True) for part in (x.dtype, shape, steps)]
    return _plan(program, axis, form, *places).run(*xs, 0.0)


class Planned:
    """`reduce` and `run` for operands like some that are given: what they return gives the results of such.

    operands : arrays like them, each another object, which stand for them
    """

    def __init__(self, operands: Sequence[np.ndarray]) -> None:
        self.operands = operands

    def reduce(self, program: RowProgram, x: np.ndarray, axis: tuple[int, ...], form: Any,
               k: float = 0.0) -> Callable[..., np.ndarray]:
        """See `rows.reduce`."""
        return self.run(program, (x,), axis, form, k)

    def run(self, program: RowProgram, xs: tuple[np.ndarray, ...], axis: tuple[int, ...], form: Any = False,
            k: float = 0.0) -> Callable[..., np.ndarray]:
        """See `rows.run`."""
        plan = _plan(program, axis, form, *[part for x in xs for part in (x.dtype, x.shape, x.strides)])
        kernel, like, loops, order = plan.kernel, plan.like, plan.loops, [
            next(i for i, y in enumerate(self.operands) if y is x) for x in xs]
        if len(xs) == 1 and plan.axes is None:

            def one(x: np.ndarray) -> np.ndarray:
                z = kernel(x, like, loops, k)
                return plan.run(x, k) if z is None else z

            return one
        if order == sorted(order):
            return lambda *xs: plan.run(*xs, k)
        return lambda *xs: plan.run(*[xs[i] for i in order], k)


@lru_cache(maxsize=4096)
def _plan(program: RowProgram, axis: tuple[int, ...], form: Any, *places: Any) -> RowPlan:
    dtypes, shapes, strides = places[::3], places[1::3], places[2::3]
    count = len(program.full)
    shape, lead = shapes[count - 1], strides[count - 1]
    dtype = program.dtype(dtypes[count - 1])
    out_shape = shape if not program.reduces else form if isinstance(form, tuple) else tuple(
        [1 if a in axis else n for a, n in enumerate(shape) if form or a not in axis])
    order = sorted(range(len(shape)), key=lambda a: -abs(lead[a]))
    kept, inside = [a for a in order if a not in axis], [a for a in order if a in axis]
    full: list[Any] = list(strides[:count])
    if not program.reduces:
        full.append(layout.packed(shape, order, dtype.itemsize))
    once: list[Any] = [_kept(s, axis, len(shape)) for s in strides[count:]]
    if program.reduces:
        sizes = [1 if a in axis else n for a, n in enumerate(shape)]
        once.append(layout.packed(sizes, list(range(len(shape))), dtype.itemsize))
    kd, ks = layout.merge([shape[a] for a in kept], [[s[a] for a in kept] for s in [*full, *once]])
    rd, rs = layout.merge([shape[a] for a in inside], [[s[a] for a in inside] for s in full])
    along = kd[-1] == 1 or (rd[-1] > 1 and abs(rs[count - 1][-1]) <= abs(ks[count - 1][-1]))
    span = 1 if along else _span(program, product(rd) * dtypes[count - 1].itemsize)
    units = product(kd[:-1]) * -(-kd[-1] // span)
    loops = [len(kd), len(rd), span, units, product(shape), *kd, *chain(*ks), *rd, *chain(*rs)]
    return RowPlan(_kernel(program, along, dtypes, dtype), loops, out_shape,
                   list(range(len(out_shape))) if program.reduces else order, dtype)


def _kept(strides: tuple[int, ...], axis: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Strides of an operand with one element a row, for all axes, whether or not it has the reduced ones."""
    if len(strides) == ndim:
        return tuple([0 if a in axis else s for a, s in enumerate(strides)])
    rest = iter(strides)
    return tuple([0 if a in axis else next(rest) for a in range(ndim)])


def _span(program: RowProgram, width: int) -> int:
    """Number of rows of this many bytes to walk across at once."""
    if program.sweeps * len(program.full) == 1:
        return BLOCK
    return min(BLOCK, max(64, _NEAR // max(1, width * len(program.full)) // 16 * 16))


def _kernel(program: RowProgram, along: bool, dtypes: tuple[np.dtype, ...], dtype: np.dtype) -> Any:
    key = program, along, dtypes, dtype
    if key not in _kernels:
        least = _COSTLY if program.calls & {"exp", "log"} else _MEMORY_BOUND
        name = f"k_{program.name}_{'along' if along else 'across'}"

        def replace(made: Any) -> None:
            _kernels[key] = made
            _plan.cache_clear()

        def interim() -> Interim:
            return Interim(row_interpreter.rows(program, dtype), *row_interpreter.cost(program), _WHOLE)

        text, arguments = source(name, program, along, dtypes, dtype, least), (*dtypes, dtype, _NUMBER, float)
        _kernels[key] = kernel(name, text, arguments, np.ndarray, interim, replace)
    return _kernels[key]
