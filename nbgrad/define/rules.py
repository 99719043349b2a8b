"""Derivatives of elementwise ops on symbols: by declared partials, or through the ops they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbgrad.engine.graph import Graph, Tangents, pull
from nbgrad.engine.tensor import Tensor, tensor, unwrap, wrap
from nbgrad.errors import gradient_errors


def cotangents(op: Any, gs: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any],
               wanted: Sequence[bool]) -> list[Any]:
    """Cotangents of the wanted operands, as inner values on symbols; None: zero, or not wanted."""
    if op.d is not None or op.primitive:
        return [unwrap(wrap(gs[0]) * d) if want and d is not None else None
                for d, want in zip(_partials(op, xs, zs), wanted, strict=True)]
    trace = Graph()
    leaves = [trace.leaf(x) if want else wrap(x) for x, want in zip(xs, wanted, strict=True)]
    outs = op.value(*leaves)
    found = pull([(o.mark, g) for o, g in zip(outs if op.many else (outs,), gs, strict=True)
                  if g is not None and type(o) is Tensor and o.trace is trace])
    return [found.get(leaf.mark) if want else None for leaf, want in zip(leaves, wanted, strict=True)]


def tangents(op: Any, ts: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any]) -> list[Any]:
    """Tangents of the results, as inner values on symbols; None: zero. In ts too."""
    if op.d is not None or op.primitive:
        total = None
        for t, d in zip(ts, _partials(op, xs, zs), strict=True):
            if t is not None and d is not None:
                total = wrap(t) * d if total is None else total + wrap(t) * d
        return [unwrap(total)]
    trace = Tangents()
    z = op.value(*[wrap(x) if t is None else tensor(x, trace, t) for x, t in zip(xs, ts, strict=True)])
    outs = z if op.many else (z,)
    return [o.mark if type(o) is Tensor and o.trace is trace else None for o in outs]


def _partials(op: Any, xs: Sequence[Any], zs: Sequence[Any]) -> Sequence[Any]:
    """The declared partial derivatives, as the row gives them."""
    if op.d is None:
        raise gradient_errors.no_derivative(op.name)
    d = op.d(*map(wrap, xs), *map(wrap, zs))
    return d if type(d) is tuple else (d,)
