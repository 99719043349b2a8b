"""Calls of an op that can be measured: forward, its VJP, and the reference of its row."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from work.modules import inputs, module
from work.row import aligned
from work.sizes import SIZED
from work.table import TINY, dtypes, rows, sizes

Run = Callable[[], Any]
WARM = 12                                 # calls: steps are compiled from the eighth


@dataclass(frozen=True)
class Calls:
    """What is measured of one op at one size in one dtype; None: there is no such thing."""

    forward: Run
    vjp: Run | None
    like: Run | None


@cache
def calls(name: str, n: int, dtype: str) -> Calls:
    """The calls of an op. Raises KeyError if this commit lacks it, and what the op raises."""
    import nbgrad as nb

    row = rows()[name]
    args, params = arguments(row, n, dtype)
    constants = [nb.asarray(a, copy=False) if isinstance(a, np.ndarray) else a for a in args]
    like = inputs.reference(row)
    return Calls(lambda: row.op(*constants, **params), _vjp(row, args, params),
                 None if like is None else lambda: like(*args, **params))


def compile_all() -> list[str]:
    """Have every kernel in the cache; names of the ops of this commit that cannot be run."""
    failed = []
    for name, row in rows().items():
        for n in sizes(row):
            for dtype in dtypes(row):
                try:
                    found = calls(name, n, dtype)
                    for run in (found.forward, found.vjp):
                        for _ in range(WARM if run else 0):
                            run()
                except Exception as error:
                    print(f"left out: {name} at {n} in {dtype}: {error}")
                    failed.append(name)
    return failed


def arguments(row: Any, n: int, dtype: str) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and parameters of an op with about n numbers in the largest input."""
    rng = np.random.default_rng(zlib.crc32(row.op.name.encode()))
    if row.kind == "elementwise":
        return [aligned(inputs.draw(rng, span, (n,), dtype)) for span in inputs.spans(row)], {}
    if n == TINY:
        return max((_made(case, rng, dtype) for case in row.cases), key=lambda found: _amount(found[0]))
    return _made(SIZED[row.op.name](n), rng, dtype)


def _made(case: Any, rng: Any, dtype: str) -> tuple[list[Any], dict[str, Any]]:
    found, params = inputs.make(rng, case, dtype)
    return [aligned(x) if isinstance(x, np.ndarray) and x.size else x for x in found], params


def _amount(args: list[Any]) -> int:
    """Numbers in all inputs, up to a hundred: of the cases that small, the first of the largest is taken."""
    count = sum(math.prod(getattr(a, "shape", ())) for a in args)
    return count if count <= 100 else 0


def _vjp(row: Any, args: list[Any], params: dict[str, Any]) -> Run | None:
    """The engine's pass back through one call of the op, from a cotangent of ones."""
    import nbgrad as nb

    engine = module("graph")
    graph = engine.Graph()
    full = [nb.asarray(a, copy=False) if isinstance(a, np.ndarray) else a for a in args]
    leaves = [graph.leaf(x.value) if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else x
              for a, x in zip(args, full, strict=True)]
    if row.op.discrete or all(leaf is x for leaf, x in zip(leaves, full, strict=True)):
        return None
    y = row.op(*leaves, **params)
    parts = [part for part in (y if isinstance(y, tuple) else (y,)) if part.trace is graph]
    seeds = [(part.mark, np.ones(part.shape, part.dtype)) for part in parts if part.dtype.kind in "fc"]
    return (lambda: engine.pull(seeds)) if seeds else None
