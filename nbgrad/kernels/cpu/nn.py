"""The loss of classes for the CPU, row by row: each row is shifted by its largest element."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cache import compile_kernel

# Largest element of the row of n elements at p, the sum of exponentials, and what is left of it without that
# at the place: where that is the larger part, the others are added up without it.
_SUM = """
        p = row * n
        top = load(x, p)
        for i in range(1, n):
            top = fold_maximum(top, load(x, p + i))
        total = {T}(0)
        for i in range(n):
            e = {T}(exp(load(x, p + i) - top))
            {keep}
            total = fold_add(total, e)
        chosen = load(x, p + max(0, place))
        own = {T}(exp(chosen - top))
        others = total - own
        if own > others:
            others = {T}(0)
            for i in range(n):
                others = fold_add(others, {again} * {T}(i != place))
"""
_LOSS = """
def k_class_entropy(o, x, places, n):
    token = unlock(size(x))
    for row in range(size(o)):
        place = load(places, row)
        {sum}
        loss = {T}(log1p(others)) if own > others else {T}(log(total)) - (chosen - top)
        store(o, row, loss if place >= 0 else {T}(0))
    lock(token)
"""
_VJP = """
def k_class_entropy_vjp(dx, g, x, places, n):
    token = unlock(size(x))
    for row in range(size(g)):
        place = load(places, row)
        {sum}
        part = load(g, row) / total
        for i in range(n):
            store(dx, p + i, load(dx, p + i) * part if place >= 0 else {T}(0))
        if place >= 0:
            store(dx, p + place, -others * part)
    lock(token)
"""


@cache
def _kernel(name: str, dtype: np.dtype) -> Any:
    source, keep, again, arrays = _LOSS, "", "exp(load(x, p + i) - top)", 2
    if name == "class_entropy_vjp":
        source, keep, again, arrays = _VJP, "store(dx, p + i, e)", "load(dx, p + i)", 3
    full = source.format(sum=_SUM.strip().format(T=dtype, keep=keep, again=again), T=dtype)
    arguments = [dtype] * arrays + [np.dtype(np.int64), int]
    return compile_kernel(f"k_{name}", full, arguments)


def class_entropy(out: np.ndarray, x: np.ndarray, places: np.ndarray) -> None:
    """log(sum(exp(x))) - x[place] of each row, 0 where the place is negative."""
    if out.size:
        _kernel("class_entropy", out.dtype)(out, np.ascontiguousarray(x), places, x.shape[1])


def class_entropy_vjp(g: np.ndarray, x: np.ndarray, places: np.ndarray) -> np.ndarray:
    """g times softmax(x) less 1 at the place, row by row; 0 where the place is negative."""
    dx = memory.empty(x.shape, x.dtype)
    if x.size:
        xs = np.ascontiguousarray(g), np.ascontiguousarray(x)
        _kernel("class_entropy_vjp", x.dtype)(dx, *xs, places, x.shape[1])
    return dx
