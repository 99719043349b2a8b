"""The triangles of matrices: each is linear, and its own transpose."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from nbgrad.define.structured import family
from nbgrad.engine.tensor import as_tensor
from nbgrad.errors import shape_errors

op: Any = family("index")

_TRIANGLES: list[Any] = [
    ((3, 3), {}), ((2, 3, 4), {"k": 1}), ((4, 2), {"k": -1}), ((0, 3), {}), ((3, 3), {"k": 5})]


def _matrix(name: str, x: Any, k: Any) -> Any:
    x = as_tensor(x)
    if x.ndim < 2:
        raise shape_errors.bad_shape(name, x.shape, "needs at least two axes")
    return (x,), {"k": operator.index(k)}


@op(vjp=lambda g, z, x, k: tril(g, k), linear=True, keep="", like=np.tril, cases=_TRIANGLES)
def tril(x: Any, k: int = 0) -> Any:
    """Return x with zeros above the k-th diagonal of its last two axes. x: (..., n, m). Raises ShapeError.

    >>> nb.tril([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 0.],
            [3., 4.]])
    """
    return _matrix("tril", x, k)


@op(vjp=lambda g, z, x, k: triu(g, k), linear=True, keep="", like=np.triu, cases=_TRIANGLES)
def triu(x: Any, k: int = 0) -> Any:
    """Return x with zeros below the k-th diagonal of its last two axes. x: (..., n, m). Raises ShapeError.

    >>> nb.triu([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [0., 4.]])
    """
    return _matrix("triu", x, k)
