"""Layouts: how one kernel walks operands of different shapes and strides over any number of axes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from nbgrad.errors import shape_errors

_SHORT = 16                               # a loop this short is walked around the longer one
_LONG = 16384                             # elements of a single loop that are taken at a time
_NARROW = 512                             # elements; so many lines of cache can be kept from row to row

Place = tuple[tuple[int, ...], tuple[int, ...]]        # shape and strides (bytes) of one operand


def broadcast(name: str, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that all shapes broadcast to. Raises ShapeError, naming the op, where they do not."""
    ndim = max(map(len, shapes), default=0)
    out = [1] * ndim
    for shape in shapes:
        for axis, n in enumerate(shape, ndim - len(shape)):
            if n != 1:
                if out[axis] not in (1, n):
                    raise shape_errors.no_broadcast(name, shapes)
                out[axis] = n
    return tuple(out)


def product(name: str, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the matrix product of arrays of these shapes. Raises ShapeError if there is none."""
    if not a or not b:
        raise shape_errors.no_product(name, a, b, "a 0-d array is no matrix. Use multiply to scale")
    rows = b[-2 if len(b) > 1 else 0]
    if a[-1] != rows:
        which = "the second-last" if len(b) > 1 else "the"
        raise shape_errors.no_product(name, a, b, f"the last axis of the first has length {a[-1]}, {which} "
                                      f"axis of the second {rows}")
    batch = a[:-2]
    if batch != b[:-2]:
        try:
            batch = np.broadcast_shapes(batch, b[:-2])
        except ValueError as error:
            raise shape_errors.no_product(name, a, b, f"their batch axes {a[:-2]} and {b[:-2]} do not "
                                          "broadcast") from error
    return (*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


@lru_cache(maxsize=4096)
def walk(name: str, places: tuple[Place, ...], widths: tuple[int, ...]) -> tuple[
        tuple[int, ...], tuple[int, ...], np.ndarray, np.ndarray, int]:
    """How to compute outputs of element sizes `widths` from operands at `places`.

    Returns (shape, order, dims, steps, span): the output's shape; the axes from outermost to innermost in
    memory, which keeps the operands' order; the sizes of the merged loops; for each operand, then for each
    output, the bytes from one element to the next in every loop (flattened, operand by operand); and how many
    elements of the innermost loop to take at a time, few where an operand lies across it.
    """
    shape = broadcast(name, [s for s, _ in places])
    ndim = len(shape)
    strides = [(0,) * (ndim - len(s)) + tuple(st if n != 1 else 0 for n, st in zip(s, steps, strict=True))
               for s, steps in places]
    order = sorted(range(ndim), key=lambda axis: tuple(-abs(s[axis]) for s in strides if s[axis]) or (0,))
    fresh = [packed(shape, order, width) for width in widths]
    dims, steps = merge([shape[a] for a in order], [[s[a] for a in order] for s in strides + fresh])
    if len(dims) > 1 and dims[-1] < _SHORT and dims[-1] < dims[-2]:
        dims[-2:] = dims[:-3:-1]
        for step in steps:
            step[-2:] = step[:-3:-1]
    across = len(dims) > 1 and any(0 < abs(s[-2]) < abs(s[-1]) for s in steps)
    span = min(dims[-1], _NARROW) if across else min(dims[-1], _LONG) if len(dims) == 1 else dims[-1]
    return shape, tuple(order), np.array(dims, np.int64), np.array(steps, np.int64).ravel(), max(span, 1)


def packed(shape: Sequence[int], order: Sequence[int], width: int) -> list[int]:
    """Strides of an array without gaps whose axes lie in memory in the given order, outermost first."""
    strides = [0] * len(shape)
    for axis in reversed(order):
        strides[axis] = width
        width *= max(shape[axis], 1)
    return strides


def merge(dims: list[int], strides: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """The same walk with adjacent loops made one wherever every operand allows it; never without a loop."""
    out_dims, out_steps = [1], [[0] for _ in strides]
    for axis, n in enumerate(dims):
        if n == 1:
            continue
        if out_dims[-1] == 1:
            out_dims[-1] = n
            for into, s in zip(out_steps, strides, strict=True):
                into[-1] = s[axis]
        elif all(into[-1] == n * s[axis] for into, s in zip(out_steps, strides, strict=True)):
            out_dims[-1] *= n
            for into, s in zip(out_steps, strides, strict=True):
                into[-1] = s[axis]
        else:
            out_dims.append(n)
            for into, s in zip(out_steps, strides, strict=True):
                into.append(s[axis])
    return out_dims, out_steps


def pieces(n: int, places: tuple[int, ...], axis: int) -> list[tuple[slice, ...]]:
    """The indices of the pieces between some places of an axis of n elements."""
    before, ends = (slice(None),) * axis, zip((0, *places), (*places, n), strict=True)
    return [(*before, slice(start, stop)) for start, stop in ends]


def turned(shape: tuple[int, ...], order: tuple[int, ...]) -> tuple[tuple[int, ...], Any]:
    """The shape with its axes in this order, and what transposes them back: None where nothing has to be."""
    back = None if order == tuple(range(len(order))) else tuple(map(int, np.argsort(order)))
    return tuple([shape[axis] for axis in order]), back
