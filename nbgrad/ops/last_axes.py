"""What nbgrad.linalg has by names that mean other axes in nbgrad: as NumPy's linalg and the array API's."""

from __future__ import annotations

from typing import Any

from nbgrad.engine.tensor import Tensor
from nbgrad.errors import value_errors
from nbgrad.ops import diagonal as diagonals
from nbgrad.ops import products
from nbgrad.ops.axes import named_dim


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """Return the diagonals of the matrices in the last two axes of x, a read-only view, along a last axis.

    x: (..., n, m). offset: above the main diagonal if positive. Derivative: linear in x. Raises ShapeError.

    >>> nb.linalg.diagonal([[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 4.])
    """
    return diagonals.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Return the sums of the diagonals of the matrices in the last two axes of x.

    x: (..., n, m). offset, dtype: as in `nb.trace`. Derivative: linear in x. Raises ShapeError.

    >>> nb.linalg.trace([[1.0, 2.0], [3.0, 4.0]])
    tensor(5.)
    """
    return diagonals.trace(x, offset, -2, -1, dtype)


@named_dim
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """Return the cross product of vectors of three elements, which lie along one axis in all.

    x1, x2: three elements along axis; the other axes broadcast. Derivative: linear in x1 and in x2. Raises
    ShapeError, AxisError.

    >>> nb.linalg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    tensor([0., 0., 1.])
    """
    if axis is None:
        raise value_errors.bad_argument("cross", axis, "an integer axis")
    return products.cross(x1, x2, axis=axis)
