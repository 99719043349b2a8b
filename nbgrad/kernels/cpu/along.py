"""Reading and adding at a place of one axis for each element, for the CPU, over any strides."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from nbgrad.compile import layout
from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, inline, load_at, store_at
from nbgrad.errors import shape_errors
from nbgrad.kernels.cpu.walk import offsets


@inline
def read(whole: Array[T], place: int, part: Array[T], at: int) -> None:
    store_at(part, at, load_at(whole, place))


@inline
def add(whole: Array[T], place: int, part: Array[T], at: int) -> None:
    store_at(whole, place, load_at(whole, place) + load_at(part, at))


@kernel
def along(places: Array[np.int64], whole: Array[T], part: Array[T], loops: Array[np.int64],
          steps: Array[np.int64], n: int, step: int, *, action: Any) -> bool:
    """The action for each element of part and its place in whole; whether all places are below n.

    loops, steps : sizes of loops over the places; their bytes in places, in whole beside its axis, in part
    step : bytes of a step along the axis
    """
    last = loops.size - 1
    inner, p_step, q_step, r_step = loops[last], steps[last], steps[2 * last + 1], steps[3 * last + 2]
    rows = 1
    for k in range(last):
        rows *= loops[k]
    inside = True
    for row in range(rows):
        p, q, r = offsets(row, last, loops, steps)
        for _ in range(inner):
            place = load_at(places, p)
            if place < 0:
                place += n
            if 0 <= place < n:
                action(whole, q + place * step, part, r)
            else:
                inside = False
            p += p_step
            q += q_step
            r += r_step
    return inside


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


def _run(action: Any, name: str, whole: np.ndarray, part: np.ndarray, places: np.ndarray, axis: int) -> None:
    """whole has the axis that places count along; part has the shape of places. Raises IndexError."""
    if not part.size:
        return
    beside = [0 if a == axis else s for a, s in enumerate(whole.strides)]
    loops, steps = _walk(part.shape, (places.strides, tuple(beside), part.strides))
    n = whole.shape[axis]
    if not along[whole.dtype, action](places, whole, part, loops, steps, n, whole.strides[axis]):
        raise shape_errors.bad_index(name, whole.shape,
                                     f"an index is out of bounds for axis {axis} with size {n}")


def take_along_axis(out: np.ndarray, x: np.ndarray, places: np.ndarray, axis: int) -> None:
    """Elements at the places."""
    _run(read, "take_along_axis", x, out, places, axis)


def add_along_axis(out: np.ndarray, v: np.ndarray, places: np.ndarray, axis: int, n: int) -> None:
    """Zeros with the elements added at the places."""
    out[...] = 0
    _run(add, "add_along_axis", out, v, places, axis)
