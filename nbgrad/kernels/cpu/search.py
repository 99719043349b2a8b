"""Searches for the CPU: NumPy's own, but for that in a sorted array."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, inline, registers, shares, unrolled

LEAST = 1024                              # searches that are worth a thread
TOGETHER = 8                              # searches whose waits for memory overlap


@inline
def before_left(a: Any, key: Any) -> Any:
    """Whether an element is before the key's place. As NumPy sorts, nan is above all and equal to nan."""
    return a < key or (key != key and a == a)


@inline
def before_right(a: Any, key: Any) -> Any:
    """The same where the key's place is behind its equals."""
    return a <= key or key != key


@kernel(exact=True)
def search(out: Array[np.intp], x: Array[T], v: Array[T], n: int, *, before: Any) -> None:
    """Places of values in n sorted elements, by halving without branches.

    Of `left` candidates from `at` on, those that are before the key's place are skipped.
    """
    for start, stop in shares(v.size, least=LEAST):
        key = registers(TOGETHER)
        at = registers(TOGETHER)
        j = start
        while j + TOGETHER <= stop:
            for k in unrolled(TOGETHER):
                key[k] = v[j + k]
                at[k] = 0
            left = n
            while left > 1:
                half = left // 2
                for k in unrolled(TOGETHER):
                    at[k] += half * before(x[at[k] + half - 1], key[k])
                left -= half
            for k in unrolled(TOGETHER):
                out[j + k] = at[k] + before(x[at[k]], key[k])
            j += TOGETHER
        while j < stop:
            one = v[j]
            place = 0
            left = n
            while left > 1:
                half = left // 2
                place += half * before(x[place + half - 1], one)
                left -= half
            out[j] = place + before(x[place], one)
            j += 1


def argmax(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first maxima."""
    x.argmax(axis, out, keepdims=keepdims)


def argmin(out: np.ndarray, x: np.ndarray, axis: int | None, keepdims: bool) -> None:
    """Places of the first minima."""
    x.argmin(axis, out, keepdims=keepdims)


def searchsorted(out: np.ndarray, x: np.ndarray, v: np.ndarray, side: Literal["left", "right"]) -> None:
    """Where values belong in a sorted array."""
    dtype = np.result_type(x, v)
    if not x.size:
        out[...] = 0
        return
    x, v = [np.ascontiguousarray(a, np.dtype(np.uint8) if dtype == np.bool_ else dtype) for a in (x, v)]
    search[v.dtype, before_left if side == "left" else before_right](out, x, v, x.size)


def complex_searchsorted(out: np.ndarray, x: np.ndarray, v: np.ndarray,
                         side: Literal["left", "right"]) -> None:
    """The same of complex numbers, in the order of their real parts, then of their imaginary ones."""
    out[...] = np.searchsorted(x, v, side)
