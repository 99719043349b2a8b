"""Norms of vectors and of matrices, of any order."""

from __future__ import annotations

import math
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import Elementwise, choose
from nbgrad.define.scalar_program import common_loop
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import named_dim, ordered, reduced, several
from nbgrad.ops.compare import equal, floor, greater, less, logical_and, not_equal
from nbgrad.ops.deviation import euclidean
from nbgrad.ops.elementwise import abs, exp2, log2, where
from nbgrad.ops.powers import pow
from nbgrad.ops.reduce import Axis, max, min, sum
from nbgrad.ops.shape import moveaxis, reshape
from nbgrad.ops.svd import svdvals

_EXACT = 16                               # 2 to this power takes little of the range of float32
_VECTOR = (None, "any power", 0, math.inf, -math.inf)
_MATRIX = (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)

# |x|^p and sign(x) |x|^p, p a constant. Each is in the other's derivative, so that 0 keeps its value in any
# order: of the first its own power, of the second 0.
_even: Any = Elementwise(
    "even_power", "pow(abs({}), {})", lambda x, p, z: (choose(not_equal(p, 0), p * _odd(x, p - 1)), None),
    arity=2, loop=common_loop("even_power", np.float32))
_odd: Any = Elementwise(
    "odd_power", "{T}(0) if {0} == {T}(0) else pow({0}, {1}) if {0} > {T}(0) else -pow(-{0}, {1})",
    lambda x, p, z: (choose(not_equal(p, 0), p * _even(x, p - 1)), None),
    arity=2, loop=common_loop("odd_power", np.float32))
_scaled = Elementwise("scaled_power", lambda x, scale, p: _even(x / scale, p), arity=3)


def _product(n: int) -> Elementwise:
    """_scaled for a small integer."""
    return Elementwise("scaled_product", lambda x, scale: pow(abs(x / scale) if n % 2 else x / scale, n),
                       arity=2)


_PRODUCTS = {n: _product(n) for n in range(3, 9)}
# The root of a sum of powers is the square of another, which does not overflow before the scale is put on.
_root = Elementwise(
    "scaled_root", lambda total, scale, half: where(
        equal(total, 0), where(greater(half, 0), total * 0.0, 1.0 / total),
        _even(total, half) * scale * _even(total, half)), arity=3)
# The power of two below a number, 1 where there is none.
_binade = Elementwise(
    "binade", lambda x: where(logical_and(greater(x, 0), less(x, math.inf)), exp2(floor(log2(x))), 1.0),
    arity=1, discrete=True)


def _scale(x: Tensor, p: float, axes: tuple[int, ...]) -> Tensor:
    """What x is divided by, so that no power of an element that counts overflows, nor all of them underflow.

    That is the largest element (of a negative power the least that is not 0), or the power of two below it:
    to divide by that is exact. The norm does not depend on it, and it is a constant of its derivatives.
    """
    size = stop_gradient(abs(x))
    ends = min(where(equal(size, 0), math.inf, size), axes, True) if p < 0 else max(size, axes, True)
    if math.fabs(p) <= _EXACT:
        return _binade(ends)
    return where(logical_and(greater(ends, 0), less(ends, math.inf)), ends, 1.0)


def _power_norm(x: Tensor, p: float, axes: tuple[int, ...]) -> Tensor:
    """The sum of |x|^p, to the power 1/p. Axes stay, of length 1."""
    if not product([x.shape[a] for a in axes]):
        return _root(sum(x, axes, True), 1.0, 0.5 / p)
    scale = _scale(x, p, axes)
    powers = _PRODUCTS[int(p)](x, scale) if p in _PRODUCTS else _scaled(x, scale, p)
    return _root(sum(powers, axes, True), scale, 0.5 / p)


