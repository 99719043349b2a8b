"""Finders: the plans of calls that are often made, found without Python (compile/cpu/finder_source.py).

Where calls are by place alone, on Tensors or a list of them and then on plain values, an entry is kept of
what the arguments are in memory: the same objects, tuples of the same, and arrays that lie alike. A finder
declines what it does not know with None; then plans.alike looks closer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

from nbgrad.arrays.memory import keep
from nbgrad.compile import linker
from nbgrad.compile.cache import compile_kernel
from nbgrad.compile.cpu.finder_source import (
    AXES,
    CELLS,
    ENTRY,
    HEAD,
    ITEMS,
    KNOWN,
    LIST,
    OBJECT,
    PARTS,
    PLAN,
    RUN,
    TENSOR,
    TUPLE,
    VIEW,
    source,
)
from nbgrad.define.offsets import DESCR, at, learning, offsets, readable
from nbgrad.engine.tensor import Tensor, Views, tensor

_ENTRIES, _MOST = 24, 5                   # entries of a finder; arguments
_COUNT = KNOWN.index("count")
OFTEN = 8                                 # calls from which an entry is worth it


@cache
def _known() -> list[int] | None:
    """What finders know of objects, KNOWN but for the count; None where they cannot read any."""
    if not readable():
        return None
    a, b, c, d, e = object(), object(), object(), object(), Views()
    sample = tensor(a, b, c)
    sample._view, sample._views = d, e         # type: ignore[assignment]
    try:
        slots = offsets(sample, value=a, trace=b, mark=c, _view=d, _views=e)
    except LookupError:
        return None
    return [at(Tensor), at(np.ndarray), at(tuple), *slots, at(Views), at(None)]


@cache
def _compiled(arity: int) -> Callable[..., Any]:
    return compile_kernel("find", source(arity, DESCR), ("record", *[object] * arity), object)


class Finder:
    """The finder of calls with so many arguments.

    find : what is kept for these arguments, a plan, or the Tensor that it comes to, or None
    held : of each entry its plan and what else it points to, which stay alive with it
    """

    __slots__ = ("arity", "find", "held", "record")

    def __init__(self, arity: int) -> None:
        cells: Any = (ctypes.c_int64 * (HEAD + _ENTRIES * (ENTRY + CELLS * arity)))(*(_known() or ()))
        self.arity, self.record, self.held = arity, cells, keep(list[Any]())
        self.find = linker.bind(_compiled(arity), cells)

    def add(self, args: Sequence[Any], plan: Any, direct: Any = None) -> bool:
        """Enter a call, and say whether there was room; if not, all others are forgotten.

        direct : (run, count, op, params) if the result on the values of so many first arguments is run's, a
            view by this op if there is one
        An interrupt may come at any step, and another thread may find what counts.
        """
        run, count, op, params = direct or (None, 0, None, None)
        what = PLAN if run is None else RUN if op is None else VIEW
        with learning:
            room = self.record[_COUNT] < _ENTRIES
            number = self.record[_COUNT] = self.record[_COUNT] if room else 0
            del self.held[number:]
            place = HEAD + number * (ENTRY + CELLS * self.arity)
            for i, a in enumerate(args):
                cells = _cells(a)
                start = place + ENTRY + CELLS * i
                self.record[start:start + len(cells)] = cells
            self.held.append((plan, run, op, params, list(map(_what, args))))
            self.record[place:place + ENTRY] = [*map(id, (plan, run, op, params)), what, count]
            self.record[_COUNT] = number + 1
            return bool(room)

    def clear(self) -> None:
        """Forget all entries."""
        with learning:
            self.record[_COUNT] = 0
            self.held.clear()


def _cells(a: Any) -> list[int]:
    """What an argument is in memory."""
    if type(a) is Tensor:
        x = a.value
        rest = [0] * (AXES - x.ndim)
        return [TENSOR, id(x.dtype), x.ndim, *x.shape, *rest, *x.strides, *rest]
    if _is_list(a):
        return [LIST, id(type(a)), len(a), *chain(*map(_cells, a))]
    return [TUPLE, 0, len(a), *map(id, a)] if type(a) is tuple else [OBJECT, id(a)]


def _what(a: Any) -> Any:
    """What has to stay alive of an argument: not an array."""
    if type(a) is Tensor:
        return a.value.dtype
    return [x.value.dtype for x in a] if _is_list(a) else a


def _is_list(a: Any) -> bool:
    """Whether an argument that has a plan is a list or tuple of Tensors."""
    return type(a) is list or (type(a) is tuple and len(a) > 0 and type(a[0]) is Tensor)


def fits(args: Sequence[Any], count: int) -> bool:
    """Whether a finder can tell a call with these arguments, which has a plan, on `count` Tensors.

    These must come first, or be all in a first list or tuple.
    """
    if not 0 < len(args) <= _MOST or _known() is None:
        return False
    listed = _is_list(args[0])
    tensors, rest = (args[0], args[1:]) if listed else (args[:count], args[count:])
    if len(tensors) != count or (listed and count > PARTS):
        return False
    for x in tensors:
        if type(x) is not Tensor or len(x.value.shape) > AXES:
            return False
    return not any(type(a) is Tensor or _is_list(a) or (type(a) is tuple and len(a) > ITEMS) for a in rest)
