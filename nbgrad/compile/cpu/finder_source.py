"""The finder: which plan a call has, found by what its arguments are in memory, compiled.

Its record of 64-bit cells, which define/finder.py fills, has the addresses of the classes Tensor, ndarray and
tuple, where a Tensor keeps its value, the number of entries, and the entries: the address of a plan, and what
each argument must be. That is its kind and then an object's address; or of a Tensor the dtype of its array,
the number of axes, their lengths and strides; or of a tuple its length and its items; or of a list of
Tensors its class, its length and the same of each Tensor.
"""

from __future__ import annotations

AXES, ITEMS, PARTS = 4, 8, 3              # that an array, a tuple, a list of Tensors may have
PART = 3 + 2 * AXES                       # cells for a Tensor
HEAD, CELLS = 5, 3 + PARTS * PART         # cells before the entries; cells for each argument
OBJECT, TENSOR, TUPLE, LIST = 0, 1, 2, 3  # kinds

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
    if peek(x + 8) != peek(record):
        return False
    x = peek(x + peek(record + 24))
    return x != 0 and peek(x + 8) == peek(record + 8) and same_array(x, at)

def same_list(record, x, at):
    count = peek(x + 16)
    if count != peek(at + 16):
        return False
    items = x + 24 if peek(x + 8) == peek(record + 16) else peek(x + 24)
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
        return peek(x + 8) == peek(record + 16) and same_tuple(x, at)
    return peek(x + 8) == peek(at + 8) and same_list(record, x, at)

def find(record, {xs}):
    at = record + {head}
    last = at + {size} * peek(record + 32)
    while at < last:
        if {matches}:
            c_Py_IncRef(peek(at))
            return reference(peek(at))
        at += {size}
    return reference(0)
"""


def source(arity: int, descr: int) -> str:
    """Source of the finder for so many arguments. descr: where an ndarray keeps its dtype."""
    places = range(arity)
    matches = [f"same(record, address(x{i}), at + {8 + 8 * CELLS * i})" for i in places]
    return _FIND.format(
        descr=descr, strides=8 * (3 + AXES), object=OBJECT, tensor=TENSOR, tuple=TUPLE, part=8 * PART,
        head=8 * HEAD, size=8 * (1 + CELLS * arity), xs=", ".join(f"x{i}" for i in places),
        matches=" and ".join(matches))
