"""Reductions for the CPU. Two loops over any strides: along a reduced axis (rows) or a kept one (columns)."""

from __future__ import annotations

from functools import cache, lru_cache, partial
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.kernels import layout
from nbgrad.kernels.cache import compile_kernel

_silent = np.errstate(all="ignore")       # inf and nan flow without a warning, as in compiled kernels

# start of the accumulator (None: the first element), and how it takes in an element v of the output's dtype
_RULES = {
    "sum": ("0", "total + v"), "prod": ("1", "total * v"),
    "any": ("False", "total | v"), "all": ("True", "total & v"),
    "max": (None, "maximum(total, v)"), "min": (None, "minimum(total, v)"),
}

# Sums are taken in blocks, and blocks in groups, so that the rounding error grows with neither: about 200
# additions come in a row.
_ROWS = """
def k_{rule}(x, o, kd, ks, rd, rs):
    kept = size(kd)
    reduced = size(rd)
    inner = load(rd, reduced - 1)
    s = load(rs, reduced - 1)
    rows = 1
    for k in range(kept):
        rows *= load(kd, k)
    outer = 1
    for k in range(reduced - 1):
        outer *= load(rd, k)
    token = unlock(rows * outer * inner)
    for row in range(rows):
        p = 0
        q = 0
        rest = row
        for k in range(kept - 1, -1, -1):
            n = load(kd, k)
            above = rest // n
            p += (rest - above * n) * load(ks, k)
            q += (rest - above * n) * load(ks, kept + k)
            rest = above
        v = {start_row}
        result = v
        for r in range(outer):
            pr = p
            rest = r
            for k in range(reduced - 2, -1, -1):
                n = load(rd, k)
                above = rest // n
                pr += (rest - above * n) * load(rs, k)
                rest = above
            i = 0
            while i < inner:
                top = min(inner, i + 262144)
                v = {start}
                group = v
                while i < top:
                    stop = min(top, i + 4096)
                    v = {start}
                    total = v
                    if s == {width}:
                        for j in range(i, stop):
                            v = {cast}(load_at(x, pr + j * {width}))
                            total = {combine}
                    else:
                        for j in range(i, stop):
                            v = {cast}(load_at(x, pr + j * s))
                            total = {combine}
                    v = total
                    total = group
                    group = {combine}
                    i = stop
                v = group
                total = result
                result = {combine}
        store_at(o, q, result)
    lock(token)
"""
_COLUMNS = """
def k_{rule}(x, o, kd, ks, rd, rs):
    kept = size(kd)
    reduced = size(rd)
    inner = load(kd, kept - 1)
    s = load(ks, kept - 1)
    t = load(ks, 2 * kept - 1)
    rows = 1
    for k in range(kept - 1):
        rows *= load(kd, k)
    outer = 1
    for k in range(reduced):
        outer *= load(rd, k)
    token = unlock(rows * outer * inner)
    for row in range(rows):
        p = 0
        q = 0
        rest = row
        for k in range(kept - 2, -1, -1):
            n = load(kd, k)
            above = rest // n
            p += (rest - above * n) * load(ks, k)
            q += (rest - above * n) * load(ks, kept + k)
            rest = above
        for r in range(outer):
            pr = p
            rest = r
            for k in range(reduced - 1, -1, -1):
                n = load(rd, k)
                above = rest // n
                pr += (rest - above * n) * load(rs, k)
                rest = above
            if r == 0:
                for j in range(inner):
                    store_at(o, q + j * t, {cast}(load_at(x, pr + j * s)))
            elif s == {width} and t == {out_width}:
                for j in range(inner):
                    total = load_at(o, q + j * {out_width})
                    v = {cast}(load_at(x, pr + j * {width}))
                    store_at(o, q + j * {out_width}, {combine})
            else:
                for j in range(inner):
                    total = load_at(o, q + j * t)
                    v = {cast}(load_at(x, pr + j * s))
                    store_at(o, q + j * t, {combine})
    lock(token)
"""


@cache
def _kernel(rule: str, rows: bool, dtype: np.dtype, result: np.dtype) -> Any:
    start, combine = _RULES[rule]
    cast = "0 != " if result == np.bool_ else str(result)
    if start is None:
        first, start = f"{cast}(load_at(x, p))", f"{cast}(load_at(x, pr + i * s))"
    else:
        first = start = start if result == np.bool_ else f"{cast}({start})"
    source = (_ROWS if rows else _COLUMNS).format(
        rule=rule, start_row=first, start=start, combine=combine, cast=cast,
        width=dtype.itemsize, out_width=result.itemsize)
    arguments = (dtype, result, *[np.dtype(np.int64)] * 4)
    return compile_kernel(f"k_{rule}", source, arguments, reassociate=True)


