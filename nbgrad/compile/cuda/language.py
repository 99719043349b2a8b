"""The words of CUDA kernels, each with its plain meaning: that of a grid of one block of one thread.

A kernel is a function of arrays and numbers. It begins with what all threads have in common, which is
computed once, on the host, and goes on with one loop over `grid` or `blocks`. Indices have 32 bits, no sign.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["any_thread", "batch", "blocks", "grid", "lane", "lanes", "log", "maximum", "narrow", "shared",
           "sign", "sqrt", "strided", "sync", "threads", "unrolled", "wide"]


class wide(int):  # noqa: N801
    """wide(i): a whole number of 64 bits with a sign; such a parameter is annotated with it."""


def narrow(i: int) -> int:
    """The lower 32 bits of a whole number, as an index."""
    return i & 0xFFFFFFFF


def grid(n: int) -> range:
    """`for i in grid(n)`: all threads of the launch share out 0 to n."""
    return range(n)


def blocks(n: int) -> range:
    """`for i in blocks(n)`: the blocks of the launch share out 0 to n; all threads of a block have one i."""
    return range(n)


def lanes(start: int, stop: int | None = None) -> range:
    """`for i in lanes(n)`, `for i in lanes(start, stop)`: the threads of a block share out a range."""
    return range(start) if stop is None else range(start, stop)


def unrolled(n: int) -> range:
    """`for k in unrolled(4)`: the body is written out so many times."""
    return range(n)


def lane() -> int:
    """The number of the thread in its block."""
    return 0


def threads() -> int:
    """How many threads a block has: a power of two."""
    return 1


def shared(like: Any) -> Any:
    """An array for the threads of a block, with an element for each thread, of the dtype of a number.

    It belongs to a kernel, or to a function that kernels themselves call: not one that such a function calls.
    """
    return np.zeros(threads(), np.asarray(like).dtype)


def sync() -> None:
    """Wait until all threads of the block are here, and see what they wrote."""


def any_thread(condition: bool) -> bool:
    """Wait for all threads of the block; whether the condition holds for one of them."""
    return bool(condition)


def strided(x: Any, axes: int) -> Any:
    """`x = strided(x, 4)`: x has so many axes, and any strides."""
    assert x.ndim == axes
    return x


def batch(x: np.ndarray, own: int) -> Any:
    """`x = batch(x, own)`: x[k] is the k-th of the arrays that x's last `own` axes make, of any strides.

    The other axes of all batches of a kernel broadcast, and are counted in C order.
    """
    return _Batch(x, x.shape[:x.ndim - own])


class _Batch:
    def __init__(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        self.x, self.before = x, shape

    def __getattr__(self, name: str) -> Any:
        return getattr(self.x, name)

    def __getitem__(self, k: int) -> Any:
        return self.x[np.unravel_index(k, self.before)]


sqrt: np.ufunc = np.sqrt
log: np.ufunc = np.log
sign: np.ufunc = np.sign
maximum: np.ufunc = np.maximum
