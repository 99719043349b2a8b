"""The engine's common case, compiled: an elementwise op on Tensors of one trace whose kernel is at hand.

A Step is a table of an op's kernels in memory, and a builtin that looks the operands up in it, runs the
kernel and makes the Node and the Tensor (compile/cpu/fastpath_source.py). It declines all else, and then
the engine takes the long way, of which this is only a faster walk. It needs a CPython with the GIL whose
objects keep their slots where `_offsets` finds them; elsewhere nothing is compiled and every op goes the
long way.
"""

from __future__ import annotations

import ctypes
import os
import sysconfig
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays.config import settings
from nbgrad.arrays.memory import keep
from nbgrad.compile import linker
from nbgrad.compile.cache import compile_kernel
from nbgrad.compile.cpu import fastpath_source
from nbgrad.define.derivation import Back
from nbgrad.engine.graph import Graph, Node, next_id, no_grad_level, node
from nbgrad.engine.tensor import ENDED, Tensor, tensor

_PLANS, _CELLS = 6, 12                    # combinations of dtypes that an op may have; cells for each
_HEAD = 5                                 # cells before them
_DESCR = object.__basicsize__ + 40        # where an ndarray keeps its dtype (a part of NumPy's ABI)
_OFTEN = 8                                # calls of an op from which its step is compiled
_MOST = 2                                 # operands
_learning = threading.RLock()
if hasattr(os, "register_at_fork"):       # a child process starts with no record half written
    os.register_at_fork(before=_learning.acquire, after_in_parent=_learning.release,
                        after_in_child=_learning.release)


def _offsets(sample: Any, **slots: Any) -> list[int]:
    """Where sample, whose slots hold these objects, keeps them. Raises LookupError if that is not certain."""
    words = np.frombuffer(ctypes.string_at(id(sample), type(sample).__basicsize__), np.intp)
    found = []
    for value in slots.values():
        places = np.flatnonzero(words == id(value))
        if len(places) != 1:
            raise LookupError
        found.append(8 * int(places[0]))
    return found


def _holds(x: Any, offset: int, value: Any) -> bool:
    """Whether the object x points to value at this offset."""
    return ctypes.c_int64.from_address(id(x) + offset).value == id(value)


@cache
def _engine() -> Any:
    """What the steps know of the engine, as 64-bit cells; None on a Python that they are not made for."""
    without = sysconfig.get_config_var("Py_GIL_DISABLED") or ctypes.sizeof(ctypes.c_void_p) != 8
    if without or not settings.compiled:
        return None
    a, b, c, d = object(), object(), object(), object()
    n, graph, back = node(a, (), b), Graph(), object.__new__(Back)
    n.id, n.parents, graph.id = c, d, a        # type: ignore[assignment]
    back.kernel, back.dtype, back.recipe = a, b, c   # type: ignore[assignment]
    try:
        places = [*_offsets(tensor(a, b, c), value=a, trace=b, mark=c),
                  *_offsets(n, id=c, op=a, parents=d, memo=b), *_offsets(graph, id=a)]
        ways = _offsets(back, kernel=a, dtype=b, recipe=c)
    except LookupError:
        return None
    if not (_holds(np.empty(0), _DESCR, np.dtype(np.float64)) and _holds((a, b), 24, a)):
        return None
    known = [_at(x) for x in (Tensor, np.ndarray, float, Graph, Node, None, no_grad_level, next_id)]
    known += [*places, _at(ENDED), _at(Back), *ways, _at(False), _at(tuple), _at(bytes)]
    return keep((ctypes.c_int64 * len(known))(*known))


def _at(x: Any) -> int:
    """The address of an object, which stays there."""
    return id(keep(x))


@cache
def _forward(arity: int) -> Callable[..., Any]:
    source = fastpath_source.forward(arity, _DESCR)
    return compile_kernel("step", source, ("record", *[object] * arity), np.ndarray)


@cache
def _backward() -> Callable[..., Any]:
    return compile_kernel("pull", fastpath_source.backward(_DESCR), ("record", object, object), object)


class Step:
    """The compiled common case of one op.

    forward  : called with operands it returns a Tensor, or None to decline; None until a kernel is known
    """

    __slots__ = ("calls", "forward", "known", "met", "op", "record")
    op: Any
    record: Any
    calls: int

    def __init__(self, op: Any, arity: int) -> None:
        self.op = op
        self.known: dict[Any, int] = {}   # kinds -> their place in the record
        self.met: set[Any] = set()        # kinds and wanted operands that there is no more to learn about
        self.calls = 0
        self.forward: Callable[..., Any] | None = None
        engine = _engine() if arity <= _MOST else None
        self.record = engine and (ctypes.c_int64 * (_HEAD + _CELLS * _PLANS))(
            ctypes.addressof(engine), 0, 0, op.discrete)

    def learn(self, kinds: Sequence[Any], kernel: Any, wanted: tuple[bool, ...], back: Any) -> None:
        """Remember the kernel for operands of these kinds, and the pullback for the wanted among them.

        An op that is used a few times only is not worth compiling its step. What is known once stays: a step
        in another thread may be reading it.
        """
        self.calls += 1
        if self.calls >= _OFTEN and self.record is not None and (kinds, wanted) not in self.met:
            with _learning:
                self._learn(kinds, kernel, wanted, back)
                self.met.add((kinds, wanted))

    def _learn(self, kinds: Sequence[Any], kernel: Any, wanted: Sequence[bool], back: Any) -> None:
        """Write to the record. It counts what is whole only, and an interrupt may come at any call."""
        record: Any = self.record
        if kinds not in self.known:
            count = record[2]
            if count == _PLANS:
                return
            place = _HEAD + _CELLS * count
            for i, kind in enumerate(kinds):
                record[place + i] = _at(kind if isinstance(kind, type) else np.dtype(kind.name))
            keep(kernel)
            record[place + 2] = linker.address(kernel)
            self.known[kinds] = place
            record[2] = count + 1
        if self.forward is None:
            record[1] = _at(self.op)
            self.forward = linker.bind(_forward(len(kinds)), record)
        if back is not None:
            place = self.known[kinds] + 3 * sum(1 << i for i, want in enumerate(wanted) if want)
            if not record[place]:
                record[place + 1], record[place + 2] = back.keep.start, back.keep.stop
                record[place] = _at(back)
            if "pull" not in vars(self.op):
                record[4] = _at(self.op.pull)
                self.op.pull = linker.bind(_backward(), record)
