"""Matrices with a pattern: blocks on the diagonal, equal elements along diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.complex import conj
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors
from nbgrad.ops.create import zeros_like
from nbgrad.ops.index import getitem, take
from nbgrad.ops.pad import pad
from nbgrad.ops.shape import concat, flip, reshape


def _vector(name: str, x: Any) -> Tensor:
    x = as_tensor(x)
    if x.ndim != 1:
        raise shape_errors.bad_shape(name, x.shape, "needs one axis")
    return x


def block_diag(*arrays: Any) -> Tensor:
    """Return the matrix with matrices along its diagonal, and zeros elsewhere.

    arrays: (n, m); a vector is one row, a number is (1, 1). Without any, (1, 0).
    Derivative: linear in each. Raises ShapeError for more than two axes.

    >>> nb.linalg.block_diag([[1.0, 2.0]], 3.0)
    tensor([[1., 2., 0.],
            [0., 0., 3.]])
    """
    xs = [as_tensor(x) for x in arrays or ([],)]
    for x in xs:
        if x.ndim > 2:
            raise shape_errors.bad_shape("block_diag", x.shape, "blocks have at most two axes")
    xs = [x if x.ndim == 2 else reshape(x, (1, -1)) for x in xs]
    total, before, rows = sum(x.shape[1] for x in xs), 0, []
    for x in xs:
        rows.append(pad(x, ((0, 0), (before, total - before - x.shape[1]))))
        before += x.shape[1]
    return concat(rows, 0)


def toeplitz(c: Any, r: Any = None) -> Tensor:
    """Return the matrix with c as its first column and r as its first row, constant along diagonals.

    c: (n,). r: (m,), whose first element is not read; None: the conjugate of c. Derivative: linear in c and
    in r. Raises ShapeError.

    >>> nb.linalg.toeplitz([1.0, 2.0], [1.0, 5.0, 6.0])
    tensor([[1., 5., 6.],
            [2., 1., 5.]])
    """
    c = _vector("toeplitz", c)
    r = conj(c) if r is None else _vector("toeplitz", r)
    n, m = c.shape[0], r.shape[0]
    places = np.arange(n)[:, None] - np.arange(m) + max(m - 1, 0)
    return take(concat([flip(getitem(r, slice(1, None))), c]), places)


def hankel(c: Any, r: Any = None) -> Tensor:
    """Return the matrix with c as its first column and r as its last row, constant along antidiagonals.

    c: (n,). r: (m,), whose first element is not read; None: zeros. Derivative: linear in c and in r. Raises
    ShapeError.

    >>> nb.linalg.hankel([1.0, 2.0], [2.0, 5.0, 6.0])
    tensor([[1., 2., 5.],
            [2., 5., 6.]])
    """
    c = _vector("hankel", c)
    r = zeros_like(c) if r is None else _vector("hankel", r)
    places = np.arange(c.shape[0])[:, None] + np.arange(r.shape[0])
    return take(concat([c, getitem(r, slice(1, None))]), places)


def circulant(c: Any) -> Tensor:
    """Return the square matrices with c as their first column, each column the one before turned by one.

    c: (..., n) -> (..., n, n). Derivative: linear in c. Raises ShapeError if c has no axis.

    >>> nb.linalg.circulant([1.0, 2.0, 3.0])
    tensor([[1., 3., 2.],
            [2., 1., 3.],
            [3., 2., 1.]])
    """
    c = as_tensor(c)
    if c.ndim == 0:
        raise shape_errors.bad_shape("circulant", c.shape, "needs at least one axis")
    n = c.shape[-1]
    places = (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)
    return take(c, places, axis=c.ndim - 1)
