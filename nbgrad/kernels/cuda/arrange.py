"""Elements moved and repeated, for CUDA: each output is written once."""

from __future__ import annotations

from itertools import product

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.places import opened, read


def roll(out: CudaArray, x: CudaArray, shifts: tuple[int, ...], axes: tuple[int, ...] | None) -> None:
    """Elements moved round along axes, or in C order if axes is None."""
    if axes is None:
        out, x = [a.view(lambda form: form.reshape(-1)) for a in (out, copies.contiguous(x))]
        axes = (0,)
    moves = [[(slice(None), slice(None))]] * x.ndim
    for axis, shift in zip(axes, shifts, strict=True):
        cut = x.shape[axis] - shift
        moves[axis] = [(slice(shift, None), slice(None, cut)), (slice(None, shift), slice(cut, None))]
    for pairs in product(*moves):
        copies.into(out.part((*[to for to, _ in pairs], ...)), x.part((*[start for _, start in pairs], ...)))


def repeat(x: CudaArray, counts: int | np.ndarray, axis: int) -> CudaArray:
    """Each element as often as its count says, one after the other."""
    places = np.repeat(np.arange(x.shape[axis]), counts)
    out = cuda.empty((*x.shape[:axis], places.size, *x.shape[axis + 1:]), x.dtype)
    if not out.size:
        return out
    if isinstance(counts, int):
        rest = x.shape[axis + 1:]
        apart = out.view(lambda form: form.reshape((*x.shape[:axis + 1], counts, *rest)))
        copies.into(apart, x.view(lambda form: np.expand_dims(form, axis + 1)))
        return out
    at = cuda.upload(places).view(lambda form: form.reshape((-1, *(1,) * (x.ndim - axis - 1))))
    read(out, opened(x, (axis,), places.shape, axis), at, x.steps[axis])
    return out
