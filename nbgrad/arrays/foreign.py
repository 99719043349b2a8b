"""Arrays of pandas, PyTorch and jax, told by their types: none of these libraries is imported."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.errors import trace_errors, value_errors

# The library of a class, by its package and name: the class itself or one that it is made from.
_LIBRARIES = {("pandas", "Series"): "pandas", ("pandas", "DataFrame"): "pandas",
              ("pandas", "Index"): "pandas",
              ("torch", "Tensor"): "torch", ("jaxlib", "ArrayImpl"): "jax", ("jax", "Tracer"): "tracer"}
_RECORDING = frozenset(["torch", "tracer"])


def library(x: Any) -> str | None:
    """Whose array x is: "pandas", "torch", "jax", "tracer" (what jax traces functions with), or None."""
    kind: Any = type(x)
    return _of(kind)


@cache
def _of(kind: Any) -> str | None:
    for base in kind.__mro__:
        found = _LIBRARIES.get((base.__module__.partition(".")[0], base.__name__))
        if found is not None:
            return found
    return None


def refuse_watched(x: Any) -> None:
    """Raises TraceError where PyTorch or jax traces x, an array of theirs, or one in a list x."""
    if isinstance(x, (list, tuple)):
        kinds: set[Any] = set(map(type, x))
        if any(issubclass(kind, (list, tuple)) or _of(kind) in _RECORDING for kind in kinds):
            for part in x:
                refuse_watched(part)
        return
    kind = library(x)
    if kind == "tracer":
        raise trace_errors.watched_elsewhere("jax", "to_jax", "jax.lax.stop_gradient(x), outside of jax.jit")
    if kind == "torch" and (x.requires_grad or _has_tangent(x)):
        raise trace_errors.watched_elsewhere("PyTorch", "to_torch", "x.detach()")


def _has_tangent(x: Any) -> bool:
    """Whether x is PyTorch's and carries a tangent of its forward mode."""
    return import_module("torch.autograd.forward_ad").unpack_dual(x).tangent is not None


def values(x: Any) -> Any:
    """x as what np.array takes: of a tensor of PyTorch's its memory. Raises DtypeError where it has none."""
    if library(x) != "torch":
        return x
    try:
        return np.asarray(x.numpy(force=True))
    except (TypeError, RuntimeError) as error:        # bfloat16; sparse, under vmap
        raise value_errors.not_converted(type(x), error) from error
