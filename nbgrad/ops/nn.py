"""Losses: composites of ops, without rules of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.broadcast import astype
from nbgrad.declare import elementwise
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.elementwise import abs, negative, square, subtract, where
from nbgrad.ops.exponential import log_softmax
from nbgrad.ops.index import getitem
from nbgrad.ops.reduce import mean, sum
from nbgrad.ops.shape import moveaxis, reshape
from nbgrad.scalar import multiply
from nbgrad.tensors import Tensor, as_tensor, raw, wrap


def _reduce(op: str, losses: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return mean(losses)
    if reduction == "sum":
        return sum(losses)
    if reduction == "none":
        return losses
    raise errors.bad_choice(op, "reduction", reduction, ("mean", "sum", "none"))


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
    """
    logits, target = as_tensor(logits), as_tensor(target)
    if not 0 <= label_smoothing <= 1:
        why = f"label_smoothing must lie from 0 to 1, got {label_smoothing}"
        raise errors.bad_value("cross_entropy", why)
    axis = one("cross_entropy", axis, logits.ndim)
    log_p = log_softmax(logits, axis)
    if axis != logits.ndim - 1:
        log_p = moveaxis(log_p, axis, -1)
    count = log_p.shape[-1]
    if weight is not None:
        weight = as_tensor(weight)
        if weight.shape != (count,):
            need = f"needs one weight for each of {count} classes, shape ({count},)"
            raise errors.bad_shape("cross_entropy", weight.shape, need)
        weight = astype(weight, log_p.dtype)
    if target.dtype.kind == "f":
        if target.shape != logits.shape:
            need = f"probabilities need the logits' shape {logits.shape}"
            raise errors.bad_shape("cross_entropy", target.shape, need)
        return _of_probabilities(log_p, moveaxis(target, axis, -1), reduction, weight, label_smoothing)
    if target.shape != log_p.shape[:-1]:
        need = f"classes need shape {log_p.shape[:-1]} for logits of shape {logits.shape} and axis {axis}"
        raise errors.bad_shape("cross_entropy", target.shape, need)
    return _of_classes(log_p, raw(target), reduction, weight, ignore_index, label_smoothing)


def _of_probabilities(log_p: Tensor, target: Tensor, reduction: str, weight: Any, smooth: float) -> Tensor:
    """cross_entropy with probabilities; classes are the last axis."""
    if smooth:
        target = target * (1 - smooth) + smooth / log_p.shape[-1]
    if weight is not None:
        target = multiply(target, weight)
    return _reduce("cross_entropy", negative(sum(multiply(target, log_p), -1)), reduction)


def _of_classes(log_p: Tensor, target: np.ndarray, reduction: str, weight: Any, ignore_index: int,
                smooth: float) -> Tensor:
    """cross_entropy with classes, which are the last axis of log_p."""
    if target.dtype.kind not in "iu":
        raise errors.needs_integers("cross_entropy", "classes", target.dtype)
    classes, count, shape = target.reshape(-1), log_p.shape[-1], target.shape
    ignored = classes == ignore_index
    some = bool(ignored.any())
    if some:
        classes = np.where(ignored, 0, classes)
    if classes.size and (classes.min() < 0 or classes.max() >= count):
        why = f"classes must lie from 0 to {count - 1}, got {classes.min()} to {classes.max()}"
        raise errors.bad_value("cross_entropy", why)
    rows = reshape(log_p, (-1, count)) if log_p.ndim != 2 else log_p
    losses = negative(getitem(rows, (np.arange(classes.size), classes)))
    factors = None if weight is None else getitem(weight, classes)
    if factors is not None:
        losses = multiply(losses, factors)
    if smooth:
        others = negative(mean(rows if weight is None else multiply(rows, weight), -1))
        losses = losses * (1 - smooth) + others * smooth
    if some:
        losses = where(wrap(ignored), 0.0, losses)
        factors = wrap(~ignored) if factors is None else where(wrap(ignored), 0.0, factors)
    if factors is not None and reduction == "mean":
        return sum(losses) / sum(factors).astype(losses.dtype)
    return _reduce("cross_entropy", reshape(losses, shape) if losses.shape != shape else losses, reduction)


def mse(x: Any, y: Any, reduction: str = "mean") -> Tensor:
    """Return the mean (or "sum", or "none": each) of the squared differences of x and y, which broadcast."""
    return _reduce("mse", square(subtract(x, y)), reduction)


huber_penalty = elementwise(
    "huber_penalty",
    lambda d, delta: where(abs(d) <= delta, 0.5 * square(d), 0.5 * (delta * (2 * abs(d) - delta))),
    like=lambda d, delta: np.where(np.abs(d) <= delta, 0.5 * d * d, delta * (np.abs(d) - 0.5 * delta)),
    at=((-3.0, 3.0), (0.5, 2.0)),
    doc="Return d * d / 2 where |d| <= delta, delta * (|d| - delta / 2) beyond: `huber` of each difference.")


def huber(x: Any, y: Any, delta: Any = 1.0, reduction: str = "mean") -> Tensor:
    """Return the mean (or "sum", or "none": each) of Huber's loss of the differences d = x - y.

    It is d * d / 2 where |d| <= delta, and delta * (|d| - delta / 2) beyond. x and y broadcast; delta > 0.
    The first derivative is continuous; the second is 1 up to and at |d| = delta, and 0 beyond.

    Raises ValueRangeError if delta is not positive.
    """
    if not np.all(np.asarray(raw(delta)) > 0):
        raise errors.bad_value("huber", f"delta must be positive, got {delta}")
    return _reduce("huber", huber_penalty(subtract(x, y), delta), reduction)
