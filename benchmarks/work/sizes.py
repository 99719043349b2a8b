"""Inputs of structured ops with about n numbers in the largest: a row's own test cases are small.

An entry is a function of n that gives a case as rows have them: inputs (a shape, or a function of a random
generator), and last the parameters if there are any. An op without an entry is measured at its own case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Case = tuple[Any, ...]


def side(n: int) -> int:
    """Rows and columns of a square matrix of about n numbers."""
    return max(2, round(n ** 0.5))


def _square(**params: Any) -> Callable[[int], Case]:
    return lambda n: ((side(n), side(n)), params)


def _pair(**params: Any) -> Callable[[int], Case]:
    return lambda n: ((side(n), side(n)), (side(n), side(n)), params)


def _flat(**params: Any) -> Callable[[int], Case]:
    return lambda n: ((n,), params)


def _regular(n: int) -> Callable[[Any], Any]:
    """A matrix far from singular."""
    return lambda rng: rng.normal(size=(side(n), side(n))) + side(n) * np.eye(side(n))


def _positive(n: int) -> Callable[[Any], Any]:
    def make(rng: Any) -> Any:
        a = rng.normal(size=(side(n), side(n)))
        return a @ a.T / side(n) + np.eye(side(n))
    return make


def _places(n: int, count: int) -> Callable[[Any], Any]:
    return lambda rng: rng.integers(0, n, count)


def _complex(*shape: int) -> Callable[[Any], Any]:
    return lambda rng: rng.normal(size=shape) + 1j * rng.normal(size=shape)


def _images(n: int) -> tuple[int, ...]:
    """Images of eight channels."""
    return (2, 8, max(4, side(n // 16)), max(4, side(n // 16)))


def _classes(n: int) -> Case:
    return (side(n), side(n)), _places(side(n), side(n)), {}


def _window(n: int, means: bool) -> Case:
    w = 2 * max(2, side(n // 16) // 2)
    sizes = {"counts": (w // 2, w // 2), "kernel": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    return (2, 8, w, w), sizes | ({"pads": True} if means else {"dilation": (1, 1)})


_ROWS = {name: _square(axis=-1) for name in (
    "sum", "mean", "prod", "max", "min", "var", "std", "logsumexp", "euclidean", "softmax", "log_softmax",
    "sort", "argsort", "argmax", "argmin", "all", "any", "cumsum", "cumprod")}
_MATRICES = {name: _square() for name in ("tril", "triu", "diagonal", "permute_dims", "flip")}
_REGULAR = {name: lambda n: (_regular(n),) for name in ("inv", "det", "slogdet")}
_SYMMETRIC = {name: lambda n: (_positive(n),) for name in ("cholesky", "eigh", "eigvalsh")}

SIZED: dict[str, Callable[[int], Case]] = {
    **_ROWS, **_MATRICES, **_REGULAR, **_SYMMETRIC,
    "matmul": _pair(),
    "einsum": _pair(subscripts="ij,jk->ik"),
    "gdot": lambda n: ((side(n) // 4 + 1, side(n)), (side(n), side(n) // 4 + 1), {"multiply": np.add}),
    "concat": _pair(),
    "stack": _pair(),
    "recurrence": _pair(),
    "expm": lambda n: ((side(n // 16), side(n // 16)),),
    "expm_frechet": lambda n: ((side(n // 64), side(n // 64)), (side(n // 64), side(n // 64))),
    "layer_norm": _square(),
    "solve": lambda n: (_regular(n), (side(n), side(n))),
    "solve_triangular": lambda n: (_regular(n), (side(n), side(n))),
    "reshape": lambda n: ((side(n), side(n)), {"shape": (side(n) ** 2,)}),
    "broadcast_to": lambda n: ((side(n),), {"shape": (side(n), side(n))}),
    "sum_to": lambda n: ((side(n), side(n)), {"shape": (side(n),)}),
    "spread": lambda n: ((side(n),), {"shape": (side(n), side(n)), "axis": (1,)}),
    "astype": _flat(dtype="float32"),
    "roll": _flat(shift=2),
    "repeat": lambda n: ((n // 2,), {"repeats": 2}),
    "difference": _flat(axis=0),
    "drop": _flat(p=0.5, key=3),
    "getitem": lambda n: ((n,), {"index": slice(None, None, -2)}),
    "scatter_add": lambda n: ((n,), _places(n, n // 2), (n // 2,)),
    "setitem": lambda n: ((n,), _places(n, n // 2), (n // 2,)),
    "take_along_axis": lambda n: ((n,), _places(n, n)),
    "embedding_rows": lambda n: (_places(side(n), side(n)), (side(n), side(n))),
    "searchsorted": lambda n: (lambda rng: np.sort(rng.normal(size=n)), (side(n),)),
    "isin": lambda n: (_places(n, n), _places(n, side(n))),
    "nonzero": lambda n: (lambda rng: rng.integers(0, 2, n),),
    "unique_places": _flat(),
    "class_entropy": _classes,
    "pad_edges": _square(widths=((2, 2), (2, 2)), mode="edge"),
    "convolution": lambda n: (_images(n), (8, 8, 3, 3), {
        "stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}),
    "fourier": lambda n: (_complex(side(n), side(n)), {"axes": (0, 1), "inverse": False, "norm": "backward"}),
    "real_fourier": _square(axis=1, norm="backward"),
    "fourier_real": lambda n: (_complex(side(n), side(n)), {
        "n": 2 * side(n) - 1, "axis": 1, "norm": "backward"}),
    "window_max": lambda n: _window(n, False),
    "window_mean": lambda n: _window(n, True),
}
