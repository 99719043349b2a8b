"""Sets: the different values of an array, and membership."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.ops.index import take
from nbgrad.ops.shape import ravel

op: Any = family("sets")


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Tensor
    inverse_indices: Tensor


def _places(x: np.ndarray) -> tuple[np.ndarray, ...]:
    found = np.unique_all(x)
    return found.indices, found.inverse_indices, found.counts


@op(discrete=True, on_complex="same", like=_places, cases=[
    ((5,),), (np.array([[3, 1, 3], [0, 1, 1]]),), (np.array([np.nan, 1.0, np.nan, 1.0]),), ((),), ((0, 2),)],
    private=True)
def unique_places(x: Any) -> Any:
    """Return where each different value of x stands first, in C order, which one each element is, and counts.

    x: any shape and dtype. The values rise; every nan is one of its own.
    """
    return (as_tensor(x),), {}


def unique_all(x: Any) -> UniqueAll:
    """Return x's different values, rising, where each stands first, which one each element is, and counts.

    x: any shape and dtype, read in C order; inverse_indices has its shape. Every nan is a value of its own.
    The gradient of a value goes to the first element that has it.
    Raises DtypeError for what is no array of numbers.

    >>> nb.unique_all([3, 1, 3]).counts
    tensor([1, 2])
    """
    x = as_tensor(x)
    indices, inverse, counts = unique_places(x)
    return UniqueAll(take(ravel(x), indices), indices, inverse, counts)


def unique_counts(x: Any) -> UniqueCounts:
    """Return x's different values, rising, and how often each occurs, as `unique_all` does.

    x, and the gradient, are as there. Raises DtypeError.

    >>> nb.unique_counts([3, 1, 3])
    UniqueCounts(values=tensor([1, 3]), counts=tensor([1, 2]))
    """
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any) -> UniqueInverse:
    """Return x's different values, rising, and which one each element is, as `unique_all` does.

    x, and the gradient, are as there. Raises DtypeError.

    >>> nb.unique_inverse([3, 1, 3])
    UniqueInverse(values=tensor([1, 3]), inverse_indices=tensor([1, 0, 1]))
    """
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any) -> Tensor:
    """Return x's different values, rising, as `unique_all` does.

    x, and the gradient, are as there. Raises DtypeError.

    >>> nb.unique_values([3, 1, 3])
    tensor([1, 3])
    """
    return unique_all(x).values


@op(out=lambda x, values, invert: (x.shape, np.bool_), discrete=True, on_complex="same", like=np.isin,
    cases=[(np.array([[1, 2], [3, 4]]), np.array([4, 1])), ((3,), (2, 2), {"invert": True}), ((), ()),
           (np.array([np.nan, 1.0]), np.array([1.0, np.nan])), ((3,), (0,))])
def isin(x: Any, values: Any, invert: bool = False) -> Any:
    """Return for each element of x whether it is one of the values, or is none if invert; nan is none.

    x, values: any shapes and dtypes.

    >>> nb.isin([1, 2, 3], [2, 4])
    tensor([False,  True, False])
    """
    return (as_tensor(x), as_tensor(values)), {"invert": bool(invert)}
