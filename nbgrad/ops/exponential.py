"""Reductions of exponentials, without overflow: logsumexp and the softmaxes."""

from __future__ import annotations

from typing import Any

from nbgrad.ops.axes import one
from nbgrad.ops.compare import equal, isinf
from nbgrad.ops.elementwise import divide, exp, subtract, where
from nbgrad.ops.reduce import Axis, bind, sum, with_axes
from nbgrad.scalar import multiply
from nbgrad.structured import op
from nbgrad.tensors import Tensor, as_tensor


def _weights(x: Tensor, z: Tensor, axis: tuple[int, ...]) -> Tensor:
    """Derivative of logsumexp: exp(x - z); where z is infinite the elements that equal it share."""
    equals = equal(x, z)
    share = divide(equals, sum(equals, axis, True)).astype(z.dtype)
    return where(isinf(z), share, exp(x - where(isinf(z), 0, z)))


def _logsumexp_vjp(g: Tensor, z: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    return multiply(with_axes(g, x, axis), _weights(x, with_axes(z, x, axis), axis))


@op(vjp=_logsumexp_vjp, like="scipy.special.logsumexp", cases=[
    ((3, 4),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": (0, -1), "keepdims": True}), ((), {})])
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over axes (None: all), without overflow, a float; -inf of no element.

    Its derivative is softmax(x); where all elements are -inf they share equally.
    """
    x, params = bind("logsumexp", x, axis, keepdims)
    return (x,), params


def _softmax_vjp(g: Tensor, z: Tensor, x: Any, axis: int) -> Tensor:
    return multiply(z, subtract(g, sum(multiply(g, z), axis, True)))


def _bind_along(name: str, x: Any, axis: int) -> Any:
    x = as_tensor(x)
    return (x,), {"axis": one(name, axis, x.ndim)}


@op(vjp=_softmax_vjp, keep="z", like="scipy.special.softmax",
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def softmax(x: Any, axis: int = -1) -> Any:
    """Return exp(x) over its sum along an axis, without overflow: x's shape, a float."""
    return _bind_along("softmax", x, axis)


@op(vjp=lambda g, z, x, axis: subtract(g, multiply(exp(z), sum(g, axis, True))),
    keep="z", like="scipy.special.log_softmax",
    cases=[((4,), {"axis": -1}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1})])
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of softmax along an axis, without overflow: x's shape, a float."""
    return _bind_along("log_softmax", x, axis)
