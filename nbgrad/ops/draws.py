"""Draws from continuous distributions, with derivatives in their parameters.

A key is an integer of 64 bits: the same key, shape and parameters give the same numbers, on every device.
What is drawn is a function of random bits, which have no derivative, and of the parameters, which have:
numbers are moved and stretched, or are the solution of an equation that says what part of the distribution
lies below.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import broadcast_to
from nbgrad.engine import modes
from nbgrad.engine.tensor import Tensor, raw, tensor
from nbgrad.engine.transforms import jvp
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.activations import sigmoid
from nbgrad.ops.compare import less, logical_and, logical_not
from nbgrad.ops.contract import matmul
from nbgrad.ops.create import empty
from nbgrad.ops.elementwise import (
    add,
    divide,
    exp,
    log,
    log1p,
    multiply,
    negative,
    sqrt,
    square,
    subtract,
    where,
)
from nbgrad.ops.exponential import softmax
from nbgrad.ops.factor import cholesky
from nbgrad.ops.keys import drawn_shape, float_dtype, fractions, in_dtype, normals
from nbgrad.ops.random import mixed_key
from nbgrad.ops.reduce import any as any_of
from nbgrad.ops.shape import reshape
from nbgrad.ops.special_gamma import gammaln
from nbgrad.ops.special_incomplete import gammainc

_ROUNDS = 200                                 # of rejection: less than a tenth is rejected in each


# ------------------------------------------------------------------------------------- moved numbers
def uniform(key: Any, shape: Any = None, low: Any = 0.0, high: Any = 1.0, dtype: Any = None) -> Tensor:
    """Return numbers that are uniform in [low, high).

    key : an integer of 64 bits, see `key`; or a tuple of integers, which is one
    shape : of the result; None: that of low and high together
    dtype : float64, float32; default: that of low and high
    Derivative: in low 1 - u, in high u, for the u in [0, 1) that was drawn. Raises ShapeError for
    parameters that do not fit, DtypeError without a key, ValueRangeError.

    >>> nb.random.uniform(nb.random.key(1), (2,)).shape
    (2,)
    """
    dtype = float_dtype("uniform", dtype, low, high)
    low, high = in_dtype(dtype, low, high)
    u = fractions("uniform", key, drawn_shape("uniform", shape, low, high), dtype)
    return add(low, multiply(subtract(high, low), u))


def normal(key: Any, shape: Any = None, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = None) -> Tensor:
    """Return normal numbers with the mean loc and the standard deviation scale.

    key, shape, dtype : as in `uniform`
    Derivative: in loc 1, in scale the standard normal number that was drawn. Raises ShapeError for
    parameters that do not fit, DtypeError without a key, ValueRangeError.

    >>> nb.grad(lambda s: nb.random.normal(1, loc=2.0, scale=s))(3.0) == nb.random.normal(1)
    tensor(True)
    """
    dtype = float_dtype("normal", dtype, loc, scale)
    loc, scale = in_dtype(dtype, loc, scale)
    return add(loc, multiply(scale, normals("normal", key, drawn_shape("normal", shape, loc, scale), dtype)))


def exponential(key: Any, shape: Any = None, scale: Any = 1.0, dtype: Any = None) -> Tensor:
    """Return exponentially distributed numbers with the mean scale.

    key, shape, dtype : as in `uniform`
    Derivative: linear in scale. Raises ShapeError for parameters that do not fit, DtypeError without a key,
    ValueRangeError.

    >>> nb.random.exponential(nb.random.key(1), (2,)).shape
    (2,)
    """
    dtype = float_dtype("exponential", dtype, scale)
    (scale,) = in_dtype(dtype, scale)
    u = fractions("exponential", key, drawn_shape("exponential", shape, scale), dtype)
    return multiply(scale, negative(log1p(negative(u))))


def multivariate_normal(key: Any, mean: Any, cov: Any, shape: Any = None, dtype: Any = None) -> Tensor:
    """Return normal vectors of a mean and a covariance matrix.

    mean : (..., n); cov : (..., n, n), positive definite
    shape : of the draws, without the axis of the vectors; None: that of mean and cov together
    key, dtype : as in `uniform`
    Derivative: those of mean + cholesky(cov) @ z for the standard normal z that was drawn. Raises
    ShapeError for parameters that do not fit, SingularError where cov is not positive definite, DtypeError
    without a key, ValueRangeError.

    >>> nb.random.multivariate_normal(1, np.zeros(2), np.eye(2), (3,)).shape
    (3, 2)
    """
    dtype = float_dtype("multivariate_normal", dtype, mean, cov)
    mean, cov = in_dtype(dtype, mean, cov)
    n = cov.shape[-1] if cov.ndim else 0
    if cov.ndim < 2 or cov.shape[-2] != n or mean.ndim < 1 or mean.shape[-1] != n:
        raise shape_errors.no_broadcast("multivariate_normal", [mean.shape, cov.shape])
    heads = [empty(mean.shape[:-1]), empty(cov.shape[:-2])]
    z = normals("multivariate_normal", key, (*drawn_shape("multivariate_normal", shape, *heads), n, 1), dtype)
    return add(mean, reshape(matmul(cholesky(cov), z), z.shape[:-1]))


# ------------------------------------------------------------------------------------- gamma and kin
def _log_values(key: int, a: Tensor) -> Tensor:
    """Logarithms of numbers with the density x**(a - 1) exp(-x) / gamma(a), as values alone.

    Source: Marsaglia and Tsang, A simple method for generating gamma variables, 2000.
    """
    dtype, small = a.dtype, less(a, 1)
    d = subtract(where(small, add(a, 1), a), 1 / 3)
    c = divide(1.0, sqrt(multiply(9.0, d)))
    found, rejected = d, less(multiply(d, 0.0), 1)
    for i in range(_ROUNDS):
        x = normals("gamma", (key, i, 0), a.shape, dtype)
        v = add(1.0, multiply(c, x))
        cube = multiply(v, square(v))
        safe = where(less(0, v), cube, 1.0)
        bound = add(multiply(0.5, square(x)), multiply(d, add(subtract(1.0, cube), log(safe))))
        u = subtract(1.0, fractions("gamma", (key, i, 1), a.shape, dtype))
        good = logical_and(less(0, v), less(log(u), bound))
        found = where(logical_and(rejected, good), multiply(d, safe), found)
        rejected = logical_and(rejected, logical_not(good))
        if not bool(devices.host(raw(any_of(rejected)))):
            break
    u = subtract(1.0, fractions("gamma", (key, _ROUNDS), a.shape, dtype))
    return add(log(found), where(small, divide(log(u), a), 0.0))


def _log_gammas(name: str, key: Any, a: Tensor) -> Tensor:
    """Logarithms of gamma distributed numbers, with their derivatives in a.

    What part of the distribution lies below a number does not change with a: a step of Newton's method for
    that equation gives the derivatives of one more order. Source: Figurnov, Mohamed and Mnih, Implicit
    reparameterization gradients, 2018.
    """
    if not np.all(devices.host(raw(a)) > 0):
        raise value_errors.bad_value(name, f"the parameters of shape must be positive, got {a}")
    still = tensor(raw(a))
    logs = _log_values(mixed_key(name, key), still)
    count = modes.orders(a)
    if not count:
        return logs
    z = exp(logs)
    near = less(z, float(np.finfo(z.dtype).eps))          # of 0: there the part is z**a / gamma(a + 1)
    z = start = where(near, 1.0, z)
    part = gammainc(still, start)
    density = jvp(lambda x: gammainc(still, x), (start,), (tensor(devices.ones_like(raw(start))),))[1]
    for _ in range(count):
        z = subtract(z, divide(subtract(gammainc(a, z), part), density))
    grown = subtract(gammaln(add(a, 1)), gammaln(add(still, 1)))
    moved = divide(subtract(grown, multiply(subtract(a, still), logs)), a)
    return add(logs, where(near, moved, log(divide(z, start))))


def gamma(key: Any, a: Any, shape: Any = None, scale: Any = 1.0, dtype: Any = None) -> Tensor:
    """Return gamma distributed numbers, with the density x**(a - 1) * exp(-x) / gamma(a) of scale 1.

    a, scale : positive
    key, shape, dtype : as in `uniform`
    Derivative: linear in scale; in a that of the solution of gammainc(a, z) = constant. Raises
    ValueRangeError for an a that is not positive, ShapeError for parameters that do not fit, DtypeError
    without a key.

    >>> nb.random.gamma(nb.random.key(1), np.array([0.5, 3.0])).shape
    (2,)
    """
    dtype = float_dtype("gamma", dtype, a, scale)
    a, scale = in_dtype(dtype, a, scale)
    a = broadcast_to(a, drawn_shape("gamma", shape, a, scale))
    return multiply(scale, exp(_log_gammas("gamma", key, a)))


def beta(key: Any, a: Any, b: Any, shape: Any = None, dtype: Any = None) -> Tensor:
    """Return beta distributed numbers, with a density that goes with x**(a - 1) * (1 - x)**(b - 1).

    a, b : positive
    key, shape, dtype : as in `uniform`
    Derivative: that of x / (x + y) for two gamma distributed numbers, see `gamma`. Raises ValueRangeError for
    parameters that are not positive, ShapeError for those that do not fit, DtypeError without a key.

    >>> nb.random.beta(nb.random.key(1), 2.0, np.array([0.5, 3.0])).shape
    (2,)
    """
    dtype = float_dtype("beta", dtype, a, b)
    a, b = in_dtype(dtype, a, b)
    shape = drawn_shape("beta", shape, a, b)
    one = mixed_key("beta", key)
    x, y = [_log_gammas("beta", (one, i), broadcast_to(each, shape)) for i, each in enumerate((a, b))]
    return sigmoid(subtract(x, y))


def dirichlet(key: Any, alpha: Any, shape: Any = None, dtype: Any = None) -> Tensor:
    """Return vectors with the sum 1, with a density that goes with the product of x**(alpha - 1).

    alpha : (..., n), positive
    shape : of the draws, without the axis of the vectors; None: that of alpha
    key, dtype : as in `uniform`
    Derivative: that of gamma distributed numbers over their sum, see `gamma`. Raises ValueRangeError for an
    alpha that is not positive, ShapeError for one that does not fit, DtypeError without a key.

    >>> nb.sum(nb.random.dirichlet(nb.random.key(1), np.ones(3)))
    tensor(1.)
    """
    dtype = float_dtype("dirichlet", dtype, alpha)
    (alpha,) = in_dtype(dtype, alpha)
    if alpha.ndim < 1:
        raise shape_errors.bad_shape("dirichlet", alpha.shape, "needs vectors along the last axis")
    drawn = drawn_shape("dirichlet", shape, empty(alpha.shape[:-1]))
    return softmax(_log_gammas("dirichlet", key, broadcast_to(alpha, (*drawn, alpha.shape[-1]))), axis=-1)
