"""Deviations: variances, standard deviations and Euclidean norms, over one axis, several, or all."""

from __future__ import annotations

import math
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.complex import conj, imag, real
from nbgrad.define.declare import elementwise
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor
from nbgrad.errors import value_errors
from nbgrad.ops.compare import equal
from nbgrad.ops.elementwise import abs, divide, maximum, sqrt, square, subtract, where
from nbgrad.ops.pullback import aligned, derived
from nbgrad.ops.reduce import (
    Axis,
    as_float,
    bind,
    centred,
    chosen,
    counted,
    mean,
    sum,
    with_axes,
    without_axes,
)

op: Any = family("deviation")

# a / b, and 0 where b is 0: the least-norm subgradient of a norm
_ratio = elementwise("ratio", lambda a, b: where(equal(b, 0), 0, a / where(equal(b, 0), 1, b)),
                     like=lambda a, b: np.divide(a, b, out=np.zeros_like(a * b), where=b != 0),
                     at=((-3.0, 3.0), (0.5, 3.0)), private=True)


def _deviations(x: Tensor, axis: tuple[int, ...], correction: float, factor: int) -> Tensor:
    """Deviations from the mean, conjugates of complex ones, times factor over the divisor of the variance."""
    n = product(x.shape[a] for a in axis) - correction
    return conj(centred(x, axis) * (factor / n if n > 0 else math.inf))


def _of_var(g: Tensor, x: Tensor, axis: tuple[int, ...], correction: float) -> Tensor:
    return multiply(with_axes(g, x, axis), _deviations(x, axis, correction, 2))


def _of_std(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], correction: float) -> Tensor:
    return multiply(with_axes(g, x, axis), _ratio(_deviations(x, axis, correction, 1), with_axes(z, x, axis)))


def _of_norm(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...]) -> Tensor:
    return multiply(with_axes(g, x, axis), _ratio(x, with_axes(z, x, axis)))


@op(vjp=(derived(_of_var, 0), lambda v, h, g, x, axis, correction: var_vjp(g, v, axis, correction)), keep="x",
    on_complex="own",
    like=lambda g, x, axis, correction: 2 * g * (x - np.mean(x, axis, keepdims=True)) / (
        product(x.shape[a] for a in axis) - correction),
    cases=[((3, 1), (3, 4), {"axis": (1,), "correction": 0}), ((4,), (3, 4), {"axis": (0,), "correction": 1}),
           ((1, 3, 1), (2, 3, 4), {"axis": (0, 2), "correction": 0})], private=True)
def var_vjp(g: Any, x: Any, axis: tuple[int, ...], correction: float) -> Any:
    """Return the cotangent of x from that of its variance: 2 g (x - mean) / divisor."""
    return aligned("var_vjp", axis, (g,), (x,)), {"axis": axis, "correction": correction}


@op(vjp=tuple([derived(_of_std, place) for place in range(3)]), keep="x", on_complex="own",
    like=lambda g, z, x, axis, correction: g * (x - np.mean(x, axis, keepdims=True)) / z / (
        product(x.shape[a] for a in axis) - correction),
    cases=[((3, 1), lambda rng: 1 + rng.random((3, 1)), (3, 4), {"axis": (1,), "correction": 0}),
           ((1, 4), lambda rng: 1 + rng.random((1, 4)), (3, 4), {"axis": (0,), "correction": 1})],
    private=True)
def std_vjp(g: Any, z: Any, x: Any, axis: tuple[int, ...], correction: float) -> Any:
    """Return the cotangent of x from that of its standard deviation z: g (x - mean) / (z divisor)."""
    return aligned("std_vjp", axis, (g, z), (x,)), {"axis": axis, "correction": correction}


@op(vjp=tuple([derived(_of_norm, place) for place in range(3)]), keep="x",
    like=lambda g, z, x, axis: g * x / z,
    cases=[((3, 1), lambda rng: 1 + rng.random((3, 1)), (3, 4), {"axis": (1,)}),
           ((1, 4), lambda rng: 1 + rng.random((1, 4)), (3, 4), {"axis": (0,)})], private=True)
