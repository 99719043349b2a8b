"""Reading and writing at an index for the CPU.

An index is a tuple of ints, slices, None, Ellipsis, bools, and arrays of int64 or bool: what nbgrad.ops.index
makes of the user's. Adding at arrays of integers is a loop of our own: np.add.at takes ten times as long for
rows.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, parallel, shares
from nbgrad.errors import shape_errors

Index = tuple[Any, ...]
_ARRAY = frozenset([np.ndarray])
_FEW = 4096                               # elements up to which NumPy's indexing is the shortest way
LEAST, WIDE = 16384, 8                  # elements that are worth a thread; of a row that is worth a search


@kernel
def add_rows(out: Array[T], at: Array[np.int64], v: Array[T], before: int, n: int, row: int,
             fresh: bool) -> bool:
    """Add rows of v at places of the middle axis of out, (before, n, row); whether all places are inside.

    Each thread has some of the places: it looks at all values and adds those that belong there, in order.
    """
    for j in range(at.size):
        if at[j] < -n or at[j] >= n:
            return False
    work = max(1, before * row * (at.size + n * fresh))
    for start, stop in shares(n, least=n * LEAST // work + 1 if row >= WIDE else n):
        count = at.size
        for i in range(before):
            if fresh:
                for p in range((i * n + start) * row, (i * n + stop) * row):
                    out[p] = 0
            for c in range(count):
                place = at[c]
                if place < 0:
                    place += n
                if start <= place < stop:
                    into, what = out[(i * n + place) * row:], v[(i * count + c) * row:]
                    for k in range(row):
                        into[k] += what[k]
    return True


@kernel
def triangles(x: Array[T], out: Array[T], rows: int, n: int, m: int, k: int, lower: bool) -> None:
    """Of row i of each matrix the elements before column `edge`, or those from there on; zero elsewhere."""
    for row in parallel(rows, least=LEAST // m + 1):
        edge = min(max(row % n + k + lower, 0), m)
        p = row * m
        first = p if lower else p + edge
        last = p + edge if lower else p + m
        for i in range(p, first):
            out[i] = 0
        for i in range(first, last):
            out[i] = x[i]
        for i in range(last, p + m):
            out[i] = 0


def _unique(index: Index) -> bool:
    """Whether no element can be named twice: masks and slices name each one once."""
    return "i" not in [i.dtype.kind for i in index if type(i) is np.ndarray]


def _block(shape: tuple[int, ...], index: Index) -> tuple[int, int, np.ndarray] | None:
    """An index that is one block of integers between whole axes, as (start, stop, places); None for others.

    Axes start to stop are taken as one, along which the places are counted. Raises IndexError for a place
    outside.
    """
    dots = next((a for a, i in enumerate(index) if i is Ellipsis), None)
    if dots is not None:
        index = (*index[:dots], *[slice(None)] * (len(shape) - len(index) + 1), *index[dots + 1:])
    axes = [a for a, i in enumerate(index) if type(i) is not slice]
    start, stop = axes[0], axes[-1] + 1
    whole = all(type(i) is not slice or i.indices(n) == (0, n, 1) for i, n in zip(index, shape, strict=False))
    fancy = [i for i in index[start:stop] if type(i) is int or getattr(i, "dtype", None) == np.int64]
    if len(fancy) < stop - start or len(axes) < stop - start or len(index) > len(shape) or not whole:
        return None
    if len(fancy) == 1:
        return start, stop, fancy[0]
    places: Any = 0
    for i, n in zip(fancy, shape[start:stop], strict=True):
        places = places * n + _from_front(np.asarray(i), n)
    return start, stop, places


def _from_front(places: np.ndarray, n: int) -> np.ndarray:
    """Places of an axis of length n, none of them negative. Raises IndexError for one outside."""
    low, high = (places.min(), places.max()) if places.size else (0, -1)
    if low < -n or high >= n:
        raise IndexError(f"an index is out of bounds for an axis of size {n}")
    return places if low >= 0 else np.where(places < 0, places + n, places)


def _add(out: np.ndarray, index: Index, v: np.ndarray, fresh: bool = False) -> None:
    """out[index] += v with repeated places added up. Raises IndexError and ValueError as NumPy does.

    out : C-contiguous; fresh: it has no values yet, and starts at 0
    v   : of out's dtype, broadcast to the shape of out[index]
    """
    block = _block(out.shape, index) if out.dtype != np.bool_ and not _unique(index) else None
    if block is None or not out.size:
        if fresh:
            out[...] = 0
        if _unique(index):
            out[index] = v if fresh else out[index] + v
            return
        # NumPy 2.4's add.at reads beyond values that it would have to broadcast
        np.add.at(out, index, np.ascontiguousarray(np.broadcast_to(v, out[index].shape)))
        return
    start, stop, places = block
    shape = (*out.shape[:start], *places.shape, *out.shape[stop:])
    rows = np.ascontiguousarray(v if v.shape == shape else np.broadcast_to(v, shape))
    n = prod(out.shape[start:stop])
    sizes = prod(out.shape[:start]), n, prod(out.shape[stop:])
    if not add_rows[out.dtype](out, places, rows, *sizes, fresh):
        raise IndexError(f"an index is out of bounds for an axis of size {n}")


def _named(op: str, shape: tuple[int, ...], v: np.ndarray, error: Exception) -> Exception:
    """NumPy's error in our words."""
    if isinstance(error, IndexError):
        return shape_errors.bad_index(op, shape, str(error))
    return shape_errors.no_fit(op, v.shape, str(error))