def _largest(size: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The largest of elements that are not negative, 0 if there is none. Axes stay, of length 1."""
    return max(size, axes, True) if product([size.shape[a] for a in axes]) else sum(size, axes, True)


def _vector(x: Tensor, p: float, axes: tuple[int, ...]) -> Tensor:
    """The vector norm of order p, not 2, of the elements along axes, which stay, of length 1."""
    x = abs(x) if is_complex(x) else x
    if p == 1:
        return sum(abs(x), axes, True)
    if p == 0:
        return astype(sum(not_equal(x, 0), axes, True), x.dtype)
    if math.isinf(p):
        return _largest(abs(x), axes) if p > 0 else min(abs(x), axes, True)
    return _power_norm(x, p, axes)


def _matrix(x: Tensor, p: Any, axes: tuple[int, ...]) -> Tensor:
    """The matrix norm of order p, not "fro", in two axes, rows and columns, which stay, of length 1."""
    if p in (1, -1, math.inf, -math.inf):
        inner, outer = axes if math.fabs(p) == 1 else axes[::-1]
        lines = sum(abs(x), (inner,), True)
        return _largest(lines, (outer,)) if p > 0 else min(lines, (outer,), True)
    values = svdvals(moveaxis(x, axes, (-2, -1)))
    last = (values.ndim - 1,)
    found = sum(values, last) if p == "nuc" else _largest(values, last) if p > 0 else min(values, last)
    return reshape(found, reduced(x, axes, True))


def _order(ord: Any) -> Any:
    """An order as NumPy spells it: None, a string, or a float."""
    if ord is None or isinstance(ord, str):
        return "fro" if ord == "f" else ord
    if type(ord) is Tensor:
        return float(ord)                     # refused where its gradient would be lost
    try:
        return float(ord)
    except (TypeError, ValueError) as error:
        raise value_errors.bad_argument("norm", ord, "ord as a real number or a string") from error


def _floats(x: Any) -> Tensor:
    x = as_tensor(x)
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


def _without(x: Tensor, found: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    """The norms with the reduced axes of x, or without them."""
    return found if keepdims else reshape(found, reduced(x, axes, False))


@named_dim
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return a norm of x over axes: of vectors over one, of matrices over two, of all elements by default.

    ord : None (Euclidean, Frobenius); for vectors any power p, the sum of |x|^p to the power 1/p, and 0 (the
        number of elements that are not 0), inf and -inf (the largest, the least |x|); for matrices "fro",
        "nuc" (the sum of singular values), 2 and -2 (the largest, the least of them), 1 and -1 (of the sums
        of |x| over rows, that is over the first of the two axes), inf and -inf (over columns)
    axis : an int or two, rows first; None: the axes of x, one or two. Where ord is None, any number of axes
    No power of an element overflows or underflows. Integers become float64.
    The derivative at a vector or matrix of zeros is 0. An element that is 0 has derivative 0, which is that
    of least norm for p <= 1; for 1 < p < 2 its second derivative is infinite, for p < 1 there is none. Ties
    of inf, -inf, 2 and -2 share; derivatives by singular values are those of `svdvals`.
    Raises ValueRangeError for another ord, or none that fits the number of axes, AxisError.
    x: any shape. keepdims: the axes stay, with length 1.

    >>> nb.norm([3.0, 4.0])
    tensor(5.)
    >>> nb.norm([[1.0, -2.0], [3.0, 4.0]], ord=1)
    tensor(6.)
    """
    x = as_tensor(x)
    of_vectors = type(axis) is int or (axis is None and x.ndim == 1)
    if ord is None or (type(ord) is int and ord == 2 and of_vectors):
        return euclidean(x, axis, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else ordered("norm", axis, x.ndim)
    if len(axes) not in (1, 2):
        raise value_errors.bad_value("norm",
                                     f"ord={ord!r} is for one axis or two, not for {len(axes)}. Give axis, "
                                     "or use linalg.vector_norm")
    x, p = _floats(x), _order(ord)
    if isinstance(p, str) if len(axes) == 1 else p not in _MATRIX:
        raise value_errors.bad_choice("norm", "ord", ord, _VECTOR if len(axes) == 1 else _MATRIX)
    if p is None or p == (2 if len(axes) == 1 else "fro"):
        return euclidean(x, axes, keepdims)
    return _without(x, (_vector if len(axes) == 1 else _matrix)(x, p, axes), axes, keepdims)


@named_dim
def vector_norm(x: Any, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """Return the vector norm of x over axes, one, several, or all; see `norm`.

    ord : any power, 0, inf or -inf. Raises ValueRangeError for another, AxisError.
    x: any shape. axis: one, several, or None for all. keepdims: the axes stay, with length 1. The derivative
    is that of `norm`: 0 at a vector of zeros.

    >>> nb.linalg.vector_norm([3.0, -4.0], ord=nb.inf)
    tensor(4.)
    """
    x, p = _floats(x), _order(ord)
    axes = several("vector_norm", axis, x.ndim)
    if p is None or isinstance(p, str):
        raise value_errors.bad_choice("vector_norm", "ord", ord, _VECTOR[1:])
    return euclidean(x, axes, keepdims) if p == 2 else _without(x, _vector(x, p, axes), axes, keepdims)


def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """Return the norms of matrices; see `norm`. x: (..., n, m) -> (...).

    ord : "fro", "nuc", 1, -1, 2, -2, inf or -inf. Raises ValueRangeError for another, ShapeError if x has
        fewer than two axes.
    keepdims: the last two axes stay, with length 1. The derivative is that of `norm`: 0 at a matrix of zeros.

    >>> nb.linalg.matrix_norm([[3.0, 0.0], [0.0, 4.0]])
    tensor(5.)
    """
    x, p = _floats(x), _order(ord)
    if x.ndim < 2:
        raise shape_errors.bad_shape("matrix_norm", x.shape, "needs at least two axes")
    if p not in _MATRIX:
        raise value_errors.bad_choice("matrix_norm", "ord", ord, _MATRIX)
    axes = (x.ndim - 2, x.ndim - 1)
    if p in (None, "fro"):
        return euclidean(x, axes, keepdims)
    return _without(x, _matrix(x, p, axes), axes, keepdims)
