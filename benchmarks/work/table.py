"""The op table of whatever commit is installed, and how much of it is measured.

NBGRAD_BENCH chooses: `smoke` a few ops, to see that the suites run; `few` 27; nothing: every op at two
sizes in float64; `full`: every op in float32 too, at four sizes.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from work.modules import module

LEVEL = os.environ.get("NBGRAD_BENCH", "")
TINY = 10                                 # the size of a row's own test case
_ASKED_FOR = ("linalg", "fft", "special")        # modules that declare ops when they are imported
SMOKE = ("add", "tanh", "where", "less", "sum", "matmul", "reshape", "softmax_vjp")
FEW = (*SMOKE, "exp", "log", "sin", "pow", "erf", "sigmoid", "gelu", "mean", "max", "softmax", "logsumexp",
       "cumsum", "sort", "einsum", "solve", "cholesky", "layer_norm", "getitem", "convolution")
DTYPES = ["float32", "float64"] if LEVEL == "full" else ["float64"]
SIZES = [TINY, 1000, 100_000, 1_000_000] if LEVEL == "full" else [TINY, 100_000]


def rows() -> dict[str, Any]:
    """Op names -> rows; none for a commit without a table.

    NBGRAD_BENCH_OPS is a pattern of the names wanted.
    """
    try:
        for name in _ASKED_FOR:
            if find_spec(f"nbgrad.{name}") is not None:
                import_module(f"nbgrad.{name}")
        table = module("registry").OPS
    except ImportError as error:
        print(f"no op table in this commit: {error}")
        return {}
    wanted = re.compile(os.environ.get("NBGRAD_BENCH_OPS", ""))
    named = {name: row for name, row in sorted(table.items()) if wanted.search(name)}
    some = {"smoke": SMOKE, "few": FEW}.get(LEVEL, named)
    return {name: row for name, row in named.items() if name in some}


def floats(row: Any) -> bool:
    """Whether an op takes floating-point numbers at all."""
    spans = row.at if isinstance(row.at, tuple) else (row.at,)
    return row.kind != "elementwise" or int not in spans


def differentiable(row: Any) -> bool:
    return not row.op.discrete


def sizes(row: Any) -> list[int]:
    """The sizes at which an op is measured: a structured one without an entry in `sizes` at its smallest."""
    from work.sizes import SIZED

    return SIZES if row.kind == "elementwise" or row.op.name in SIZED else [TINY]


def dtypes(row: Any) -> list[str]:
    return DTYPES if floats(row) else ["float64"]


def counted_sizes(row: Any) -> list[int]:
    """The sizes at which instructions are counted: each instruction of a thousand numbers takes its time."""
    return [TINY, 1000][:len(sizes(row))]
