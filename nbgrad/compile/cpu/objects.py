"""Objects of CPython and NumPy as records: at which places they keep what compiled code reads.

They are parts of the ABI of CPython 3.11 to 3.13 and NumPy 2; `known` looks whether they hold.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

import numpy as np

from nbgrad.compile.record import CELL, Cells, Int32, Record

_HEAD = object.__basicsize__ // CELL - 1  # cells before the type: 1, on builds without the GIL 3
C_CONTIGUOUS = 1                          # a flag of arrays


class PyObject(Record):
    """The head of every object."""

    head: Annotated[Cells[int], _HEAD]
    type: PyObject


class PyTuple(PyObject):
    length: int
    items: Cells[PyObject]


class Items(Record):
    item: Cells[PyObject]


class PyList(PyObject):
    length: int
    items: Items


class PyBytes(PyObject):
    length: int
    hash: int
    first: int                            # eight bytes


class Longs(Record):
    item: Cells[int]


class PyArray(PyObject):
    data: int
    ndim: Int32
    dims: Longs
    strides: Longs
    base: PyObject
    descr: PyObject
    flags: Int32


@cache
def known() -> bool:
    """Whether tuples, lists, bytes and arrays of this process are laid out so."""
    pair, few, x = (object(), object()), b"\1\2", np.zeros((2, 3))
    both = list(pair)
    t, n, b, a = PyTuple(id(pair)), PyList(id(both)), PyBytes(id(few)), PyArray(id(x))
    return (n.type == id(list) and n.length == 2 and n.items.item[1] == id(pair[1])
            and t.type == id(tuple) and t.length == 2 and t.items[1] == id(pair[1])
            and b.type == id(bytes) and b.length == 2 and b.first & 0xFFFF == 0x0201
            and a.type == id(np.ndarray) and a.data == x.__array_interface__["data"][0] and a.ndim == 2
            and a.descr == id(x.dtype) and a.base == 0 and bool(a.flags & C_CONTIGUOUS)
            and int(a.strides) == int(a.dims) + 2 * CELL
            and a.dims.item[1] == 3 and a.strides.item[0] == 24)
