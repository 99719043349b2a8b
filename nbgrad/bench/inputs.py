"""Inputs of a chosen size for the ops of the table."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.define.inputs import draw, reference, spans, split
from nbgrad.define.registry import Row
from nbgrad.testing import Case, cases

Call = tuple[Callable[..., Any], list[Any], Callable[..., Any] | None, str]

# Parameters that say nothing of lengths: a case with no others can be made larger
_SIZELESS = frozenset(["axis", "axes", "correction", "ddof", "dtype", "eps", "k", "keepdims", "key", "lower",
                       "p", "subscripts"])


def call(row: Row, n: int, dtype: str) -> Call | None:
    """(op, arguments, reference, shapes) for a call of an op on about n elements; None if it has no case.

    Cases of structured ops are made larger where their inputs are given by shapes alone; others keep theirs.
    """
    case = _elementwise(row, n, dtype) if row.kind == "elementwise" else _structured(row, n, dtype)
    if case is None:
        return None
    like: Any = reference(row)
    op: Any = row.op
    shapes = described([x.shape for x in case.args if isinstance(x, np.ndarray)])
    if case.params:
        op, like = [f and functools.partial(f, **case.params) for f in (op, like)]
    return op, case.args, like, shapes


def described(shapes: list[tuple[int, ...]]) -> str:
    """Shapes in few words: 64x32 32x8, or 2 of 1000."""
    words = ["x".join(map(str, shape)) or "scalar" for shape in shapes]
    return f"{len(words)} of {words[0]}" if len(words) > 1 and len(set(words)) == 1 else " ".join(words)


def _elementwise(row: Row, n: int, dtype: str) -> Case:
    """Operands of n elements in the interval that the row is tested on."""
    rng = np.random.default_rng(0)
    return Case("", [draw(rng, span, (n,), dtype) for span in spans(row)], {})


def _structured(row: Row, n: int, dtype: str) -> Case | None:
    """The first case that can be made as large as n elements, or else the first case as it is."""
    for case in row.cases:
        shapes, params = split(case)
        if params.keys() <= _SIZELESS and shapes and all(isinstance(s, tuple) and s for s in shapes):
            large = max(shapes, key=math.prod)
            if math.prod(large) == 0:
                continue
            times = max(1, round((n / math.prod(large)) ** (1 / len(large))))
            rng = np.random.default_rng(0)
            grown = [[times * k if k > 1 else k for k in s] for s in shapes]        # 1 broadcasts
            return Case("", [rng.normal(size=s).astype(dtype) for s in grown], params)
    return next(cases(row, dtype), None)
