"""The finder: what is kept of a call, found by what its arguments are in memory, compiled.

What is run at once, where no trace watches, is a function of the Tensors' values. Its result becomes a
Tensor, and a view of the first argument if that has views already, few of them. All else is left to Python,
which is given the plan. Slots that were never filled hold a null pointer: nothing is followed that was not
looked at before. An exception goes to the caller as it is.
"""

from __future__ import annotations

from typing import Annotated, Any

from nbgrad.compile.cpu.fastpath import Objects, PyTensor
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import inline, unrolled
from nbgrad.compile.cpu.machine import (
    allocate,
    append,
    call,
    decref,
    incref,
    kept,
    new_tuple,
    owned,
    reference_to,
    set_item,
)
from nbgrad.compile.cpu.objects import PyArray, PyList, PyObject, PyTuple
from nbgrad.compile.record import Cells, Record, Table

ENTRIES, ARGUMENTS = 24, 5                # of a finder; of a call
AXES, ITEMS, PARTS = 4, 8, 3              # that an array, a tuple, a list of Tensors may have
OBJECT, TENSOR, TUPLE, LIST = 0, 1, 2, 3  # kinds of arguments
PLAN, RUN, VIEW = 0, 1, 2                 # what an entry gives: the plan, a new Tensor, or a view
_FEW = 24                                 # views of a Tensor


class Known(Record):
    """Classes, those of Tensors, arrays, tuples and lists of views; and None."""

    tensor: PyObject
    array: PyObject
    tuple: PyObject
    views: PyObject
    none: PyObject


class Lies(Record):
    """How an array lies in memory."""

    descr: PyObject
    ndim: int
    dims: Annotated[Cells[int], AXES]
    strides: Annotated[Cells[int], AXES]


class Argument(Record):
    """What an argument must be: this object; a tuple of so many items; a list of this class, of so many
    Tensors that lie so; or a Tensor that lies like the first.
    """

    kind: int
    object: PyObject
    count: int
    items: Annotated[Cells[PyObject], ITEMS]
    parts: Annotated[Table[Lies], PARTS]


class Arguments(Record):
    """Of a call."""

    at: Annotated[Table[Argument], ARGUMENTS]


class Entry(Record):
    """A plan; the function of `count` Tensors' values that gives the result, and what makes this a view."""

    plan: PyObject
    run: PyObject
    op: PyObject
    params: PyObject
    gives: int
    count: int
    arguments: Arguments


class Finder(Record):
    """The entries, of which `count` are whole."""

    known: Known
    count: int
    entries: Annotated[Table[Entry], ENTRIES]


@inline
def lies(x: PyArray, so: Lies) -> bool:
    """Whether an array lies so."""
    if x.descr != so.descr or x.ndim != so.ndim:
        return False
    for i in range(x.ndim):
        if x.dims.item[i] != so.dims[i] or x.strides.item[i] != so.strides[i]:
            return False
    return True


@inline
def is_tensor(known: Known, x: PyObject, so: Lies) -> bool:
    """Whether an object is a Tensor of an array that lies so."""
    if x.type != known.tensor:
        return False
    value = PyTensor(x).value
    if not value or value.type != known.array:
        return False
    return lies(PyArray(value), so)


@inline
def are_items(x: PyTuple, argument: Argument) -> bool:
    """Whether a tuple has these items."""
    if x.length != argument.count:
        return False
    for i in range(x.length):             # noqa: SIM110  a kernel has no generators
        if x.items[i] != argument.items[i]:
            return False
    return True


@inline
def item(known: Known, x: PyObject, i: int) -> PyObject:
    """An item of a tuple or list."""
    return PyTuple(x).items[i] if x.type == known.tuple else PyList(x).items.item[i]


def is_argument(known: Known, x: PyObject, argument: Argument) -> bool:
    """Whether an object is what an argument must be."""
    if argument.kind == TENSOR:
        return is_tensor(known, x, argument.parts[0])
    if argument.kind == OBJECT:
        return x == argument.object
    if argument.kind == TUPLE:
        return x.type == known.tuple and are_items(PyTuple(x), argument)
    if x.type != argument.object or PyTuple(x).length != argument.count:     # a list has its length there too
        return False
    for i in range(argument.count):       # noqa: SIM110
        if not is_tensor(known, item(known, x, i), argument.parts[i]):
            return False
    return True


