"""Sums of products of an array's windows with one array, for CUDA, as convolutions of one image."""

from __future__ import annotations

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.errors import shape_errors
from nbgrad.kernels.cuda.conv import convolution
from nbgrad.kernels.cuda.shape import reshape


def slide(a: CudaArray, v: CudaArray, pads: tuple[tuple[int, int], ...]) -> CudaArray:
    """The sum for each place of v in a; of up to two axes."""
    if a.ndim > 2:
        need = "a convolution on a CUDA device has at most two axes. Use x.to('cpu')"
        raise shape_errors.bad_shape("slide", a.shape, need)
    lead = (1,) * (4 - a.ndim)
    padding = ((0, 0), (0, 0), *pads)[-2:]
    image, weights = reshape(a, lead + a.shape), reshape(v, lead + v.shape)
    sizes = [n + sum(pad) - m + 1 for n, m, pad in zip(a.shape, v.shape, pads, strict=True)]
    out = cuda.empty((*lead, *sizes), a.dtype)
    convolution(out, image, weights, groups=1, stride=(1, 1), padding=padding, dilation=(1, 1))
    return reshape(out, tuple(sizes))
