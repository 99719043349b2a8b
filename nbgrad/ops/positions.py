"""Places in arrays, and matrices of zeros and ones: constants, as NumPy makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops import host
from nbgrad.ops.create import eye
from nbgrad.ops.index import integers, nonzero

Places = tuple[Tensor, ...]


def _tensors(found: Any) -> Places:
    return tuple(map(as_tensor, found))


def identity(n: int, dtype: Any = None) -> Tensor:
    """Return the (n, n) matrix with ones on its diagonal. dtype: default float64. No derivative.

    Raises DtypeError, ValueRangeError for a negative n.

    >>> nb.identity(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Tensor:
    """Return the (N, M) matrix with ones on and below its k-th diagonal, M = N by default. No derivative.

    dtype: default float64. Raises DtypeError.

    >>> nb.tri(2)
    tensor([[1., 0.],
            [1., 1.]])
    """
    return as_tensor(np.tri(N, M, k, devices.supported(dtype)))


def tril_indices(n: int, k: int = 0, m: int | None = None) -> Places:
    """Return the places of an (n, m) matrix on and below its k-th diagonal, m = n by default.

    No derivative. Raises DtypeError for sizes that are no integers.

    >>> nb.tril_indices(2)
    (tensor([0, 1, 1]), tensor([0, 0, 1]))
    """
    return _tensors(np.tril_indices(n, k, m))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> Places:
    """Return the places of an (n, m) matrix on and above its k-th diagonal, m = n by default.

    No derivative. Raises DtypeError for sizes that are no integers.

    >>> nb.triu_indices(2)
    (tensor([0, 0, 1]), tensor([0, 1, 1]))
    """
    return _tensors(np.triu_indices(n, k, m))


def _matrix(name: str, arr: Any) -> tuple[int, int]:
    shape = as_tensor(arr).shape
    if len(shape) != 2:
        raise shape_errors.bad_shape(name, shape, "needs a matrix")
    return shape[0], shape[1]


def tril_indices_from(arr: Any, k: int = 0) -> Places:
    """Return `tril_indices` of a matrix's shape. arr: (n, m). k: as there. No derivative. Raises ShapeError.

    >>> nb.tril_indices_from(np.eye(2), -1)
    (tensor([1]), tensor([0]))
    """
    n, m = _matrix("tril_indices_from", arr)
    return tril_indices(n, k, m)


def triu_indices_from(arr: Any, k: int = 0) -> Places:
    """Return `triu_indices` of a matrix's shape. arr: (n, m). k: as there. No derivative. Raises ShapeError.

    >>> nb.triu_indices_from(np.eye(2), 1)
    (tensor([0]), tensor([1]))
    """
    n, m = _matrix("triu_indices_from", arr)
    return triu_indices(n, k, m)


def diag_indices(n: int, ndim: int = 2) -> Places:
    """Return the places of the diagonal of an array of ndim axes of length n. No derivative.

    Raises TypeError for an n that is no integer.

    >>> nb.diag_indices(2)
    (tensor([0, 1]), tensor([0, 1]))
    """
    return (as_tensor(np.arange(n)),) * ndim


def diag_indices_from(arr: Any) -> Places:
    """Return `diag_indices` of an array's shape. arr: two axes or more, of one length. No derivative.

    Raises ShapeError.

    >>> nb.diag_indices_from(np.eye(2))
    (tensor([0, 1]), tensor([0, 1]))
    """
    shape = as_tensor(arr).shape
    if len(shape) < 2 or len(set(shape)) > 1:
        raise shape_errors.bad_shape("diag_indices_from", shape, "needs two axes or more, of one length")
    return diag_indices(shape[0], len(shape))


def mask_indices(n: int, mask_func: Callable[..., Any], k: Any = 0) -> Places:
    """Return the places of an (n, n) matrix that a function such as `triu` leaves.

    mask_func: (matrix, k) -> matrix. k: what it is given. No derivative. Raises what the function raises.

    >>> nb.mask_indices(2, nb.triu)
    (tensor([0, 0, 1]), tensor([0, 1, 1]))
    """
    found: Places = nonzero(mask_func(as_tensor(np.ones((n, n), int)), k))
    return found


def ix_(*args: Any) -> Places:
    """Return places along each axis in shapes that broadcast to all of their combinations: x[nb.ix_(i, j)].

    args: (n,) each, integers or booleans. No derivative. Raises ShapeError for another shape.

    >>> np.ones((3, 3))[nb.ix_([0, 2], [1])].shape
    (2, 1)
    """
    lines = [host.values(x) for x in args]
    for x in lines:
        if x.ndim != 1:
            raise shape_errors.bad_shape("ix_", x.shape, "needs one axis")
    return _tensors(np.ix_(*lines))


def unravel_index(indices: Any, shape: Any, order: str = "C") -> Places:
    """Return the places, axis by axis, of elements that are counted in C order, or in order "F".

    indices: integers, any shape. shape: that of the array. No derivative. Raises ValueRangeError for one out
    of range, DtypeError for what is no integer.

    >>> nb.unravel_index(3, (2, 2))
    (tensor(1), tensor(1))
    """
    places = integers("unravel_index", indices)
    try:
        return _tensors(np.unravel_index(places, shape, order))      # type: ignore[call-overload]
    except ValueError as error:
        raise value_errors.bad_value("unravel_index", str(error)) from error


def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Tensor:
    """Return the numbers, counted in C order, of elements that are given axis by axis.

    multi_index: for each axis integers, of shapes that broadcast. dims: the shape. mode: "raise", "wrap" or
    "clip", or one for each axis. order: "C" or "F". No derivative. Raises ValueRangeError for a place that
    there is not, DtypeError for what is no integer.

    >>> nb.ravel_multi_index(([0, 1], [1, 1]), (2, 2))
    tensor([1, 3])
    """
    places = tuple([integers("ravel_multi_index", x) for x in multi_index])
    try:
        return as_tensor(np.ravel_multi_index(places, dims, mode, order))      # type: ignore[call-overload]
    except ValueError as error:
        raise value_errors.bad_value("ravel_multi_index", str(error)) from error
