"""What makes the traces of transforms, and how many watch.

Traces are Graphs and Tangents, or kinds of them that a context puts in place.

A context that changes how ops are recorded sets these for its thread; who begins a trace of a user's function
asks here, once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from nbgrad.engine.graph import Graph, Tangents
from nbgrad.engine.tensor import Tensor, living

reverse: ContextVar[Callable[[], Graph]] = ContextVar("reverse", default=Graph)
forward: ContextVar[Callable[[], Tangents]] = ContextVar("forward", default=Tangents)


def orders(x: Any) -> int:
    """How many traces watch a Tensor: the order up to which derivatives of it can be taken."""
    count, x = 0, living(x)
    while type(x) is Tensor and x.trace is not None:
        count, x = count + 1, living(x.value)
    return count
