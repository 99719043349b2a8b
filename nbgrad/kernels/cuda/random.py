"""Random numbers for CUDA: Philox-4x32-10, the same numbers as on the CPU.

Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011, section 4.3. A thread takes a
counter and the four elements that its words belong to, 256 apart.
"""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda import copies

# words have 32 bits, a product of two of them 64
_ROUND = """
        p = uint64(uint64(a) * uint64(0xD2511F53))
        q = uint64(uint64(c) * uint64(0xCD9E8D57))
        a, b = uint32(uint32(q >> uint64(32)) ^ b ^ low), uint32(q & uint64(0xFFFFFFFF))
        c, d = uint32(uint32(p >> uint64(32)) ^ d ^ high), uint32(p & uint64(0xFFFFFFFF))
        low = uint32((uint64(low) + uint64(0x9E3779B9)) & uint64(0xFFFFFFFF))
        high = uint32((uint64(high) + uint64(0xBB67AE85)) & uint64(0xFFFFFFFF))
"""
_WORD = """
        if uint32(i + uint32({start})) < n:
            j = uint64(f_x + int64(i) + {start})
            o = uint64(f_out + int64(i) + {start})
            out[o] = x[j] * scale if uint64({word}) >= threshold else {dtype}(0)
"""
_DROP = """
def k_drop(n, out, f_out, x, f_x, key_low, key_high, threshold, scale, counters):
    n = uint32(n)
    threshold = uint64(threshold)
    counters = uint32(counters)
    counter = uint32(cuda.grid(1))
    step = uint32(cuda.gridsize(1))
    while counter < counters:
        block = uint32(counter // uint32(256))
        i = uint32(block * uint32(1024) + uint32(counter - block * uint32(256)))
        a, b, c, d = uint32(counter), uint32(0), uint32(0), uint32(0)
        low, high = uint32(key_low), uint32(key_high)
{rounds}
{words}
        counter = uint32(counter + step)
"""


def _spelled(dtype: np.dtype) -> str:
    """The source of the kernel."""
    words = "".join(_WORD.format(start=256 * k, word=word, dtype=dtype) for k, word in enumerate("abcd"))
    return _DROP.format(rounds=_ROUND * 10, words=words)


def drop(out: CudaArray, x: CudaArray, p: float, key: int) -> None:
    """x * 1 / (1 - p), and 0 where the element's 32 bits are less than p * 2**32."""
    n = out.size
    if not n:
        return
    x = copies.contiguous(x)
    scale = out.dtype.type(1 / (1 - p) if p < 1 else 0.0)
    counters = -(-n // 1024) * 256
    kernel = launch.kernel("k_drop", _spelled(out.dtype))
    cuda.launch(kernel, cuda.blocks(counters), cuda.host().threads, n, *out.flat, *x.flat,
                key & 0xFFFFFFFF, key >> 32, round(p * 2.0**32), scale, counters)