def euclidean_vjp(g: Any, z: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """Return the cotangent of x from that of its Euclidean norm z: g x / z, 0 where z is 0."""
    return aligned("euclidean_vjp", axis, (g, z), (x,)), {"axis": axis}


def bind_var(name: str, x: Any, axis: Axis, keepdims: bool, correction: float, ddof: float | None) -> Any:
    x, params = bind(name, x, axis, keepdims)
    if ddof is not None and correction != 0:
        raise value_errors.bad_value(name, "got both ddof and correction, which are one parameter")
    return (x,), params | {"correction": correction if ddof is None else ddof}


def square_size(d: Tensor) -> Tensor:
    """|d|^2"""
    return add(square(real(d)), square(imag(d))) if is_complex(d) else square(d)


def _apart(name: str, x: Tensor, axis: Axis, where: Any, middle: Any,
           correction: float) -> tuple[Tensor, Tensor]:
    """What the chosen elements differ from their mean by, 0 for others; and their count less the correction.

    middle : the mean, if it is known, else None
    """
    middle = mean(x, axis, True, where=where) if middle is None else middle
    d = chosen(name, subtract(x, middle), where, 0)
    return d, maximum(subtract(counted(x, axis, where), correction), 0)


def var_chosen(x: Tensor, axis: Axis, keepdims: bool, where: Any, middle: Any, correction: float) -> Tensor:
    """The variance of the elements that where chooses."""
    d, left = _apart("var", x, axis, where, middle, correction)
    z = divide(sum(square_size(d), axis, True), left)
    return z if keepdims else without_axes(z, x, axis)


def std_chosen(x: Tensor, axis: Axis, keepdims: bool, where: Any, middle: Any, correction: float) -> Tensor:
    """The standard deviation of the elements that where chooses."""
    d, left = _apart("std", x, axis, where, middle, correction)
    z = divide(euclidean(d, axis, True), sqrt(left))
    return z if keepdims else without_axes(z, x, axis)


_SPREAD = [((3, 4),), ((3, 4), {"axis": 0, "ddof": 1}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True})]


@op(vjp=lambda g, z, x, axis, keepdims, correction: var_vjp(g, x, axis, correction), keep="x",
    like=np.var, cases=_SPREAD, on_complex="own")
def var(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0,
        ddof: float | None = None, *, where: Any = True) -> Any:
    """Return the variance of x over axes (None: all): squared deviations summed, over count - correction.

    ddof is NumPy's name for correction: ValueRangeError for both. A count that is not above it gives inf, or
    nan where x is constant. A large mean takes no digits from it.
    Derivative in an element: 2 * (x - mean) / (count - correction), of complex ones its conjugate: the
    variance is real, that of both parts together.

    >>> nb.var([1.0, 3.0])
    tensor(1.)
    """
    xs, params = bind_var("var", x, axis, keepdims, correction, ddof)
    if where is not True:
        return var_chosen(as_float(xs[0]), axis, keepdims, where, None, params["correction"])
    return xs, params


@op(vjp=lambda g, z, x, axis, keepdims, correction: std_vjp(g, z, x, axis, correction),
    like=np.std, cases=_SPREAD, on_complex="own")
def std(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0,
        ddof: float | None = None, *, where: Any = True) -> Any:
    """Return the standard deviation, the square root of `var`, also where that overflows or underflows.

    correction, ddof: as in `var`. Its derivative at a constant x is 0.
    Derivative in an element: (x - mean) / ((count - correction) * std), of complex ones its conjugate.

    >>> nb.std([1.0, 3.0])
    tensor(1.)
    """
    xs, params = bind_var("std", x, axis, keepdims, correction, ddof)
    if where is not True:
        return std_chosen(as_float(xs[0]), axis, keepdims, where, None, params["correction"])
    return xs, params


@op(vjp=lambda g, z, x, axis, keepdims: euclidean_vjp(g, z, x, axis), cases=[
    ((3, 4),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}), ((), {}),
    ((2, 3), {"axis": ()}), ((0, 3), {"axis": 0}), ((0,), {})],
    like=lambda x, axis=None, keepdims=False: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
    private=True)
def euclidean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the root of the sum of squares over axes (None: all), without overflow; derivative 0 at 0."""
    x, params = bind("norm", x, axis, keepdims)
    return (abs(x) if is_complex(x) else x,), params
