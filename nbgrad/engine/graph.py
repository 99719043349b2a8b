"""The engine: ops that act on tensors, and the traces that watch.

A trace is a Graph (reverse mode: remember every op) or Tangents (forward mode: carry a tangent beside every
value). Traces nest; each has an id in creation order, and of the traces that see an op the latest records it
and hands the op on to the earlier ones. Ids are never reused, so two traces cannot be confused and a tensor
that outlives its trace is a constant to every later one. Raw means an array of a device (or a scalar, or a
symbol): the engine only passes it on.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import partial
from heapq import heappop, heappush
from typing import Any

from nbgrad.arrays import devices
from nbgrad.engine.tensor import Tensor, living, raw, tensor, unwrap, wrap
from nbgrad.errors import gradient_errors
from nbgrad.kernels import table

next_id: Callable[[], int] = itertools.count(1).__next__     # of traces and nodes: later = inner
no_grad_level: ContextVar[int] = ContextVar("no_grad_level", default=0)    # ids up to it do not record
_new = object.__new__
_FREED = object()                             # the memo of a node that a backward has used up
_NONE: dict[str, Any] = {}
_ONE = (True,)


class Op:
    """One row of the op table: how it runs, and how cotangents and tangents cross it."""

    name: str
    __call__: Callable[..., Tensor]           # of those that stand in the table
    discrete: bool = False                    # no derivative: traces that take derivatives do not record it

    def run(self, *xs: Any, **params: Any) -> Any:
        """The result, raw, on raw inputs; a tuple if there are several."""
        raise NotImplementedError

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        """What `pull` will need, of inner values xs and z."""
        raise NotImplementedError

    def forward(self, xs: Sequence[Any], params: dict[str, Any], wanted: tuple[bool, ...]) -> tuple[Any, Any]:
        """run and save together, on raw inputs."""
        z = self.run(*xs, **params)
        return z, self.save(xs, z, params, wanted)

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        """Cotangents of the inputs (None: not wanted, or zero) from the cotangent g of the output.

        All are inner values. For an op with several outputs g is a tuple, None where no cotangent arrived.
        """
        raise NotImplementedError

    def ready(self, xs: Sequence[Any], params: dict[str, Any]) -> Callable[..., Any]:
        """What gives `run`'s results on raw inputs of the dtypes, shapes and strides of xs, with params."""
        return partial(self.run, **params) if params else self.run

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        """Tangent of z from the tangents ts of xs (None: no tangent); all inner values."""
        raise NotImplementedError


def apply(op: Op, args: Sequence[Any], params: dict[str, Any] = _NONE) -> Any:
    """The Tensors of op's results on Tensors and raw values; the latest trace that sees them records it."""
    # The common case, one trace at most over raw values, and in it that of one Tensor.
    trace: Any = None
    xs: Any = []
    marks: Any = []
    if len(args) == 1 and type(a := args[0]) is Tensor and type(a.value) is not Tensor:
        trace, xs, marks = a.trace, (a.value,), (a.mark,)
    else:
        for a in args:
            if type(a) is not Tensor:
                xs.append(a)
                marks.append(None)
                continue
            t, value = a.trace, a.value
            if type(value) is Tensor or (t is not trace and t is not None and trace is not None):
                return _apply_nested(op, args, params)
            xs.append(value)
            marks.append(a.mark)
            if t is not None:
                trace = t
    if trace is not None and trace.id > no_grad_level.get() and (not op.discrete or trace.discrete):
        return trace.record(op, xs, params, marks, False)
    z = op.run(*xs, **params)
    if type(z) is tuple:
        return tuple([tensor(part) for part in z])
    out = _new(Tensor)
    out.value, out.trace, out.mark = z, None, None
    return out


