"""The fast path: one application of an elementwise op to Tensors, compiled; pullback.py has the way back.

It does what the engine does in the common case: at most one trace, a Graph that is not muted, sees arrays of
one shape whose kernels are at hand. Whatever else it is given it leaves to the engine, the general path:
`unary`, `binary` and `ternary` decline with None. define/fastpath.py fills the records that it reads. A slot
that was never filled, or was deleted, holds a null pointer, and what a slot holds may have been put there by
anyone: nothing is followed that was not looked at before, except for what the records point to. Where nothing
is compiled every op takes the general path.
"""

from __future__ import annotations

from typing import Annotated, Any

from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import inline, unrolled
from nbgrad.compile.cpu.machine import (
    allocate,
    call_without,
    clear_error,
    decref,
    get_context,
    invoke,
    kept,
    new_tuple,
    reference,
    set_item,
)
from nbgrad.compile.cpu.objects import PyArray, PyObject, PyTuple
from nbgrad.compile.record import Cells, Record, Table

PLANS = 6                                 # combinations of dtypes that an op may have
MOST = 3                                  # operands
SAVED = 6                                 # operands of a pullback's kernel beside the cotangent


# ------------------------------------------------------- objects of the engine: CPython sorts slots by name
class PyTensor(PyObject):
    grad: PyObject
    view: PyObject
    views: PyObject
    mark: PyObject
    trace: PyObject
    value: PyObject


class PyNode(PyObject):
    id: PyObject
    memo: PyObject
    op: PyObject
    parents: PyObject


class PyGraph(PyObject):
    id: PyObject


class PyBack(PyObject):
    dtype: PyObject
    keep: PyObject
    kernel: PyObject
    pullback: PyObject
    sources: PyObject


# --------------------------------------------------------------------------------------------- records
class Engine(Record):
    """The engine's classes and objects."""

    tensor: PyObject
    array: PyObject
    scalar: PyObject                      # float
    graph: PyObject
    node: PyObject
    back: PyObject
    tuple: PyObject
    bytes: PyObject
    none: PyObject
    false: PyObject
    ended: PyObject
    no_grad_level: PyObject
    next_id: PyObject


class Pullback(Record):
    """A Back, and the part of (operands, result) that it reads; no Back while it is not known.

    joint : the kernel that gives result and slope, which is saved in the place of the result; 0 if none does
    """

    back: PyObject
    start: int
    stop: int
    joint: int


class Plan(Record):
    """The kernel for operands of these kinds, dtypes or float, and the pullbacks for the operands wanted.

    The kernel is 0 while a joint one alone is known. The pullback for operands i, j, ... is at the sum of
    2**i, 2**j, ..., less 1.
    """

    kinds: Annotated[Cells[PyObject], MOST]
    kernel: int
    pullbacks: Annotated[Table[Pullback], 2**MOST - 1]


class Op(Record):
    """An op: its plans, and its pull for the general path."""

    engine: Engine
    op: PyObject
    discrete: int
    pull: PyObject
    count: int
    plans: Annotated[Table[Plan], PLANS]


class Operand(Record):
    """An operand, then its raw value; its kind; its trace, if there is one; its node, or None."""

    value: PyObject
    kind: PyObject
    trace: PyObject
    node: PyObject


class Operands(Record):
    """All of an op."""

    at: Annotated[Table[Operand], MOST]


class Objects(Record):
    """Arguments of a call."""

    item: Annotated[Cells[PyObject], SAVED + 1]


# ------------------------------------------------------------------------------------------- forward
@inline
def is_read(engine: Engine, operand: Operand) -> bool:
    """Whether the fast path takes an operand: then all of it is filled in."""
    x = operand.value
    operand.kind = x.type
    operand.trace = PyObject(0)
    operand.node = engine.none
    if x.type != engine.tensor:
        return x.type == engine.scalar
    t = PyTensor(x)
    if t.trace != engine.none:
        operand.trace = t.trace
        operand.node = t.mark
        if not t.trace or not t.mark:
            return False
    if not t.value or t.value.type != engine.array:
        return False
    operand.value = t.value
    operand.kind = PyArray(t.value).descr
    return True


def records(op: Op, pullback: Pullback, trace: PyObject) -> bool:
    """Whether this trace records the op in a Node of which all is known."""
    engine, level = op.engine, Objects()
    if (trace.type != engine.graph or op.discrete != 0 or not pullback.back
            or PyGraph(trace).id == engine.ended):
        return False
    if get_context(engine.no_grad_level, 0, level) & 1:
        clear_error()
        return False
    decref(level.item[0])
    return level.item[0] == engine.ended


