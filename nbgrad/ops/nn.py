"""Losses. All but that of classes are composites of ops, without rules of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.define.declare import elementwise
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import Op, apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.compare import sign
from nbgrad.ops.elementwise import abs, negative, square, subtract, where
from nbgrad.ops.exponential import less_mean, log_softmax, softmax, softmax_vjp
from nbgrad.ops.index import getitem
from nbgrad.ops.reduce import floating, mean, sum, total
from nbgrad.ops.shape import moveaxis, refit, reshape

op: Any = family("nn")


def _reduce(op: str, losses: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return mean(losses)
    if reduction == "sum":
        return sum(losses)
    if reduction == "none":
        return losses
    raise value_errors.bad_choice(op, "reduction", reduction, ("mean", "sum", "none"))


def _curved(c: Tensor, z: Any, g: Tensor, x: Tensor, wanted: tuple[bool, bool],
            places: np.ndarray) -> tuple[Any, Any]:
    """Cotangents of g and x in class_entropy_vjp: the mean of c by softmax(x), less c at the place of each
    row, and what the softmax passes on of g c.
    """
    p, some, of_g, of_x = apply(softmax, (x,), {"axis": 1}), places >= 0, None, None
    if wanted[0]:
        units = np.zeros(x.shape, x.dtype)
        units[np.arange(places.size), places] = some
        at_place = multiply(less_mean(c, p, (1,)), wrap(devices.to_device_of(units, raw(x))))
        of_g = negative(refit(total(at_place, (1,)), g.shape))
    if wanted[1]:
        rows = multiply(refit(g, (places.size, 1)), wrap(devices.to_device_of(some[:, None], raw(x))))
        of_x = apply(softmax_vjp, (multiply(c, rows), p), {"axis": (1,)})
    return of_g, of_x


def _like_entropy(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    losses = np.logaddexp.reduce(x, axis=1) - x[np.arange(places.size), places]
    return np.where(places >= 0, losses, x.dtype.type(0))


def _like_entropy_vjp(g: np.ndarray, x: np.ndarray, places: np.ndarray) -> np.ndarray:
    units = (np.arange(x.shape[1]) == places[:, None]).astype(x.dtype)
    return (np.exp(x - np.logaddexp.reduce(x, axis=1)[:, None]) - units) * (g * (places >= 0))[:, None]


_PLACES = np.array([2, 0, -1, 2])


@op(out=lambda x, places: (x.shape[:1], x.dtype), keep="x", like=_like_entropy,
    vjp=lambda g, z, x, places: apply(class_entropy_vjp, (g, x), {"places": places}),
    cases=[((4, 3), _PLACES), ((2, 5), np.array([4, 4])), ((0, 3), np.zeros(0, np.int64))], planned=False,
    private=True)
def class_entropy(x: Any, places: np.ndarray) -> Any:
    """Return -log(softmax(x)) at one place of each row; 0 where the place is negative.

    x: (n, k), a float. places: (n,) int64, below k.
    """
    return (as_tensor(x),), {"places": np.ascontiguousarray(devices.host(raw(places)))}


@op(multilinear=(0,), keep="x", like=_like_entropy_vjp,
    vjp_all=_curved,
    cases=[((4,), (4, 3), _PLACES), ((2,), (2, 5), np.array([4, 4]))], planned=False, private=True)
def class_entropy_vjp(g: Any, x: Any, places: np.ndarray) -> Any:
    """Return the cotangent of x in `class_entropy` from that of its result."""
    return (as_tensor(g), as_tensor(x)), {"places": np.ascontiguousarray(devices.host(raw(places)))}


@named_dim
def cross_entropy(logits: Any, target: Any, axis: int = -1, reduction: str = "mean", weight: Any = None,
                  ignore_index: int = -100, label_smoothing: float = 0.0) -> Tensor:
    """Return the cross-entropy between the softmax of logits along an axis and a target, in nats.

    logits : float, any shape. axis: that of the classes; PyTorch's is 1
    target : integer classes, of the logits' shape without the axis; or probabilities, of the logits' shape
    reduction : "mean" (a scalar), "sum" (a scalar) or "none" (one loss for each row). The mean over classes
        is weighted: it divides by the sum of the weights of the classes in target
    weight : one factor for each class
    ignore_index : rows of this class count for nothing
    label_smoothing : from 0 to 1, the part of the target that is spread equally over the classes

    Raises ShapeError if the shapes do not fit, ValueRangeError for a class out of range.

    >>> logits = np.zeros((2, 4))
    >>> print(nb.cross_entropy(logits, np.array([0, 3])) / np.log(4))
    1.0
    """
    logits, target = as_tensor(logits), as_tensor(target)
    if not 0 <= label_smoothing <= 1:
        why = f"label_smoothing must lie from 0 to 1, got {label_smoothing}"
        raise value_errors.bad_value("cross_entropy", why)
    axis = one("cross_entropy", axis, logits.ndim)
    count, shape = logits.shape[axis], (*logits.shape[:axis], *logits.shape[axis + 1:])
    dtype = floating(logits.dtype)
    weight = _weights(weight, count, dtype)
    if target.dtype.kind == "f":
        if target.shape != logits.shape:
            need = f"probabilities need the logits' shape {logits.shape}"
            raise shape_errors.bad_shape("cross_entropy", target.shape, need)
        log_p = moveaxis(log_softmax(logits, axis), axis, -1)
        return _of_probabilities(log_p, moveaxis(target, axis, -1), reduction, weight, label_smoothing)
    if target.shape != shape:
        need = f"classes need shape {shape} for logits of shape {logits.shape} and axis {axis}"
        raise shape_errors.bad_shape("cross_entropy", target.shape, need)
    rows = logits if logits.dtype == dtype else astype(logits, dtype)
    rows = rows if axis == logits.ndim - 1 else moveaxis(rows, axis, -1)
    return _of_classes(rows, devices.host(raw(target)), reduction, weight, ignore_index, label_smoothing)


def _weights(weight: Any, count: int, dtype: np.dtype) -> Tensor | None:
    """One factor for each class, or None. Raises ShapeError."""
    if weight is None:
        return None
    weight = as_tensor(weight)
    if weight.shape != (count,):
        need = f"needs one weight for each of {count} classes, shape ({count},)"
        raise shape_errors.bad_shape("cross_entropy", weight.shape, need)
    return astype(weight, dtype)


def _of_probabilities(log_p: Tensor, target: Tensor, reduction: str, weight: Any, smooth: float) -> Tensor:
    """cross_entropy with probabilities; classes are the last axis."""
    if smooth:
        target = target * (1 - smooth) + smooth / log_p.shape[-1]
    if weight is not None:
        target = multiply(target, weight)
    return _reduce("cross_entropy", negative(sum(multiply(target, log_p), -1)), reduction)


def _of_classes(logits: Tensor, target: np.ndarray, reduction: str, weight: Any, ignore_index: int,
                smooth: float) -> Tensor:
    """cross_entropy with classes, which are the last axis of logits."""
    if target.dtype.kind not in "iu":
        raise value_errors.needs_integers("cross_entropy", "classes", target.dtype)
    count, shape = logits.shape[-1], target.shape
    classes = np.array(target.reshape(-1), np.int64)
    ignored = classes == ignore_index
    some = bool(ignored.any())
    kept = classes[~ignored] if some else classes
    if kept.size and (kept.min() < 0 or kept.max() >= count):
        why = f"classes must lie from 0 to {count - 1}, got {kept.min()} to {kept.max()}"
        raise value_errors.bad_value("cross_entropy", why)
    if some:
        classes[ignored] = -1
    rows = reshape(logits, (classes.size, count)) if logits.ndim != 2 else logits
    missing = devices.to_device_of(ignored, raw(rows))
    losses = class_entropy(rows, classes)
    factors = None if weight is None else where(wrap(missing), 0.0, getitem(weight, np.maximum(classes, 0)))
    if factors is not None:
        losses = multiply(losses, factors)
    if smooth:
        log_p = log_softmax(rows, -1)
        others = negative(mean(log_p if weight is None else multiply(log_p, weight), -1))
        losses = losses * (1 - smooth) + where(wrap(missing), 0.0, others) * smooth
    if reduction == "mean" and (some or factors is not None):
        return sum(losses) / (float(kept.size) if factors is None else sum(factors))
    return _reduce("cross_entropy", reshape(losses, shape) if losses.shape != shape else losses, reduction)


def mse(x: Any, y: Any, reduction: str = "mean") -> Tensor:
    """Return the mean (or "sum", or "none": each) of the squared differences of x and y, which broadcast.

    >>> print(nb.mse(np.array([0.0, 5.0]), np.array([1.0, 1.0])))
    8.5
    """
    return _reduce("mse", square(subtract(x, y)), reduction)


huber_penalty: Op = elementwise(
    "huber_penalty",
    lambda d, delta: where(abs(d) <= delta, 0.5 * square(d), 0.5 * (delta * (2 * abs(d) - delta))),
    lambda d, delta, z: (where(abs(d) <= delta, d, delta * sign(d)),
                         where(abs(d) <= delta, 0.0, abs(d) - delta)),
    like=lambda d, delta: np.where(np.abs(d) <= delta, 0.5 * d * d, delta * (np.abs(d) - 0.5 * delta)),
    at=((-3.0, 3.0), (0.5, 2.0)),
    doc="Return d * d / 2 where |d| <= delta, delta * (|d| - delta / 2) beyond: `huber` of each difference.",
                    private=True)


def huber(x: Any, y: Any, delta: Any = 1.0, reduction: str = "mean") -> Tensor:
    """Return the mean (or "sum", or "none": each) of Huber's loss of the differences d = x - y.

    It is d * d / 2 where |d| <= delta, and delta * (|d| - delta / 2) beyond. x and y broadcast; delta > 0.
    The first derivative is continuous; the second is 1 up to and at |d| = delta, and 0 beyond.

    Raises ValueRangeError if delta is not positive.

    >>> print(nb.huber(np.array([0.0, 5.0]), np.array([1.0, 1.0]), reduction="none"))
    tensor([0.5, 3.5])
    """
    if not np.all(devices.host(raw(delta)) > 0):
        raise value_errors.bad_value("huber", f"delta must be positive, got {delta}")
    return _reduce("huber", huber_penalty(subtract(x, y), delta), reduction)
