"""Random numbers for CUDA: Philox-4x32-10, the same numbers as on the CPU.

Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011, section 4.3. A thread takes a
counter and the four elements that its words belong to, 256 apart.
"""

from __future__ import annotations

from typing import Any

from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import grid, narrow, unrolled, wide
from nbgrad.kernels.cuda import copies


def product(a: Any, b: Any) -> Any:
    """The upper and the lower 32 bits of a product."""
    both = wide(a) * b
    return narrow(both >> 32), narrow(both)


def philox(counter: Any, low: Any, high: Any) -> Any:
    """The four words of a counter; low, high: the key."""
    a, b, c, d = counter, 0, 0, 0
    for _ in unrolled(10):
        upper, lower = product(a, 0xD2511F53)
        above, below = product(c, 0xCD9E8D57)
        a, b, c, d = above ^ b ^ low, below, upper ^ d ^ high, lower
        low, high = narrow(low + 0x9E3779B9), narrow(high + 0xBB67AE85)
    return a, b, c, d


@kernel
def dropped(out, x, low, high, threshold: wide, scale):
    """Elements of x times scale where their 32 bits reach the threshold; low, high: the key."""
    n = out.size
    out, x = out.reshape(-1), x.reshape(-1)
    for counter in grid(-(-n // 1024) * 256):
        block, place = divmod(counter, 256)
        start = block * 1024 + place
        words = philox(counter, low, high)
        for k in unrolled(4):
            if start + 256 * k < n:
                i = wide(start) + 256 * k
                out[i] = x[i] * scale if words[k] >= threshold else 0


def drop(out: CudaArray, x: CudaArray, p: float, key: int) -> None:
    """x * 1 / (1 - p), and 0 where the element's 32 bits are less than p * 2**32."""
    scale = out.dtype.type(1 / (1 - p) if p < 1 else 0.0)
    dropped(out, copies.contiguous(x), key & 0xFFFFFFFF, key >> 32, round(p * 2.0**32), scale)


@kernel
def drawn(out, low, high):
    """32 bits for each element; low, high: the key."""
    n = out.size
    out = out.reshape(-1)
    for counter in grid(-(-n // 1024) * 256):
        block, place = divmod(counter, 256)
        start = block * 1024 + place
        words = philox(counter, low, high)
        for k in unrolled(4):
            if start + 256 * k < n:
                out[wide(start) + 256 * k] = words[k]


def random_bits(out: CudaArray, x: CudaArray, shape: tuple[int, ...], key: int) -> None:
    """32 bits for each element of out; x says nothing but where."""
    drawn(out, key & 0xFFFFFFFF, key >> 32)