def result(plan: Plan, joint: int, values: Objects, *, arity: int) -> PyObject:
    """A new reference to the result, none where there is no kernel. What is saved of it stands behind the
    operands then: the result itself, or a new reference to the slope that a joint kernel gives.
    """
    if joint == 0:
        z = invoke(plan.kernel, values, arity) if plan.kernel != 0 else PyObject(0)
        values.item[arity] = z
        return z
    both = invoke(joint, values, arity)
    if not both:
        return both
    parts = PyTuple(both)
    z = kept(parts.items[0])
    values.item[arity] = kept(parts.items[1])
    decref(both)
    return z


def applied(op: Op, plan: Plan, pullback: Pullback, trace: PyObject, values: Objects, nodes: Objects, *,
            arity: int) -> PyObject:
    """The new Tensor; none where the kernel declines. trace: that which records it, if there is one."""
    engine = op.engine
    z = result(plan, pullback.joint if trace else 0, values, arity=arity)
    if not z:
        clear_error()
        return PyObject(0)
    if z == engine.none:
        decref(z)
        return PyObject(0)
    out = PyTensor(allocate(engine.tensor, 0))
    if not out:
        clear_error()
        decref(z)
        return PyObject(0)
    out.value = z
    if not trace:
        out.trace = kept(engine.none)
        out.mark = kept(engine.none)
        return out
    node = PyNode(allocate(engine.node, 0))
    count = pullback.stop - pullback.start
    saved, memo, parents = new_tuple(count), new_tuple(3), new_tuple(arity)
    number = call_without(engine.next_id)
    if not node or not saved or not memo or not parents or not number:
        clear_error()
        return PyObject(0)
    for i in range(count):
        set_item(saved, i, kept(values.item[pullback.start + i]))
    set_item(memo, 0, saved)
    set_item(memo, 1, kept(pullback.back))
    set_item(memo, 2, kept(engine.none))
    for i in range(arity):
        set_item(parents, i, kept(nodes.item[i]))
    node.id = number
    node.op = kept(op.op)
    node.parents = parents
    node.memo = memo
    out.trace = kept(trace)
    out.mark = node
    return out


@inline
def forward(op: Op, operands: Operands, *, arity: int) -> PyObject:
    """The op on its operands: a new Tensor, or none to decline."""
    engine, trace, mask = op.engine, PyObject(0), 0
    for i in unrolled(arity):
        operand = operands.at[i]
        if not is_read(engine, operand) or (operand.trace and trace and operand.trace != trace):
            return PyObject(0)
        if operand.trace:
            trace = operand.trace
            mask += 1 << i
    place = 0
    while place < op.count and (op.plans[place].kinds[0] != operands.at[0].kind
                                or (arity > 1 and op.plans[place].kinds[1] != operands.at[1].kind)
                                or (arity > 2 and op.plans[place].kinds[2] != operands.at[2].kind)):
        place += 1
    if place == op.count:
        return PyObject(0)
    plan, pullback = op.plans[place], Pullback(0)
    if trace:
        pullback = plan.pullbacks[mask - 1]
        if not records(op, pullback, trace):
            return PyObject(0)
    values, nodes = Objects(), Objects()
    # A kernel may give up the GIL, and another thread may then give a Tensor another value.
    held = kept(trace if trace else engine.none)
    values.item[arity] = PyObject(0)
    for i in unrolled(arity):
        values.item[i] = kept(operands.at[i].value)
        nodes.item[i] = kept(operands.at[i].node)
    out = applied(op, plan, pullback, trace, values, nodes, arity=arity)
    for i in unrolled(arity):
        decref(values.item[i])
        decref(nodes.item[i])
    if trace and pullback.joint != 0 and values.item[arity]:
        decref(values.item[arity])
    decref(held)
    return out


@kernel(gil=True, spares=1500)
def unary(op: Op, x: PyObject) -> Any:
    """op(x), or None."""
    operands = Operands()
    operands.at[0].value = x
    return reference(forward(op, operands, arity=1))


@kernel(gil=True, spares=1500)
def binary(op: Op, x: PyObject, y: PyObject) -> Any:
    """op(x, y), or None."""
    operands = Operands()
    operands.at[0].value = x
    operands.at[1].value = y
    return reference(forward(op, operands, arity=2))


@kernel(gil=True, spares=1500)
def ternary(op: Op, x: PyObject, y: PyObject, z: PyObject) -> Any:
    """op(x, y, z), or None."""
    operands = Operands()
    operands.at[0].value = x
    operands.at[1].value = y
    operands.at[2].value = z
    return reference(forward(op, operands, arity=3))


FORMS = unary, binary, ternary            # by the number of operands less 1
