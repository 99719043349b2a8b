"""The tape: gradients by backward(), into the .grad of tensors with requires_grad=True, as in PyTorch."""

from __future__ import annotations

from itertools import starmap
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine import modes
from nbgrad.engine.graph import TAPE, Graph, pull
from nbgrad.engine.tensor import Tensor, as_tensor, raw, set_grad, tensor
from nbgrad.errors import gradient_errors


def backward(y: Tensor, v: Any = None, retain_graph: bool = False) -> None:
    """Add the gradient of <v, y> to .grad of every tensor with requires_grad=True that y was computed from.

    v : cotangent of y's shape; may be left out if y has one element
    retain_graph : keep what the operations saved, so that backward can be called again

    Raises GradientError if y belongs to no graph, has several elements and no v, or its graph was freed.

    >>> w = nb.tensor([1.0, 2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> w.grad
    tensor([2., 4.])
    """
    if y.trace is None:
        raise gradient_errors.no_graph()
    if y.trace is not TAPE:
        raise gradient_errors.under_transform()
    if modes.reverse.get() is not Graph:
        raise gradient_errors.backward_has_no_choice()
    if v is None:
        if int(np.prod(y.shape)) != 1:
            raise gradient_errors.not_scalar("backward", y.shape)
        g = devices.ones_like(raw(y))
    else:
        v = as_tensor(v)
        if v.shape != y.shape:
            raise gradient_errors.cotangent_shape(v.shape, y.shape)
        g = raw(v if v.dtype == y.dtype else v.astype(y.dtype))
    found: list[tuple[Tensor, Tensor]] = []
    for n, c in pull([(y.mark, g)], free=not retain_graph).items():
        leaf = n.memo()
        if leaf is not None:
            before = leaf.grad
            found.append((leaf, tensor(c) if before is None else tensor(raw(before + tensor(c)))))
    any(starmap(set_grad, found))             # one call of C's: an interrupt comes before it or after it
