"""Reading and adding at a place of one axis for each element, for CUDA, over any strides."""

from __future__ import annotations

import numpy as np

from nbgrad import cuda, errors
from nbgrad.cuda import CudaArray
from nbgrad.kernels.cuda import copies, walk
from nbgrad.kernels.cuda.places import opened, read

Places = np.ndarray | CudaArray           # the host's come from a user, the device's from a kernel: they fit


def _on_device(name: str, at: Places, shape: tuple[int, ...], axis: int) -> CudaArray:
    """Places on the device. Raises IndexError for one outside of an axis of an array of this shape."""
    if isinstance(at, CudaArray):
        return at
    n = shape[axis]
    if at.size and (at.min() < -n or at.max() >= n):
        raise errors.bad_index(name, shape, f"an index is out of bounds for axis {axis} with size {n}")
    once = at[tuple([slice(0, 1) if step == 0 else slice(None) for step in at.strides])]
    return cuda.upload(np.where(once < 0, once + n, once)).view(lambda form: np.broadcast_to(form, at.shape))


def take_along_axis(out: CudaArray, x: CudaArray, places: Places, axis: int) -> None:
    """Elements at the places."""
    at = _on_device("take_along_axis", places, x.shape, axis)
    if out.size:
        read(out, opened(x, (axis,), (out.shape[axis],), axis), at, x.steps[axis])


_ADD = ("j = uint32(0)", "while j < uint32(m):",
        "    q = uint64(int64(p_out) + at[uint64(int64(p_at) + int64(j) * s_at)] * s_out)",
        "    {sum}", "    j = uint32(j + uint32(1))")


def add_along_axis(out: CudaArray, v: CudaArray, places: Places, axis: int, n: int) -> None:
    """Zeros with the elements added at the places: a line of them by one thread, in order."""
    copies.fill(out, 0)
    at = _on_device("add_along_axis", places, out.shape, axis)
    if not v.size:
        return
    value = "v[uint64(int64(p_v) + int64(j) * s_v)]"
    sum = f"out[q] = out[q] or {value}" if v.dtype == np.bool_ else f"out[q] = {v.dtype}(out[q] + {value})"
    lines = {name: x.part((slice(None),) * axis + (0, ...)) for name, x in
             (("out", out), ("v", v), ("at", at))}
    walk.run("k_add_along", tuple([line.format(sum=sum) for line in _ADD]), lines["v"].shape, lines,
             m=v.shape[axis], s_out=out.steps[axis], s_v=v.steps[axis], s_at=at.steps[axis])
