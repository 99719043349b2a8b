"""Losses: composites of ops, without rules of their own."""

from __future__ import annotations

from typing import Any

from nbgrad import errors
from nbgrad.ops.create import arange
from nbgrad.ops.elementwise import negative, square, subtract
from nbgrad.ops.exponential import log_softmax
from nbgrad.ops.index import getitem
from nbgrad.ops.reduce import mean, sum
from nbgrad.ops.shape import moveaxis, reshape
from nbgrad.scalar import multiply
from nbgrad.tensors import Tensor, as_tensor, raw


def _reduce(op: str, losses: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return mean(losses)
    if reduction == "sum":
        return sum(losses)
    if reduction == "none":
        return losses
    raise errors.bad_choice(op, "reduction", reduction, ("mean", "sum", "none"))


def cross_entropy(logits: Any, target: Any, axis: int = -1, reduction: str = "mean") -> Tensor:
    """Return the cross-entropy between the softmax of logits along an axis and a target, in nats.

    logits : float, any shape
    target : integer classes, of the logits' shape without the axis; or probabilities, of the logits' shape
    reduction : "mean" (a scalar), "sum" (a scalar) or "none" (one loss for each row)

    Raises ShapeError if the shapes do not fit, ValueRangeError for a class out of range.
    """
    logits, target = as_tensor(logits), as_tensor(target)
    log_p = moveaxis(log_softmax(logits, axis), axis, -1)
    if target.dtype.kind == "f":
        if target.shape != logits.shape:
            need = f"probabilities need the logits' shape {logits.shape}"
            raise errors.bad_shape("cross_entropy", target.shape, need)
        losses = negative(sum(multiply(moveaxis(target, axis, -1), log_p), -1))
        return _reduce("cross_entropy", losses, reduction)
    if target.shape != log_p.shape[:-1]:
        need = f"classes need shape {log_p.shape[:-1]} for logits of shape {logits.shape}"
        raise errors.bad_shape("cross_entropy", target.shape, need)
    classes, count = raw(target).reshape(-1), log_p.shape[-1]
    if classes.size and (classes.min() < 0 or classes.max() >= count):
        why = f"classes must lie from 0 to {count - 1}, got {classes.min()} to {classes.max()}"
        raise errors.bad_value("cross_entropy", why)
    picked = getitem(reshape(log_p, (-1, count)), (arange(classes.size), classes))
    return _reduce("cross_entropy", negative(reshape(picked, target.shape)), reduction)


def mse(x: Any, y: Any, reduction: str = "mean") -> Tensor:
    """Return the mean (or "sum", or "none": each) of the squared differences of x and y, which broadcast."""
    return _reduce("mse", square(subtract(x, y)), reduction)
