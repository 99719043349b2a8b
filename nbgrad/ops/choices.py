"""Draws from finite sets: booleans, integers, orders and elements. Likelihoods have no derivative."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import value_errors
from nbgrad.ops.compare import bitwise_left_shift, bitwise_or, less
from nbgrad.ops.cumulative import cumsum
from nbgrad.ops.draws import exponential
from nbgrad.ops.elementwise import add, clip, log, remainder, subtract, where
from nbgrad.ops.index import getitem, take
from nbgrad.ops.keys import bits, drawn_shape, fractions
from nbgrad.ops.random import mixed_key
from nbgrad.ops.search import searchsorted
from nbgrad.ops.shape import reshape
from nbgrad.ops.sort import argsort


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
    return less(fractions("bernoulli", key, drawn_shape("bernoulli", shape, p), np.dtype(np.float64)), p)


def _wide(name: str, key: Any, shape: tuple[int, ...]) -> Tensor:
    """64 bits for each element."""
    both = astype(bits(name, key, (2, *shape)), np.uint64)
    high, low = getitem(both, 0), getitem(both, 1)
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
    wide = _wide("randint", key, drawn_shape("randint", shape))
    return astype(add(astype(remainder(wide, np.uint64(high - low)), np.int64), low), dtype)


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
    asked = drawn_shape("choice", shape)
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
        return clip(searchsorted(ends, fractions("choice", key, (count,), dtype), "right"), 0, last)
    noise = log(exponential(key, (n,)))       # less is earlier
    return getitem(argsort(where(as_tensor(p > 0), subtract(noise, log(as_tensor(np.where(p > 0, p, 1)))),
                                 math.inf)), slice(0, count))
