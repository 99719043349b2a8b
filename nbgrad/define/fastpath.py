"""The fast path: the engine's common case, an elementwise op on Tensors of one trace whose kernel is at hand.

A FastPath is the record of an op's kernels, and a builtin that looks the operands up in it, runs the kernel
and makes the Node and the Tensor (compile/cpu/fastpath.py). It declines all else, and then the op takes the
general path, through the engine. It needs a CPython with the GIL whose objects are laid out as the records
say; elsewhere there is the general path alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays.memory import keep
from nbgrad.compile import linker
from nbgrad.compile.cpu.fastpath import (
    FORMS,
    MOST,
    PLANS,
    Engine,
    Op,
    Plan,
    PyBack,
    PyGraph,
    PyNode,
    PyTensor,
)
from nbgrad.compile.cpu.pullback import pull
from nbgrad.compile.tiers import Interim
from nbgrad.define.derivation import Back
from nbgrad.define.records import at, holds, learning, readable
from nbgrad.engine.graph import Graph, Node, next_id, no_grad_level, node
from nbgrad.engine.tensor import ENDED, Tensor, tensor

_OFTEN = 8                                # calls of an op from which its fast path is compiled


def _as_described() -> bool:
    """Whether objects of CPython, NumPy and the engine are laid out as the records say."""
    a, b, c, d, e = (object() for _ in range(5))
    n, graph, back = node(a, (), b), Graph(), object.__new__(Back)
    n.id, n.parents, graph.id = c, d, a       # type: ignore[assignment]
    for slot, value in zip(("kernel", "dtype", "sources", "pullback", "keep"), (a, b, c, d, e), strict=True):
        setattr(back, slot, value)
    return (readable() and holds(PyTensor, tensor(a, b, c), value=a, trace=b, mark=c)
            and holds(PyNode, n, op=a, memo=b, id=c, parents=d) and holds(PyGraph, graph, id=a)
            and holds(PyBack, back, kernel=a, dtype=b, sources=c, pullback=d, keep=e))


@cache
def _engine() -> Engine | None:
    """What the fast path knows of the engine; None on a Python that it is not made for."""
    if not _as_described():
        return None
    engine = Engine()
    for name, value in {
            "tensor": Tensor, "array": np.ndarray, "scalar": float, "graph": Graph, "node": Node,
            "back": Back, "tuple": tuple, "bytes": bytes, "none": None, "false": False, "ended": ENDED,
            "no_grad_level": no_grad_level, "next_id": next_id}.items():
        setattr(engine, name, at(value))
    keep(engine)
    return engine


class FastPath:
    """The compiled common case of one op.

    forward  : called with operands it returns a Tensor, or None to decline; None until a kernel is known
    """

    __slots__ = ("calls", "forward", "known", "met", "op", "record")
    op: Any
    record: Any
    calls: int

    def __init__(self, op: Any, arity: int) -> None:
        self.op = op
        self.known: dict[Any, Plan] = {}
        self.met: set[Any] = set()        # kinds and wanted operands that there is no more to learn about
        self.calls = 0
        self.forward: Callable[..., Any] | None = None
        engine = _engine() if arity <= MOST else None
        self.record: Op | None = None
        if engine is not None:
            self.record = Op()
            self.record.engine = engine
            self.record.discrete = op.discrete

    def learn(self, kinds: Sequence[Any], kernel: Any, wanted: tuple[bool, ...], back: Any,
              joint: Any = None) -> None:
        """Remember the kernel for operands of these kinds, and the pullback for the wanted among them.

        joint : the kernel of recorded calls, if they have one of their own, which gives value and slope. The
            other may then be None, not known yet.

        An op that is used a few times only is not worth compiling for. What is known once stays: another
        thread may be reading it.
        """
        self.calls += 1
        if self.calls < _OFTEN or self.record is None or (kinds, wanted) in self.met:
            return
        form = FORMS[len(kinds) - 1]
        if type(kernel if joint is None else joint) is not Interim and form.earned(()) is not None:
            with learning:
                self._learn(kinds, None if type(kernel) is Interim else kernel, wanted, back, joint)
                self.met.add((kinds, wanted))

    def _learn(self, kinds: Sequence[Any], kernel: Any, wanted: Sequence[bool], back: Any,
               joint: Any) -> None:
        """Write to the record. It counts what is whole only, and an interrupt may come at any call."""
        record: Any = self.record
        if kinds not in self.known:
            if len(self.known) == PLANS:
                return
            plan = record.plans[len(self.known)]
            for i, kind in enumerate(kinds):
                plan.kinds[i] = at(kind if isinstance(kind, type) else np.dtype(kind.name))
            self.known[kinds] = plan
        record.count = len(self.known)
        if kernel is not None:
            self.known[kinds].kernel = linker.address(keep(kernel))
        if self.forward is None:
            record.op = at(self.op)
            self.forward = linker.bind(FORMS[len(kinds) - 1][()], record)
        if back is not None:
            pullback = self.known[kinds].pullbacks[sum(1 << i for i, want in enumerate(wanted) if want) - 1]
            if not pullback.back:
                pullback.joint = 0 if joint is None else linker.address(keep(joint))
                pullback.start, pullback.stop = back.keep.start, back.keep.stop
                pullback.back = at(back)
            if "pull" not in vars(self.op):
                record.pull = at(self.op.pull)
                self.op.pull = linker.bind(pull[()], record)
