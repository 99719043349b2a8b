"""Reductions of exponentials for CUDA: a recipe each (recipes.py), shifted by the largest element."""

from __future__ import annotations

from nbgrad.cuda import CudaArray
from nbgrad.kernels import recipes
from nbgrad.kernels.cuda.rows import reduce, run


def logsumexp(x: CudaArray, axis: tuple[int, ...], keepdims: bool) -> CudaArray:
    """log(sum(exp(x))); infinite where the largest element is."""
    return reduce(recipes.LOGSUMEXP, x, axis, keepdims)


def softmax(x: CudaArray, axis: int) -> CudaArray:
    """exp(x) over its sum along one axis."""
    return run(recipes.SOFTMAX, (x,), (axis,))


def log_softmax(x: CudaArray, axis: int) -> CudaArray:
    """log of softmax along one axis."""
    return run(recipes.LOG_SOFTMAX, (x,), (axis,))


def logsumexp_vjp(g: CudaArray, z: CudaArray, x: CudaArray, axis: tuple[int, ...]) -> CudaArray:
    """g exp(x - z); where z is infinite, the elements that equal it share g."""
    return run(recipes.LOGSUMEXP_VJP, (x, g, z), axis)


def softmax_vjp(g: CudaArray, z: CudaArray, axis: int) -> CudaArray:
    """z (g - sum(g z)) along one axis."""
    return run(recipes.SOFTMAX_VJP, (g, z), (axis,))


def log_softmax_vjp(g: CudaArray, z: CudaArray, axis: int) -> CudaArray:
    """g - exp(z) sum(g) along one axis."""
    return run(recipes.LOG_SOFTMAX_VJP, (g, z), (axis,))
