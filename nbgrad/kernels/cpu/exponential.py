"""Reductions of exponentials for the CPU, row by row: each row is shifted by its largest element."""

from __future__ import annotations

from functools import cache
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.kernels.cache import compile_kernel

# what is done with a row once its sum of exponentials is known
_FINISH = {
    "logsumexp": "store(o, row, top if top - top != 0 else top + log(total))",
    "softmax": "for i in range(n):\n            store(o, p + i, load(o, p + i) / total)",
    "log_softmax": "shift = log(total)\n        for i in range(n):\n"
                   "            store(o, p + i, load(x, p + i) - top - shift)",
}
_ROW = """
def k_{rule}(x, o, n):
    rows = size(x) // n
    token = unlock(rows * n)
    for row in range(rows):
        p = row * n
        top = load(x, p)
        for i in range(1, n):
            top = maximum(top, load(x, p + i))
        total = {dtype}(0)
        for i in range(n):
            e = {dtype}(exp(load(x, p + i) - top))
            {keep}
            total += e
        {finish}
    lock(token)
"""


@cache
def _row_kernel(rule: str, dtype: np.dtype) -> Any:
    keep = "store(o, p + i, e)" if rule == "softmax" else ""
    source = _ROW.format(rule=rule, dtype=dtype, keep=keep, finish=_FINISH[rule])
    return compile_kernel(f"k_{rule}", source, (dtype, dtype, int), reassociate=True)


def logsumexp(out: np.ndarray, x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> None:
    """log(sum(exp(x))), shifted by the largest element; infinite where that is."""
    kept = [a for a in range(x.ndim) if a not in axis]
    if not x.size:
        out[...] = -np.inf
        return
    rows = np.ascontiguousarray(x.transpose([*kept, *axis]), out.dtype)
    _row_kernel("logsumexp", out.dtype)(rows, out, product(x.shape[a] for a in axis))


def _along(rule: str, out: np.ndarray, x: np.ndarray, axis: int) -> None:
    """A row kernel along one axis of an array of any layout."""
    if not x.size:
        return
    rows = np.ascontiguousarray(np.moveaxis(x, axis, -1), out.dtype)
    last = axis == x.ndim - 1
    result = out if last else np.empty(rows.shape, out.dtype)
    _row_kernel(rule, out.dtype)(rows, result, x.shape[axis])
    if not last:
        np.moveaxis(out, axis, -1)[...] = result


def softmax(out: np.ndarray, x: np.ndarray, axis: int) -> None:
    """exp(x) over its sum along one axis, shifted by the largest element."""
    _along("softmax", out, x, axis)


def log_softmax(out: np.ndarray, x: np.ndarray, axis: int) -> None:
    """log of softmax along one axis."""
    _along("log_softmax", out, x, axis)
