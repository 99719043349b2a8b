"""Walks of kernels over operands of any strides."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.compile.cpu.language import Array, inline


@inline
def offsets(row: int, count: int, loops: Array[np.int64], steps: Array[np.int64]) -> Any:
    """Bytes from the first element of each of three operands, when the first loops are at step `row`.

    count : of the first loops
    loops, steps : sizes of the loops; their bytes for the first operand, then the others
    """
    kept = loops.size
    p, q, r = 0, 0, 0
    rest = row
    for k in range(count - 1, -1, -1):
        above = rest // loops[k]
        at = rest - above * loops[k]
        p += at * steps[k]
        q += at * steps[kept + k]
        r += at * steps[2 * kept + k]
        rest = above
    return p, q, r
