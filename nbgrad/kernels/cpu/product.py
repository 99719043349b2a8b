"""Matrix products of floats in one compiled call: NumPy's own inner loop of matmul, which is BLAS.

The loop is called where np.matmul would call it, without what stands around it: its search for a loop, its
iterator, its watch over floating-point warnings. A batch of small products, which BLAS would do in one
thread, is shared out over several.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from nbgrad.arrays.config import settings
from nbgrad.compile import linker
from nbgrad.compile.cache import compile_kernel

_ALONE = 1 << 18                          # multiplications of a product that OpenBLAS does in one thread
_WORTH = 1 << 15                          # multiplications that are worth a thread of ours
_AXES = 16                                # most axes of a batch

# A plan: cells 0 to 2 the operands' and the output's memory, 3 the axes of the batch, 4 to 6 rows, inner
# length and columns, 7 to 12 the steps of rows and columns of each, 13 the bytes of one output; then for each
# axis of the batch its length and the steps of the operands.
_SOURCE = """
def inline_dim(x, i):
    return peek(peek(x + 32) + 8 * i)

def inline_step(x, i):
    return peek(peek(x + 40) + 8 * i)

def inline_flat(rows, columns, row, column):
    return column == {width} and row >= columns * {width} and row % {width} == 0

def inline_blas(rows, columns, row, column):
    return (inline_flat(rows, columns, row, column) or inline_flat(columns, rows, column, row)
            or (rows == 1 and column == {width}) or (columns == 1 and row == {width}))

def products(start, stop, plan):
    memory, sizes, steps = cells(3), cells(4), cells(9)
    poke(sizes, 1)
    for i in range(3):
        poke(sizes + 8 + 8 * i, peek(plan + 32 + 8 * i))
        poke(steps + 8 * i, 0)
    for i in range(6):
        poke(steps + 24 + 8 * i, peek(plan + 56 + 8 * i))
    for unit in range(start, stop):
        a, b, rest = peek(plan), peek(plan + 8), unit
        for axis in range(peek(plan + 24) - 1, -1, -1):
            place = plan + 112 + 24 * axis
            above = rest // peek(place)
            i = rest - above * peek(place)
            a += i * peek(place + 8)
            b += i * peek(place + 16)
            rest = above
        poke(memory, a)
        poke(memory + 8, b)
        poke(memory + 16, peek(plan + 16) + unit * peek(plan + 104))
        nbgrad_matmul_{dtype}(memory, sizes, steps, 0)

def array(axes, shape, bytes):
    handler, before = pool_handler(bytes), 0
    if handler != 0:
        before = nbgrad_set_handler(handler)
    made = nbgrad_empty_array(axes, shape, nbgrad_descr_from_type({number}), 0)
    if handler != 0:
        c_Py_DecRef(nbgrad_set_handler(before))
        c_Py_DecRef(before)
    if made == 0:
        c_PyErr_Clear()
    return made

def product(left, right):
    a, b = address(left), address(right)
    na, nb = peek(a + 24) & 255, peek(b + 24) & 255
    if na == 0 or nb == 0 or na > {axes} or nb > {axes}:
        return reference(0)
    rows = inline_dim(a, na - 2) if na > 1 else 1
    columns = inline_dim(b, nb - 1) if nb > 1 else 1
    inner = inline_dim(a, na - 1)
    if inner != inline_dim(b, nb - 2 if nb > 1 else 0):
        return reference(0)
    a_row, a_column = inline_step(a, na - 2) if na > 1 else inner * {width}, inline_step(a, na - 1)
    b_row = inline_step(b, nb - 2 if nb > 1 else 0)
    b_column = inline_step(b, nb - 1) if nb > 1 else {width}
    plan, shape, units = cells(16 + 3 * {axes}), cells({axes} + 2), 1
    axes = max(na, nb, 2) - 2
    for axis in range(axes):
        i, j = axis - axes + na - 2, axis - axes + nb - 2
        length_a, length_b = inline_dim(a, i) if i >= 0 else 1, inline_dim(b, j) if j >= 0 else 1
        if length_a != length_b and length_a != 1 and length_b != 1:
            return reference(0)
        length = length_b if length_a == 1 else length_a
        poke(shape + 8 * axis, length)
        poke(plan + 112 + 24 * axis, length)
        poke(plan + 120 + 24 * axis, inline_step(a, i) if length_a != 1 else 0)
        poke(plan + 128 + 24 * axis, inline_step(b, j) if length_b != 1 else 0)
        units *= length
    work = rows * inner * columns
    if (work * units == 0 or not inline_blas(rows, inner, a_row, a_column)
            or not inline_blas(inner, columns, b_row, b_column)):
        return reference(0)
    kept = axes
    if na > 1:
        poke(shape + 8 * kept, rows)
        kept += 1
    if nb > 1:
        poke(shape + 8 * kept, columns)
        kept += 1
    out = array(kept, shape, units * rows * columns * {width})
    if out == 0:
        return reference(0)
    if axes > 0 and nb <= 2 and (peek(a + 64) & 1) != 0:
        rows, work, units, axes = rows * units, work * units, 1, 0
    poke(plan, peek(a + 16))
    poke(plan + 8, peek(b + 16))
    poke(plan + 16, peek(out + 16))
    poke(plan + 24, axes)
    poke(plan + 32, rows)
    poke(plan + 40, inner)
    poke(plan + 48, columns)
    poke(plan + 56, a_row)
    poke(plan + 64, a_column)
    poke(plan + 72, b_row)
    poke(plan + 80, b_column)
    poke(plan + 88, columns * {width})
    poke(plan + 96, {width})
    poke(plan + 104, rows * columns * {width})
    token = unlock(work * units)
    if work <= {alone}:
        share(products, units, max({worth} // work, 1), plan)
    else:
        products(0, units, plan)
    lock(token)
    return reference(out)
"""


@cache
def product(dtype: np.dtype) -> Callable[..., np.ndarray | None] | None:
    """The matrix product of two arrays of this dtype, or None where there is no compiled one.

    It returns None where the operands do not fit, are not as BLAS takes them, or the output cannot be had.
    """
    if linker.missing([f"nbgrad_matmul_{dtype}"]) or not settings.compiled:
        return None
    source = _SOURCE.format(dtype=dtype, width=dtype.itemsize, number=dtype.num, axes=_AXES, alone=_ALONE,
                            worth=_WORTH)
    return compile_kernel("product", source, (dtype, dtype), np.ndarray)
