"""The pool: the memory of large arrays is kept when they die and given to the next ones.

New memory is slow to write to at first, since the operating system has to find and clear each page of it:
that can take longer than the work of a kernel. NumPy lets a library allocate the data of arrays by
functions of its own and calls them for every array made that way, when the last view of it is gone too. So
the pool needs no knowledge of views, slices and exported buffers: NumPy's reference counts have it. Its
functions are called with the GIL held. Where nothing is compiled, arrays are NumPy's own.

Source: NumPy Enhancement Proposal 49, Data allocation strategies.
"""

from __future__ import annotations

import ctypes
import os
from typing import Annotated

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array
from nbgrad.compile.cpu.machine import callback, free, madvise, malloc, memcpy, memset
from nbgrad.compile.record import Record, Table, width

_BLOCKS = 64                              # at most that wait in the pool
_MOST = 1 << 30                           # bytes that may wait in the pool, and 1/8 of the machine's

_HUGE = 1 << 22                           # bytes from which large pages are worth it
_PAGE, _LINE = 4096, 64
_HUGE_PAGES = 14                          # MADV_HUGEPAGE


class Waiting(Record):
    """A block in the pool: where its data are, and how many bytes."""

    data: int
    size: int


class Pool(Record):
    """Bytes held and bytes allowed; the blocks, the last to come last: it is most likely in a cache still."""

    held: int
    allowed: int
    count: int
    blocks: Annotated[Table[Waiting], _BLOCKS]


class Head(Record):
    """What stands before a block's data: its bytes, and the address that malloc gave."""

    size: int
    base: int


_HEAD = width(Head)


def released(pool: Pool, place: int) -> int:
    """The data of a block, which leaves the pool."""
    block = pool.blocks[place].data
    pool.held -= pool.blocks[place].size
    pool.count -= 1
    while place < pool.count:
        pool.blocks[place].data = pool.blocks[place + 1].data
        pool.blocks[place].size = pool.blocks[place + 1].size
        place += 1
    return block


def take(pool: Pool, size: int) -> int:
    """Memory for so many bytes: the smallest block that fits, if by a quarter at most, or a new one."""
    best, least, place = -1, size + (size >> 2) + 1, pool.count
    while place > 0:
        place -= 1
        if size <= pool.blocks[place].size < least:
            best, least = place, pool.blocks[place].size
    if best >= 0:
        return released(pool, best)
    base = malloc(size + _HEAD + 2 * _LINE)
    if base == 0:
        return 0
    block = (base + _HEAD + _LINE - 1) & -_LINE
    head = Head(block - _HEAD)
    head.size = size
    head.base = base
    if size >= _HUGE:
        start = (block + _PAGE - 1) & -_PAGE
        madvise(start, ((block + size) & -_PAGE) - start, _HUGE_PAGES)
    return block


def give(pool: Pool, block: int, size: int) -> int:
    """Take back a block. size: what NumPy says of it, which is not needed."""
    if block == 0:
        return 0
    head = Head(block - _HEAD)
    room = head.size
    if room < memory.POOLED or room > pool.allowed:
        free(head.base)
        return 0
    while pool.held + room > pool.allowed or pool.count == _BLOCKS:
        free(Head(released(pool, 0) - _HEAD).base)
    last = pool.blocks[pool.count]
    last.data = block
    last.size = room
    pool.count += 1
    pool.held += room
    return 0


def cleared(pool: Pool, count: int, size: int) -> int:
    """Memory for so many things of a size, all zero."""
    block = take(pool, count * size)
    if block != 0:
        memset(block, 0, count * size)
    return block


def resized(pool: Pool, block: int, size: int) -> int:
    """A block's data in one of so many bytes."""
    head = Head(block - _HEAD)
    if block != 0 and head.size >= size:
        return block
    other = take(pool, size)
    if block != 0 and other != 0:
        memcpy(other, block, head.size)
        give(pool, block, size)
    return other


@kernel(gil=True, spares=0.1)      # for each byte of an array that has new memory
def functions(addresses: Array[np.int64]) -> None:
    """The addresses of the pool's functions."""
    addresses[0] = callback(take)
    addresses[1] = callback(cleared)
    addresses[2] = callback(resized)
    addresses[3] = callback(give)


class _Handler(ctypes.Structure):
    """NumPy's PyDataMem_Handler."""

    _fields_ = [("name", ctypes.c_char * 127), ("version", ctypes.c_uint8), ("pool", ctypes.c_void_p),
                ("take", ctypes.c_void_p), ("cleared", ctypes.c_void_p), ("resized", ctypes.c_void_p),
                ("give", ctypes.c_void_p)]


def start(size: int) -> None:
    """Make the pool that memory.empty and kernels make large arrays from, as soon as that is worth compiling.

    size : bytes of a large array that is not from the pool
    """
    if functions.earned((), size) is None:
        return
    addresses = np.zeros(4, np.int64)
    functions(addresses)
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    pool = memory.keep(Pool())
    pool.allowed = min(_MOST, physical // 8)
    memory.use(_Handler(b"nbgrad", 1, int(pool), *map(int, addresses)))
