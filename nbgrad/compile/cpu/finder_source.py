"""The finder: what is kept of a call, found by what its arguments are in memory, compiled.

Its record of 64-bit cells, which define/finder.py fills, begins with what it knows of Python's objects, and
the number of entries. An entry has the address of what is kept (a plan), what may be run at once, and what
each argument must be: a kind, and then an object's address; or of a Tensor the dtype of its array, the number
of axes, their lengths and strides; or of a tuple its length and its items; or of a list of Tensors its class,
its length and the same of each Tensor.

What is run at once, where no trace watches, is a function of the Tensors' values. Its result becomes a
Tensor, and a view of the first argument if that has views already, few of them. All else is left to Python,
which is given the plan. Slots that were never filled hold a null pointer: nothing is followed that was not
looked at before. An exception goes to the caller as it is.
"""

from __future__ import annotations

# The cells before the entries: addresses of classes and of None, where a Tensor keeps its slots.
KNOWN = ("tensors", "arrays", "tuples", "value", "trace", "mark", "view", "views", "lists", "none", "count")
# The cells of an entry before those of its arguments.
_FIRST = ("plan", "run", "op", "params", "what", "given")
AXES, ITEMS, PARTS = 4, 8, 3              # that an array, a tuple, a list of Tensors may have
PART = 3 + 2 * AXES                       # cells for a Tensor
HEAD, ENTRY, CELLS = len(KNOWN), len(_FIRST), 3 + PARTS * PART
OBJECT, TENSOR, TUPLE, LIST = 0, 1, 2, 3  # kinds
PLAN, RUN, VIEW = 0, 1, 2                 # what an entry gives: the plan, a new Tensor, or a view
_FEW = 24                                 # views of a Tensor

_FIND = """
def same_array(x, at):
    axes = peek(x + 24) & 0xffffffff
    if peek(x + {descr}) != peek(at + 8) or axes != peek(at + 16):
        return False
    lengths, strides = peek(x + 32), peek(x + 40)
    for i in range(axes):
        if peek(lengths + 8 * i) != peek(at + 24 + 8 * i):
            return False
        if peek(strides + 8 * i) != peek(at + {strides} + 8 * i):
            return False
    return True

def same_tuple(x, at):
    count = peek(x + 16)
    if count != peek(at + 16):
        return False
    for i in range(count):
        if peek(x + 24 + 8 * i) != peek(at + 24 + 8 * i):
            return False
    return True

def same_tensor(record, x, at):
    if peek(x + 8) != peek(record + {tensors}):
        return False
    x = peek(x + peek(record + {value}))
    return x != 0 and peek(x + 8) == peek(record + {arrays}) and same_array(x, at)

def same_list(record, x, at):
    count = peek(x + 16)
    if count != peek(at + 16):
        return False
    items = x + 24 if peek(x + 8) == peek(record + {tuples}) else peek(x + 24)
    for i in range(count):
        if not same_tensor(record, peek(items + 8 * i), at + 24 + {part} * i):
            return False
    return True

def same(record, x, at):
    kind = peek(at)
    if kind == {object}:
        return x == peek(at + 8)
    if kind == {tensor}:
        return same_tensor(record, x, at)
    if kind == {tuple}:
        return peek(x + 8) == peek(record + {tuples}) and same_tuple(x, at)
    return peek(x + 8) == peek(at + 8) and same_list(record, x, at)

def kept(item):
    c_Py_IncRef(item)
    return item

def watched(record, xs, given):
    for i in range(given):
        if peek(peek(xs + 8 * i) + peek(record + {trace})) != peek(record + {none}):
            return True
    return False

def linked(record, z, x, views, op, params):
    view, ref = c_PyTuple_New(3), c_PyWeakref_NewRef(z, 0)
    if view == 0 or ref == 0 or (c_PyList_Append(views, ref) & 0xffffffff) != 0:
        return False
    c_Py_DecRef(ref)
    c_PyTuple_SetItem(view, 0, kept(x))
    c_PyTuple_SetItem(view, 1, kept(op))
    c_PyTuple_SetItem(view, 2, kept(params))
    poke(z + peek(record + {view}), view)
    return True

def made(record, run, values, given):
    value = c_PyObject_Vectorcall(run, values, given, 0)
    if value == 0:
        return 0
    z = c_PyType_GenericAlloc(peek(record + {tensors}), 0)
    if z == 0:
        c_Py_DecRef(value)
        return 0
    poke(z + peek(record + {value}), value)
    poke(z + peek(record + {trace}), kept(peek(record + {none})))
    poke(z + peek(record + {mark}), kept(peek(record + {none})))
    return z

def find(record, {xs}):
    at = record + {head}
    last = at + {size} * peek(record + {count})
    while at < last and not ({matches}):
        at += {size}
    none = peek(record + {none})
    if at >= last:
        return owned(kept(none))
    plan, run, op, params = peek(at + {plan}), peek(at + {run}), peek(at + {op}), peek(at + {params})
    what, given = peek(at + {what}), peek(at + {given})
    xs, values, views = cells({room}), cells({room}), none
{addresses}
    if peek(at + {arguments}) == {list}:
        items = peek(xs)
        items = items + 24 if peek(items + 8) == peek(record + {tuples}) else peek(items + 24)
        for i in range(given):
            poke(xs + 8 * i, peek(items + 8 * i))
    if what == {PLAN} or watched(record, xs, given):
        return owned(kept(plan))
    if what == {VIEW}:
        views = peek(peek(xs) + peek(record + {views}))
        if views == 0 or peek(views + 8) != peek(record + {lists}) or peek(views + 16) >= {few}:
            return owned(kept(plan))
    # What runs may give up the GIL, and another thread may change the record and the Tensors.
    for item in (plan, op, params, views):
        c_Py_IncRef(item)
    for i in range(given):
        poke(values + 8 * i, kept(peek(peek(xs + 8 * i) + peek(record + {value}))))
    z = made(record, run, values, given)
    if z != 0 and what == {VIEW} and not linked(record, z, peek(xs), views, op, params):
        c_Py_DecRef(z)
        z = 0
    for i in range(given):
        c_Py_DecRef(peek(values + 8 * i))
    for item in (plan, op, params, views):
        c_Py_DecRef(item)
    return owned(z)
"""


def source(arity: int, descr: int) -> str:
    """Source of the finder for so many arguments. descr: where an ndarray keeps its dtype."""
    places = range(arity)
    matches = [f"same(record, address(x{i}), at + {8 * (ENTRY + CELLS * i)})" for i in places]
    fields = {name: 8 * i for names in (KNOWN, _FIRST) for i, name in enumerate(names)}
    return _FIND.format(
        **fields, descr=descr, strides=8 * (3 + AXES), object=OBJECT, tensor=TENSOR, tuple=TUPLE, list=LIST,
        part=8 * PART, head=8 * HEAD, arguments=8 * ENTRY, size=8 * (ENTRY + CELLS * arity), PLAN=PLAN,
        VIEW=VIEW, few=_FEW, room=max(arity, PARTS), xs=", ".join(f"x{i}" for i in places),
        matches=" and ".join(matches),
        addresses="\n".join(f"    poke(xs + {8 * i}, address(x{i}))" for i in places))
