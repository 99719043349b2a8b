"""Diagonals: of matrices in any two axes, their sums, and matrices that have one."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.define.structured import family, spelling
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.views import link
from nbgrad.errors import shape_errors
from nbgrad.ops.axes import ordered
from nbgrad.ops.reduce import sum

op: Any = family("diagonal")


def _bind(name: str, x: Any, offset: Any, axis1: Any, axis2: Any) -> Any:
    x = as_tensor(x)
    if x.ndim < 2:
        raise shape_errors.bad_shape(name, x.shape, "needs at least two axes")
    a, b = ordered(name, (axis1, axis2), x.ndim)
    return (x,), {"offset": operator.index(offset), "axis1": a, "axis2": b}


@op(linear=True, keep="", like=np.diagonal, view=link,
    vjp=lambda g, z, x, **where: apply(from_diagonal, (g,), {"shape": x.shape, **where}),
    cases=[((3, 3),), ((3, 5), {"offset": 1}), ((4, 2), {"offset": -2}),
           ((2, 3, 4), {"axis1": -2, "axis2": -1}), ((2, 3, 4), {"offset": -1, "axis1": 2, "axis2": 0}),
           ((2, 3), {"offset": 7}), ((0, 3),)])
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the elements x[i, i + offset] of the matrices in two axes, a read-only view, along a last axis.

    x: at least two axes; for batches of matrices give axis1=-2, axis2=-1. Raises ShapeError, AxisError,
    ValueRangeError for one axis given twice.

    >>> print(nb.diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]), 1))
    tensor([2.])
    """
    return _bind("diagonal", x, offset, axis1, axis2)


def _with_diagonal(d: np.ndarray, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> np.ndarray:
    z = np.zeros(shape, d.dtype)
    for place in np.ndindex(d.shape):
        i = place[-1]
        index = list(place[:-1])
        ends = {axis1: i - min(offset, 0), axis2: i + max(offset, 0)}
        for axis in sorted(ends):
            index.insert(axis, ends[axis])
        z[tuple(index)] = d[place]
    return z


@op(linear=True, keep="", like=_with_diagonal,
    vjp=lambda g, z, d, shape, **where: apply(diagonal, (g,), where),
    cases=[((3,), {"shape": (3, 3), "offset": 0, "axis1": 0, "axis2": 1}),
           ((2, 3), {"shape": (4, 2, 5), "offset": -1, "axis1": 0, "axis2": 2}),
           ((2, 2), {"shape": (3, 2, 2), "offset": 1, "axis1": 1, "axis2": 0})], private=True)
def from_diagonal(d: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Return zeros of a shape with d, (..., n), on a diagonal: the transpose of `diagonal`."""
    return (as_tensor(d),), {"shape": shape, "offset": offset, "axis1": axis1, "axis2": axis2}


@spelling(diagonal)
def _traced(x: Any, offset: int, axis1: int, axis2: int) -> Any:
    return _bind("trace", x, offset, axis1, axis2)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Tensor:
    """Return the sums of `diagonal`, in x's dtype if that is a float, else in 64-bit integers, or in dtype.

    Raises ShapeError, AxisError, ValueRangeError.

    >>> print(nb.trace(np.array([[1.0, 2.0], [3.0, 4.0]])))
    5.0
    """
    found: Tensor = _traced(x, offset, axis1, axis2)
    if dtype is None:
        return sum(found, -1)
    found = astype(found, dtype)
    return astype(sum(found, -1), found.dtype)        # small integers wrap in the end as in each step


def diag(x: Any, k: int = 0) -> Tensor:
    """Return the k-th diagonal of a matrix, a read-only view; of a vector, the square matrix that has it.

    x: (n, m) or (n,). Raises ShapeError for other shapes: batches of matrices have `diagonal`.

    >>> print(nb.diag(np.array([1.0, 2.0])))
    tensor([[1., 0.],
            [0., 2.]])
    """
    x, k = as_tensor(x), operator.index(k)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise shape_errors.bad_shape("diag", x.shape, "needs one axis or two; for batches use diagonal")
    n = x.shape[0] + abs(k)
    found: Tensor = from_diagonal(x, (n, n), k, 0, 1)
    return found
