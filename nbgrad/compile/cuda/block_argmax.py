"""What the threads of a block find out together, as source text that kernels begin with."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda

_LARGEST = """
def largest(value, place, lane, own, where):
    value[lane], place[lane] = own, where
    cuda.syncthreads()
    half = uint32({half})
    while half > 0:
        if lane < half:
            other = value[lane + half]
            if other > value[lane] or other != other or (
                    other == value[lane] and place[lane + half] < place[lane]):
                value[lane], place[lane] = other, place[lane + half]
        cuda.syncthreads()
        half = uint32(half // uint32(2))
    top, found = value[0], place[0]
    cuda.syncthreads()
    return top, found
"""
_MEMORY = """
    value = cuda.shared.array({threads}, {dtype})
    place = cuda.shared.array({threads}, uint32)
"""


def largest() -> str:
    """`largest(value, place, lane, own, where)`, which all threads call: the largest own, and its place.

    nan is above all numbers; of places with the same number it is the first.
    """
    return _LARGEST.strip("\n").format(half=cuda.host().threads // 2)


def memory(dtype: np.dtype) -> str:
    """The shared memory that it needs, value and place."""
    return _MEMORY.strip("\n").format(threads=cuda.host().threads, dtype=dtype)
