"""Layer normalisation for the CPU.

Mean and variance are taken in two passes, of what is left of each element without the first one, so that
nothing cancels, over data that stays in the cache: a row, or a strip of columns. The backward pass takes them
again: that costs less than to keep and read them. Sums are in blocks, so that the rounding error does not
grow with the length.

Rows, or strips, are shared out over threads. What the weight and the bias get from them is summed for each of
a few sections of rows or strips, and then over the sections: the same for any number of threads.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cache import compile_kernel
from nbgrad.compile.rowprogram import SCALES

_BLOCK, _STRIP = 2048, 128                # elements summed in a row; columns taken together
_SECTIONS, _LEAST = 32, 4096              # at most; elements that are worth a thread

# Mean of the row of n elements at p, counted from its first element, and 1 / standard deviation. A row whose
# squares are beyond the range is taken again, times a power of two.
_ROW_MOMENTS = """
        for u in ({T}(1), {T}({down})):
            first = load(x, p) * u
            mean = {T}(0)
            for i in range(0, n, {block}):
                part = {T}(0)
                for j in range(i, min(n, i + {block})):
                    part = fold_add(part, load(x, p + j) * u - first)
                mean += part
            mean /= {T}(n)
            total = {T}(0)
            for i in range(0, n, {block}):
                part = {T}(0)
                for j in range(i, min(n, i + {block})):
                    d = load(x, p + j) * u - first - mean
                    part = fold_add(part, d * d)
                total += part
            if total < {T}(inf):
                break
        r = {T}(1) / sqrt(total / {T}(n) + {T}(eps) * u * u)
"""
_ROWS = """
def part(start, stop, out, x, w, b, n, eps):
    for row in range(start, stop):
        p = row * n
        {moments}
        for j in range(n):
            store(out, p + j, (load(x, p + j) * u - first - mean) * r{affine})
