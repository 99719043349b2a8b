"""Layer normalisation for the CPU.

Mean and variance are taken in two passes, of what is left of each element without the first one, so that
nothing cancels, over data that stays in the cache: a row, or a strip of columns. The backward pass takes them
again: that costs less than to keep and read them. Sums are in blocks, so that the rounding error does not
grow with the length.

Rows, or strips, are shared out over threads. What the weight and the bias get from them is summed for each of
a few sections of rows or strips, and then over the sections: the same for any number of threads.
"""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, fold_add, inline, parallel, scratch, sqrt
from nbgrad.compile.rowprogram import SCALES

BLOCK, STRIP = 2048, 128                  # elements summed in a row; columns taken together
SECTIONS, LEAST = 32, 4096                # at most; elements that are worth a thread
DOWN_32, DOWN_64 = SCALES["float32"]["down"], SCALES["float64"]["down"]


@inline
def row_moments(row: Array[T], n: int, eps: float) -> Any:
    """Of n elements: a power of two, the first times that, the mean counted from there, and 1 / deviation.

    The power is 1; but a row whose squares are beyond the range is taken again, times a small one.
    """
    for unit in (1.0, DOWN_32 if row.itemsize == 4 else DOWN_64):
        first = row[0] * unit
        mean = 0.0
        for i in range(0, n, BLOCK):
            part = 0.0
            for j in range(i, min(n, i + BLOCK)):
                part = fold_add(part, row[j] * unit - first)
            mean += part
        mean /= n
        total = 0.0
        for i in range(0, n, BLOCK):
            part = 0.0
            for j in range(i, min(n, i + BLOCK)):
                d = row[j] * unit - first - mean
                part = fold_add(part, d * d)
            total += part
        if total < inf:
            break
    return unit, first, mean, 1 / sqrt(total / n + eps * unit * unit)


