"""Elements that are read, written and added at places, which are numbers in arrays, for CUDA.

A place counts elements from where an operand's first one lies. Operands and places broadcast to one shape.
Values for one place are added by one thread, in order: the same from run to run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import map_source

_LONG = 256                               # values for one place that are added by one thread


def read(out: CudaArray, x: CudaArray, at: CudaArray, pace: int = 1) -> None:
    """out = x at the places, in steps of `pace` elements."""
    lines = ("out[p_out] = x[uint64(int64(p_x) + at[p_at] * pace)]",)
    map_source.run("k_read", lines, out.shape, {"out": out, "x": x, "at": at}, pace=pace)


def write(out: CudaArray, v: CudaArray, to: CudaArray, start: CudaArray) -> None:
    """out at the places `to` = v at the places `start`; no place of out is named twice."""
    lines = ("out[uint64(int64(p_out) + to[p_to])] = v[uint64(int64(p_v) + start[p_start])]",)
    map_source.run("k_write", lines, out.shape, {"out": out, "v": v, "to": to, "start": start})


@dataclass(frozen=True)
class Runs:
    """What is added where: values at `source[first[k]:first[k + 1]]` at place `to[k]`. All int64."""

    to: np.ndarray
    first: np.ndarray
    source: np.ndarray


def runs(to: np.ndarray, source: np.ndarray) -> Runs:
    """The values at `source` by the places `to` that they belong to, each one's in their order."""
    if not np.all(to[1:] >= to[:-1]):
        order = np.argsort(to, kind="stable")
        to, source = to[order], source[order]
    first = np.flatnonzero(np.concatenate([[True], to[1:] != to[:-1]])) if to.size else np.zeros(0, np.int64)
    return Runs(to[first], np.append(first, to.size), source)


def add(out: CudaArray, v: CudaArray, what: Runs) -> None:
    """out at places += v at others.

    out, v : the axis along which places count comes first and is left out: step 0, and what.to.size long
    """
    count = np.diff(what.first)
    if count.size and count.max() > _LONG:
        v, what = _in_parts(v, what, count)
    total = "total or {}" if out.dtype == np.bool_ else f"{out.dtype}(total + {{}})"
    lines = ("q = uint64(int64(p_out) + to[p_to])", "total = out[q]", "j = first[p_first]",
             "while j < last[p_last]:",
             f"    total = {total.format('v[uint64(int64(p_v) + source[uint64(j)])]')}", "    j += 1",
             "out[q] = total")
    rest, source = (1,) * (out.ndim - 1), cuda.upload(what.source)
    each = [cuda.upload(x).view(lambda form: form.reshape((-1, *rest)))
            for x in (what.to, what.first[:-1], what.first[1:])]
    map_source.run("k_add", lines, out.shape,
             {"out": out, "v": v, "to": each[0], "first": each[1], "last": each[2]},
             source=source.flat[0])


def _in_parts(v: CudaArray, what: Runs, count: np.ndarray) -> tuple[CudaArray, Runs]:
    """Long runs, added up in parts: the sums of the parts, and what is to be added of them."""
    parts = -(-count // _LONG)
    owner = np.repeat(np.arange(count.size), parts)
    turn = np.arange(owner.size) - np.repeat(np.cumsum(parts) - parts, parts)
    first = np.append(what.first[owner] + turn * _LONG, what.first[-1])
    shape = (owner.size, *v.shape[1:])
    sums = cuda.empty(shape, v.dtype)
    zero = "False" if v.dtype == np.bool_ else f"{v.dtype}(0)"
    map_source.run("k_clear", (f"sums[p_sums] = {zero}",), shape, {"sums": sums})
    row = sums.steps[0]
    flat = (0, *v.strides[1:])
    places = np.arange(owner.size) * row
    add(opened(sums, (0,), (owner.size,), 0), v.view(lambda form: np.lib.stride_tricks.as_strided(
        form, shape, flat)), Runs(places, first, what.source))
    ends = np.append(np.flatnonzero(turn == 0), owner.size)
    return opened(sums, (0,), (count.size,), 0), Runs(what.to, ends, places)


def opened(x: CudaArray, axes: tuple[int, ...], block: tuple[int, ...], front: int) -> CudaArray:
    """x without some axes, repeated over a block of new ones, of which `front` others stand in front."""
    kept = [a for a in range(x.ndim) if a not in axes]
    shape = [x.shape[a] for a in kept]
    strides = [x.strides[a] for a in kept]
    shape[front:front], strides[front:front] = block, (0,) * len(block)
    return x.view(lambda form: np.lib.stride_tricks.as_strided(form, shape, strides))