def k_layer_norm(out, x, w, b, n, eps):
    token = unlock(size(x))
    share(part, size(x) // n, {least} // n + 1, out, x, w, b, n, eps)
    lock(token)
"""
# sums over the row: of cotangents, and of those times what they belong to
_ROWS_VJP = """
def part(start, stop, dx, dw, db, g, x, w, sw, sb, n, section, eps):
    rows = size(x) // n
    for row in range(start * section, min(stop * section, rows)):
        p = row * n
        s = row // section * n
        {moments}
        total = {T}(0)
        along = {T}(0)
        for i in range(0, n, {block}):
            part = {T}(0)
            part_along = {T}(0)
            for j in range(i, min(n, i + {block})):
                c = load(g, p + j){scaled}
                part = fold_add(part, c)
                part_along = fold_add(part_along, c * (load(x, p + j) * u - first - mean))
            total += part
            along += part_along
        total /= {T}(n)
        along *= r * r / {T}(n)
        for j in range(n):
            d = load(x, p + j) * u - first - mean
            c = load(g, p + j)
            store(dx, p + j, r * u * (c{scaled} - total - d * along))
            {weights}
def k_layer_norm_vjp(dx, dw, db, g, x, w, sw, sb, n, section, eps):
    token = unlock(size(x))
    share(part, (size(x) // n + section - 1) // section, {least} // (n * section) + 1,
          dx, dw, db, g, x, w, sw, sb, n, section, eps)
    lock(token)
"""
# sums over rows for weight and bias, 64 rows at a time
_ROWS_WEIGHTS = """
            store(sw, s + j, load(sw, s + j) + c * (d * r))
            store(sb, s + j, load(sb, s + j) + c)
        if row % 64 == 63 or row % section == section - 1 or row == rows - 1:
            for j in range(s, s + n):
                store(dw, j, load(dw, j) + load(sw, j))
                store(db, j, load(db, j) + load(sb, j))
                store(sw, j, {T}(0))
                store(sb, j, {T}(0))
"""

# The same for a strip of m columns at q, n rows of length `inner`. Kept for each column: part of a sum, mean,
# 1 / standard deviation, the power of two, the first element times that, and two sums more.
_MOMENTS = """
        for k in range(m):
            store(s_unit, k, {T}(1))
        again = True
        while again:
            for k in range(m):
                store(s_first, k, load(x, q + k) * load(s_unit, k))
                store(s_part, k, {T}(0))
                store(s_mean, k, {T}(0))
                store(s_scale, k, {T}(0))
            for i in range(n):
                for k in range(m):
                    d = {shifted}
                    store(s_part, k, load(s_part, k) + d)
                if i % 64 == 63 or i == n - 1:
                    for k in range(m):
                        store(s_mean, k, load(s_mean, k) + load(s_part, k))
                        store(s_part, k, {T}(0))
            for k in range(m):
                store(s_mean, k, load(s_mean, k) / {T}(n))
            for i in range(n):
                for k in range(m):
                    d = {shifted} - load(s_mean, k)
                    store(s_part, k, load(s_part, k) + d * d)
                if i % 64 == 63 or i == n - 1:
                    for k in range(m):
                        store(s_scale, k, load(s_scale, k) + load(s_part, k))
                        store(s_part, k, {T}(0))
            again = False
            for k in range(m):
                if not load(s_scale, k) < {T}(inf) and load(s_unit, k) == {T}(1):
                    store(s_unit, k, {T}({down}))
                    again = True
        for k in range(m):
            u = load(s_unit, k)
            store(s_scale, k, {T}(1) / sqrt(load(s_scale, k) / {T}(n) + {T}(eps) * u * u))
"""
_STRIPS = """
    strips = (inner + {strip} - 1) // {strip}
    s_part, s_mean, s_scale, s_unit, s_first = scratch(x), scratch(x), scratch(x), scratch(x), scratch(x)
"""
_STRIP_AT = """
        outer = unit // strips
        column = (unit - outer * strips) * {strip}
        q = outer * n * inner + column
        m = min({strip}, inner - column)
"""
_COLUMNS = """
def part(start, stop, out, x, w, b, n, inner, eps):
    {strips}
    for unit in range(start, stop):
        {at}
        {moments}
        for i in range(n):
            for k in range(m):
                d = {shifted} - load(s_mean, k)
                store(out, q + i * inner + k, d * load(s_scale, k){affine})
def k_layer_norm_columns(out, x, w, b, n, inner, eps):
    token = unlock(size(x))
    share(part, size(x) // (n * inner) * ((inner + {strip} - 1) // {strip}), {least} // (n * {strip}) + 1,
          out, x, w, b, n, inner, eps)
    lock(token)
"""
_COLUMNS_VJP = """
def part(start, stop, dx, dw, db, g, x, w, n, inner, section, eps):
    {strips}
    s_sum, s_along = scratch(x), scratch(x)
    for unit in range(start * section, min(stop * section, size(x) // (n * inner) * strips)):
        s = unit // section * n
        {at}
        {moments}
        for k in range(m):
            store(s_sum, k, {T}(0))
            store(s_along, k, {T}(0))
        for i in range(n):
            for k in range(m):
                c = load(g, q + i * inner + k){scaled}
                d = {shifted} - load(s_mean, k)
                store(s_sum, k, load(s_sum, k) + c)
                store(s_along, k, load(s_along, k) + c * d)
        for k in range(m):
            r = load(s_scale, k)
            store(s_sum, k, load(s_sum, k) / {T}(n))
            store(s_along, k, load(s_along, k) * r * r / {T}(n))
        for i in range(n):
            for k in range(m):
                c = load(g, q + i * inner + k){scaled}
                d = {shifted} - load(s_mean, k)
                c = c - load(s_sum, k) - d * load(s_along, k)
                store(dx, q + i * inner + k, c * load(s_scale, k) * load(s_unit, k))
            {weights}
def k_layer_norm_columns_vjp(dx, dw, db, g, x, w, n, inner, section, eps):
    token = unlock(size(x))
    units = size(x) // (n * inner) * ((inner + {strip} - 1) // {strip})
    share(part, (units + section - 1) // section, {least} // (n * {strip} * section) + 1,
          dx, dw, db, g, x, w, n, inner, section, eps)
    lock(token)
"""
_COLUMNS_WEIGHTS = """
            part = {T}(0)
            total = {T}(0)
            for k in range(m):
                d = {shifted} - load(s_mean, k)
                part = fold_add(part, load(g, q + i * inner + k) * (d * load(s_scale, k)))
                total = fold_add(total, load(g, q + i * inner + k))
            store(dw, s + i, load(dw, s + i) + part)
            store(db, s + i, load(db, s + i) + total)
"""


@cache
def _kernel(source: str, affine: bool, dtype: np.dtype, operands: int, numbers: int) -> Any:
    """A kernel of this file, with weight and bias or without them."""
    rows = source in (_ROWS, _ROWS_VJP)
    fields = {"T": dtype, "block": _BLOCK, "strip": _STRIP, "least": _LEAST,
              "down": SCALES[dtype.name]["down"],
              "shifted": "load(x, q + i * inner + k) * load(s_unit, k) - load(s_first, k)"}
    place = "j" if rows else "i"
    fields["scaled"] = f" * load(w, {place})" if affine else ""
    fields["affine"] = f" * load(w, {place}) + load(b, {place})" if affine else ""
    pieces = {"moments": _ROW_MOMENTS if rows else _MOMENTS, "strips": _STRIPS, "at": _STRIP_AT,
              "weights": (_ROWS_WEIGHTS if rows else _COLUMNS_WEIGHTS) if affine else ""}
    full = source.format(**fields, **{name: text.strip().format(**fields) for name, text in pieces.items()})
    name = full.split("def k_", 1)[1].split("(", 1)[0]
    arguments = [dtype] * operands + [int] * numbers + [float]
    return compile_kernel(f"k_{name}", full, arguments)


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
        _kernel(_COLUMNS, bool(affine), out.dtype, 4, 2)(result, rows, w, b, n, inner, eps)
    if order is not None:
        out.transpose(order)[...] = result


def layer_norm_vjp(g: np.ndarray, x: np.ndarray, *weight: np.ndarray, axis: tuple[int, ...],
                   eps: float) -> Any:
    """Cotangent of x; where there is a weight, those of x, weight and bias."""
    dx = memory.empty(x.shape, x.dtype)
    (cotangent, rows), order = _ordered([g, x], axis)
    n, inner = _sizes(rows, _moved(axis, order))
    units = x.size // max(1, n * inner) * -(-inner // (_STRIP if inner > 1 else 1))
    section = max(64 if inner == 1 else 1, -(-units // _SECTIONS))
    w, sums = x, np.broadcast_to(x, (2, *x.shape))
    if weight:
        w, sums = np.ascontiguousarray(weight[0]), np.zeros((2, -(-units // section), n), x.dtype)
    if x.size:
        result = dx if order is None else np.empty(rows.shape, x.dtype)
        arrays = result, *sums, cotangent, rows, w
        if inner == 1:
            parts = np.zeros(np.shape(sums), x.dtype) if weight else sums
            _kernel(_ROWS_VJP, bool(weight), x.dtype, 8, 2)(*arrays, *parts, n, section, eps)
        else:
            _kernel(_COLUMNS_VJP, bool(weight), x.dtype, 6, 3)(*arrays, n, inner, section, eps)
        if order is not None:
            dx.transpose(order)[...] = result
    return (dx, *[part.sum(0).reshape(w.shape) for part in sums]) if weight else dx