def _picked(x: np.ndarray, index: Index) -> np.ndarray:
    """x[index] for a C-contiguous x and an index with arrays; NumPy is slower where these stand inside."""
    block = None if _unique(index) else _block(x.shape, index)
    if block is None or block[0] == 0:
        return x[index]
    start, stop, places = block
    before, n, after = x.shape[:start], prod(x.shape[start:stop]), x.shape[stop:]
    rows = x.reshape(prod(before), n, prod(after))
    out = np.empty((prod(before), places.size, prod(after)), x.dtype)
    np.take(rows, _from_front(places, n).reshape(-1), 1, out, "clip")       # as it stands, without a buffer
    return out.reshape(*before, *places.shape, *after)


def getitem(x: np.ndarray, index: Index) -> np.ndarray:
    """A view for slices and Ellipsis, else a copy: of one element too, which is what NumPy's scalars are."""
    try:
        if x.size > _FEW and x.flags.c_contiguous and not _ARRAY.isdisjoint(map(type, index)):
            return memory.within(x.nbytes, _picked, x, index)
        z = x[index]
        return z if type(z) is np.ndarray else np.asarray(z)
    except (IndexError, ValueError) as error:
        raise shape_errors.bad_index("getitem", x.shape, str(error)) from error


def scatter(v: np.ndarray, index: Index, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros with v added at the index."""
    out = memory.empty(shape, v.dtype)
    try:
        _add(out, index, v, fresh=True)
    except (IndexError, ValueError) as error:
        raise _named("scatter", shape, v, error) from error
    return out


def scatter_add(out: np.ndarray, x: np.ndarray, v: np.ndarray, index: Index) -> None:
    """x with v added at the index."""
    out[...] = x
    try:
        _add(out, index, v.astype(x.dtype, copy=False))
    except (IndexError, ValueError) as error:
        raise _named("scatter_add", x.shape, v, error) from error


def setitem(out: np.ndarray, x: np.ndarray, v: np.ndarray, index: Index) -> None:
    """x with v written at the index, in C order: that decides what is written last (see `written`)."""
    out[...] = x
    try:
        if not _unique(index):
            shape = (*index[0].shape, *x.shape[1:]) if len(index) == 1 else out[index].shape
            v = np.ascontiguousarray(v if v.shape == shape else np.broadcast_to(v, shape))
        out[index] = v
    except (IndexError, ValueError, TypeError) as error:      # TypeError: a mask, and values with two axes
        raise _named("setitem", x.shape, v, error) from error


def written(index: Index, shape: tuple[int, ...]) -> np.ndarray | None:
    """Which values stay when they are written at an index of an array of this shape: a mask; None if all do.

    Found by writing their numbers in the same way as `setitem` writes the values, and reading what is left.
    """
    if _unique(index):
        return None
    left = np.empty(shape, np.int64)
    place = left[index]
    numbers = np.arange(place.size).reshape(place.shape)
    left[index] = numbers
    return left[index] == numbers


def nonzero(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Places of the elements that are not zero, axis by axis."""
    return x.nonzero()


def tril(x: np.ndarray, k: int) -> np.ndarray:
    """Lower triangles."""
    return _triangle(x, k, True)


def triu(x: np.ndarray, k: int) -> np.ndarray:
    """Upper triangles."""
    return _triangle(x, k, False)


def _triangle(x: np.ndarray, k: int, lower: bool) -> np.ndarray:
    if x.flags.f_contiguous and not x.flags.c_contiguous and x.ndim == 2:
        return _triangle(x.T, -k, not lower).T
    out = memory.empty(x.shape, x.dtype)
    if out.size:
        n, m = x.shape[-2:]
        k = max(-n, min(k, m))
        bits = np.dtype(f"u{x.itemsize}")
        triangles[bits](np.ascontiguousarray(x).view(bits), out.view(bits), x.size // m, n, m, k, lower)
    return out


def _triangular(x: np.ndarray, k: int, lower: bool) -> Any:
    """What gives triangles of small arrays in C order."""
    if not x.size or not x.flags.c_contiguous or x.nbytes >= memory.POOLED:
        return None
    n, m = x.shape[-2:]
    bits, k = np.dtype(f"u{x.itemsize}"), max(-n, min(k, m))
    kernel, rows, shape, dtype = triangles[bits], x.size // m, x.shape, x.dtype

    def run(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        kernel(x.view(bits), out.view(bits), rows, n, m, k, lower)
        return out

    return run


READY: dict[Any, Any] = {tril: lambda x, k: _triangular(x, k, True),
                         triu: lambda x, k: _triangular(x, k, False)}
