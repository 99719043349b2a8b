"""Reductions for CUDA: a recipe each (recipes.py)."""

from __future__ import annotations

import numpy as np

from nbgrad import cuda
from nbgrad.cuda import CudaArray
from nbgrad.kernels import recipes
from nbgrad.kernels.cuda import matrices
from nbgrad.kernels.cuda.rows import reduce, run

Axes = tuple[int, ...]
_BOOL = np.dtype(bool)


def sum(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Sums, in blocks: as accurate as NumPy's pairwise sums."""
    return reduce(recipes.SUM, x, axis, keepdims)


def prod(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Products."""
    return reduce(recipes.PROD, x, axis, keepdims)


def max(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Largest elements; nan wins."""
    return reduce(recipes.MAX, x, axis, keepdims)


def min(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Smallest elements; nan wins."""
    return reduce(recipes.MIN, x, axis, keepdims)


def any(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Whether an element is not zero."""
    return reduce(recipes.ANY, x, axis, keepdims)


def all(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Whether no element is zero."""
    return reduce(recipes.ALL, x, axis, keepdims)


def mean(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Means: nan where there is nothing to average."""
    return reduce(recipes.MEAN, x, axis, keepdims)


def normal(x: CudaArray) -> bool:
    """Whether every element is finite and has all its digits: it is neither zero nor denormal."""
    low, high = f"{x.dtype}({np.finfo(x.dtype).tiny})", f"{x.dtype}(inf)"
    each = matrices.mapped("normal", f"abs(a0) >= {low} and abs(a0) < {high}", _BOOL, x)
    return bool(cuda.download(reduce(recipes.ALL, each, tuple(range(x.ndim)), False)))


def extremum_vjp(g: CudaArray, z: CudaArray, x: CudaArray, axis: Axes) -> CudaArray:
    """g, shared equally by the elements that are z."""
    return run(recipes.EXTREMUM_VJP, (x, g, z), axis)


def spread(x: CudaArray, shape: tuple[int, ...], axis: Axes) -> CudaArray:
    """A view with repeated axes."""
    sizes = [1 if a in axis else n for a, n in enumerate(shape)]
    return x.view(lambda form: np.broadcast_to(form.reshape(sizes), shape))
