"""Searches for the CPU: NumPy's own, but for that in a sorted array."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np

from nbgrad.compile.cache import compile_kernel

_LEAST = 1024                             # searches that are worth a thread
_TOGETHER = 8                             # searches whose waits for memory overlap


def _each(text: str) -> str:
    """A line for each of the searches that go on together: {0} is its number."""
    return "; ".join([text.format(k) for k in range(_TOGETHER)])


# Halving without branches: of `left` candidates from `at` on, those before the key's place are skipped. As
# NumPy sorts, nan is above every number and equal to nan.
_SEARCH = f"""
def inline_left(a, key):
    return a < key or (key != key and a == a)
def inline_right(a, key):
    return a <= key or key != key
def part(start, stop, out, x, v, n):
    j = start
    while j + {_TOGETHER} <= stop:
        {_each("key{0} = load(v, j + {0})")}
        {_each("at{0} = 0")}
        left = n
        while left > 1:
            half = left // 2
            {_each("at{0} += half * inline_{{side}}(load(x, at{0} + half - 1), key{0})")}
            left -= half
        {_each("store(out, j + {0}, at{0} + inline_{{side}}(load(x, at{0}), key{0}))")}
        j += {_TOGETHER}
    while j < stop:
        key = load(v, j)
        at = 0
        left = n
        while left > 1:
            half = left // 2
            at += half * inline_{{side}}(load(x, at + half - 1), key)
            left -= half
        store(out, j, at + inline_{{side}}(load(x, at), key))
        j += 1
def k_search(out, x, v, n):
    token = unlock(size(v))
    share(part, size(v), {_LEAST}, out, x, v, n)
    lock(token)
"""


@cache
def _search(dtype: np.dtype, side: str) -> Any:
    arguments = (np.dtype(np.intp), dtype, dtype, int)
    return compile_kernel("k_search", _SEARCH.format(side=side), arguments, exact=True)


def argmax(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first maxima."""
    np.argmax(x, axis=axis, out=out, keepdims=keepdims)


def argmin(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first minima."""
    np.argmin(x, axis=axis, out=out, keepdims=keepdims)


def searchsorted(out: np.ndarray, x: np.ndarray, v: np.ndarray, side: Literal["left", "right"]) -> None:
    """Where values belong in a sorted array."""
    dtype = np.result_type(x, v)
    if not x.size:
        out[...] = 0
        return
    x, v = [np.ascontiguousarray(a, np.dtype(np.uint8) if dtype == np.bool_ else dtype) for a in (x, v)]
    _search(v.dtype, side)(out, x, v, x.size)
