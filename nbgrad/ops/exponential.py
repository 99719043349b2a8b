"""Reductions of exponentials, without overflow: logsumexp and the softmaxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.ops.axes import one
from nbgrad.ops.compare import equal, isinf
from nbgrad.ops.elementwise import divide, exp, subtract, where
from nbgrad.ops.pullback import aligned, derived
from nbgrad.ops.reduce import Axis, bind, sum, with_axes
from nbgrad.scalar import multiply
from nbgrad.structured import op
from nbgrad.tensors import Tensor, as_tensor


def _weights(x: Tensor, z: Tensor, axis: tuple[int, ...]) -> Tensor:
    """Derivative of logsumexp: exp(x - z); where z is infinite the elements that equal it share."""
    equals = equal(x, z)
    share = divide(equals, sum(equals, axis, True)).astype(z.dtype)
    return where(isinf(z), share, exp(x - where(isinf(z), 0, z)))


def _of_logsumexp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...]) -> Tensor:
    return multiply(with_axes(g, x, axis), _weights(x, with_axes(z, x, axis), axis))


@op(vjp=tuple([derived(_of_logsumexp, place) for place in range(3)]), keep="x",
    like=lambda g, z, x, axis: g * np.exp(x - z),
    cases=[((3, 1), (3, 1), (3, 4), {"axis": (1,)}), ((1, 4), (1, 4), (3, 4), {"axis": (0,)})])
def logsumexp_vjp(g: Any, z: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """Return the cotangent of x from that of its logsumexp z: g exp(x - z); equal infinities share g."""
    return aligned("logsumexp_vjp", axis, (g, z), (x,)), {"axis": axis}


@op(vjp=lambda g, z, x, axis, keepdims: logsumexp_vjp(g, z, x, axis), like="scipy.special.logsumexp", cases=[
    ((3, 4),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}), ((), {})])
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over axes (None: all), without overflow, a float; -inf of no element.

    Its derivative is softmax(x); where all elements are -inf they share equally.
    """
    x, params = bind("logsumexp", x, axis, keepdims)
    return (x,), params


def _of_softmax(g: Tensor, z: Tensor, axis: int) -> Tensor:
    return multiply(z, subtract(g, sum(multiply(g, z), axis, True)))


def _of_log_softmax(g: Tensor, z: Tensor, axis: int) -> Tensor:
    return subtract(g, multiply(exp(z), sum(g, axis, True)))


_PAIRS: list[Any] = [((4,), (4,), {"axis": 0}), ((3, 4), (3, 4), {"axis": 0}), ((2, 3), (2, 3), {"axis": 1})]


@op(vjp=(lambda v, h, g, z, axis: softmax_vjp(v, z, axis), derived(_of_softmax, 1)), keep="x",
    like=lambda g, z, axis: z * (g - np.sum(g * z, axis, keepdims=True)), cases=_PAIRS)
def softmax_vjp(g: Any, z: Any, axis: int) -> Any:
    """Return the cotangent of x from that of its softmax z: z (g - sum(g z))."""
    return aligned("softmax_vjp", (axis,), (), (g, z)), {"axis": axis}


@op(vjp=(derived(_of_log_softmax, 0), derived(_of_log_softmax, 1)), keep="x",
    like=lambda g, z, axis: g - np.exp(z) * np.sum(g, axis, keepdims=True), cases=_PAIRS)
def log_softmax_vjp(g: Any, z: Any, axis: int) -> Any:
    """Return the cotangent of x from that of its log_softmax z: g - exp(z) sum(g)."""
    return aligned("log_softmax_vjp", (axis,), (), (g, z)), {"axis": axis}


def _bind_along(name: str, x: Any, axis: int) -> Any:
    x = as_tensor(x)
    return (x,), {"axis": one(name, axis, x.ndim)}


@op(vjp=lambda g, z, x, axis: softmax_vjp(g, z, axis), keep="z", like="scipy.special.softmax",
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def softmax(x: Any, axis: int = -1) -> Any:
    """Return exp(x) over its sum along an axis, without overflow: x's shape, a float."""
    return _bind_along("softmax", x, axis)


@op(vjp=lambda g, z, x, axis: log_softmax_vjp(g, z, axis),
    keep="z", like="scipy.special.log_softmax",
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of softmax along an axis, without overflow: x's shape, a float."""
    return _bind_along("log_softmax", x, axis)
