"""Random numbers for the CPU: Philox-4x32-10, a function of key and counter.

Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011, section 4.3. The loops are over 256
counters at a time, so that they vectorise and read and write in order.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from nbgrad.compile.cache import compile_kernel

# 32-bit words are kept in 64 bits: a product of two of them is then one multiplication
_ROUND = """
            p = a * uint64(0xD2511F53)
            q = c * uint64(0xCD9E8D57)
            a, b = (q >> uint64(32)) ^ b ^ uint64({low}), q & uint64(0xFFFFFFFF)
            c, d = (p >> uint64(32)) ^ d ^ uint64({high}), p & uint64(0xFFFFFFFF)
"""
_DROP = """
def k_drop(out, x, bits, key, threshold, scale):
    n = size(x)
    mask = uint64(0xFFFFFFFF)
    token = unlock(n)
    for start in range(0, n, 1024):
        first = start // 4
        for j in range(256):
            counter = uint64(first + j)
            a, b, c, d = counter & mask, counter >> uint64(32), uint64(0), uint64(0)
            {rounds}
            store(bits, j, uint32(a))
            store(bits, j + 256, uint32(b))
            store(bits, j + 512, uint32(c))
            store(bits, j + 768, uint32(d))
        for j in range(min(1024, n - start)):
            kept = load(x, start + j) * {dtype}(scale)
            store(out, start + j, kept if uint64(load(bits, j)) >= uint64(threshold) else {dtype}(0))
    lock(token)
"""


def _rounds() -> str:
    lines = []
    for r in range(10):
        low = f"((key + uint64({r * 0x9E3779B9 & 0xFFFFFFFF})) & mask)"
        high = f"(((key >> uint64(32)) + uint64({r * 0xBB67AE85 & 0xFFFFFFFF})) & mask)"
        lines.append(_ROUND.format(low=low, high=high))
    return "".join(lines).strip()


@cache
def _drop(dtype: np.dtype) -> Any:
    arguments = (dtype, dtype, np.dtype(np.uint32), np.uint64, np.uint64, float)
    return compile_kernel("k_drop", _DROP.format(dtype=dtype, rounds=_rounds()), arguments)


def drop(out: np.ndarray, x: np.ndarray, p: float, key: int) -> None:
    """x * 1 / (1 - p), and 0 where the element's 32 bits are less than p * 2**32."""
    scale = 1 / (1 - p) if p < 1 else 0.0
    _drop(out.dtype)(out, np.ascontiguousarray(x), np.empty(1024, np.uint32), key, round(p * 2.0**32), scale)
