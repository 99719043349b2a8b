"""Rows of a table, looked up by their numbers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.elementwise import where
from nbgrad.ops.index import scatter

op: Any = family("embedding")
_least, _most = np.minimum.reduce, np.maximum.reduce


def _places(indices: Any, rows: int) -> np.ndarray:
    """Indices as int64 that nobody else can change. Raises DtypeError, and IndexError for one outside."""
    found = devices.host(raw(as_tensor(indices)))
    if found.size == 0 and not isinstance(indices, (Tensor, np.ndarray)):
        found = found.astype(np.int64)        # an empty list
    if found.dtype.kind not in "iu":
        raise value_errors.needs_integers("embedding", "indices", found.dtype)
    low, high = (_least(found, None), _most(found, None)) if found.size else (0, rows - 1)
    if low < 0 or high >= rows:
        raise shape_errors.no_row("embedding", rows, int(low), int(high))
    return found.astype(np.int64, order="C", copy=False)


def _table_vjp(g: Tensor, z: Any, weight: Any, indices: np.ndarray) -> Tensor:
    return apply(scatter, (g,), {"index": (indices,), "shape": weight.shape})


@op(out=lambda weight, indices: (indices.shape + weight.shape[1:], weight.dtype), vjp=_table_vjp,
    linear=True, keep="", like=lambda indices, weight: weight[indices],
    cases=[(np.array([2, 0, 2, 1]), (3, 4)), (np.array([[1, 1], [0, 1]]), (2, 3)), (np.array(1), (3, 2)),
           (np.zeros((0,), np.int64), (3, 2)), (np.zeros((2, 0), np.int64), (0, 2)),
           (np.array([1, 1, 0], np.uint8), (2, 0)), (np.array([0, 2]), (3,)), (np.array([1, 0]), (2, 3, 2))],
    planned=False, private=True)
def embedding_rows(indices: Any, weight: Any) -> Any:
    """Return the rows of weight with the given numbers: `embedding` without padding."""
    weight = as_tensor(weight)
    if weight.ndim == 0:
        raise shape_errors.bad_shape("embedding", (),
                                     "weight needs a row for each index, shape (rows, features)")
    return (weight,), {"indices": _places(indices, weight.shape[0])}


def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Tensor:
    """Return the rows of weight with the given numbers.

    indices : integers from 0 to rows - 1, any shape
    weight  : (rows, ...), usually (rows, features) -> (*indices.shape, ...)
    padding_idx : a row that stays as it is: it gets no gradient. Negative: counted from the last row

    A row that is named several times gets the sum of the gradients. Raises IndexError for an index outside,
    also for a negative one; DtypeError for indices that are not integers, ValueRangeError for padding_idx.

    >>> print(nb.embedding(np.array([1, 1]), np.array([[1.0, 2.0], [3.0, 4.0]])))
    tensor([[3., 4.],
            [3., 4.]])
    """
    weight = as_tensor(weight)
    z = embedding_rows(indices, weight)
    if padding_idx is None:
        return z
    rows, row = weight.shape[0], operator.index(padding_idx)
    if not -rows <= row < rows:
        raise value_errors.bad_value("embedding",
                                     f"padding_idx={row} is not a row of a weight with {rows} rows")
    pads = devices.host(raw(as_tensor(indices))) == row % rows
    pads = devices.to_device_of(pads.reshape(pads.shape + (1,) * (weight.ndim - 1)), raw(weight))
    return where(wrap(pads), stop_gradient(z), z)
