"""Random numbers for the CPU: Philox-4x32-10, a function of key and counter.

Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011, section 4.3. The loops are over 256
counters at a time, so that they vectorise and read and write in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, inline, unrolled

MASK = 0xFFFFFFFF


@inline
def mixed(counter: Any, key: Any) -> Any:
    """Four words of 32 bits, each kept in 64: a product of two of them is then one multiplication."""
    a, b, c, d = counter & MASK, counter >> 32, np.uint64(0), np.uint64(0)
    for r in unrolled(10):
        p = a * 0xD2511F53
        q = c * 0xCD9E8D57
        a, b = (q >> 32) ^ b ^ ((key + (r * 0x9E3779B9 & MASK)) & MASK), q & MASK
        c, d = (p >> 32) ^ d ^ (((key >> 32) + (r * 0xBB67AE85 & MASK)) & MASK), p & MASK
    return a, b, c, d


@inline
def fill(bits: Any, start: Any, key: Any) -> None:
    """32 bits for each of the 1024 elements from a place on, in memory for so many."""
    for j in range(256):
        a, b, c, d = mixed(np.uint64(start // 4 + j), key)
        bits[j] = a
        bits[j + 256] = b
        bits[j + 512] = c
        bits[j + 768] = d


@kernel
def drawn(out: Array[T], bits: Array[T], key: np.uint64) -> None:
    """32 bits for each element; bits: memory for 1024 of them."""
    for start in range(0, out.size, 1024):
        fill(bits, start, key)
        for j in range(min(1024, out.size - start)):
            out[start + j] = bits[j]


@kernel
def dropped(out: Array[T], x: Array[T], bits: Array[np.uint32], key: np.uint64, threshold: np.uint64,
            scale: float) -> None:
    """x * scale, and 0 where an element's bits are below the threshold; bits: memory for 1024 of them."""
    for start in range(0, x.size, 1024):
        fill(bits, start, key)
        for j in range(min(1024, x.size - start)):
            out[start + j] = x[start + j] * scale if bits[j] >= threshold else 0


def drop(out: np.ndarray, x: np.ndarray, p: float, key: int) -> None:
    """x * 1 / (1 - p), and 0 where the element's 32 bits are less than p * 2**32."""
    scale = 1 / (1 - p) if p < 1 else 0.0
    bits = np.empty(1024, np.uint32)
    dropped[out.dtype](out, np.ascontiguousarray(x), bits, key, round(p * 2.0**32), scale)


def random_bits(out: np.ndarray, x: np.ndarray, shape: tuple[int, ...], key: int) -> None:
    """32 bits for each element of out; x says nothing but where."""
    drawn[out.dtype](out, np.empty(1024, np.uint32), key)
