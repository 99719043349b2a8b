"""Finders: the plans of calls that are often made, found without Python (compile/cpu/finder_source.py).

Where calls are by place alone, on Tensors and then on plain values, an entry is kept of what the arguments
are in memory: the same objects, or tuples of them, and arrays that lie alike. What it does not know, a finder
declines with None; then plans.alike looks closer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from nbgrad.compile import linker
from nbgrad.compile.cache import compile_kernel
from nbgrad.compile.cpu.finder_source import AXES, CELLS, HEAD, ITEMS, OBJECT, TENSOR, TUPLE, source
from nbgrad.define.offsets import DESCR, at, learning, offsets, readable
from nbgrad.engine.tensor import Tensor, tensor

_ENTRIES, _MOST = 8, 3                    # entries of a finder; arguments


@cache
def _known() -> list[int] | None:
    """What finders know of objects: HEAD cells but for the last; None where they cannot read any."""
    if not readable():
        return None
    a, b, c = object(), object(), object()
    try:
        return [at(Tensor), at(np.ndarray), at(tuple), *offsets(tensor(a, b, c), value=a)]
    except LookupError:
        return None


@cache
def _compiled(arity: int) -> Callable[..., Any]:
    return compile_kernel("find", source(arity, DESCR), ("record", *[object] * arity), np.ndarray)


class Finder:
    """The finder of calls with so many arguments.

    find : the plan of these arguments, or None
    held : of each entry its plan and what else it points to, which stay alive with it
    """

    __slots__ = ("arity", "find", "held", "record")

    def __init__(self, arity: int) -> None:
        cells: Any = (ctypes.c_int64 * (HEAD + _ENTRIES * (1 + CELLS * arity)))(*(_known() or ()))
        self.arity, self.record, self.held = arity, cells, list[Any]()
        self.find = linker.bind(_compiled(arity), cells)

    def add(self, args: Sequence[Any], plan: Any) -> None:
        """Enter a call, if there is room. An interrupt may come at any step: what counts is whole."""
        if len(self.held) == _ENTRIES:
            return
        with learning:
            count = len(self.held)
            place = HEAD + count * (1 + CELLS * self.arity)
            for i, a in enumerate(args):
                cells = _cells(a)
                start = place + 1 + CELLS * i
                self.record[start:start + len(cells)] = cells
            self.held.append((plan, [a.value.dtype if type(a) is Tensor else a for a in args]))
            self.record[place] = id(plan)
            self.record[HEAD - 1] = count + 1

    def clear(self) -> None:
        """Forget all entries."""
        with learning:
            self.record[HEAD - 1] = 0
            self.held.clear()


def _cells(a: Any) -> list[int]:
    """What an argument is in memory."""
    if type(a) is Tensor:
        x = a.value
        rest = [0] * (AXES - x.ndim)
        return [TENSOR, id(x.dtype), x.ndim, *x.shape, *rest, *x.strides]
    return [TUPLE, 0, len(a), *map(id, a)] if type(a) is tuple else [OBJECT, id(a)]


def fits(args: Sequence[Any], count: int) -> bool:
    """Whether a finder can tell a call with these arguments, which has a plan, on `count` Tensors."""
    if not 0 < len(args) <= _MOST or _known() is None:
        return False
    for i, a in enumerate(args):
        if type(a) is list or (type(a) is Tensor) != (i < count):
            return False
        if len(a.value.shape) > AXES if i < count else type(a) is tuple and len(a) > ITEMS:
            return False
    return True
