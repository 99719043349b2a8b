"""The fast path's pullback: the cotangents of an elementwise op's operands from that of its result, compiled.

`pull` makes them of what fastpath.py has saved, by the kernel that is known. Whatever else it is given, it
leaves to the op's own method.
"""

from __future__ import annotations

from typing import Any

from nbgrad.compile.cpu.fastpath import SAVED, Engine, Objects, Op, PyBack
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import inline
from nbgrad.compile.cpu.machine import call, clear_error, decref, incref, kept, new_tuple, owned, set_item
from nbgrad.compile.cpu.objects import PyArray, PyBytes, PyObject, PyTuple

RESULT, ZERO = 128, 255                   # sources of cotangents: the kernel's first result, and none


@inline
def sourced(engine: Engine, source: int, operands: Objects, count: int, z: PyObject) -> PyObject:
    """The cotangent from this source, for a kernel's operands and its result z; none if there is no such."""
    if source == ZERO:
        return engine.none
    if source < count:
        return operands.item[source]
    if not z or source < RESULT:
        return PyObject(0)
    if source == RESULT and z.type == engine.array:
        return z
    results = PyTuple(z)
    if z.type == engine.tuple and source - RESULT < results.length:
        return results.items[source - RESULT]
    return PyObject(0)


def collected(engine: Engine, sources: PyBytes, operands: Objects, count: int, z: PyObject) -> PyObject:
    """The tuple of the cotangents; none where it cannot be had."""
    whole = sources.first
    out = new_tuple(sources.length)
    if not out:
        clear_error()
        return out
    for i in range(sources.length):
        item = sourced(engine, (whole >> (8 * i)) & 255, operands, count, z)
        if not item:
            decref(out)
            return PyObject(0)
        set_item(out, i, kept(item))
    return out


def cotangents(engine: Engine, g: PyObject, memo: PyObject) -> PyObject:
    """What the pullback in a memo makes of a cotangent; none to decline."""
    parts = PyTuple(memo)
    if memo.type != engine.tuple or parts.length != 3:
        return PyObject(0)
    saved, back = PyTuple(parts.items[0]), PyBack(parts.items[1])
    if back.type != engine.back or g.type != engine.array or saved.type != engine.tuple:
        return PyObject(0)
    sources = PyBytes(back.sources)
    if (not back.kernel or back.kernel == engine.none or PyArray(g).descr != back.dtype
            or saved.length > SAVED or not sources or sources.type != engine.bytes or sources.length > 8):
        return PyObject(0)
    operands, count = Objects(), saved.length + 1
    operands.item[0] = g
    for i in range(saved.length):
        operands.item[i + 1] = saved.items[i]
    if back.kernel == engine.false:
        return collected(engine, sources, operands, count, PyObject(0))
    incref(sources)
    z = call(back.kernel, operands, count, 0)
    out = PyObject(0)
    if not z:
        clear_error()
    else:
        first, results = z, PyTuple(z)
        if z.type == engine.tuple and results.length > 0:
            first = results.items[0]
        if first != engine.none:
            out = collected(engine, sources, operands, count, z)
        decref(z)
    decref(sources)
    return out


@kernel(gil=True, spares=1500)
def pull(op: Op, g: PyObject, memo: PyObject) -> Any:
    """The cotangents of the operands, from that of the result."""
    out = cotangents(op.engine, g, memo)
    if not out:
        given = Objects()
        given.item[0] = g
        given.item[1] = memo
        out = call(op.pull, given, 2, 0)
    return owned(out)