@kernel
def normalise_rows(out: Array[T], x: Array[T], weight: Array[T], bias: Array[T], n: int, eps: float, *,
                   affine: bool) -> None:
    """(x - mean) / sqrt(variance + eps) * weight + bias of rows of n elements."""
    for i in parallel(x.size // n, least=LEAST // n + 1):
        row, result = x[i * n:], out[i * n:]
        unit, first, mean, scale = row_moments(row, n, eps)
        for j in range(n):
            z = (row[j] * unit - first - mean) * scale
            result[j] = z * weight[j] + bias[j] if affine else z


@kernel
def normalise_rows_vjp(dx: Array[T], dweight: Array[T], dbias: Array[T], g: Array[T], x: Array[T],
                       weight: Array[T], some_dweight: Array[T], some_dbias: Array[T], n: int, section: int,
                       eps: float, *, affine: bool) -> None:
    """Cotangents; those of weight and bias for each section of the rows. some_ are sums over 64 rows."""
    rows = x.size // n
    for s in parallel((rows + section - 1) // section, least=LEAST // (n * section) + 1):
        end = min((s + 1) * section, rows)
        to_weight, to_bias = dweight[s * n:], dbias[s * n:]
        some_to_weight, some_to_bias = some_dweight[s * n:], some_dbias[s * n:]
        for i in range(s * section, end):
            row, cotangent, result = x[i * n:], g[i * n:], dx[i * n:]
            unit, first, mean, scale = row_moments(row, n, eps)
            total = 0.0                       # of the cotangents, and times what they belong to
            along = 0.0
            for k in range(0, n, BLOCK):
                part = 0.0
                part_along = 0.0
                for j in range(k, min(n, k + BLOCK)):
                    c = cotangent[j] * weight[j] if affine else cotangent[j]
                    part = fold_add(part, c)
                    part_along = fold_add(part_along, c * (row[j] * unit - first - mean))
                total += part
                along += part_along
            total /= n
            along *= scale * scale / n
            for j in range(n):
                d = row[j] * unit - first - mean
                c = cotangent[j]
                result[j] = scale * unit * ((c * weight[j] if affine else c) - total - d * along)
                if affine:
                    some_to_weight[j] += c * (d * scale)
                    some_to_bias[j] += c
            if affine and (i % 64 == 63 or i == end - 1):
                for j in range(n):
                    to_weight[j] += some_to_weight[j]
                    to_bias[j] += some_to_bias[j]
                    some_to_weight[j] = 0
                    some_to_bias[j] = 0


@inline
def column_moments(x: Array[T], n: int, m: int, inner: int, eps: float, unit: Array[T], first: Array[T],
                   mean: Array[T], scale: Array[T]) -> None:
    """`row_moments` of m columns of n elements, in rows of length `inner`. Sums are over 64 rows first."""
    part = scratch(x)
    for k in range(m):
        unit[k] = 1
    again = True
    while again:
        for k in range(m):
            first[k] = x[k] * unit[k]
            part[k] = 0
            mean[k] = 0
            scale[k] = 0
        for i in range(n):
            for k in range(m):
                part[k] += x[i * inner + k] * unit[k] - first[k]
            if i % 64 == 63 or i == n - 1:
                for k in range(m):
                    mean[k] += part[k]
                    part[k] = 0
        for k in range(m):
            mean[k] /= n
        for i in range(n):
            for k in range(m):
                d = x[i * inner + k] * unit[k] - first[k] - mean[k]
                part[k] += d * d
            if i % 64 == 63 or i == n - 1:
                for k in range(m):
                    scale[k] += part[k]
                    part[k] = 0
        again = False
        for k in range(m):
            if not scale[k] < inf and unit[k] == 1:
                unit[k] = DOWN_32 if x.itemsize == 4 else DOWN_64
                again = True
    for k in range(m):
        scale[k] = 1 / sqrt(scale[k] / n + eps * unit[k] * unit[k])


@kernel
def normalise_columns(out: Array[T], x: Array[T], weight: Array[T], bias: Array[T], n: int, inner: int,
                      eps: float, *, affine: bool) -> None:
    """The same of columns of n elements, in rows of length `inner`, strip by strip."""
    strips = (inner + STRIP - 1) // STRIP
    for s in parallel(x.size // (n * inner) * strips, least=LEAST // (n * STRIP) + 1):
        unit, first, mean, scale = scratch(x), scratch(x), scratch(x), scratch(x)
        left = s % strips * STRIP
        m = min(STRIP, inner - left)
        place = s // strips * n * inner + left
        strip, result = x[place:], out[place:]
        column_moments(strip, n, m, inner, eps, unit, first, mean, scale)
        for i in range(n):
            for k in range(m):
                z = (strip[i * inner + k] * unit[k] - first[k] - mean[k]) * scale[k]
                result[i * inner + k] = z * weight[i] + bias[i] if affine else z


@kernel
def normalise_columns_vjp(dx: Array[T], dweight: Array[T], dbias: Array[T], g: Array[T], x: Array[T],
                          weight: Array[T], n: int, inner: int, section: int, eps: float, *,
                          affine: bool) -> None:
    """Cotangents; those of weight and bias for each section of the strips."""
    strips = (inner + STRIP - 1) // STRIP
    units = x.size // (n * inner) * strips
    for sec in parallel((units + section - 1) // section, least=LEAST // (n * STRIP * section) + 1):
        unit, first, mean, scale = scratch(x), scratch(x), scratch(x), scratch(x)
        total, along = scratch(x), scratch(x)
        to_weight, to_bias = dweight[sec * n:], dbias[sec * n:]
        for s in range(sec * section, min((sec + 1) * section, units)):
            left = s % strips * STRIP
            m = min(STRIP, inner - left)
            place = s // strips * n * inner + left
            strip, cotangent, result = x[place:], g[place:], dx[place:]
            column_moments(strip, n, m, inner, eps, unit, first, mean, scale)
            for k in range(m):
                total[k] = 0
                along[k] = 0
            for i in range(n):
                for k in range(m):
                    c = cotangent[i * inner + k] * weight[i] if affine else cotangent[i * inner + k]
                    total[k] += c
                    along[k] += c * (strip[i * inner + k] * unit[k] - first[k] - mean[k])
            for k in range(m):
                total[k] /= n
                along[k] = along[k] * scale[k] * scale[k] / n
            for i in range(n):
                for k in range(m):
                    c = cotangent[i * inner + k] * weight[i] if affine else cotangent[i * inner + k]
                    d = strip[i * inner + k] * unit[k] - first[k] - mean[k]
                    result[i * inner + k] = (c - total[k] - d * along[k]) * scale[k] * unit[k]
                if affine:
                    along_row = 0.0
                    of_row = 0.0
                    for k in range(m):
                        d = strip[i * inner + k] * unit[k] - first[k] - mean[k]
                        along_row = fold_add(along_row, cotangent[i * inner + k] * (d * scale[k]))
                        of_row = fold_add(of_row, cotangent[i * inner + k])
                    to_weight[i] += along_row
                    to_bias[i] += of_row


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
        normalise_rows[out.dtype, bool(affine)](result, rows, w, b, n, eps)
    else:
        normalise_columns[out.dtype, bool(affine)](result, rows, w, b, n, inner, eps)
    if order is not None:
        out.transpose(order)[...] = result


def layer_norm_vjp(g: np.ndarray, x: np.ndarray, *weight: np.ndarray, axis: tuple[int, ...],
                   eps: float) -> Any:
    """Cotangent of x; where there is a weight, those of x, weight and bias."""
    dx = memory.empty(x.shape, x.dtype)
    (cotangent, rows), order = _ordered([g, x], axis)
    n, inner = _sizes(rows, _moved(axis, order))
    units = x.size // max(1, n * inner) * -(-inner // (STRIP if inner > 1 else 1))
    section = max(64 if inner == 1 else 1, -(-units // SECTIONS))
    w = x
    sums: Any = (x, x)                        # which nothing is read from or written to
    if weight:
        w, sums = np.ascontiguousarray(weight[0]), np.zeros((2, -(-units // section), n), x.dtype)
    if x.size:
        result = dx if order is None else np.empty(rows.shape, x.dtype)
        arrays = result, *sums, cotangent, rows, w
        if inner == 1:
            parts = np.zeros(np.shape(sums), x.dtype) if weight else sums
            normalise_rows_vjp[x.dtype, bool(weight)](*arrays, *parts, n, section, eps)
        else:
            normalise_columns_vjp[x.dtype, bool(weight)](*arrays, n, inner, section, eps)
        if order is not None:
            dx.transpose(order)[...] = result
    return (dx, *[part.sum(0).reshape(w.shape) for part in sums]) if weight else dx
