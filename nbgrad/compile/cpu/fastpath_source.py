"""The step: one application of an elementwise op to Tensors, and the way back through it, compiled.

They do what the engine does in the common case: at most one trace, a Graph that is not muted, sees arrays of
one shape whose kernels are at hand. Whatever else they are given they leave to the engine: the step declines
with None, the way back calls the op's own method. What they must know of Python's objects, their addresses
and the offsets of their slots, is read from two records of 64-bit cells, which define/fastpath.py fills.
A slot that was never filled, or was deleted, holds a null pointer, and what a slot holds may have been put
there by anyone: nothing is followed that was not looked at before, except for what the records point to.
"""

from __future__ import annotations

_OPERAND = """
    v{i}, t{i}, m{i} = address(x{i}), 0, 0
    if peek(v{i} + 8) == peek(engine):
        t{i} = peek(v{i} + peek(engine + 72))
        if t{i} == none:
            t{i} = 0
        else:
            m{i} = peek(v{i} + peek(engine + 80))
            trace = t{i}
            if trace == 0 or m{i} == 0:
                return reference(0)
        v{i} = peek(v{i} + peek(engine + 64))
        if v{i} == 0 or peek(v{i} + 8) != peek(engine + 8):
            return reference(0)
        k{i} = peek(v{i} + {descr})
    elif peek(v{i} + 8) == peek(engine + 16):
        k{i} = peek(engine + 16)
    else:
        return reference(0)
"""
_STEP = """
def muted(engine):
    found = cells(1)
    if c_PyContextVar_Get(peek(engine + 48), 0, found) & 1:
        c_PyErr_Clear()
        return True
    c_Py_DecRef(peek(found))
    return peek(found) != peek(engine + 128)

def new(kind):
    made = c_PyType_GenericAlloc(kind, 0)
    if made == 0:
        c_PyErr_Clear()
    return made

def kept(item):
    c_Py_IncRef(item)
    return item

def inline_item(items, i):
    return peek(items + 24 + 8 * i)

def made(engine, record, plan, back, trace, given, marks):
    joint = peek(back + 24) if back != 0 else 0
    if joint == 0:
        z = invoke(peek(plan + 16), given, {arity}) if peek(plan + 16) != 0 else 0
        return out_of(engine, record, back, trace, given, marks, z, z)
    both = invoke(joint, given, {arity})
    if both == 0:
        c_PyErr_Clear()
        return 0
    z, slope = kept(inline_item(both, 0)), inline_item(both, 1)
    out = out_of(engine, record, back, trace, given, marks, z, slope)
    c_Py_DecRef(both)
    return out

def out_of(engine, record, back, trace, given, marks, z, last):
    none = peek(engine + 40)
    if z == 0:
        c_PyErr_Clear()
        return 0
    if z == none:
        c_Py_DecRef(z)
        return 0
    out = new(peek(engine))
    if out == 0:
        c_Py_DecRef(z)
        return 0
    poke(out + peek(engine + 64), z)
    if trace == 0:
        poke(out + peek(engine + 72), kept(none))
        poke(out + peek(engine + 80), kept(none))
        return out
    poke(given + 8 * {arity}, last)
    node = new(peek(engine + 32))
    low = peek(back + 8)
    count = peek(back + 16) - low
    saved = c_PyTuple_New(count)
    memo = c_PyTuple_New(3)
    parents = c_PyTuple_New({arity})
    number = c_PyObject_CallNoArgs(peek(engine + 56))
    if node == 0 or saved == 0 or memo == 0 or parents == 0 or number == 0:
        c_PyErr_Clear()
        return 0
    for i in range(count):
        c_PyTuple_SetItem(saved, i, kept(peek(given + 8 * (low + i))))
    c_PyTuple_SetItem(memo, 0, saved)
    c_PyTuple_SetItem(memo, 1, kept(peek(back)))
    c_PyTuple_SetItem(memo, 2, kept(none))
    for i in range({arity}):
        c_PyTuple_SetItem(parents, i, kept(peek(marks + 8 * i)))
    poke(node + peek(engine + 88), number)
    poke(node + peek(engine + 96), kept(peek(record + 8)))
    poke(node + peek(engine + 104), parents)
    poke(node + peek(engine + 112), memo)
    poke(out + peek(engine + 72), kept(trace))
    poke(out + peek(engine + 80), node)
    return out

def step(record, {xs}):
    engine = peek(record)
    none = peek(engine + 40)
    trace = 0
{operands}
    if {conflict}:
        return reference(0)
    plan = record + 40
    last = plan + 120 * peek(record + 16)
    while plan < last and ({other}):
        plan += 120
    if plan >= last:
        return reference(0)
    back = 0
    if trace != 0:
        back = plan + {masks}
        graph = peek(trace + 8) == peek(engine + 24)
        if not graph or peek(record + 24) != 0 or peek(back) == 0:
            return reference(0)
        if peek(trace + peek(engine + 120)) == peek(engine + 128) or muted(engine):
            return reference(0)
    given, marks, held = cells({arity} + 1), cells({arity}), trace if trace != 0 else none
    c_Py_IncRef(held)
{hold}
    out = made(engine, record, plan, back, trace, given, marks)
    for i in range({arity}):
        c_Py_DecRef(peek(given + 8 * i))
        c_Py_DecRef(peek(marks + 8 * i))
    c_Py_DecRef(held)
    return reference(out)
"""