def linked(z: PyTensor, x: PyObject, views: PyObject, entry: Entry) -> bool:
    """Make a new Tensor a view of x; whether there was memory for it."""
    view, ref = new_tuple(3), reference_to(z, 0)
    if not view or not ref or append(views, ref) & 0xFFFFFFFF != 0:
        return False
    decref(ref)
    set_item(view, 0, kept(x))
    set_item(view, 1, kept(entry.op))
    set_item(view, 2, kept(entry.params))
    z.view = view
    return True


def result(known: Known, run: PyObject, values: Objects, count: int) -> PyTensor:
    """A new Tensor of what a function gives; none where it raised."""
    value = call(run, values, count, 0)
    if not value:
        return PyTensor(0)
    z = PyTensor(allocate(known.tensor, 0))
    if not z:
        decref(value)
        return z
    z.value = value
    z.trace = kept(known.none)
    z.mark = kept(known.none)
    return z


def given(finder: Finder, entry: Entry, tensors: Objects) -> PyObject:
    """What an entry gives for a call with these Tensors."""
    known, views = finder.known, finder.known.none
    if entry.gives == PLAN:
        return kept(entry.plan)
    for i in range(entry.count):
        if PyTensor(tensors.item[i]).trace != known.none:
            return kept(entry.plan)
    first = tensors.item[0]
    if entry.gives == VIEW:
        views = PyTensor(first).views
        if not views or views.type != known.views or PyList(views).length >= _FEW:
            return kept(entry.plan)
    # What runs may give up the GIL, and another thread may change the record and the Tensors.
    mine, values, count = Entry(), Objects(), entry.count
    mine.plan = kept(entry.plan)
    mine.run = kept(entry.run)
    mine.op = kept(entry.op)
    mine.params = kept(entry.params)
    viewing = entry.gives == VIEW
    incref(views)
    for i in range(count):
        values.item[i] = kept(PyTensor(tensors.item[i]).value)
    z = result(known, mine.run, values, count)
    if z and viewing and not linked(z, first, views, mine):
        decref(z)
        z = PyTensor(0)
    for i in range(count):
        decref(values.item[i])
    decref(views)
    decref(mine.plan)
    decref(mine.run)
    decref(mine.op)
    decref(mine.params)
    return PyObject(z)


@inline
def found(finder: Finder, xs: Objects, *, arity: int) -> PyObject:
    """What is kept for these arguments, or None."""
    known, place, there = finder.known, 0, False
    while place < finder.count and not there:
        there = True
        for i in unrolled(arity):
            there = there and is_argument(known, xs.item[i], finder.entries[place].arguments.at[i])
        place += 1
    if not there:
        return kept(known.none)
    entry = finder.entries[place - 1]
    if entry.arguments.at[0].kind != LIST:
        return given(finder, entry, xs)
    tensors = Objects()
    for i in range(entry.count):
        tensors.item[i] = item(known, xs.item[0], i)
    return given(finder, entry, tensors)


@kernel(gil=True, spares=1500)
def find_1(finder: Finder, a: PyObject) -> Any:
    """What is kept for a call with one argument."""
    xs = Objects()
    xs.item[0] = a
    return owned(found(finder, xs, arity=1))


@kernel(gil=True, spares=1500)
def find_2(finder: Finder, a: PyObject, b: PyObject) -> Any:
    """What is kept for a call with two."""
    xs = Objects()
    xs.item[0] = a
    xs.item[1] = b
    return owned(found(finder, xs, arity=2))


@kernel(gil=True, spares=1500)
def find_3(finder: Finder, a: PyObject, b: PyObject, c: PyObject) -> Any:
    """What is kept for a call with three."""
    xs = Objects()
    xs.item[0] = a
    xs.item[1] = b
    xs.item[2] = c
    return owned(found(finder, xs, arity=3))


@kernel(gil=True, spares=1500)
def find_4(finder: Finder, a: PyObject, b: PyObject, c: PyObject, d: PyObject) -> Any:
    """What is kept for a call with four."""
    xs = Objects()
    xs.item[0] = a
    xs.item[1] = b
    xs.item[2] = c
    xs.item[3] = d
    return owned(found(finder, xs, arity=4))


@kernel(gil=True, spares=1500)
def find_5(finder: Finder, a: PyObject, b: PyObject, c: PyObject, d: PyObject, e: PyObject) -> Any:
    """What is kept for a call with five."""
    xs = Objects()
    xs.item[0] = a
    xs.item[1] = b
    xs.item[2] = c
    xs.item[3] = d
    xs.item[4] = e
    return owned(found(finder, xs, arity=5))


FINDS = (find_1, find_2, find_3, find_4, find_5)
