"""Shapes and places of axes for CUDA: views but for reshapes of what is not in C order."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import copies


def reshape(x: CudaArray, shape: tuple[int, ...]) -> CudaArray:
    """A view of an array in C order, and of one that only gets or loses axes of length 1; else a copy."""
    longer = [n for n in x.shape if n != 1]
    if longer != [n for n in shape if n != 1]:
        x = copies.contiguous(x)
    return x.view(lambda form: form.reshape(shape))


def permute_dims(x: CudaArray, axes: tuple[int, ...]) -> CudaArray:
    """A view with the axes in another order."""
    return x.view(lambda form: form.transpose(axes))


def flip(x: CudaArray, axis: tuple[int, ...]) -> CudaArray:
    """A view with negative strides."""
    return x.view(lambda form: np.flip(form, axis)) if axis else x


def concat(out: CudaArray, *xs: CudaArray, axis: int) -> None:
    """Arrays one after the other."""
    start = 0
    for x in xs:
        part = (slice(None),) * axis + (slice(start, start + x.shape[axis]), ...)
        copies.into(out.part(part), x)
        start += x.shape[axis]


def stack(out: CudaArray, *xs: CudaArray, axis: int) -> None:
    """Arrays side by side along a new axis."""
    for i, x in enumerate(xs):
        part = (slice(None),) * axis + (i, ...)
        copies.into(out.part(part), x)


def split_at(x: CudaArray, places: tuple[int, ...], axis: int) -> tuple[CudaArray, ...]:
    """Views of the pieces between the places."""
    before = (slice(None),) * axis
    ends = zip((0, *places), (*places, x.shape[axis]), strict=True)
    return tuple([x.part((*before, slice(start, stop), ...)) for start, stop in ends])
