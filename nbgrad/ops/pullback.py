"""Ops that are the VJP of another one in a single kernel: their checks, and their own derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nbgrad.engine.graph import Graph, pull
from nbgrad.engine.tensor import Tensor, as_tensor, unwrap, wrap
from nbgrad.errors import shape_errors


def aligned(name: str, axis: tuple[int, ...], once: Sequence[Any], full: Sequence[Any]) -> tuple[Tensor, ...]:
    """The operands as Tensors, first `once`, with one element a row, with or without the reduced axes.

    Raises ShapeError unless those that are full have one shape, and the others that shape reduced.
    """
    once, full = list(map(as_tensor, once)), list(map(as_tensor, full))
    shape = full[-1].shape
    forms = (tuple([1 if a in axis else n for a, n in enumerate(shape)]),
             tuple([n for a, n in enumerate(shape) if a not in axis]))
    for x in full:
        if x.shape != shape:
            raise shape_errors.not_alike(name, [t.shape for t in full], None)
    for x in once:
        if x.shape not in forms:
            raise shape_errors.not_alike(name, [x.shape, forms[0]], None)
    return (*once, *full)


def derived(formula: Callable[..., Tensor], place: int) -> Callable[..., Any]:
    """The rule, for input `place`, of an op that does in one kernel what `formula` does in ops."""

    def rule(v: Tensor, h: Any, *xs: Tensor, **params: Any) -> Any:
        trace = Graph()
        leaf = trace.leaf(unwrap(xs[place]))
        end = leaf.mark
        y = formula(*xs[:place], leaf, *xs[place + 1:], **params)
        if y.trace is not trace:
            return None
        found = pull([(y.mark, unwrap(v))]).get(end)
        return None if found is None else wrap(found)

    return rule
