"""The loss of classes for the CPU, row by row: each row is shifted by its largest element."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, exp, fold_add, fold_maximum, inline, log, log1p


@inline
def others(row: Array[T], kept: Array[T], n: int, place: int, *, keep: bool) -> Any:
    """Of the exponentials of n elements less the largest: their sum, that of all but the one at the place.

    Where the one is the larger part, the others are added up without it. Then the one, and its logarithm.
    keep: the exponentials are kept.
    """
    top = row[0]
    for i in range(1, n):
        top = fold_maximum(top, row[i])
    total = 0.0
    for i in range(n):
        e = exp(row[i] - top)
        if keep:
            kept[i] = e
        total = fold_add(total, e)
    chosen = row[max(0, place)] - top
    own = exp(chosen)
    rest = total - own
    if own > rest:
        rest = 0.0
        for i in range(n):
            rest = fold_add(rest, (kept[i] if keep else exp(row[i] - top)) * (i != place))
    return total, rest, own, chosen


@kernel
def class_losses(out: Array[T], x: Array[T], places: Array[np.int64], n: int) -> None:
    """log(sum(exp(row))) - row[place] of rows of n elements."""
    for i in range(out.size):
        total, rest, own, chosen = others(x[i * n:], x, n, places[i], keep=False)
        loss = log1p(rest) if own > rest else log(total) - chosen
        out[i] = loss if places[i] >= 0 else 0


@kernel
def class_losses_vjp(dx: Array[T], g: Array[T], x: Array[T], places: Array[np.int64], n: int) -> None:
    """g times softmax(row) less 1 at the place."""
    for i in range(g.size):
        place = places[i]
        result = dx[i * n:]
        total, rest, _own, _chosen = others(x[i * n:], result, n, place, keep=True)
        part = g[i] / total
        for j in range(n):
            result[j] = result[j] * part if place >= 0 else 0
        if place >= 0:
            result[place] = -rest * part


def class_entropy(out: np.ndarray, x: np.ndarray, places: np.ndarray) -> None:
    """log(sum(exp(x))) - x[place] of each row, 0 where the place is negative."""
    if out.size:
        class_losses[out.dtype](out, np.ascontiguousarray(x), places, x.shape[1])


def class_entropy_vjp(g: np.ndarray, x: np.ndarray, places: np.ndarray) -> np.ndarray:
    """g times softmax(x) less 1 at the place, row by row; 0 where the place is negative."""
    dx = memory.empty(x.shape, x.dtype)
    if x.size:
        xs = np.ascontiguousarray(g), np.ascontiguousarray(x)
        class_losses_vjp[x.dtype](dx, *xs, places, x.shape[1])
    return dx
