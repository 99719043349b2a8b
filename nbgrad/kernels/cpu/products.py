"""Products of vectors in space, for the CPU."""

from __future__ import annotations

import numpy as np

from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, parallel

_LEAST = 1 << 15                          # vectors that are worth a thread


@kernel(exact=True)                       # no fused multiplications: a vector's product with itself is 0
def turned(out: Array[T], a: Array[T], b: Array[T]) -> None:
    """The cross product of each row of three elements."""
    for i in parallel(out.size // 3, least=_LEAST):
        x, y, z = a[3 * i], a[3 * i + 1], a[3 * i + 2]
        u, v, w = b[3 * i], b[3 * i + 1], b[3 * i + 2]
        out[3 * i] = y * w - z * v
        out[3 * i + 1] = z * u - x * w
        out[3 * i + 2] = x * v - y * u


def crossed(out: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """The cross products of vectors along the last axis."""
    turned[out.dtype](out, np.ascontiguousarray(a), np.ascontiguousarray(b))
