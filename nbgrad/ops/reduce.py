"""Reductions: over one axis, several, or all."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import real_of
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.define.complex import real
from nbgrad.define.declare import elementwise
from nbgrad.define.scalar import Elementwise, add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import Graph, apply, pull
from nbgrad.engine.tensor import Tensor, as_tensor, raw, unwrap, wrap
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import shape_errors, value_errors
from nbgrad.kernels import table
from nbgrad.ops.axes import flag, named_dim, ordered, reduced, several
from nbgrad.ops.compare import equal, floor, isfinite, logical_and, not_equal
from nbgrad.ops.elementwise import abs, exp2, log2, maximum, minimum, subtract, where
from nbgrad.ops.index import getitem
from nbgrad.ops.pullback import aligned, derived
from nbgrad.ops.shape import concat, permute_dims, refit, reshape

op: Any = family("reduce")
_where = where                            # which is an argument's name too

Axis = int | tuple[int, ...] | None

_AXES: list[Any] = [((3, 4),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}),
                    ((), {}), ((2, 3), {"axis": ()})]
_EMPTY: list[Any] = [((0, 3), {"axis": 0}), ((0,), {})]


def with_axes(g: Tensor, x: Any, axis: tuple[int, ...]) -> Tensor:
    """A reduced value with length 1 for the axes it was reduced over, so that it broadcasts against x."""
    return refit(g, reduced(x, axis, True))


def whole(dtype: np.dtype) -> np.dtype:
    """The dtype in which NumPy sums: integers at least 64 bits wide."""
    if dtype.kind in "fc":
        return dtype
    return np.dtype(np.uint64) if dtype.kind == "u" else np.dtype(np.int64)


def floating(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)


@lru_cache(maxsize=4096)
def _params(name: str, axis: int | None, keepdims: bool, ndim: int) -> dict[str, Any]:
    return {"axis": several(name, axis, ndim), "keepdims": keepdims}


def bind(name: str, x: Any, axis: Axis, keepdims: bool) -> tuple[Tensor, dict[str, Any]]:
    """x as a Tensor, and the parameters of a reduction, which nobody changes."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    if (axis is None or type(axis) is int) and type(keepdims) is bool:
        return x, _params(name, axis, keepdims, x.ndim)
    return x, {"axis": several(name, axis, x.ndim), "keepdims": flag(name, "keepdims", keepdims)}


def chosen(name: str, x: Tensor, where: Any, other: Any) -> Tensor:
    """x with another value where it is not among those reduced. Raises ShapeError, DtypeError."""
    if where is True:
        return x
    mask = as_tensor(where)
    if mask.dtype.kind != "b":
        raise value_errors.bad_argument(name, where, "booleans as where")
    return _where(broadcast_to(mask, x.shape), x, other)


def reduction(op: Any, identity: Any, together: Callable[..., Any], x: Tensor, axis: Any, keepdims: Any,
              where: Any, initial: Any) -> Tensor:
    """op of the elements that where chooses and, if it is not None, of the initial one.

    identity : the result of no element; None if there is none, so that where needs an initial one
    together : (result, initial) -> the result of both

    Raises ShapeError for an initial value that is no scalar, ValueRangeError.
    """
    if initial is not None and as_tensor(initial).ndim:
        raise shape_errors.bad_shape(op.name, as_tensor(initial).shape, "initial is a scalar")
    if identity is None and initial is not None:
        initial = astype(initial, x.dtype)
    rest = initial if identity is None else identity
    if rest is None and where is not True:
        raise value_errors.bad_value(op.name, "where needs initial, the result where it chooses no element")
    axes = several(op.name, axis, x.ndim)
    if identity is None and initial is not None and 0 in [x.shape[a] for a in axes]:
        return broadcast_to(initial, reduced(x, axes, keepdims))
    z: Tensor = op(chosen(op.name, x, where, rest), axis, keepdims)
    return z if initial is None else together(z, astype(initial, z.dtype))


@op(linear=True, keep="",
    vjp=lambda g, z, x, shape, axis: refit(sum(g, axis), x.shape),
    like=lambda x, shape, axis: np.broadcast_to(np.expand_dims(x.reshape(
        [n for a, n in enumerate(shape) if a not in axis]), axis), shape),
    cases=[((3,), {"shape": (3, 2), "axis": (1,)}), ((), {"shape": (2, 2), "axis": (0, 1)}),
           ((1, 3), {"shape": (2, 3), "axis": (0,)}), ((2,), {"shape": (2, 0), "axis": (1,)})], private=True)
