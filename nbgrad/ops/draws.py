"""Random numbers of a key: draws from distributions, with derivatives in their parameters.

A key is an integer of 64 bits: the same key, shape and parameters give the same numbers, on every device.
What is drawn is a function of random bits, which have no derivative, and of the parameters, which have:
numbers are moved and stretched, or are the solution of an equation that says what part of the distribution
lies below.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.engine import modes
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.engine.transforms import jvp, stop_gradient
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.activations import sigmoid
from nbgrad.ops.compare import (
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    less,
    logical_and,
    logical_not,
)
from nbgrad.ops.contract import matmul
from nbgrad.ops.create import empty
from nbgrad.ops.cumulative import cumsum
from nbgrad.ops.elementwise import (
    add,
    clip,
    cos,
    divide,
    exp,
    log,
    log1p,
    multiply,
    negative,
    remainder,
    sin,
    sqrt,
    square,
    subtract,
    where,
)
from nbgrad.ops.exponential import softmax
from nbgrad.ops.factor import cholesky
from nbgrad.ops.index import getitem, take
from nbgrad.ops.random import mixed_key, random_bits
from nbgrad.ops.reduce import any as any_of
from nbgrad.ops.search import searchsorted
from nbgrad.ops.shape import concat, reshape
from nbgrad.ops.sort import argsort
from nbgrad.ops.special_incomplete import gammainc

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_ROUNDS = 200                                 # of rejection: less than a tenth is rejected in each


# --------------------------------------------------------------------------------------------- keys
def key(seed: int) -> int:
    """Return a key, an integer of 64 bits, for a seed: equal seeds give equal keys, near ones unlike keys.

    seed: an integer from 0 to 2**64 - 1, or a tuple of several. It has no derivative. Raises ValueRangeError,
    DtypeError for another.

    >>> nb.random.key(1) == nb.random.key(1)
    True
    """
    return mixed_key("key", (seed,) if not isinstance(seed, tuple) else seed)


def fold_in(key: Any, data: int) -> int:
    """Return a key of a key and a number, such as that of a step or of a layer.

    data: an integer from 0 to 2**64 - 1. A key has no derivative. Raises ValueRangeError, DtypeError for
    another.

    >>> k = nb.random.key(1)
    >>> nb.random.fold_in(k, 2) == nb.random.fold_in(k, 3)
    False
    """
    return mixed_key("fold_in", (mixed_key("fold_in", key), data))


def split(key: Any, num: int = 2) -> tuple[int, ...]:
    """Return keys that are independent of each other, of the key, and of what `fold_in` makes of it.

    num: how many. Keys have no derivative. Raises ValueRangeError, DtypeError for what is no key.

    >>> a, b = nb.random.split(nb.random.key(1))
    >>> a == b
    False
    """
    one = mixed_key("split", key)
    return tuple([mixed_key("split", (one, i, num)) for i in range(operator.index(num))])


# --------------------------------------------------------------------------------------- raw numbers
def _shape(name: str, shape: Any, *parameters: Tensor) -> tuple[int, ...]:
    """The shape of a draw: as asked for, else that of the parameters together. Raises ShapeError."""
    common = [x.shape for x in parameters]
    if shape is None:
        try:
            return np.broadcast_shapes(*common)
        except ValueError as error:
            raise shape_errors.no_broadcast(name, common) from error
    asked = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple([int(n) for n in shape])
    try:
        fits = np.broadcast_shapes(asked, *common) == asked
    except ValueError:
        fits = False
    if not fits:
        raise shape_errors.no_broadcast(name, [asked, *common])
    return asked


def _bits(name: str, key: Any, shape: tuple[int, ...]) -> Tensor:
    bits: Tensor = random_bits(empty((0,)), shape, mixed_key(name, key))
    return bits


def _dtype(name: str, dtype: Any, *parameters: Any) -> np.dtype:
    """The float dtype of a draw: as asked for, else that of the parameters that are arrays, else float64."""
    found = np.dtype(dtype) if dtype is not None else np.result_type(
        *[x.dtype for x in parameters if hasattr(x, "dtype") and x.dtype.kind == "f"] or [np.float64])
    if found not in _FLOATS:
        raise value_errors.bad_choice(name, "dtype", str(found), [str(each) for each in _FLOATS])
    return found


def _fractions(name: str, key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
    """Multiples of 2**-53, or 2**-24 of float32, in [0, 1)."""
    if dtype == np.float32:
        bits = _bits(name, key, shape)
        return multiply(astype(bitwise_right_shift(bits, 8), dtype), np.float32(2.0**-24))
    bits = _bits(name, key, (2, *shape))
    high, low = [astype(bitwise_right_shift(getitem(bits, i), n), dtype) for i, n in ((0, 5), (1, 6))]
    return multiply(add(multiply(high, 2.0**26), low), 2.0**-53)


def _normals(name: str, key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
    """Standard normal numbers. Source: Box and Muller, 1958."""
    count = math.prod(shape)
    half = -(-count // 2)
    u = _fractions(name, key, (2, half), dtype)
    size = sqrt(multiply(-2.0, log1p(negative(getitem(u, 0)))))
    angle = multiply(getitem(u, 1), 2 * math.pi)
    both = concat([multiply(size, cos(angle)), multiply(size, sin(angle))], 0)
    return reshape(getitem(both, slice(0, count)), shape)


def _parameters(dtype: np.dtype, *parameters: Any) -> list[Tensor]:
    return [astype(as_tensor(x), dtype) for x in parameters]


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
    dtype = _dtype("uniform", dtype, low, high)
    low, high = _parameters(dtype, low, high)
    u = _fractions("uniform", key, _shape("uniform", shape, low, high), dtype)
    return add(low, multiply(subtract(high, low), u))


def normal(key: Any, shape: Any = None, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = None) -> Tensor:
    """Return normal numbers with the mean loc and the standard deviation scale.

    key, shape, dtype : as in `uniform`
    Derivative: in loc 1, in scale the standard normal number that was drawn. Raises ShapeError for
    parameters that do not fit, DtypeError without a key, ValueRangeError.

    >>> nb.grad(lambda s: nb.random.normal(1, loc=2.0, scale=s))(3.0) == nb.random.normal(1)
    tensor(True)
    """
    dtype = _dtype("normal", dtype, loc, scale)
    loc, scale = _parameters(dtype, loc, scale)
    return add(loc, multiply(scale, _normals("normal", key, _shape("normal", shape, loc, scale), dtype)))


def exponential(key: Any, shape: Any = None, scale: Any = 1.0, dtype: Any = None) -> Tensor:
    """Return exponentially distributed numbers with the mean scale.

    key, shape, dtype : as in `uniform`
    Derivative: linear in scale. Raises ShapeError for parameters that do not fit, DtypeError without a key,
    ValueRangeError.

    >>> nb.random.exponential(nb.random.key(1), (2,)).shape
    (2,)
    """
    dtype = _dtype("exponential", dtype, scale)
    (scale,) = _parameters(dtype, scale)
    u = _fractions("exponential", key, _shape("exponential", shape, scale), dtype)
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
    dtype = _dtype("multivariate_normal", dtype, mean, cov)
    mean, cov = _parameters(dtype, mean, cov)
    n = cov.shape[-1] if cov.ndim else 0
    if cov.ndim < 2 or cov.shape[-2] != n or mean.ndim < 1 or mean.shape[-1] != n:
        raise shape_errors.no_broadcast("multivariate_normal", [mean.shape, cov.shape])
    heads = [empty(mean.shape[:-1]), empty(cov.shape[:-2])]
    z = _normals("multivariate_normal", key, (*_shape("multivariate_normal", shape, *heads), n, 1), dtype)
    return add(mean, reshape(matmul(cholesky(cov), z), z.shape[:-1]))


# ------------------------------------------------------------------------------------------- choices
def bernoulli(key: Any, p: Any = 0.5, shape: Any = None) -> Tensor:
    """Return booleans that hold with probability p.

    p : from 0 to 1
    key, shape : as in `uniform`
    They have no derivative. Raises ShapeError for a p that does not fit, DtypeError without a key,
    ValueRangeError.

    >>> nb.random.bernoulli(nb.random.key(1), 1.0, (2,))
    tensor([ True,  True])
    """
    p = stop_gradient(astype(as_tensor(p), np.float64))
    if not np.all((devices.host(raw(p)) >= 0) & (devices.host(raw(p)) <= 1)):
        raise value_errors.bad_value("bernoulli", f"p must lie from 0 to 1, got {p}")
    return less(_fractions("bernoulli", key, _shape("bernoulli", shape, p), np.dtype(np.float64)), p)


def _wide(name: str, key: Any, shape: tuple[int, ...]) -> Tensor:
    """64 bits for each element."""
    high, low = [astype(getitem(_bits(name, key, (2, *shape)), i), np.uint64) for i in (0, 1)]
    return bitwise_or(bitwise_left_shift(high, 32), low)


def randint(key: Any, shape: Any, low: int, high: int, dtype: Any = np.int64) -> Tensor:
    """Return integers from low to high - 1, each as likely as the others.

    low, high : integers, low below high; the likelihood of one is off by at most (high - low) / 2**64 of it
    key, shape : as in `uniform`
    dtype : of the result, int64 by default
    They have no derivative. Raises ValueRangeError unless low is below high and all fit dtype, DtypeError
    without a key.

    >>> nb.random.randint(nb.random.key(1), (2,), 5, 6)
    tensor([5, 5])
    """
    low, high, limits = operator.index(low), operator.index(high), np.iinfo(dtype)
    if not low < high <= low + 2**63:
        raise value_errors.bad_value("randint", f"low={low} must be below high={high}, by at most 2**63")
    if not limits.min <= low <= high - 1 <= limits.max:
        raise value_errors.bad_value("randint", f"integers from {low} to {high - 1} do not fit "
                                     f"{limits.dtype}")
    bits = _wide("randint", key, _shape("randint", shape))
    return astype(add(astype(remainder(bits, np.uint64(high - low)), np.int64), low), dtype)


def permutation(key: Any, x: Any, axis: int = 0) -> Tensor:
    """Return x in a random order along an axis, or the numbers from 0 to x - 1 for an integer x.

    Every order is equally likely. Derivative: linear in x. key : as in `uniform`. Raises AxisError,
    DtypeError without a key, ValueRangeError.

    >>> nb.sort(nb.random.permutation(nb.random.key(1), 4))
    tensor([0, 1, 2, 3])
    """
    if isinstance(x, (int, np.integer)):
        return argsort(_wide("permutation", key, (int(x),)))
    x = as_tensor(x)
    order = argsort(_wide("permutation", key, (x.shape[axis] if x.ndim else 0,)))
    return take(x, order, axis=axis)


def choice(key: Any, x: Any, shape: Any = (), replace: bool = True, p: Any = None, axis: int = 0) -> Tensor:
    """Return random elements of x along an axis, or numbers from 0 to x - 1 for an integer x.

    replace : whether one may come twice
    p : how likely each is, (n,), sums to 1; without replacement, at each draw among those that are left
    key, shape : as in `uniform`; the axes of shape stand in the place of x's axis
    Derivative: linear in x; none in p. Raises ValueRangeError for p and for more than there are, AxisError,
    DtypeError without a key.

    >>> nb.random.choice(nb.random.key(1), np.array([3.0, 3.0]), (3,))
    tensor([3., 3., 3.])
    """
    n = int(x) if isinstance(x, (int, np.integer)) else as_tensor(x).shape[axis]
    asked = _shape("choice", shape)
    count = math.prod(asked)
    if n == 0 or (not replace and count > n):
        raise value_errors.bad_value("choice", f"{count} of {n} elements cannot be chosen, replace={replace}")
    one = mixed_key("choice", key)
    if p is None:
        places = randint(one, asked, 0, n) if replace else getitem(permutation(one, n), slice(0, count))
    else:
        places = _weighted(one, devices.host(raw(as_tensor(p))), n, count, replace)
    places = reshape(places, asked)
    if isinstance(x, (int, np.integer)):
        return places
    x = as_tensor(x)
    found = take(x, reshape(places, (-1,)), axis=axis)
    axis %= x.ndim
    return reshape(found, (*x.shape[:axis], *asked, *x.shape[axis + 1:]))


def _weighted(key: int, p: np.ndarray, n: int, count: int, replace: bool) -> Tensor:
    """Places by probabilities; without replacement by the largest of log(p) plus Gumbel's noise."""
    if p.shape != (n,) or not np.all(p >= 0) or abs(np.sum(p) - 1) > 1e-6 or (
            not replace and np.count_nonzero(p) < count):
        raise value_errors.bad_value("choice", f"p must have {n} elements, none below 0, with the sum 1, and "
                                     "enough that are not 0")
    dtype = np.dtype(np.float64)
    if replace:
        ends = cumsum(as_tensor(p / np.sum(p)))
        last = int(np.flatnonzero(p)[-1])
        return clip(searchsorted(ends, _fractions("choice", key, (count,), dtype), "right"), 0, last)
    noise = log(exponential(key, (n,)))       # less is earlier
    return getitem(argsort(where(as_tensor(p > 0), subtract(noise, log(as_tensor(np.where(p > 0, p, 1)))),
                                 math.inf)), slice(0, count))


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
        x = _normals("gamma", (key, i, 0), a.shape, dtype)
        v = add(1.0, multiply(c, x))
        cube = multiply(v, square(v))
        safe = where(less(0, v), cube, 1.0)
        bound = add(multiply(0.5, square(x)), multiply(d, add(subtract(1.0, cube), log(safe))))
        u = subtract(1.0, _fractions("gamma", (key, i, 1), a.shape, dtype))
        good = logical_and(less(0, v), less(log(u), bound))
        found = where(logical_and(rejected, good), multiply(d, safe), found)
        rejected = logical_and(rejected, logical_not(good))
        if not bool(devices.host(raw(any_of(rejected)))):
            break
    u = subtract(1.0, _fractions("gamma", (key, _ROUNDS), a.shape, dtype))
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
    there = less(0, z)
    z = start = where(there, z, 1.0)
    part = gammainc(still, start)
    density = jvp(lambda x: gammainc(still, x), (start,), (tensor(devices.ones_like(raw(start))),))[1]
    for _ in range(count):
        z = subtract(z, divide(subtract(gammainc(a, z), part), density))
    return add(logs, where(there, log(divide(z, start)), 0.0))


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
    dtype = _dtype("gamma", dtype, a, scale)
    a, scale = _parameters(dtype, a, scale)
    a = broadcast_to(a, _shape("gamma", shape, a, scale))
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
    dtype = _dtype("beta", dtype, a, b)
    a, b = _parameters(dtype, a, b)
    shape = _shape("beta", shape, a, b)
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
    dtype = _dtype("dirichlet", dtype, alpha)
    (alpha,) = _parameters(dtype, alpha)
    if alpha.ndim < 1:
        raise shape_errors.bad_shape("dirichlet", alpha.shape, "needs vectors along the last axis")
    drawn = _shape("dirichlet", shape, empty(alpha.shape[:-1]))
    return softmax(_log_gammas("dirichlet", key, broadcast_to(alpha, (*drawn, alpha.shape[-1]))), axis=-1)
