"""Matrix products of floats in one compiled call: NumPy's own inner loop of matmul, which is BLAS.

The loop is called where np.matmul would call it, without what stands around it: its search for a loop, its
iterator, its watch over floating-point warnings. A batch of small products, which BLAS would do in one
thread, is shared out over several.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import numpy as np

from nbgrad.compile import linker
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, inline, shares
from nbgrad.compile.cpu.machine import (
    address,
    clear_error,
    decref,
    dtype_of,
    lock,
    matmul_float32,
    matmul_float64,
    new_array,
    pool_handler,
    reference,
    set_handler,
    unlock,
)
from nbgrad.compile.cpu.objects import C_CONTIGUOUS, PyArray, PyObject, known
from nbgrad.compile.record import Cells, Record, Table

_ALONE = 1 << 18                          # multiplications of a product that OpenBLAS does in one thread
_WORTH = 1 << 15                          # multiplications that are worth a thread of ours
_AXES = 16                                # most axes of a batch
_LOOPS = {"float32": matmul_float32, "float64": matmul_float64}


class Axis(Record):
    """An axis of the batch, and the bytes from one matrix to the next of each operand."""

    length: int
    left: int
    right: int


class Batch(Record):
    """So many axes, the last one last, and their number."""

    count: int
    axes: Annotated[Table[Axis], _AXES]


class Shape(Record):
    """Of the result, as NumPy takes it."""

    length: Annotated[Cells[int], _AXES + 2]


class Starts(Record):
    """Where the matrices begin that NumPy's loop is given."""

    left: int
    right: int
    out: int


class Sizes(Record):
    """The sizes of them, as the loop takes them."""

    products: int
    rows: int
    inner: int
    columns: int


class Steps(Record):
    """Bytes between products, then between rows and columns of each matrix, as the loop takes them."""

    outer: Annotated[Cells[int], 3]
    left_row: int
    left_column: int
    right_row: int
    right_column: int
    out_row: int
    out_column: int


@inline
def rows_follow(columns: int, row: int, column: int, width: int) -> bool:
    """Whether a row's elements follow each other, and rows do without overlap, so many bytes apart."""
    return column == width and row >= columns * width and row % width == 0


@inline
def fits_blas(rows: int, columns: int, row: int, column: int, width: int) -> bool:
    """Whether BLAS takes a matrix as it is: row by row, column by column, or one row or column."""
    return (rows_follow(columns, row, column, width) or rows_follow(rows, column, row, width)
            or (rows == 1 and column == width) or (columns == 1 and row == width))


def new(axes: int, shape: Shape, size: int, number: int) -> PyArray:
    """A new array of a size in bytes and a dtype with this number; none where there is no memory."""
    handler, before = pool_handler(size), PyObject(0)
    if handler:
        before = set_handler(handler)
    made = new_array(axes, shape, dtype_of(number), 0)
    if handler:
        decref(set_handler(before))
        decref(before)
    if not made:
        clear_error()
    return PyArray(made)


@kernel(gil=True, spares=1500)
def multiplied(left: Array[T], right: Array[T], *, number: int, loop: Any) -> Any:
    """left @ right; None where they do not fit, are not as BLAS takes them, or there is no memory.

    number : NumPy's, of the dtype
    """
    a, b, width = PyArray(address(left)), PyArray(address(right)), left.itemsize
    na, nb = a.ndim, b.ndim
    if na == 0 or nb == 0 or na > _AXES or nb > _AXES:
        return reference(PyObject(0))
    sizes, steps, batch, shape = Sizes(), Steps(), Batch(), Shape()
    rows = a.dims.item[na - 2] if na > 1 else 1
    columns = b.dims.item[nb - 1] if nb > 1 else 1
    inner = a.dims.item[na - 1]
    if inner != b.dims.item[nb - 2 if nb > 1 else 0]:
        return reference(PyObject(0))
    steps.left_row = a.strides.item[na - 2] if na > 1 else inner * width
    steps.left_column = a.strides.item[na - 1]
    steps.right_row = b.strides.item[nb - 2 if nb > 1 else 0]
    steps.right_column = b.strides.item[nb - 1] if nb > 1 else width
    units, axes = 1, max(na, nb, 2) - 2
    for k in range(axes):
        i, j = k - axes + na - 2, k - axes + nb - 2
        length_a, length_b = a.dims.item[i] if i >= 0 else 1, b.dims.item[j] if j >= 0 else 1
        if length_a != length_b and length_a != 1 and length_b != 1:
            return reference(PyObject(0))
        axis = batch.axes[k]
        axis.length = length_b if length_a == 1 else length_a
        axis.left = a.strides.item[i] if length_a != 1 else 0
        axis.right = b.strides.item[j] if length_b != 1 else 0
        shape.length[k] = axis.length
        units *= axis.length
    work = rows * inner * columns
    if (work * units == 0 or not fits_blas(rows, inner, steps.left_row, steps.left_column, width)
            or not fits_blas(inner, columns, steps.right_row, steps.right_column, width)):
        return reference(PyObject(0))
    kept = axes
    if na > 1:
        shape.length[kept] = rows
        kept += 1
    if nb > 1:
        shape.length[kept] = columns
        kept += 1
    out = new(kept, shape, units * rows * columns * width, number)
    if not out:
        return reference(out)
    if axes > 0 and nb <= 2 and (a.flags & C_CONTIGUOUS) != 0:
        rows, work, units, axes = rows * units, work * units, 1, 0
    batch.count = axes
    sizes.products = 1
    sizes.rows = rows
    sizes.inner = inner
    sizes.columns = columns
    for i in range(3):
        steps.outer[i] = 0
    steps.out_row = columns * width
    steps.out_column = width
    token = unlock(work * units)
    for start, stop in shares(units, units if work > _ALONE else max(_WORTH // work, 1)):
        starts = Starts()
        for unit in range(start, stop):
            first, second, rest = a.data, b.data, unit
            for place in range(batch.count - 1, -1, -1):
                one = batch.axes[place]
                above = rest // one.length
                first += (rest - above * one.length) * one.left
                second += (rest - above * one.length) * one.right
                rest = above
            starts.left = first
            starts.right = second
            starts.out = out.data + unit * rows * steps.out_row
            loop(starts, sizes, steps, 0)
    lock(token)
    return reference(out)


def product(dtype: np.dtype) -> Callable[..., np.ndarray | None] | None:
    """`multiplied` for two arrays of this dtype; None where it is not to be had."""
    loop = _LOOPS[dtype.name]
    return multiplied.earned((dtype, dtype.num, loop)) if _linked(loop.__name__) else None


@cache
def _linked(loop: str) -> bool:
    """Whether NumPy's loop and the layout of its arrays are as we know them."""
    return not linker.missing([loop]) and known()
