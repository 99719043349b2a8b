"""Layer normalisation for the CPU.

Mean and variance are taken in two passes, so that nothing cancels, over data that stays in the cache: a row,
or a strip of columns. The backward pass takes them again: that costs less than to keep and read them.
Sums are in blocks, so that the rounding error does not grow with the length.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

import numpy as np

from nbgrad import memory
from nbgrad.kernels.cache import compile_kernel

_BLOCK, _STRIP = 2048, 128                # elements summed in a row; columns taken together

# mean of the row of n elements at p; in the backward pass also that of its cotangents
_ROW_MEAN = """
        mean = {T}(0)
        for i in range(0, n, {block}):
            part = {T}(0)
            for j in range(i, min(n, i + {block})):
                part += load(x, p + j)
            mean += part
        mean /= {T}(n)
"""
_ROW_MEANS = """
        mean = {T}(0)
        total = {T}(0)
        for i in range(0, n, {block}):
            part = {T}(0)
            part_total = {T}(0)
            for j in range(i, min(n, i + {block})):
                part += load(x, p + j)
                part_total += load(g, p + j){scaled}
            mean += part
            total += part_total
        mean /= {T}(n)
        total /= {T}(n)
"""
_ROWS = """
def k_layer_norm(out, x, w, b, n, eps):
    token = unlock(size(x))
    for row in range(size(x) // n):
        p = row * n
        {moments}
        total = {T}(0)
        for i in range(0, n, {block}):
            part = {T}(0)
            for j in range(i, min(n, i + {block})):
                d = load(x, p + j) - mean
                part += d * d
            total += part
        r = {T}(1) / sqrt(total / {T}(n) + {T}(eps))
        for j in range(n):
            store(out, p + j, (load(x, p + j) - mean) * r{affine})
    lock(token)
"""
# sums over the row: of squares, and of cotangents times what they belong to
_ROWS_VJP = """
def k_layer_norm_vjp(dx, dw, db, g, x, w, sw, sb, n, eps):
    token = unlock(size(x))
    for row in range(size(x) // n):
        p = row * n
        {moments}
        squares = {T}(0)
        along = {T}(0)
        for i in range(0, n, {block}):
            part = {T}(0)
            part_along = {T}(0)
            for j in range(i, min(n, i + {block})):
                d = load(x, p + j) - mean
                part += d * d
                part_along += load(g, p + j){scaled} * d
            squares += part
            along += part_along
        r = {T}(1) / sqrt(squares / {T}(n) + {T}(eps))
        along *= r * r / {T}(n)
        for j in range(n):
            d = load(x, p + j) - mean
            c = load(g, p + j)
            store(dx, p + j, r * (c{scaled} - total - d * along))
            {weights}
    lock(token)
"""
# sums over rows for weight and bias, 64 rows at a time
_ROWS_WEIGHTS = """
            store(sw, j, load(sw, j) + c * (d * r))
            store(sb, j, load(sb, j) + c)
        if row % 64 == 63 or p + n == size(x):
            for j in range(n):
                store(dw, j, load(dw, j) + load(sw, j))
                store(db, j, load(db, j) + load(sb, j))
                store(sw, j, {T}(0))
                store(sb, j, {T}(0))
"""

# The same for a strip of m columns at q, n rows of length `inner`. s holds for each column: part of a sum,
# mean, 1 / standard deviation, and two sums more.
_MOMENTS = """
            for k in range(m):
                store(s, k, {T}(0))
                store(s, {strip} + k, {T}(0))
                store(s, {strip2} + k, {T}(0))
            for i in range(n):
                for k in range(m):
                    store(s, k, load(s, k) + load(x, q + i * inner + k))
                if i % 64 == 63 or i == n - 1:
                    for k in range(m):
                        store(s, {strip} + k, load(s, {strip} + k) + load(s, k))
                        store(s, k, {T}(0))
            for k in range(m):
                store(s, {strip} + k, load(s, {strip} + k) / {T}(n))
            for i in range(n):
                for k in range(m):
                    d = load(x, q + i * inner + k) - load(s, {strip} + k)
                    store(s, k, load(s, k) + d * d)
                if i % 64 == 63 or i == n - 1:
                    for k in range(m):
                        store(s, {strip2} + k, load(s, {strip2} + k) + load(s, k))
                        store(s, k, {T}(0))
            for k in range(m):
                store(s, {strip2} + k, {T}(1) / sqrt(load(s, {strip2} + k) / {T}(n) + {T}(eps)))
"""
_COLUMNS = """
def k_layer_norm_columns(out, x, w, b, s, n, inner, eps):
    token = unlock(size(x))
    for outer in range(size(x) // (n * inner)):
        for start in range(0, inner, {strip}):
            q = outer * n * inner + start
            m = min({strip}, inner - start)
            {moments}
            for i in range(n):
                for k in range(m):
                    d = load(x, q + i * inner + k) - load(s, {strip} + k)
                    store(out, q + i * inner + k, d * load(s, {strip2} + k){affine})
    lock(token)
"""
_COLUMNS_VJP = """
def k_layer_norm_columns_vjp(dx, dw, db, g, x, w, s, n, inner, eps):
    token = unlock(size(x))
    for outer in range(size(x) // (n * inner)):
        for start in range(0, inner, {strip}):
            q = outer * n * inner + start
            m = min({strip}, inner - start)
            {moments}
            for k in range(m):
                store(s, {strip3} + k, {T}(0))
                store(s, {strip4} + k, {T}(0))
            for i in range(n):
                for k in range(m):
                    c = load(g, q + i * inner + k){scaled}
                    d = load(x, q + i * inner + k) - load(s, {strip} + k)
                    store(s, {strip3} + k, load(s, {strip3} + k) + c)
                    store(s, {strip4} + k, load(s, {strip4} + k) + c * d)
            for k in range(m):
                r = load(s, {strip2} + k)
                store(s, {strip3} + k, load(s, {strip3} + k) / {T}(n))
                store(s, {strip4} + k, load(s, {strip4} + k) * r * r / {T}(n))
            for i in range(n):
                for k in range(m):
                    c = load(g, q + i * inner + k){scaled}
                    d = load(x, q + i * inner + k) - load(s, {strip} + k)
                    c = c - load(s, {strip3} + k) - d * load(s, {strip4} + k)
                    store(dx, q + i * inner + k, c * load(s, {strip2} + k))
                {weights}
    lock(token)
"""
_COLUMNS_WEIGHTS = """
                part = {T}(0)
                total = {T}(0)
                for k in range(m):
                    d = load(x, q + i * inner + k) - load(s, {strip} + k)
                    part += load(g, q + i * inner + k) * (d * load(s, {strip2} + k))
                    total += load(g, q + i * inner + k)
                store(dw, i, load(dw, i) + part)
                store(db, i, load(db, i) + total)
"""


@cache
def _kernel(source: str, affine: bool, dtype: np.dtype, operands: int, numbers: int) -> Any:
    """A kernel of this file, with weight and bias or without them."""
    rows = source in (_ROWS, _ROWS_VJP)
    place = "j" if rows else "i"
    fields = {"T": dtype, "block": _BLOCK, "strip": _STRIP, "strip2": 2 * _STRIP, "strip3": 3 * _STRIP,
              "strip4": 4 * _STRIP}
    scaled = f" * load(w, {place})" if affine else ""
    moments = {_ROWS: _ROW_MEAN, _ROWS_VJP: _ROW_MEANS}.get(source, _MOMENTS)
    full = source.format(
        moments=moments.strip().format(scaled=scaled, **fields),
        weights=(_ROWS_WEIGHTS if rows else _COLUMNS_WEIGHTS).strip().format(**fields) if affine else "",
        affine=f" * load(w, {place}) + load(b, {place})" if affine else "",
        scaled=scaled, **fields)
    name = full.split("(", 1)[0].split()[-1]
    arguments = [dtype] * operands + [int] * numbers + [float]
    return compile_kernel(name, full, arguments, reassociate=True)


def _sizes(x: np.ndarray, axis: tuple[int, ...]) -> tuple[int, int]:
    """Sizes of the normalised axes together, and of those behind them."""
    return prod([x.shape[a] for a in axis]), prod(x.shape[axis[-1] + 1:])


def _ordered(xs: list[np.ndarray], axis: tuple[int, ...]) -> tuple[list[np.ndarray], tuple[int, ...] | None]:
    """Arrays of one shape in C order with neighbouring axes to normalise.

    Where they are not neighbours they are moved to the end; then also the order of axes that moved them.
    """
    if axis[-1] - axis[0] == len(axis) - 1:
        return [np.ascontiguousarray(x) for x in xs], None
    order = (*[a for a in range(xs[0].ndim) if a not in axis], *axis)
    return [np.ascontiguousarray(x.transpose(order)) for x in xs], order


def _moved(axis: tuple[int, ...], order: tuple[int, ...] | None) -> tuple[int, ...]:
    return axis if order is None else tuple(range(len(order) - len(axis), len(order)))


def layer_norm(out: np.ndarray, x: np.ndarray, *affine: np.ndarray, axis: tuple[int, ...],
               eps: float) -> None:
    """Normalised over the axes; affine: weight and bias, or neither."""
    if not out.size:
        return
    (rows,), order = _ordered([x], axis)
    n, inner = _sizes(rows, _moved(axis, order))
    result = out if order is None else np.empty(rows.shape, out.dtype)
    w, b = [np.ascontiguousarray(a) for a in affine] or (x, x)
    if inner == 1:
        _kernel(_ROWS, bool(affine), out.dtype, 4, 1)(result, rows, w, b, n, eps)
    else:
        strips = np.empty(3 * _STRIP, out.dtype)
        _kernel(_COLUMNS, bool(affine), out.dtype, 5, 2)(result, rows, w, b, strips, n, inner, eps)
    if order is not None:
        out.transpose(order)[...] = result


def layer_norm_vjp(g: np.ndarray, x: np.ndarray, *weight: np.ndarray, axis: tuple[int, ...],
                   eps: float) -> Any:
    """Cotangent of x; where there is a weight, those of x, weight and bias."""
    shape = [x.shape[a] for a in axis]
    dw, db = np.zeros((2, *shape), x.dtype) if weight else (x, x)
    dx = memory.empty(x.shape, x.dtype)
    if x.size:
        (cotangent, rows), order = _ordered([g, x], axis)
        n, inner = _sizes(rows, _moved(axis, order))
        result = dx if order is None else np.empty(rows.shape, x.dtype)
        w = np.ascontiguousarray(weight[0]) if weight else x
        arrays = result, dw, db, cotangent, rows, w
        if inner == 1:
            sums = np.zeros((2, n), x.dtype) if weight else (x, x)
            _kernel(_ROWS_VJP, bool(weight), x.dtype, 8, 1)(*arrays, *sums, n, eps)
        else:
            strips = np.empty(5 * _STRIP, x.dtype)
            _kernel(_COLUMNS_VJP, bool(weight), x.dtype, 7, 2)(*arrays, strips, n, inner, eps)
        if order is not None:
            dx.transpose(order)[...] = result
    return (dx, dw, db) if weight else dx
