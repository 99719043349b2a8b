"""Functions of scipy.special that are made of ops: sums of exponentials, factorials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special

from nbgrad.arrays.dtypes import is_complex
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import value_errors
from nbgrad.ops import exponential
from nbgrad.ops.compare import equal, isfinite, isinf, less, logical_and, logical_or
from nbgrad.ops.elementwise import exp, log, where
from nbgrad.ops.host import values
from nbgrad.ops.reduce import Axis, max, sum
from nbgrad.ops.shape import moveaxis, reshape
from nbgrad.ops.special_gamma import binom, gamma

__all__ = ["comb", "factorial", "log_softmax", "logsumexp", "softmax"]


def logsumexp(a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False) -> Tensor:
    """Return log(sum(b * exp(a))) over axes (None: all), without overflow.

    a, b: shapes that broadcast; b: factors, default 1. Where their sum is negative the result is nan.
    axis, keepdims: as in sum. Derivative: b * exp(a - z) in a, exp(a - z) in b, z being the result. Raises
    AxisError, ShapeError, DtypeError.

    >>> nb.special.logsumexp([1000.0, 1000.0], b=[1.0, 2.0])
    tensor(1001.09861229)
    """
    if b is None:
        return exponential.logsumexp(a, axis, keepdims)
    a, b = as_tensor(a), as_tensor(b)
    if is_complex(a) or is_complex(b):
        raise value_errors.no_complex("special.logsumexp", (a.dtype, b.dtype))
    a = where(logical_and(equal(b, 0), isinf(a)), -math.inf, a) + 0 * b
    top = stop_gradient(max(a, axis, keepdims=True))
    top = where(isfinite(top), top, 0)
    z = log(sum(b * exp(a - top), axis, keepdims=True)) + top
    return z if keepdims else sum(z, axis)


def softmax(x: Any, axis: Axis = None) -> Tensor:
    """Return exp(x) over its sum along axes (None: all), without overflow.

    x: any shape. axis: one, several, or None. Derivative: a tangent t gives z * (t - sum(z * t)), z being the
    result. Raises AxisError, DtypeError.

    >>> nb.special.softmax([[0.0, 0.0], [0.0, 0.0]])
    tensor([[0.25, 0.25],
            [0.25, 0.25]])
    """
    return _along(exponential.softmax, x, axis)


def log_softmax(x: Any, axis: Axis = None) -> Tensor:
    """Return the logarithm of softmax along axes (None: all), without overflow.

    x: any shape. axis: one, several, or None. Derivative: a tangent t gives t - sum(softmax(x) * t). Raises
    AxisError, DtypeError.

    >>> nb.special.log_softmax([0.0, 0.0])
    tensor([-0.69314718, -0.69314718])
    """
    return _along(exponential.log_softmax, x, axis)


def _along(f: Any, x: Any, axis: Axis) -> Tensor:
    """A function along one axis, along all, or along several, which are made one."""
    x = as_tensor(x)
    if axis is None:
        return reshape(f(reshape(x, (-1,)), 0), x.shape)
    if not isinstance(axis, tuple):
        return f(x, axis)
    last = tuple(range(-len(axis), 0))
    moved = moveaxis(x, axis, last)
    z = f(reshape(moved, (*moved.shape[:x.ndim - len(axis)], -1)), -1)
    return moveaxis(reshape(z, moved.shape), last, axis)


def factorial(n: Any) -> Tensor:
    """Return gamma(n + 1), and 0 for negative n.

    n: any shape; integers are converted to floats. Derivative: that of gamma. Raises DtypeError.

    >>> nb.special.factorial([0, 3, 5])
    tensor([  1.,   6., 120.])
    """
    n = as_tensor(n)
    below = less(n, 0)
    return where(below, 0, gamma(where(below, 0, n) + 1.0))


def gammasgn(x: Any) -> Tensor:
    """Return the sign of gamma(x), and at its poles, where it has none, what SciPy's function gives.

    x: any shape. Derivative: 0. Raises DtypeError for complex numbers.

    >>> nb.special.gammasgn([2.5, -0.5, -1.5])
    tensor([ 1., -1.,  1.])
    """
    x = values(x)
    if x.dtype.kind == "c":
        raise value_errors.no_complex("gammasgn", [x.dtype])
    return as_tensor(np.asarray(scipy.special.gammasgn(x)))


def comb(N: Any, k: Any, *, repetition: bool = False) -> Tensor:
    """Return the number of ways to take k of N things, 0 where N or k is negative or k is above N.

    N, k: shapes that broadcast. repetition: whether a thing may be taken again. Derivative: that of binom.
    Raises ShapeError, DtypeError.

    >>> nb.special.comb(5, [0, 2, 6])
    tensor([ 1., 10.,  0.])
    """
    n, k = as_tensor(N), as_tensor(k)
    n = n + k - 1 if repetition else n
    none = logical_or(logical_or(less(n, k), less(k, 0)), less(n, 0))
    return where(none, 0, binom(where(none, 0, n), where(none, 0, k)))