_PULL = """
def inline_item(items, i):
    return peek(items + 24 + 8 * i)

def inline_tuple(engine, x):
    return peek(x + 8) == peek(engine + 176)

def answer(engine, recipe, given, known, z):
    count = peek(recipe + 16)
    whole = peek(recipe + 32)
    out = c_PyTuple_New(count)
    if out == 0:
        c_PyErr_Clear()
        return 0
    for i in range(count):
        place = (whole >> (8 * i)) & 255
        item = 0
        if place == 255:
            item = peek(engine + 40)
        elif place < known:
            item = peek(given + 8 * place)
        elif z != 0 and place == 128 and peek(z + 8) == peek(engine + 8):
            item = z
        elif z != 0 and place >= 128 and inline_tuple(engine, z) and place - 128 < peek(z + 16):
            item = inline_item(z, place - 128)
        if item == 0:
            c_Py_DecRef(out)
            return 0
        c_Py_IncRef(item)
        c_PyTuple_SetItem(out, i, item)
    return out

def fast(engine, g, memo):
    if not inline_tuple(engine, memo) or peek(memo + 16) != 3:
        return 0
    back = inline_item(memo, 1)
    saved = inline_item(memo, 0)
    if peek(back + 8) != peek(engine + 136) or peek(g + 8) != peek(engine + 8):
        return 0
    kernel = peek(back + peek(engine + 144))
    recipe = peek(back + peek(engine + 160))
    count = peek(saved + 16)
    if (kernel == peek(engine + 40) or peek(g + {descr}) != peek(back + peek(engine + 152))
            or not inline_tuple(engine, saved) or count > 6 or kernel == 0 or recipe == 0):
        return 0
    if peek(recipe + 8) != peek(engine + 184) or peek(recipe + 16) > 8:
        return 0
    given = cells(8)
    poke(given, g)
    for i in range(count):
        poke(given + 8 + 8 * i, inline_item(saved, i))
    if kernel == peek(engine + 168):
        return answer(engine, recipe, given, count + 1, 0)
    c_Py_IncRef(recipe)
    z = c_PyObject_Vectorcall(kernel, given, count + 1, 0)
    out = 0
    if z == 0:
        c_PyErr_Clear()
    else:
        first = z
        if inline_tuple(engine, z) and peek(z + 16) > 0:
            first = inline_item(z, 0)
        if first != peek(engine + 40):
            out = answer(engine, recipe, given, count + 1, z)
        c_Py_DecRef(z)
    c_Py_DecRef(recipe)
    return out

def pull(record, g, memo):
    out = fast(peek(record), address(g), address(memo))
    if out != 0:
        return owned(out)
    given = cells(2)
    poke(given, address(g))
    poke(given + 8, address(memo))
    return owned(c_PyObject_Vectorcall(peek(record + 32), given, 2, 0))
"""


def forward(arity: int, descr: int) -> str:
    """Source of the step of ops with this many operands. descr: where an ndarray keeps its dtype."""
    places = range(arity)
    return _STEP.format(
        arity=arity, xs=", ".join(f"x{i}" for i in places),
        operands="".join(_OPERAND.format(i=i, descr=descr) for i in places),
        conflict=" or ".join(f"(t{i} != 0 and t{i} != trace)" for i in places),
        other=" or ".join(f"peek(plan + {8 * i}) != k{i}" for i in places),
        masks="32 * (" + " + ".join(f"{1 << i} * (m{i} != 0)" for i in places) + ") - 8",
        # A kernel may give up the GIL, and another thread may then give a Tensor another value.
        hold="\n".join(f"    poke(given + {8 * i}, kept(v{i}))\n"
                       f"    poke(marks + {8 * i}, kept(m{i} if m{i} != 0 else none))" for i in places))


def backward(descr: int) -> str:
    """Source of the way back through one step: cotangent and memo -> cotangents of the operands."""
    return _PULL.format(descr=descr)
