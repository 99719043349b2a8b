"""Finders: the plans of calls that are often made, found without Python (compile/cpu/finder.py).

Where calls are on Tensors or a list of them and then on plain values, an entry is kept of what the
arguments are in memory: the same objects, tuples of the same, and arrays that lie alike. A finder
declines what it does not know with None; then plans.alike looks closer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays.memory import keep
from nbgrad.compile import linker
from nbgrad.compile.cpu import finder as compiled
from nbgrad.compile.cpu.fastpath import PyTensor
from nbgrad.compile.cpu.finder import (
    ARGUMENTS,
    AXES,
    ENTRIES,
    FINDS,
    ITEMS,
    LIST,
    OBJECT,
    PARTS,
    PLAN,
    RUN,
    TENSOR,
    TUPLE,
    VIEW,
)
from nbgrad.compile.cpu.objects import PyObject
from nbgrad.define.records import at, holds, learning, readable
from nbgrad.engine.tensor import Tensor, Views, tensor

OFTEN = 8                                 # calls from which an entry is worth it


@cache
def _known() -> compiled.Known | None:
    """What finders know of objects; None where they cannot read any."""
    a, b, c, d, e = object(), object(), object(), object(), Views()
    sample = tensor(a, b, c)
    sample._view, sample._views = d, e        # type: ignore[assignment]
    if not (readable() and holds(PyTensor, sample, value=a, trace=b, mark=c, view=d, views=e)):
        return None
    known = keep(compiled.Known())
    for name, value in {"tensor": Tensor, "array": np.ndarray, "tuple": tuple, "views": Views,
                        "none": None}.items():
        setattr(known, name, at(value))
    return known


class Finder:
    """The finder of calls with so many arguments.

    find : what is kept for these arguments, a plan, or the Tensor that it comes to, or None
    held : of each entry its plan and what else it points to, which stay alive with it
    """

    __slots__ = ("find", "held", "record")
    find: Callable[..., Any]
    held: list[Any]

    def __init__(self, find: Callable[..., Any]) -> None:
        self.record: Any = keep(compiled.Finder())
        self.record.known, self.held = _known(), keep(list[Any]())
        self.find = linker.bind(find, self.record)

    def add(self, args: Sequence[Any], plan: Any, direct: Any = None) -> bool:
        """Enter a call, and say whether there was room; if not, all others are forgotten.

        direct : (run, count, op, params) if the result on the values of so many first Tensors is run's, a
            view by this op if there is one
        An interrupt may come at any step, and another thread may find what counts.
        """
        run, count, op, params = direct or (None, 0, None, None)
        record = self.record
        with learning:
            room = record.count < ENTRIES
            number = record.count = record.count if room else 0
            del self.held[number:]
            arguments = compiled.Arguments()
            for i, a in enumerate(args):
                _describe(arguments.at[i], a)
            self.held.append((plan, run, op, params, list(map(_what, args)), arguments))
            entry = record.entries[number]
            for name, value in {"plan": plan, "run": run, "op": op, "params": params}.items():
                setattr(entry, name, id(value))
            entry.gives = PLAN if run is None else RUN if op is None else VIEW
            entry.count, entry.arguments = count, arguments
            record.count = number + 1
            return bool(room)

    def clear(self) -> None:
        """Forget all entries."""
        with learning:
            self.record.count = 0
            self.held.clear()


def finder(arity: int) -> Finder | None:
    """A new finder of calls with so many arguments; None while it is not worth being compiled."""
    find = FINDS[arity - 1].earned(())
    return None if find is None else Finder(find)


def _describe(argument: compiled.Argument, a: Any) -> None:
    """Write what an argument is in memory."""
    if type(a) is Tensor or _is_list(a):
        argument.kind = TENSOR if type(a) is Tensor else LIST
        parts = [a] if type(a) is Tensor else a
        argument.object, argument.count = PyObject(id(type(a))), len(parts)
        for i, part in enumerate(parts):
            so, x = argument.parts[i], part.value
            so.descr, so.ndim = PyObject(id(x.dtype)), x.ndim
            for axis in range(x.ndim):
                so.dims[axis], so.strides[axis] = x.shape[axis], x.strides[axis]
    elif type(a) is tuple:
        argument.kind, argument.count = TUPLE, len(a)
        for i, item in enumerate(a):
            argument.items[i] = PyObject(id(item))
    else:
        argument.kind, argument.object = OBJECT, PyObject(id(a))


def _what(a: Any) -> Any:
    """What has to stay alive of an argument: not an array."""
    if type(a) is Tensor:
        return a.value.dtype
    return [type(a), *[x.value.dtype for x in a]] if _is_list(a) else a


def _is_list(a: Any) -> bool:
    """Whether an argument that has a plan is a list or tuple of Tensors."""
    return type(a) is list or (type(a) is tuple and len(a) > 0 and type(a[0]) is Tensor)


def fits(args: Sequence[Any], count: int) -> bool:
    """Whether a finder can tell a call with these arguments, which has a plan, on `count` Tensors.

    These must come first, or be all in a first list or tuple.
    """
    if not 0 < len(args) <= ARGUMENTS or _known() is None:
        return False
    listed = _is_list(args[0])
    tensors, rest = (args[0], args[1:]) if listed else (args[:count], args[count:])
    if len(tensors) != count or (listed and count > PARTS):
        return False
    for x in tensors:
        if type(x) is not Tensor or len(x.value.shape) > AXES:
            return False
    return not any(type(a) in (Tensor, slice) or _is_list(a) or (
        type(a) is tuple and (len(a) > ITEMS or slice in map(type, a))) for a in rest)