def _apply_nested(op: Op, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """apply for several traces: the latest that is not muted records, and hands the op on to older ones."""
    latest, level = None, no_grad_level.get()
    args = [living(a) for a in args]
    for a in args:
        if type(a) is Tensor and a.trace is not None and a.trace is not latest and a.trace.id > level:
            latest, level = a.trace, a.trace.id
    if latest is None:
        return apply(op, [raw(a) for a in args], params)
    seen = [type(a) is Tensor and a.trace is latest for a in args]
    if op.discrete and not latest.discrete:
        return apply(op, [a.value if s else a for a, s in zip(args, seen, strict=True)], params)
    xs = [a.value if s else unwrap(a) for a, s in zip(args, seen, strict=True)]
    marks = [a.mark if s else None for a, s in zip(args, seen, strict=True)]
    return latest.record(op, xs, params, marks, Tensor in map(type, xs))


def evaluate(op: Op, xs: Sequence[Any], params: dict[str, Any], nested: bool) -> Any:
    """op's result as an inner value, or a tuple of them, on inner values xs; nested: some are Tensors."""
    if not nested:
        return op.run(*xs, **params)
    z = apply(op, xs, params)
    return tuple(map(unwrap, z)) if type(z) is tuple else unwrap(z)


class Node:
    """One application of an op in a Graph; op None: an input.

    It holds no Tensor of its own graph, so there are no reference cycles.
    """

    __slots__ = ("id", "memo", "op", "parents")

    id: int
    op: Any
    parents: Sequence[Any]
    memo: Any


def node(op: Any, parents: Sequence[Any], memo: Any) -> Node:
    """A new Node."""
    n = _new(Node)
    n.id, n.op, n.parents, n.memo = next_id(), op, parents, memo
    return n


class Graph:
    """Reverse mode: remember every op."""

    __slots__ = ("id",)
    discrete = False
    id: int

    def __init__(self) -> None:
        self.id = next_id()

    def leaf(self, value: Any) -> Tensor:
        """An input of the graph with this inner value."""
        return tensor(value, self, node(None, (), None))

    def record(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
               nested: bool) -> Any:
        """The Tensors of op's results on inner values, remembered. marks: the inputs' nodes."""
        if len(marks) == 1:
            wanted: tuple[bool, ...] = _ONE
        elif len(marks) == 2:
            wanted = marks[0] is not None, marks[1] is not None
        else:
            wanted = tuple([m is not None for m in marks])
        if nested:
            z = evaluate(op, xs, params, True)
            memo = op.save(xs, z, params, wanted)
        else:
            z, memo = op.forward(xs, params, wanted)
        n = _new(Node)
        n.id, n.op, n.parents, n.memo = next_id(), op, marks, memo
        if type(z) is not tuple:
            out = _new(Tensor)
            out.value, out.trace, out.mark = z, self, n
            return out
        return self.several(z, n)

    def several(self, z: tuple[Any, ...], n: Node) -> tuple[Tensor, ...]:
        """The Tensors of the inner values z, the outputs of a node."""
        return tuple([tensor(part, self, node(_SLOT, (n,), (i, len(z)))) for i, part in enumerate(z)])


class _Slot(Op):
    """One of several outputs of a node: its cotangent is a tuple with one place filled."""

    name = "output"

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        place, count = memo
        return (tuple([g if i == place else None for i in range(count)]),)


_SLOT = _Slot()


class Tangents:
    """Forward mode: carry one tangent beside every value."""

    __slots__ = ("id",)
    discrete = False
    id: int

    def __init__(self) -> None:
        self.id = next_id()

    def record(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
               nested: bool) -> Any:
        """The Tensors of op's results on inner values, with their tangents. marks: the inputs' tangents."""
        return self.carry(op, xs, params, marks, evaluate(op, xs, params, nested))

    def carry(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any], z: Any) -> Any:
        """The same of results z that are known."""
        t = op.push(marks, xs, z, params)
        if type(z) is not tuple:
            return wrap(z) if t is None else tensor(z, self, t)
        return tuple([wrap(p) if tp is None else tensor(p, self, tp) for p, tp in zip(z, t, strict=True)])


TAPE = Graph()                                # the oldest trace: tensors with requires_grad=True live here


def pull(seeds: Iterable[tuple[Node, Any]], free: bool = False) -> dict[Node, Any]:
    """Cotangents of the inputs that the seeds, (node, cotangent) pairs, depend on.

    Nodes are visited in reverse order of creation, which is a topological order, without recursion. The
    cotangents are kept in this call's own table, so a failure leaves nothing behind. free: drop what each
    node saved once it is used.
    """
    pending: dict[Node, Any] = {}
    leaves: dict[Node, Any] = {}
    heap: list[tuple[int, Node]] = []
    arrived = seeds
    while True:
        following: Any = None                 # the one node that has a cotangent, if there is no other
        cotangent: Any = None
        for n, g in arrived:
            if g is None or n is None:
                continue
            if n.op is None:
                leaves[n] = add(leaves[n], g) if n in leaves else g
            elif n is following:
                cotangent = add(cotangent, g)
            elif following is None and not heap:
                following, cotangent = n, g
            elif n in pending:
                pending[n] = add(pending[n], g)
            else:
                pending[n] = g
                heappush(heap, (-n.id, n))
        if heap:
            if following is not None:
                pending[following] = cotangent
                heappush(heap, (-following.id, following))
            following = heappop(heap)[1]
            cotangent = pending.pop(following)
        elif following is None:
            return leaves
        memo = following.memo
        if memo is _FREED:
            raise gradient_errors.freed(following.op.name)
        arrived = zip(following.parents, following.op.pull(cotangent, memo))
        if free:
            following.memo = _FREED


def add(a: Any, b: Any) -> Any:
    """Sum of two cotangents or tangents (None: zero) as inner values."""
    if a is None or b is None:
        return b if a is None else a
    if type(a) is tuple:
        return tuple([add(p, q) for p, q in zip(a, b, strict=True)])
    if type(a) is devices.Array and type(b) is devices.Array:
        return table.add(a, b)
    return unwrap(wrap(a) + wrap(b))


def transpose(op: Op, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
    """op's tangent from its own VJP: that is linear in the cotangent, and its transpose is the JVP.

    Source: Townsend, A new trick for calculating Jacobian vector products, 2017.
    """
    trace = Graph()
    many = type(z) is tuple
    zero = [wrap(devices.zeros_like(raw(part))) for part in (z if many else (z,))]
    gs = [trace.leaf(unwrap(g)) for g in zero]
    memo = op.save(xs, z, params, tuple([t is not None for t in ts]))
    seeds = [(c.mark, t) for c, t in zip(op.pull(tuple(gs) if many else gs[0], memo), ts, strict=True)
             if t is not None and type(c) is Tensor and c.trace is trace]
    found = pull(seeds)
    out = [found.get(g.mark) for g in gs]
    return tuple(out) if many else out[0]


def watch(value: Any) -> Tensor:
    """A new leaf on the TAPE with this raw value."""
    t = TAPE.leaf(value)
    t.mark.memo = weakref.ref(t)              # backward finds the tensor whose .grad it adds to
    return t
