"""Reductions: over one axis, several, or all."""

from __future__ import annotations

import math
from math import prod as product
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.broadcast import broadcast_to
from nbgrad.core import Graph, Tensor, as_tensor, pull, unwrap, wrap
from nbgrad.ops.axes import one, several
from nbgrad.ops.elementwise import abs, divide, equal, exp, isinf, multiply, not_equal, pow, square, subtract, where
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat, permute_dims, reshape
from nbgrad.scalar import choose, elementwise
from nbgrad.structured import op

Axis = int | tuple[int, ...] | None

_AXES: list[Any] = [((3, 4),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}), ((), {}), ((2, 3), {"axis": ()})]
_EMPTY: list[Any] = [((0, 3), {"axis": 0}), ((0,), {})]

# a / b, and 0 where b is 0: the least-norm subgradient of a norm
_ratio = elementwise("ratio", lambda a, b: where(equal(b, 0), 0, a / where(equal(b, 0), 1, b)),
                     like=lambda a, b: np.divide(a, b, out=np.zeros_like(a * b), where=b != 0), at=((-3.0, 3.0), (0.5, 3.0)))


def _reduced(x: Any, axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    """Shape of x without the axes, or with length 1 for them."""
    if keepdims:
        return tuple([1 if a in axis else n for a, n in enumerate(x.shape)])
    return tuple([n for a, n in enumerate(x.shape) if a not in axis])


def _kept(g: Tensor, x: Any, axis: tuple[int, ...]) -> Tensor:
    """A reduced value with length 1 for the axes it was reduced over, so that it broadcasts against x."""
    return reshape(g, _reduced(x, axis, True))


def _whole(dtype: np.dtype) -> np.dtype:
    """The dtype in which NumPy sums: integers at least 64 bits wide."""
    if dtype.kind == "f":
        return dtype
    return np.dtype(np.uint64) if dtype.kind == "u" else np.dtype(np.int64)


def _floating(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def _summed(x: Any, axis: tuple[int, ...], keepdims: bool) -> tuple[tuple[int, ...], np.dtype]:
    return _reduced(x, axis, keepdims), _whole(x.dtype)


def _same(x: Any, axis: tuple[int, ...], keepdims: bool) -> tuple[tuple[int, ...], np.dtype]:
    return _reduced(x, axis, keepdims), x.dtype


def _averaged(x: Any, axis: tuple[int, ...], keepdims: bool, **_: Any) -> tuple[tuple[int, ...], np.dtype]:
    return _reduced(x, axis, keepdims), _floating(x.dtype)


def _truth(x: Any, axis: tuple[int, ...], keepdims: bool) -> tuple[tuple[int, ...], type]:
    return _reduced(x, axis, keepdims), np.bool_


def _bind(name: str, x: Any, axis: Axis, keepdims: bool) -> tuple[Tensor, dict[str, Any]]:
    x = as_tensor(x)
    return x, {"axis": several(name, axis, x.ndim), "keepdims": bool(keepdims)}


@op(out=_summed, vjp=lambda g, z, x, axis, keepdims: broadcast_to(_kept(g, x, axis), x.shape), linear=True, keep="",
    like=np.sum, cases=_AXES + _EMPTY)
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sum of x over axes (None: all), of x's float dtype; integers and booleans are summed in 64
    bits.

    Source: sums are taken in blocks of 4096 and groups of 64 blocks, at least as accurate as pairwise
        summation.
    """
    x, params = _bind("sum", x, axis, keepdims)
    return (x,), params


@op(out=_averaged, vjp=lambda g, z, x, axis, keepdims: broadcast_to(_kept(g, x, axis) / product(x.shape[a] for a in axis), x.shape),
    linear=True, keep="", like=np.mean, cases=_AXES)
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the mean of x over axes (None: all), a float; nan where there is nothing to average."""
    x, params = _bind("mean", x, axis, keepdims)
    return (x,), params


def _tree_product(x: Tensor) -> Tensor:
    """Product over the first axis by halving: exact derivatives of any order also where factors are zero."""
    while (n := x.shape[0]) > 1:
        half = multiply(getitem(x, slice(0, n // 2)), getitem(x, slice(n // 2, 2 * (n // 2))))
        x = concat([half, getitem(x, slice(n - 1, n))]) if n % 2 else half
    return getitem(x, 0)


def _prod_vjp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    if 0 in x.shape or not axis:
        return multiply(reshape(g, x.shape), 1.0) if not axis else multiply(x, 0.0)
    trace = Graph()
    leaf = trace.leaf(unwrap(x))
    end = leaf.mark
    kept = [a for a in range(x.ndim) if a not in axis]
    rows = reshape(permute_dims(leaf, (*axis, *kept)), (-1, *[x.shape[a] for a in kept]))
    y = _tree_product(rows)
    return wrap(pull([(y.mark, unwrap(reshape(g, y.shape)))])[end])


@op(out=_summed, vjp=_prod_vjp, keep="x", like=np.prod, cases=[
    *_AXES, *_EMPTY, (np.array([0.0, 2.0, 3.0]),), (np.array([[0.0, 2.0], [0.0, 3.0], [1.5, 4.0]]), {"axis": 0}), ((5,),)])
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the product of x over axes (None: all); its derivatives are exact also where factors are zero."""
    x, params = _bind("prod", x, axis, keepdims)
    return (x,), params


# What an element gets of the cotangent of a maximum: winners share equally; nan where nan has left none.
_tied = elementwise("tied", lambda won, g, count: where(won, g / count, where(equal(count, 0), g * math.nan, 0)),
                    at=(bool, (-3.0, 3.0), (1.0, 3.0)))


def _extremum_vjp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    winners = equal(x, _kept(z, x, axis))
    return _tied(winners, _kept(g, x, axis), sum(winners, axis, True).astype(x.dtype))


def _bind_extremum(name: str, x: Any, axis: Axis, keepdims: bool) -> Any:
    x, params = _bind(name, x, axis, keepdims)
    if product(x.shape[a] for a in params["axis"]) == 0 and product(_reduced(x, params["axis"], False)):
        raise errors.empty_reduction(name, x.shape)
    return (x,), params


_TIES = [(np.array([1.0, 3.0, 2.0]),), ((4, 3), {"axis": 1}), ((2, 3, 4), {"axis": (0, 2), "keepdims": True}), ((),)]


@op(out=_same, vjp=_extremum_vjp, like=np.max, cases=_TIES)
def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest element of x over axes (None: all), nan if there is one. Equal largest elements
    share the derivative.

    Raises ShapeError if there is no element.
    """
    return _bind_extremum("max", x, axis, keepdims)


@op(out=_same, vjp=_extremum_vjp, like=np.min, cases=_TIES)
def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest element of x over axes (None: all), nan if there is one. Equal smallest elements
    share the derivative.

    Raises ShapeError if there is no element.
    """
    return _bind_extremum("min", x, axis, keepdims)


def _freedom(x: Any, axis: tuple[int, ...], correction: float) -> float:
    """The divisor of a variance; nan where the data do not allow one."""
    n = product(x.shape[a] for a in axis) - correction
    return n if n > 0 else float("nan")


def _var_vjp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool, correction: float) -> Tensor:
    return multiply(_kept(g, x, axis), subtract(x, mean(x, axis, True)) * (2 / _freedom(x, axis, correction)))


def _std_vjp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool, correction: float) -> Tensor:
    deviation = subtract(x, mean(x, axis, True)) * (1 / _freedom(x, axis, correction))
    return multiply(_kept(g, x, axis), _ratio(deviation, _kept(z, x, axis)))


def _bind_var(name: str, x: Any, axis: Axis, keepdims: bool, correction: float, ddof: float | None) -> Any:
    x, params = _bind(name, x, axis, keepdims)
    return (x,), params | {"correction": correction if ddof is None else ddof}


_SPREAD = [((3, 4),), ((3, 4), {"axis": 0, "ddof": 1}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True})]


@op(out=_averaged, vjp=_var_vjp, keep="x", like=np.var, cases=_SPREAD)
def var(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0, ddof: float | None = None) -> Any:
    """Return the variance of x over axes (None: all): the mean squared deviation, with count - correction as
    the divisor.

    ddof is NumPy's name for correction. nan where the divisor is not positive.
    """
    return _bind_var("var", x, axis, keepdims, correction, ddof)


@op(out=_averaged, vjp=_std_vjp, like=np.std, cases=_SPREAD)
def std(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0, ddof: float | None = None) -> Any:
    """Return the standard deviation, the square root of `var`; its derivative at a constant x is 0."""
    return _bind_var("std", x, axis, keepdims, correction, ddof)


@op(out=_averaged, vjp=lambda g, z, x, axis, keepdims: multiply(_kept(g, x, axis), _ratio(x, _kept(z, x, axis))),
    like=lambda x, axis=None, keepdims=False: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)), cases=[*_AXES, *_EMPTY])
def euclidean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the square root of the sum of squares over axes (None: all), without overflow; its derivative at 0 is 0."""
    x, params = _bind("norm", x, axis, keepdims)
    return (x,), params


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return a norm of x over axes: of vectors over one axis, of matrices over two, of all elements by
    default.

    ord : None (Euclidean, Frobenius); for vectors also 1, inf, -inf, 0 and any power; for matrices "fro", 1,
        -1, inf, -inf. Derivatives at 0, and of ties, are those of least norm. Raises ValueRangeError for
        another ord.
    """
    x = as_tensor(x)
    if ord is None or (ord == 2 and (isinstance(axis, int) or x.ndim == 1)):
        return euclidean(x, axis, keepdims)
    axes = several("norm", axis, x.ndim)
    if ord == "fro" and len(axes) == 2:
        return euclidean(x, axes, keepdims)
    if len(axes) == 2 and ord in (1, -1, float("inf"), -float("inf")):
        first, last = axes if np.abs(ord) == 1 else axes[::-1]
        lines = sum(abs(x), first, True)
        result = (max if ord > 0 else min)(lines, last, True)
        return result if keepdims else reshape(result, _reduced(x, axes, False))
    if len(axes) != 1 or isinstance(ord, str):
        raise errors.bad_choice("norm", "ord", ord, (None, "fro", 1, -1, float("inf"), -float("inf")) if len(axes) == 2 else (None,))
    if ord in (float("inf"), -float("inf")):
        return (max if ord > 0 else min)(abs(x), axes, keepdims)
    if ord == 1:
        return sum(abs(x), axes, keepdims)
    if ord == 0:
        return sum(not_equal(x, 0), axes, keepdims).astype(_floating(x.dtype))
    return pow(sum(pow(abs(x), ord), axes, keepdims), 1 / ord)


def average(x: Any, axis: Axis = None, weights: Any = None, keepdims: bool = False) -> Tensor:
    """Return the mean of x over axes, weighted: weights broadcast against x, or have the length of the one axis."""
    x = as_tensor(x)
    if weights is None:
        return mean(x, axis, keepdims)
    weights = as_tensor(weights)
    axes = several("average", axis, x.ndim)
    if weights.ndim == 1 and x.ndim > 1 and len(axes) == 1:
        weights = reshape(weights, tuple([-1 if a == axes[0] else 1 for a in range(x.ndim)]))
    weights = broadcast_to(weights, x.shape)
    return sum(multiply(x, weights), axes, keepdims) / sum(weights, axes, keepdims)


def _weights(x: Tensor, z: Tensor, axis: tuple[int, ...]) -> Tensor:
    """Derivative of logsumexp: exp(x - z); where z is infinite the elements that equal it share."""
    equals = equal(x, z)
    share = divide(equals, sum(equals, axis, True)).astype(z.dtype)
    return where(isinf(z), share, exp(x - where(isinf(z), 0, z)))


def _logsumexp_vjp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    return multiply(_kept(g, x, axis), _weights(x, _kept(z, x, axis), axis))


@op(out=_averaged, vjp=_logsumexp_vjp, like="scipy.special.logsumexp", cases=[
    ((3, 4),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}), ((), {})])
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over axes (None: all), without overflow, a float; -inf where there is no
    element.

    Its derivative is softmax(x); where all elements are -inf they share equally.
    """
    x, params = _bind("logsumexp", x, axis, keepdims)
    return (x,), params


def _softmax_vjp(g: Tensor, z: Tensor, x: Any, axis: int) -> Tensor:
    return multiply(z, subtract(g, sum(multiply(g, z), axis, True)))


def _bind_along(name: str, x: Any, axis: int) -> Any:
    x = as_tensor(x)
    return (x,), {"axis": one(name, axis, x.ndim)}


@op(out=lambda x, axis: (x.shape, _floating(x.dtype)), vjp=_softmax_vjp, keep="z", like="scipy.special.softmax",
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def softmax(x: Any, axis: int = -1) -> Any:
    """Return exp(x) over its sum along an axis, without overflow: x's shape, a float."""
    return _bind_along("softmax", x, axis)


@op(out=lambda x, axis: (x.shape, _floating(x.dtype)), keep="z", like="scipy.special.log_softmax",
    vjp=lambda g, z, x, axis: subtract(g, multiply(exp(z), sum(g, axis, True))),
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of softmax along an axis, without overflow: x's shape, a float."""
    return _bind_along("log_softmax", x, axis)


@op(out=_truth, discrete=True, like=np.any, cases=[((3, 4), {"axis": 0}), ((0, 2), {"axis": 0})])
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether an element is not zero, over axes (None: all)."""
    x, params = _bind("any", x, axis, keepdims)
    return (x,), params


@op(out=_truth, discrete=True, like=np.all, cases=[((3, 4), {"axis": 0}), ((0, 2), {"axis": 0})])
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether no element is zero, over axes (None: all)."""
    x, params = _bind("all", x, axis, keepdims)
    return (x,), params


def _bind_place(name: str, x: Any, axis: int | None, keepdims: bool) -> Any:
    x = as_tensor(x)
    axis = None if axis is None else one(name, axis, x.ndim)
    if product(x.shape if axis is None else (x.shape[axis],)) == 0:
        raise errors.empty_reduction(name, x.shape)
    return (x,), {"axis": axis, "keepdims": bool(keepdims)}


def _place(x: Any, axis: int | None, keepdims: bool) -> tuple[tuple[int, ...], type]:
    return _reduced(x, tuple(range(x.ndim)) if axis is None else (axis,), keepdims), np.intp


@op(out=_place, discrete=True, like=np.argmax, cases=[((3, 4), {"axis": 0}), ((5,),), ((2, 3), {"axis": -1, "keepdims": True})])
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first largest element along an axis, or of x flattened. Raises ShapeError if there is none."""
    return _bind_place("argmax", x, axis, keepdims)


@op(out=_place, discrete=True, like=np.argmin, cases=[((3, 4), {"axis": 0}), ((5,),), ((2, 3), {"axis": -1, "keepdims": True})])
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first smallest element along an axis, or of x flattened. Raises ShapeError if there is none."""
    return _bind_place("argmin", x, axis, keepdims)


def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the number of elements that are not zero, over axes (None: all)."""
    return sum(not_equal(x, 0), axis, keepdims)
