"""Searches for CUDA: where the extremes of rows are, and where values belong in a sorted array."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.compile.cuda.block import better, foremost
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import batch, blocks, grid, lane, threads
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.places import opened, read

_SHORT = 64                               # elements of a row that one thread takes
_PART = 16                                # elements for each thread of a part of a longer row


@kernel
def best(out, x, part, *, largest, alone):
    """Places of the best elements of parts of lines, each part for a thread alone, or for a block."""
    length = x.shape[-1]
    parts = -(-length // part)
    out, x = out.reshape(-1), batch(x, 1)
    first, step = (0, 1) if alone else (lane(), threads())
    for i in grid(out.size) if alone else blocks(out.size):
        row, rest = divmod(i, parts)
        line = x[row]
        start = rest * part
        stop = min(length, start + part)
        place = min(start + first, stop - 1)
        top = line[place]
        for j in range(start + first + step, stop, step):
            v = line[j]
            if better(v, j, top, place, largest=largest):
                top, place = v, j
        if not alone:
            place = foremost(top, place, largest=largest)[1]
        if alone or lane() == 0:
            out[i] = place


def _best(out: CudaArray, x: CudaArray, largest: bool) -> None:
    """Places of the first largest, or smallest, elements along the last axis of x."""
    length, threads, rows = x.shape[-1], cuda.host().threads, prod(out.shape)
    part = _PART * threads
    if rows >= threads or length <= 2 * part:
        _launch(out, x, length, largest)
        return
    parts = -(-length // part)
    found = cuda.empty((*out.shape, parts), np.int64)
    _launch(found, x, part, largest)
    tops, turn = cuda.empty(found.shape, x.dtype), cuda.empty(out.shape, np.int64)
    axis = x.ndim - 1
    read(tops, opened(x, (axis,), (parts,), axis), found, x.steps[-1])
    _launch(turn, tops, parts, largest)
    read(out, found.part((..., 0)), turn)


def _launch(out: CudaArray, x: CudaArray, part: int, largest: bool) -> None:
    """out: in C order, one place for each part of a row."""
    length, threads = x.shape[-1], cuda.host().threads
    line = x.part((..., 0))
    dims, steps = launch.merged(line.shape, (line,))
    across = dims[-1] >= threads and abs(steps[0][-1]) < abs(x.steps[-1])
    best(out, x, part, largest=largest, alone=part == length and (length <= _SHORT or across))


def _extreme(out: CudaArray, x: CudaArray, axis: int | None, largest: bool) -> None:
    if not out.size:
        return
    if x.dtype == np.bool_:
        x = x.view(lambda form: form.view(np.uint8))
    if axis is None:
        x = copies.contiguous(x).view(lambda form: form.reshape(-1))
    else:
        x = x.view(lambda form: np.moveaxis(form, axis, -1))
    _best(out.view(lambda form: form.reshape(x.shape[:-1])), x, largest)


def argmax(out: CudaArray, x: CudaArray, axis: int | None, keepdims: bool) -> None:
    """Places of the first maxima."""
    _extreme(out, x, axis, largest=True)


def argmin(out: CudaArray, x: CudaArray, axis: int | None, keepdims: bool) -> None:
    """Places of the first minima."""
    _extreme(out, x, axis, largest=False)


@kernel
def belonging(out, v, x, *, right):
    """Where elements of v, each a line of its own, belong in x, which is in order."""
    length = x.size
    out, v = out.reshape(-1), batch(v, 1)
    for i in grid(out.size):
        line = v[i]
        key, low, high = line[0], 0, length
        while low < high:
            middle = (low + high) // 2
            a = x[middle]
            if (a <= key or key != key) if right else (a < key or (key != key and a == a)):
                low = middle + 1
            else:
                high = middle
        out[i] = low


def searchsorted(out: CudaArray, x: CudaArray, v: CudaArray, side: Literal["left", "right"]) -> None:
    """Where values belong in a sorted array; nan is above every number and equal to nan."""
    dtype = np.result_type(x.dtype, v.dtype)
    dtype = np.dtype(np.uint8) if dtype == np.bool_ else dtype
    x, v = [a if a.dtype == dtype else copies.converted(a, dtype) for a in (x, v)]
    belonging(out, v.view(lambda form: form[..., None]), copies.contiguous(x), right=side == "right")
