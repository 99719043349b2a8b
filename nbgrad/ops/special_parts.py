"""Elementwise parts of the rules of special functions."""

from __future__ import annotations

from typing import Any

from nbgrad.define.scalar import Elementwise, choose
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.compare import equal, isnan, logical_and, logical_not
from nbgrad.ops.elementwise import where


def _quotient(x: Tensor, y: Tensor) -> Tensor:
    none = logical_and(equal(x, 0), equal(y, 0))
    return where(none, 0, x / where(none, 1, y))


# x / y, and 0 where both are 0
over: Any = Elementwise("over", _quotient, lambda x, y, z: (1 / y, -over(z, y)), arity=2,
                        on_complex=True)
# A derivative; nan where the value is nan, and so are its own derivatives
known: Any = Elementwise(
    "known", lambda value, d: where(isnan(value), value, d),
    lambda value, d, z: (choose(isnan(value), 1), choose(logical_not(isnan(value)), 1)), arity=2,
    on_complex=True)