def spread(x: Any, shape: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    """Return x, which has been reduced over axes of the given shape, repeated along them: sum's transpose."""
    return (as_tensor(x),), {"shape": shape, "axis": axis}


def _spread(g: Tensor, x: Any, axis: tuple[int, ...]) -> Any:
    return apply(spread, (g,), {"shape": x.shape, "axis": axis})


@op(vjp=lambda g, z, x, axis, keepdims: _spread(g, x, axis),
    linear=True, keep="", like=np.sum, on_complex="own", cases=_AXES + _EMPTY)
def sum(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True, initial: Any = None) -> Any:
    """Return the sum of x over axes (None: all), of x's float dtype; of integers and booleans in 64 bits.

    Sums are taken in blocks of 4096 and groups of 64 blocks, at least as accurate as pairwise summation.

    >>> nb.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([4., 6.])
    """
    x, params = bind("sum", x, axis, keepdims)
    if where is not True or initial is not None:
        return reduction(sum, 0, add, x, axis, keepdims, where, initial)
    return (x,), params


def total(x: Tensor, axis: tuple[int, ...]) -> Tensor:
    """`sum` for rules: over axes that x has, which stay with length 1."""
    return apply(sum, (x,), {"axis": axis, "keepdims": True})


def _mean_vjp(g: Tensor, z: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    return _spread(g / float(product([x.shape[a] for a in axis])), x, axis)


@op(vjp=_mean_vjp, linear=True, keep="", like=np.mean, on_complex="own", cases=_AXES)
def mean(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True) -> Any:
    """Return the mean of x over axes (None: all), a float; nan where there is nothing to average.

    >>> nb.mean([[1.0, 2.0], [3.0, 5.0]], axis=0)
    tensor([2. , 3.5])
    """
    x, params = bind("mean", x, axis, keepdims)
    if where is not True:
        x = as_float(x)
        z = sum(chosen("mean", x, where, 0), axis, True) / counted(x, axis, where)
        return z if keepdims else without_axes(z, x, axis)
    return (x,), params


def as_float(x: Tensor) -> Tensor:
    """x in the dtype that NumPy averages in."""
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


def counted(x: Tensor, axis: Axis, where: Any) -> Tensor:
    """How many elements are chosen, in the dtype of x's parts, over the axes, which stay with length 1."""
    axes = several("count", axis, x.ndim)
    if where is True:
        count = as_tensor(product([x.shape[a] for a in axes]))
    else:
        count = sum(broadcast_to(where, x.shape), axes, True)
    return astype(count, real_of(x.dtype))


def without_axes(z: Tensor, x: Tensor, axis: Axis) -> Tensor:
    """z without the axes that x was reduced over, in which it has length 1."""
    return reshape(z, reduced(x, several("mean", axis, x.ndim), False))


# The cotangent of a factor, where the product is neither zero nor beyond the range: none of them is zero.
_others = elementwise("others", lambda g, z, x: g * (z / x), like=lambda g, z, x: g * (z / x),
                      at=((-3.0, 3.0), (1.0, 3.0), (1.0, 3.0)), private=True)
# log2 |x|, and 0 of what has none
_log_size = Elementwise(
    "log_size", lambda x: where(logical_and(not_equal(x, 0), isfinite(x)), log2(abs(x)), 0.0),
    arity=1, discrete=True)
# x 2^t, by two factors: 2^t itself may be beyond the range
_ldexp = Elementwise(
    "ldexp", lambda x, t: x * exp2(floor(real(t) * 0.5)) * exp2(real(t) - floor(real(t) * 0.5)), arity=2)


def _tree_product(x: Tensor) -> Tensor:
    """Product over the first axis by halving: exact derivatives of any order also where factors are zero."""
    while (n := x.shape[0]) > 1:
        half = multiply(getitem(x, slice(0, n // 2)), getitem(x, slice(n // 2, 2 * (n // 2))))
        x = concat([half, getitem(x, slice(n - 1, n))]) if n % 2 else half
    return getitem(x, 0)


def _prod_vjp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    """g times the product of the others: a quotient where that is known to be good and is not differentiated
    again, which would take one large number from another. Else the others are brought to one size by powers
    of two and multiplied, so that no product of some of them is beyond the range.
    """
    if 0 in x.shape or not axis:
        return multiply(reshape(g, x.shape), 1.0) if not axis else multiply(x, 0.0)
    if table.run("normal", "reduce", None, (raw(z),), {}) and x.trace is None:
        return _others(with_axes(g, x, axis), with_axes(z, x, axis), x)
    size, most = _log_size(x), float(np.finfo(x.dtype).maxexp - 4)
    t = floor(size - maximum(mean(size, axis, True), -most) + 0.5)
    trace = Graph()
    leaf = trace.leaf(unwrap(_ldexp(x, -t)))
    end = leaf.mark
    kept = [a for a in range(x.ndim) if a not in axis]
    y = _tree_product(reshape(permute_dims(leaf, (*axis, *kept)), (-1, *[x.shape[a] for a in kept])))
    found = wrap(pull([(y.mark, unwrap(reshape(g, y.shape)))])[end])
    back = minimum(maximum(sum(t, axis, True) - t, -2 * most), 2 * most)
    return _ldexp(found, floor(back))


@op(vjp=_prod_vjp, like=np.prod, on_complex="own", cases=[
    *_AXES, *_EMPTY, (np.array([0.0, 2.0, 3.0]),),
    (np.array([[0.0, 2.0], [0.0, 3.0], [1.5, 4.0]]), {"axis": 0}), ((5,),)])
def prod(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True, initial: Any = None) -> Any:
    """Return the product of x over axes (None: all); derivatives are exact also where factors are zero.

    x: any shape; the result has x's float dtype, 64 bits of integers. Derivative in an element: the product
    of the others.

    >>> nb.prod([2.0, 0.0, 5.0])
    tensor(0.)
    >>> nb.grad(nb.prod)(np.array([2.0, 0.0, 5.0]))
    tensor([ 0., 10.,  0.])
    """
    x, params = bind("prod", x, axis, keepdims)
    if where is not True or initial is not None:
        return reduction(prod, 1, multiply, x, axis, keepdims, where, initial)
    return (x,), params


def centred(x: Tensor, axis: tuple[int, ...]) -> Tensor:
    """x less its mean over axes, counted from the first element: a large mean takes no digits from it."""
    first = getitem(x, tuple([slice(0, 1) if a in axis else slice(None) for a in range(x.ndim)]))
    d = subtract(x, stop_gradient(first))
    return subtract(d, apply(mean, (d,), {"axis": axis, "keepdims": True}))


# What an element gets of the cotangent of a maximum: winners share equally; nan where nan has left none.
_tied = elementwise(
    "tied", lambda won, g, count: where(won, g / count, where(equal(count, 0), g * math.nan, 0)),
    like=lambda won, g, count: np.where(won, g / count, 0), at=(bool, (-3.0, 3.0), (1.0, 3.0)), private=True)


def _shares(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...]) -> Tensor:
    winners = equal(x, with_axes(z, x, axis))
    return _tied(winners, with_axes(g, x, axis), sum(winners, axis, True).astype(real_of(x.dtype)))


_ROWS = np.array([[3, 1, 3], [0, 2, 1]])


@op(vjp=(derived(_shares, 0), lambda *_, **__: None, lambda *_, **__: None), keep="x",
    on_complex="own",
    like=lambda g, z, x, axis: np.where(x == z, g / np.sum(x == z, axis, keepdims=True), 0),
    cases=[((2, 1), _ROWS.max(1, keepdims=True), _ROWS, {"axis": (1,)}),
           ((1, 3), _ROWS.max(0, keepdims=True), _ROWS, {"axis": (0,)})], private=True)
def extremum_vjp(g: Any, z: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """Return the cotangent of x from that of its largest or smallest elements z: those share it equally."""
    return aligned("extremum_vjp", axis, (g, z), (x,)), {"axis": axis}


def _extremum_rule(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    return extremum_vjp(g, z, x, axis)


def bind_extremum(name: str, x: Any, axis: Axis, keepdims: bool) -> Any:
    x, params = bind(name, x, axis, keepdims)
    if product(x.shape[a] for a in params["axis"]) == 0 and product(reduced(x, params["axis"], False)):
        raise shape_errors.empty_reduction(name, x.shape)
    return (x,), params


_TIES = [(np.array([1.0, 3.0, 2.0]),), ((4, 3), {"axis": 1}),
         ((2, 3, 4), {"axis": (0, 2), "keepdims": True}), ((),)]


@op(vjp=_extremum_rule, like=np.max, cases=_TIES, on_complex="own")
def max(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True, initial: Any = None) -> Any:
    """Return the largest element of x over axes (None: all), nan if there is one; of 0 and -0 either.

    Equal largest elements share the derivative. Complex numbers have the order of `sort`. Raises ShapeError
    if there is no element.

    >>> nb.max([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([5., 7.])
    >>> nb.grad(nb.max)(np.array([3.0, 3.0]))
    tensor([0.5, 0.5])
    """
    if where is not True or initial is not None:
        return reduction(max, None, maximum, as_tensor(x), axis, keepdims, where, initial)
    return bind_extremum("max", x, axis, keepdims)


@op(vjp=_extremum_rule, like=np.min, cases=_TIES, on_complex="own")
def min(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True, initial: Any = None) -> Any:
    """Return the smallest element of x over axes (None: all), nan if there is one; of 0 and -0 either.

    Equal smallest elements share the derivative. Complex numbers have the order of `sort`. Raises ShapeError
    if there is no element.

    >>> nb.min([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([1., 2.])
    """
    if where is not True or initial is not None:
        return reduction(min, None, minimum, as_tensor(x), axis, keepdims, where, initial)
    return bind_extremum("min", x, axis, keepdims)


@named_dim
def average(x: Any, axis: Axis = None, weights: Any = None, keepdims: bool = False,
            returned: bool = False) -> Any:
    """Return the weighted mean of x over axes; weights broadcast against x, or have the axes' lengths.

    Of integers and booleans it is float64, as NumPy's.
    x: any shape, a float (integers become float64). axis: one, several, or None for all. keepdims: the axes
    stay, with length 1. The result is linear in x: its derivative is the share of a weight in their sum;
    gradients flow to weights too. returned: the pair of the means and the sums of the weights, in the means'
    shape. Raises ShapeError for weights that do not fit, AxisError, DtypeError.

    >>> nb.average([1.0, 5.0], weights=[3.0, 1.0])
    tensor(2.)
    """
    x = as_tensor(x)
    axes = several("average", axis, x.ndim, sequence=True)
    if weights is None:
        z = mean(x, axes, keepdims)
        count = float(product(x.shape[a] for a in axes))
        return (z, broadcast_to(astype(count, z.dtype), z.shape)) if returned else z
    weights = as_tensor(weights)
    dtype = np.result_type(x.dtype, weights.dtype, *[np.float64] * (x.dtype.kind not in "fc"))
    x, weights = [t if t.dtype == dtype else astype(t, dtype) for t in (x, weights)]
    if axis is not None and weights.shape != x.shape and weights.ndim == len(axes):
        order = np.argsort(ordered("average", axis, x.ndim, sequence=True)).tolist()
        shape = tuple([n if a in axes else 1 for a, n in enumerate(x.shape)])
        weights = reshape(permute_dims(weights, order), shape)
    weights = broadcast_to(weights, x.shape)
    total = sum(weights, axes, keepdims)
    z = sum(multiply(x, weights), axes, keepdims) / total
    return (z, total) if returned else z


@op(discrete=True, like=np.any, on_complex="own", cases=[((3, 4), {"axis": 0}), ((0, 2), {"axis": 0})])
def any(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True) -> Any:
    """Return whether an element is not zero, over axes (None: all).

    >>> nb.any([[0.0, 0.0], [0.0, 3.0]], axis=1)
    tensor([False,  True])
    """
    x, params = bind("any", x, axis, keepdims)
    x = chosen("any", x, where, 0)
    return (x,), params


@op(discrete=True, like=np.all, on_complex="own", cases=[((3, 4), {"axis": 0}), ((0, 2), {"axis": 0})])
def all(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True) -> Any:
    """Return whether no element is zero, over axes (None: all).

    >>> nb.all([[True, False], [True, True]], axis=1)
    tensor([False,  True])
    """
    x, params = bind("all", x, axis, keepdims)
    x = chosen("all", x, where, 1)
    return (x,), params


@named_dim
def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the number of elements that are not zero, over axes (None: all).

    x: any shape and dtype. axis: one, several, or None for all. keepdims: the axes stay, with length 1.
    int64, which has no derivative. Raises AxisError, DtypeError.

    >>> nb.count_nonzero([[0, 1], [2, 3]], axis=1)
    tensor([1, 2])
    """
    return sum(not_equal(x, 0), axis, keepdims)
