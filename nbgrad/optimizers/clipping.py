"""Limits of gradients, as trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbgrad.define.broadcast import astype
from nbgrad.engine.arguments import is_float
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.tree import flatten
from nbgrad.errors import value_errors
from nbgrad.ops.elementwise import clip, where
from nbgrad.ops.norms import norm
from nbgrad.ops.shape import ravel, stack


def clip_by_norm(grads: Any, most: float) -> Any:
    """Return a tree of gradients, scaled down as a whole so that its norm is at most `most`.

    grads: a tree of arrays, Tensors, numbers. The norm is the Euclidean one of all elements of all leaves.
    Leaves that are not floats stay, and None; shapes and dtypes are kept. If an element is nan, all are; if
    one is infinite, the finite ones become 0. Gradients flow through it. Source: Pascanu and others, On the
    difficulty of training recurrent neural networks, 2013, algorithm 1. For step(): x.grad = g for each leaf
    x and what is returned for its .grad.

    Raises ValueRangeError if most is not above 0.

    >>> print(nb.optim.clip_by_norm({"w": 3.0, "b": np.array([0.0, 4.0])}, 1.0))
    {'w': tensor(0.6), 'b': tensor([0. , 0.8])}
    """
    _check("clip_by_norm", most)
    floats = [as_tensor(x) for x in flatten(grads)[0] if is_float(x)]
    if not floats:
        return grads
    length = norm(stack([norm(ravel(x)) for x in floats]))
    scale = where(length <= most, 1.0, most / length)
    return _mapped(lambda g: g * astype(scale, g.dtype), grads)


def clip_by_value(grads: Any, most: float) -> Any:
    """Return a tree of gradients with every element brought into [-most, most].

    grads: a tree of arrays, Tensors, numbers. Leaves that are not floats stay, and None; shapes and dtypes
    are kept, nan stays nan. Gradients flow through the elements that are not cut.

    Raises ValueRangeError if most is not above 0.

    >>> print(nb.optim.clip_by_value([3.0, np.array([-0.5, -4.0])], 1.0))
    [tensor(1.), tensor([-0.5, -1. ])]
    """
    _check("clip_by_value", most)
    return _mapped(lambda g: clip(g, -most, most), grads)


def _check(what: str, most: float) -> None:
    if not most > 0:
        raise value_errors.bad_value(what, f"most must be above 0, got {most}")


def _mapped(f: Callable[[Tensor], Tensor], tree: Any) -> Any:
    """The same tree with f applied to every leaf that is a float."""
    leaves, rebuild = flatten(tree)
    return rebuild([f(as_tensor(x)) if is_float(x) else x for x in leaves])
