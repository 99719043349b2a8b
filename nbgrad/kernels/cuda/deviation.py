"""Variances, standard deviations and norms for CUDA: a recipe each (recipes.py)."""

from __future__ import annotations

from math import prod as product

import numpy as np

from nbgrad.cuda import CudaArray
from nbgrad.kernels import recipes
from nbgrad.kernels.cuda.rows import reduce, run

Axes = tuple[int, ...]


def var(x: CudaArray, axis: Axes, keepdims: bool, correction: float) -> CudaArray:
    """Variances, about the mean; the divisor is the count less the correction."""
    return reduce(recipes.VAR, x, axis, keepdims, _count(x, axis) - correction)


def std(x: CudaArray, axis: Axes, keepdims: bool, correction: float) -> CudaArray:
    """Standard deviations."""
    return reduce(recipes.STD, x, axis, keepdims, _count(x, axis) - correction)


def euclidean(x: CudaArray, axis: Axes, keepdims: bool) -> CudaArray:
    """Euclidean norms, without overflow or underflow of the squares."""
    return reduce(recipes.NORM, x, axis, keepdims, 1e-30 if x.dtype == np.float32 else 1e-290)


def _count(x: CudaArray, axis: Axes) -> int:
    """Number of elements in a row."""
    return product([x.shape[a] for a in axis])


def var_vjp(g: CudaArray, x: CudaArray, axis: Axes, correction: float) -> CudaArray:
    """2 g (x - mean) over the divisor of the variance."""
    count = _count(x, axis) - correction
    return run(recipes.VAR_VJP, (x, g), axis, k=2 / count if count > 0 else np.nan)


def std_vjp(g: CudaArray, z: CudaArray, x: CudaArray, axis: Axes, correction: float) -> CudaArray:
    """g (x - mean) over z and the divisor of the variance; 0 where z is 0."""
    count = _count(x, axis) - correction
    return run(recipes.STD_VJP, (x, g, z), axis, k=1 / count if count > 0 else np.nan)


def euclidean_vjp(g: CudaArray, z: CudaArray, x: CudaArray, axis: Axes) -> CudaArray:
    """g x / z; 0 where z is 0."""
    return run(recipes.NORM_VJP, (x, g, z), axis)
