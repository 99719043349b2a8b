"""Inputs on which an op is tried: drawn as its row says, for tests, benchmarks and reports alike.

It imports NumPy alone, and reads a row's `op`, `kind`, `at`, `cases` and `like`: the benchmarks load this
file for whatever commit they measure.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

Rng = np.random.Generator
Shape = tuple[int, ...]


def reference(row: Any) -> Callable[..., Any] | None:
    """Return the reference function of a row of the table, or None.

    >>> nb.testing.reference(nb.testing.row_of(nb.tanh))
    <ufunc 'tanh'>
    """
    if not isinstance(row.like, str):
        return row.like
    module, _, name = row.like.rpartition(".")
    return getattr(import_module(module), name)


def spans(row: Any) -> list[Any]:
    """What each operand of an elementwise op is drawn from: an interval (low, high), `int`, or `bool`."""
    each = isinstance(row.at, tuple) and isinstance(row.at[0], (tuple, type))
    return list(row.at[:row.op.arity]) if each else [row.at] * row.op.arity


def draw(rng: Rng, span: Any, shape: Shape, dtype: Any) -> np.ndarray:
    """An array drawn from a span. Around 0, a kink of many ops, no element is nearer to it than 0.05."""
    if span is bool:
        return rng.integers(0, 2, shape).astype(bool)
    if span is int:
        return rng.integers(-100, 100, shape)
    low, high = span
    x = rng.uniform(low, high, shape)
    return np.asarray(x + 0.05 * np.sign(x) if low < 0 < high else x, dtype)


def split(case: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The inputs and the parameters of one of a structured op's cases."""
    named = bool(case) and isinstance(case[-1], dict)
    return (case[:-1], dict(case[-1])) if named else (case, {})


def make(rng: Rng, case: tuple[Any, ...], dtype: Any) -> tuple[list[Any], dict[str, Any]]:
    """Arguments and parameters of such a case: a shape becomes normal numbers, a function what it makes."""
    inputs, params = split(case)
    return [_made(rng, x, dtype) for x in inputs], params


def _made(rng: Rng, x: Any, dtype: Any) -> Any:
    x = x(rng) if callable(x) else rng.normal(size=x) if isinstance(x, tuple) else x
    return x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x
