"""Reading and adding at a place of one axis for each element, for CUDA, over any strides."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import map_source
from nbgrad.errors import shape_errors
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.places import opened, read
from nbgrad.kernels.cuda.sort import ordered

Places = np.ndarray | CudaArray           # the host's come from a user, the device's from a kernel: they fit


def _on_device(name: str, at: Places, shape: tuple[int, ...], axis: int) -> CudaArray:
    """Places on the device. Raises IndexError for one outside of an axis of an array of this shape."""
    if isinstance(at, CudaArray):
        return at
    n = shape[axis]
    if at.size and (at.min() < -n or at.max() >= n):
        raise shape_errors.bad_index(name, shape, f"an index is out of bounds for axis {axis} with size {n}")
    once = at[tuple([slice(0, 1) if step == 0 else slice(None) for step in at.strides])]
    return cuda.upload(np.where(once < 0, once + n, once)).view(lambda form: np.broadcast_to(form, at.shape))


def take_along_axis(out: CudaArray, x: CudaArray, places: Places, axis: int) -> None:
    """Elements at the places."""
    at = _on_device("take_along_axis", places, x.shape, axis)
    if out.size:
        read(out, opened(x, (axis,), (out.shape[axis],), axis), at, x.steps[axis])


_SHORT, _MANY = 64, 1024                  # elements of a line for one thread; lines that keep a device busy
_ADD = ("j = uint32(0)", "while j < uint32(m):",
        "    q = uint64(int64(p_out) + at[uint64(int64(p_at) + int64(j) * s_at)] * s_out)",
        "    out[q] = {sum}", "    j = uint32(j + uint32(1))")
# places in order, and where the values of each stand: the thread of a place's first value adds them all
_RUNS = ("j = uint32(i % uint32(m))", "k = uint64(p_to)", "place = to[k]",
         "if j == uint32(0) or to[k - uint64(1)] != place:",
         "    q = uint64(int64(p_out) + place * s_out)", "    h = uint64(p_source)",
         "    while j < uint32(m) and to[k] == place:", "        out[q] = {sum}",
         "        j, k, h = uint32(j + uint32(1)), uint64(k + uint64(1)), uint64(h + uint64(1))")


def add_along_axis(out: CudaArray, v: CudaArray, places: Places, axis: int, n: int) -> None:
    """Zeros with the elements added at the places: those for one place by one thread, in order."""
    copies.fill(out, 0)
    at = _on_device("add_along_axis", places, out.shape, axis)
    if not v.size:
        return
    m, paces = v.shape[axis], {"s_out": out.steps[axis], "s_v": v.steps[axis]}
    if m <= _SHORT or v.size >= _MANY * m:
        lines = {name: opened(x, (axis,), (), 0) for name, x in (("out", out), ("v", v), ("at", at))}
        map_source.run("k_add_along", _adding(_ADD, v.dtype, "int64(j)"), lines["v"].shape, lines, m=m,
                 s_at=at.steps[axis], **paces)
        return
    to, source = ordered(at.view(lambda form: np.moveaxis(form, axis, -1)))
    arrays = {"to": to, "source": source, "out": opened(out, (axis,), (m,), out.ndim - 1),
              "v": opened(v, (axis,), (m,), v.ndim - 1)}
    map_source.run("k_add_runs", _adding(_RUNS, v.dtype, "source[h]"), to.shape, arrays, m=m, **paces)


def _adding(lines: tuple[str, ...], dtype: np.dtype, turn: str) -> tuple[str, ...]:
    """The lines with the sum of an element of out and number `turn` of v's in a line."""
    value = f"v[uint64(int64(p_v) + {turn} * s_v)]"
    sum = f"out[q] or {value}" if dtype == np.bool_ else f"{dtype}(out[q] + {value})"
    return tuple([line.format(sum=sum) for line in lines])
