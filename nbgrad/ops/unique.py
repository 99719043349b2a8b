"""Sets by NumPy's names: different values in order, and what two arrays have together or apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import value_errors
from nbgrad.ops import host
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.index import take
from nbgrad.ops.sets import isin
from nbgrad.ops.shape import concat, ravel


@named_dim
def unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
           axis: int | None = None, *, equal_nan: bool = True, sorted: bool = True) -> Any:
    """Return the different values of ar, rising, or its different parts along an axis; and what is asked for.

    ar: any shape, read in C order if axis is None. return_index: where each value stands first.
    return_inverse: which value each element is. return_counts: how often each occurs. equal_nan: every nan is
    one value. sorted: they rise in any case. Derivative: that of a value goes to the first element that has
    it. Raises AxisError, DtypeError.

    >>> nb.unique([3.0, 1.0, 3.0], return_counts=True)
    (tensor([1., 3.]), tensor([1, 2]))
    """
    x = as_tensor(ar)
    axis = None if axis is None else one("unique", axis, x.ndim)
    _, index, inverse, counts = np.unique(host.values(x), True, True, True, axis, equal_nan=equal_nan)
    z = take(x, index, axis)
    more = [(return_index, index), (return_inverse, inverse), (return_counts, counts)]
    found = [as_tensor(part) for asked, part in more if asked]
    return (z, *found) if found else z


def _line(x: Any) -> Tensor:
    return ravel(as_tensor(x))


def union1d(ar1: Any, ar2: Any) -> Tensor:
    """Return the different values of both arrays, rising.

    ar1, ar2: any shapes, read in C order. Derivative: as in `unique`, of ar1 before ar2. Raises DtypeError.

    >>> nb.union1d([3.0, 1.0], [2.0, 3.0])
    tensor([1., 2., 3.])
    """
    return unique(concat([_line(ar1), _line(ar2)]))


def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """Return the values that both arrays have, rising; with return_indices where they stand first in each.

    ar1, ar2: any shapes, read in C order. assume_unique: none has a value twice, which is not checked.
    Derivative: that of a value goes to the first element of ar1 that has it. Raises DtypeError,
    ValueRangeError where what was assumed is not true.

    >>> nb.intersect1d([3.0, 1.0], [2.0, 3.0])
    tensor([3.])
    """
    a, b = _line(ar1), _line(ar2)
    _, first, second = np.intersect1d(host.values(a), host.values(b), assume_unique, return_indices=True)
    if first.size and first.max() >= a.shape[0]:
        raise value_errors.bad_value("intersect1d", "an array has a value twice. Leave assume_unique out")
    dtype = np.result_type(a.dtype, b.dtype)
    z = take(a, first)
    z = z if z.dtype == dtype else z.astype(dtype)
    return (z, as_tensor(first), as_tensor(second)) if return_indices else z


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Tensor:
    """Return the different values of ar1, rising, that ar2 does not have.

    ar1, ar2: any shapes, read in C order. assume_unique: the elements of ar1 in its own order, all of them.
    Derivative: as in `unique`, in ar1. Raises DtypeError.

    >>> nb.setdiff1d([3.0, 1.0, 3.0], [1.0])
    tensor([3.])
    """
    a = _line(ar1) if assume_unique else unique(ar1)
    return take(a, np.flatnonzero(host.values(isin(a, ar2, True))))


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Tensor:
    """Return the values that just one of two arrays has, rising.

    ar1, ar2: any shapes, read in C order. assume_unique: none has a value twice, which is not checked.
    Derivative: as in `unique`. Raises DtypeError.

    >>> nb.setxor1d([3.0, 1.0], [2.0, 3.0])
    tensor([1., 2.])
    """
    both = concat([_line(ar1), _line(ar2)] if assume_unique else [unique(ar1), unique(ar2)])
    z, counts = unique(both, return_counts=True, equal_nan=False)
    return take(z, np.flatnonzero(host.values(counts) == 1))
