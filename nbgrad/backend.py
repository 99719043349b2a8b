"""The numerical backend on its own: every op as a function of arrays that returns arrays.

There are no Tensors and no derivatives: `nbgrad.backend.tanh(x)` runs the kernel of `tanh`. Inputs are arrays
of supported dtypes (and Python scalars).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nbgrad.define.registry import OPS
from nbgrad.engine.tensor import raw


def __getattr__(name: str) -> Callable[..., Any]:
    if name not in OPS:
        raise AttributeError(f"nbgrad.backend has no op {name!r}; python -m nbgrad.info --ops lists them")
    op: Any = OPS[name].op
    run = partial(_run, op)
    run.__name__, run.__doc__ = name, op.__doc__   # type: ignore[attr-defined]
    return run


def _run(op: Any, /, *xs: Any, **params: Any) -> Any:
    z = op(*xs, **params)
    return tuple(map(raw, z)) if isinstance(z, (tuple, list)) else raw(z)


def __dir__() -> list[str]:
    return sorted(OPS)
