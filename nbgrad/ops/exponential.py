"""Reductions of exponentials, without overflow: logsumexp and the softmaxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.scalar import Elementwise, multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.ops.axes import one, reduced
from nbgrad.ops.compare import logical_and
from nbgrad.ops.elementwise import abs, exp, where
from nbgrad.ops.pullback import aligned
from nbgrad.ops.reduce import Axis, bind, total, with_axes
from nbgrad.ops.shape import refit

op: Any = family("exponential")


def _back(vjp: Any, g: Tensor, z: Tensor, axis: Any) -> Tensor:
    """The VJP op of a reduction for rules."""
    return apply(vjp, (g, z), {"axis": axis})


def less_mean(x: Tensor, p: Tensor, axis: tuple[int, ...]) -> Tensor:
    """x - sum(p x). As p sums to 1, x may be counted from where p is nearly 1, and nothing cancels there."""
    base = _base(p, x, axis)
    return _less_both(x, base, total(_weighed(p, x, base), axis))


def _base(p: Tensor, x: Tensor, axis: tuple[int, ...]) -> Tensor:
    """x where p is nearly 1, else 0."""
    return total(_dominant(p, total(p, axis), x), axis)


_dominant = Elementwise(
    "dominant", lambda p, whole, x: where(logical_and(p > 0.5, abs(whole - 1) < 0.001), x, 0), arity=3)
_less_both = Elementwise("less_both", lambda x, base, mean: (x - base) - mean, arity=3)
_weighed = Elementwise("weighed", lambda p, x, base: p * (x - base), arity=3)
_curvature = Elementwise(
    "curvature", lambda v, x, base, mean, slope: v * ((x - base) - mean) - (x - base) * slope, arity=5)


def _softmax_curve(v: Tensor, h: Any, g: Tensor, z: Tensor, axis: tuple[int, ...]) -> Tensor:
    """Cotangent of z in z * less_mean(g, z)."""
    base = _base(z, g, axis)
    return _curvature(v, g, base, total(_weighed(z, g, base), axis), total(multiply(z, v), axis))


_PAIRS: list[Any] = [((4,), (4,), {"axis": (0,)}), ((3, 4), (3, 4), {"axis": (0,)}),
                     ((2, 3), (2, 3), {"axis": (1,)}), ((2, 3), (2, 3), {"axis": (0, 1)})]


def _like_softmax(x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@op(vjp=(lambda v, h, g, z, axis: _back(softmax_vjp, v, z, axis), _softmax_curve), keep="x",
    like=lambda g, z, axis: z * (g - np.sum(g * z, axis, keepdims=True)), cases=_PAIRS, private=True)
def softmax_vjp(g: Any, z: Any, axis: tuple[int, ...]) -> Any:
    """Return the cotangent of x from that of its softmax z: z (g - sum(g z))."""
    return aligned("softmax_vjp", axis, (), (g, z)), {"axis": axis}


def _weights(x: Tensor, axis: tuple[int, ...]) -> Tensor:
    """Derivative of logsumexp: softmax over axes; equal infinities share."""
    ones = devices.full(reduced(x, axis, True), 1, x.dtype, devices.of(raw(x)))
    return _back(logsumexp_vjp, wrap(ones), x, axis)


@op(vjp=(lambda v, h, g, x, axis: refit(total(multiply(v, _weights(x, axis)), axis), g.shape),
         lambda v, h, g, x, axis: _back(softmax_vjp, multiply(with_axes(g, x, axis), v), _weights(x, axis),
                                           axis)),
    multilinear=(0,), keep="x", like=lambda g, x, axis: g * _like_softmax(x, axis),
    cases=[((3, 1), (3, 4), {"axis": (1,)}), ((1, 4), (3, 4), {"axis": (0,)}),
           ((1, 1), (2, 3), {"axis": (0, 1)})], private=True)
def logsumexp_vjp(g: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """Return the cotangent of x from that of its logsumexp: g softmax(x); equal infinities share g."""
    return aligned("logsumexp_vjp", axis, (g,), (x,)), {"axis": axis}


@op(vjp=lambda g, z, x, axis, keepdims: _back(logsumexp_vjp, g, x, axis), keep="x",
    like="scipy.special.logsumexp", cases=[
    ((3, 4),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}), ((), {})])
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over axes (None: all), without overflow, a float; -inf of no element.

    Its derivative is softmax(x); where all elements are -inf they share equally.

    >>> nb.logsumexp([1000.0, 1000.0])
    tensor(1000.69314718)
    """
    x, params = bind("logsumexp", x, axis, keepdims)
    return (x,), params


_log_curvature = Elementwise("log_curvature", lambda v, z, whole: -(v * whole) * exp(z), arity=3)
_ALONG: list[Any] = [((4,), (4,), {"axis": 0}), ((3, 4), (3, 4), {"axis": 0}), ((2, 3), (2, 3), {"axis": 1})]


@op(vjp=(lambda v, h, g, z, axis: less_mean(v, exp(z), (axis,)),
         lambda v, h, g, z, axis: _log_curvature(v, z, total(g, (axis,)))), keep="x",
    like=lambda g, z, axis: g - np.exp(z) * np.sum(g, axis, keepdims=True), cases=_ALONG, private=True)
def log_softmax_vjp(g: Any, z: Any, axis: int) -> Any:
    """Return the cotangent of x from that of its log_softmax z: g - exp(z) sum(g)."""
    return aligned("log_softmax_vjp", (axis,), (), (g, z)), {"axis": axis}


def _bind_along(name: str, x: Any, axis: int) -> Any:
    x = as_tensor(x)
    return (x,), {"axis": one(name, axis, x.ndim)}


@op(vjp=lambda g, z, x, axis: _back(softmax_vjp, g, z, (axis,)), keep="z", like="scipy.special.softmax",
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def softmax(x: Any, axis: int = -1) -> Any:
    """Return exp(x) over its sum along an axis, without overflow: x's shape, a float.

    Derivative: a tangent t gives z * (t - sum(z * t)) along the axis, z being the result. Raises AxisError.

    >>> nb.softmax([0.0, 0.0])
    tensor([0.5, 0.5])
    """
    return _bind_along("softmax", x, axis)


@op(vjp=lambda g, z, x, axis: _back(log_softmax_vjp, g, z, axis),
    keep="z", like="scipy.special.log_softmax",
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of softmax along an axis, without overflow: x's shape, a float.

    Derivative: a tangent t gives t - sum(softmax(x) * t) along the axis. Raises AxisError.

    >>> nb.log_softmax([0.0, 0.0])
    tensor([-0.69314718, -0.69314718])
    """
    return _bind_along("log_softmax", x, axis)
