"""The pool: the memory of large arrays is kept when they die and given to the next ones.

New memory is slow to write to at first, since the operating system has to find and clear each page of it:
that can take longer than the work of a kernel. NumPy lets a library allocate the data of arrays by
functions of its own and calls them for every array made that way, when the last view of it is gone too. So
the pool needs no knowledge of views, slices and exported buffers: NumPy's reference counts have it. The
functions are compiled, and are called with the GIL held.

Source: NumPy Enhancement Proposal 49, Data allocation strategies.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

import numpy as np

from nbgrad.arrays import memory
from nbgrad.arrays.config import settings
from nbgrad.compile.cache import compile_kernel

_BLOCKS = 64                              # at most that wait in the pool
_MOST = 1 << 30                           # bytes that may wait in the pool, and 1/8 of the machine's

# The pool is a record of 64-bit cells: bytes held, bytes allowed, the number of blocks held, and from cell 4
# on for each its address and its bytes, the last to come last: its memory is most likely in a cache still.
# Before a block's data stand its bytes and the address that it was allocated at.
_SOURCE = f"""
def released(pool, at):
    block = peek(at)
    poke(pool, peek(pool) - peek(at + 8))
    poke(pool + 16, peek(pool + 16) - 1)
    end = pool + 32 + 16 * peek(pool + 16)
    while at < end:
        poke(at, peek(at + 16))
        poke(at + 8, peek(at + 24))
        at += 16
    return block

def take(pool, size):
    best = 0
    at = pool + 16 + 16 * peek(pool + 16)
    while at > pool + 16:
        if peek(at + 8) >= size and (best == 0 or peek(at + 8) < peek(best + 8)):
            best = at
        at -= 16
    if best != 0 and peek(best + 8) <= size + (size >> 2):
        return released(pool, best)
    base = libc_malloc(size + 128)
    if base == 0:
        return 0
    block = (base + 16 + 63) & -64
    poke(block - 16, size)
    poke(block - 8, base)
    if size >= {1 << 22}:
        start = (block + 4095) & -4096
        libc_madvise(start, ((block + size) & -4096) - start, 14)
    return block

def give(pool, block, size):
    if block == 0:
        return 0
    room = peek(block - 16)
    if room < {memory.POOLED} or room > peek(pool + 8):
        libc_free(peek(block - 8))
        return 0
    while peek(pool) + room > peek(pool + 8) or peek(pool + 16) == {_BLOCKS}:
        libc_free(peek(released(pool, pool + 32) - 8))
    at = pool + 32 + 16 * peek(pool + 16)
    poke(at, block)
    poke(at + 8, room)
    poke(pool + 16, peek(pool + 16) + 1)
    poke(pool, peek(pool) + room)
    return 0

def cleared(pool, count, width):
    block = take(pool, count * width)
    if block != 0:
        libc_memset(block, 0, count * width)
    return block

def resized(pool, block, size):
    if block != 0 and peek(block - 16) >= size:
        return block
    other = take(pool, size)
    if block != 0 and other != 0:
        libc_memcpy(other, block, peek(block - 16))
        give(pool, block, size)
    return other

def functions(addresses):
    store(addresses, 0, callback(take))
    store(addresses, 1, callback(cleared))
    store(addresses, 2, callback(resized))
    store(addresses, 3, callback(give))
"""


class _Handler(ctypes.Structure):
    """NumPy's PyDataMem_Handler."""

    _fields_ = [("name", ctypes.c_char * 127), ("version", ctypes.c_uint8), ("pool", ctypes.c_void_p),
                ("take", ctypes.c_void_p), ("cleared", ctypes.c_void_p), ("resized", ctypes.c_void_p),
                ("give", ctypes.c_void_p)]


@cache
def start() -> None:
    """Make the pool that memory.empty and kernels make large arrays from. Its functions must be compiled."""
    if not settings.compiled:
        return
    addresses = np.zeros(4, np.int64)
    compile_kernel("functions", _SOURCE, (addresses.dtype,))(addresses)
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    pool = (ctypes.c_int64 * (4 + 2 * _BLOCKS))(0, min(_MOST, physical // 8))
    memory.keep(pool)
    memory.use(_Handler(b"nbgrad", 1, ctypes.addressof(pool), *map(int, addresses)))
