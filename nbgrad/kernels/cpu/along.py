"""Reading and adding at a place of one axis for each element, for the CPU, over any strides."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.compile import layout
from nbgrad.compile.cache import compile_kernel

_PLACES = np.dtype(np.int64)
_READ = "store_at(o, r, load_at(x, q + place * step))"
_ADD = "store_at(o, q + place * step, {dtype}(load_at(o, q + place * step) + load_at(x, r)))"

# p, q, r: bytes from the first place, from the first element of the array that has the axis (o for adding, x
# for reading), and from that of the other
_LOOP = """
def k_{rule}(at, x, o, loops, steps, n, step):
    last = size(loops) - 1
    inner = load(loops, last)
    tp = load(steps, last)
    tq = load(steps, 2 * last + 1)
    tr = load(steps, 3 * last + 2)
    rows = 1
    for k in range(last):
        rows *= load(loops, k)
    token = unlock(rows * inner)
    inside = True
    for row in range(rows):
        p = 0
        q = 0
        r = 0
        rest = row
        for k in range(last - 1, -1, -1):
            m = load(loops, k)
            above = rest // m
            p += (rest - above * m) * load(steps, k)
            q += (rest - above * m) * load(steps, last + 1 + k)
            r += (rest - above * m) * load(steps, 2 * last + 2 + k)
            rest = above
        for j in range(inner):
            place = load_at(at, p)
            if place < 0:
                place += n
            if 0 <= place < n:
                {act}
            else:
                inside = False
            p += tp
            q += tq
            r += tr
    lock(token)
    return inside
"""


@cache
def _kernel(rule: str, dtype: np.dtype) -> Any:
    act = _READ if rule == "read" else _ADD.format(dtype=dtype)
    arguments = (_PLACES, dtype, dtype, _PLACES, _PLACES, int, int)
    return compile_kernel(f"k_{rule}_along", _LOOP.format(rule=f"{rule}_along", act=act), arguments, bool)


@lru_cache(maxsize=1024)
def _walk(shape: tuple[int, ...], steps: tuple[tuple[int, ...], ...]) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and steps of the loops over the places; the innermost is the densest of the last operand."""
    axes = sorted(range(len(shape)), key=lambda a: -abs(steps[-1][a]))
    loops, found = layout.merge([shape[a] for a in axes], [[s[a] for a in axes] for s in steps])
    width = next((w for w in (16, 8) if loops[-1] % w == 0), 1)
    if len(loops) > 1 and found[1][-2] == 0 and 1 < width < loops[-1]:
        # across the axis, in strips of a cache line or two, which stay in the cache as places go up and down
        loops[-2:] = [loops[-1] // width, loops[-2], width]
        for steps_of in found:
            steps_of[-2:] = [steps_of[-1] * width, steps_of[-2], steps_of[-1]]
    return np.array(loops, np.int64), np.array(found, np.int64).ravel()


def _run(rule: str, name: str, whole: np.ndarray, part: np.ndarray, places: np.ndarray, axis: int) -> None:
    """whole has the axis that places count along; part has the shape of places. Raises IndexError."""
    if not part.size:
        return
    beside = [0 if a == axis else s for a, s in enumerate(whole.strides)]
    loops, steps = _walk(part.shape, (places.strides, tuple(beside), part.strides))
    x, o = (whole, part) if rule == "read" else (part, whole)
    n = whole.shape[axis]
    if not _kernel(rule, x.dtype)(places, x, o, loops, steps, n, whole.strides[axis]):
        raise errors.bad_index(name, whole.shape, f"an index is out of bounds for axis {axis} with size {n}")


def take_along_axis(out: np.ndarray, x: np.ndarray, places: np.ndarray, axis: int) -> None:
    """Elements at the places."""
    _run("read", "take_along_axis", x, out, places, axis)


def add_along_axis(out: np.ndarray, v: np.ndarray, places: np.ndarray, axis: int, n: int) -> None:
    """Zeros with the elements added at the places."""
    out[...] = 0
    _run("add", "add_along_axis", out, v, places, axis)