def _reduce(rule: str, out: np.ndarray, x: np.ndarray, axis: tuple[int, ...],
            keepdims: bool = False) -> None:
    """out = x reduced over the axes; out has x's axes without them, or with length 1 for them."""
    if not out.size:
        return
    if not x.size:
        out[...] = {"sum": 0, "prod": 1, "any": False, "all": True}[rule]
        return
    target = out.reshape([n for a, n in enumerate(x.shape) if a not in axis])
    rows, loops = _walk(x.shape, x.strides, target.strides, axis)
    _kernel(rule, rows, x.dtype, out.dtype)(x, out, *loops)


@lru_cache(maxsize=1024)
def _walk(shape: tuple[int, ...], strides: tuple[int, ...], target: tuple[int, ...],
          axes: tuple[int, ...]) -> tuple[bool, list[np.ndarray]]:
    """Whether to walk along reduced axes first; then sizes and steps of the kept and of the reduced loops.

    target: strides of the output for the axes that are kept.
    """
    places = [a for a in range(len(shape)) if a not in axes]
    kept = sorted([(shape[a], strides[a], out) for a, out in zip(places, target, strict=True)],
                  key=lambda loop: -abs(loop[1]))
    kd, ks = layout.merge([n for n, _, _ in kept], [[s for _, s, _ in kept], [t for _, _, t in kept]])
    inside = sorted(axes, key=lambda a: -abs(strides[a]))
    rd, rs = layout.merge([shape[a] for a in inside], [[strides[a] for a in inside]])
    rows = kd[-1] == 1 or (rd[-1] > 1 and abs(rs[0][-1]) <= abs(ks[0][-1]))
    return rows, [np.array(m, np.int64).ravel() for m in (kd, ks, rd, rs)]


def spread(out: np.ndarray, x: np.ndarray, shape: tuple[int, ...], axis: tuple[int, ...]) -> None:
    """Copies along the axes."""
    out[...] = x.reshape([1 if a in axis else n for a, n in enumerate(shape)])


sum = partial(_reduce, "sum")             # in blocks: as accurate as NumPy's pairwise sums
prod = partial(_reduce, "prod")
max = partial(_reduce, "max")             # nan wins, and in min
min = partial(_reduce, "min")
any = partial(_reduce, "any")
all = partial(_reduce, "all")


@_silent
def mean(out: np.ndarray, x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> None:
    """Means: nan where there is nothing to average."""
    _reduce("sum", out, x, axis)
    count = product(x.shape[a] for a in axis)
    if count:
        np.divide(out, count, out=out)
    else:
        out[...] = np.nan


@_silent
def var(out: np.ndarray, x: np.ndarray, axis: tuple[int, ...], keepdims: bool, correction: float) -> None:
    """Variances in two passes; the divisor is the count less the correction."""
    center = np.empty([1 if a in axis else n for a, n in enumerate(x.shape)], out.dtype)
    mean(center, x, axis, True)
    deviations = np.asarray(np.subtract(x, center, dtype=out.dtype))
    np.multiply(deviations, deviations, out=deviations)
    _reduce("sum", out, deviations, axis)
    count = product(x.shape[a] for a in axis) - correction
    if count > 0:
        np.divide(out, count, out=out)
    else:
        out[...] = np.nan


@_silent
def std(out: np.ndarray, x: np.ndarray, axis: tuple[int, ...], keepdims: bool, correction: float) -> None:
    """Standard deviations."""
    var(out, x, axis, keepdims, correction)
    np.sqrt(out, out=out)


@_silent
def euclidean(out: np.ndarray, x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> None:
    """Euclidean norms, without overflow or underflow of the squares."""
    largest = np.empty([1 if a in axis else n for a, n in enumerate(x.shape)], out.dtype)
    if not x.size:
        out[...] = 0
        return
    _reduce("max", largest, np.asarray(np.abs(x), out.dtype), axis)
    scale = np.where((largest > 0) & (largest < np.inf), largest, 1).astype(out.dtype)
    scaled = np.asarray(np.divide(x, scale, dtype=out.dtype))
    np.multiply(scaled, scaled, out=scaled)
    _reduce("sum", out, scaled, axis)
    np.sqrt(out, out=out)
    np.multiply(out, scale.reshape(out.shape), out=out)
