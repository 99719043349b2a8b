"""Sums of products of an array's windows with one array, for the CPU."""

from __future__ import annotations

from math import prod

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, parallel
from nbgrad.kernels.shared.sliding import widths

Pads = tuple[tuple[int, int], ...]

_BLOCK = 1024                             # elements of a row that stay in the cache
_LEAST = 1 << 17                          # products that are worth a thread
_NUMPYS = 11                              # elements of a vector for which NumPy has loops of their own
_SHORT = 32                               # elements of a row that are not worth a loop


@kernel(spares=0.5)                       # for each product
def slid(out: Array[T], a: Array[T], v: Array[T], bases: Array[np.int64], shifts: Array[np.int64], n: int,
         m: int) -> None:
    """out[r, k], of n elements a row, is the sum of v[o, j], of m, times a[bases[r] + shifts[o] + j + k]."""
    blocks = (n + _BLOCK - 1) // _BLOCK
    for item in parallel(bases.size * blocks, least=_LEAST // (min(n, _BLOCK) * v.size) + 1):
        row = item // blocks
        low = item % blocks * _BLOCK
        high = min(n, low + _BLOCK)
        z = row * n
        for k in range(low, high):
            out[z + k] = 0
        for o in range(shifts.size):
            p, q = bases[row] + shifts[o], o * m
            fours = m // 4 * 4
            for j in range(0, fours, 4):
                first, second, third, fourth = v[q + j], v[q + j + 1], v[q + j + 2], v[q + j + 3]
                for k in range(low, high):
                    i = p + j + k
                    out[z + k] += first * a[i] + second * a[i + 1] + third * a[i + 2] + fourth * a[i + 3]
            for j in range(fours, m):
                factor = v[q + j]
                for k in range(low, high):
                    out[z + k] += factor * a[p + j + k]


def _rows(counts: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Where the first rows of an array of that shape begin, so many along each axis but the last."""
    steps = [prod(shape[k + 1:]) for k in range(len(counts))]
    places = np.zeros((), np.int64)
    for count, step in zip(counts, steps, strict=True):
        places = np.add.outer(places, np.arange(count) * step)
    return places.ravel()


def _padded(a: np.ndarray, pads: Pads) -> np.ndarray:
    """a with zeros before and behind."""
    if not any(map(any, pads)):
        return np.ascontiguousarray(a)
    wide = memory.empty(tuple([n + sum(pad) for n, pad in zip(a.shape, pads, strict=True)]), a.dtype)
    wide[...] = 0
    wide[tuple([slice(pad[0], pad[0] + n) for n, pad in zip(a.shape, pads, strict=True)])] = a
    return wide


def slide(a: np.ndarray, v: np.ndarray, pads: Pads) -> np.ndarray:
    """The sum for each place of v in a: along rows; where they are short, a place or an element at a time."""
    if a.ndim == 1 and v.size <= min(a.size, _NUMPYS):
        mode = next((mode for mode, width in widths(v.size).items() if width == pads[0]), None)
        if mode is not None:
            return np.correlate(a, v.conj(), mode)
    a = _padded(a, pads)
    out = memory.empty(tuple([n - m + 1 for n, m in zip(a.shape, v.shape, strict=True)]), a.dtype)
    if out.ndim and out.shape[-1] >= _SHORT and out.dtype.kind in "fc" and (
            ready := slid.earned(out.dtype, out.size * v.size)):
        rows = _rows(out.shape[:-1], a.shape), _rows(v.shape[:-1], a.shape)
        ready(out, a, np.ascontiguousarray(v), *rows, out.shape[-1], v.shape[-1])
    elif out.size < v.size:
        axes = list(range(a.ndim))
        for place in np.ndindex(out.shape):
            window = a[_part(place, v.shape)]
            out[place] = window @ v if a.ndim == 1 else np.einsum(window, axes, v, axes)
    elif a.ndim == 1:
        out[...] = np.correlate(a, v.conj(), "valid")
    else:
        out[...] = 0
        for place in np.ndindex(v.shape):
            out += v[place] * a[_part(place, out.shape)]
    return out


def _part(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The window of that shape at a place."""
    return tuple([slice(i, i + n) for i, n in zip(place, shape, strict=True)])
