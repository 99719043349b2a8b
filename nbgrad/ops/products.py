"""Products of vectors and of chains of matrices, made of matmul and einsum."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nbgrad.define.broadcast import alike, broadcast_to
from nbgrad.define.complex import conj
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.contract import dot, einsum, matmul
from nbgrad.ops.shape import moveaxis, ravel

op: Any = family("products")


def vdot(a: Any, b: Any, /) -> Tensor:
    """Return the dot product of all elements of a and b, read in C order; of complex a its conjugates.

    a, b: any shapes of as many elements. Derivative: linear in a's conjugate and in b. Raises ShapeError.

    >>> nb.vdot([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    tensor(5.)
    """
    return dot(conj(ravel(as_tensor(a))), ravel(as_tensor(b)))


def matvec(x1: Any, x2: Any, /) -> Tensor:
    """Return the products of matrices with vectors: x1 @ x2, with batch axes in front that broadcast.

    x1: (..., n, m), x2: (..., m) -> (..., n). Derivative: linear in x1 and in x2. Raises ShapeError.

    >>> nb.matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    tensor([21., 43.])
    """
    a, v = as_tensor(x1), as_tensor(x2)
    if a.ndim < 2 or v.ndim < 1 or a.shape[-1] != v.shape[-1]:
        raise shape_errors.no_product("matvec", a.shape, v.shape, "it needs (..., n, m) and (..., m)")
    return matmul(a, v) if v.ndim == 1 else einsum("...ij,...j->...i", a, v)


def vecmat(x1: Any, x2: Any, /) -> Tensor:
    """Return the products of vectors with matrices: x1 @ x2, with batch axes in front that broadcast.

    x1: (..., n), of complex numbers the conjugates; x2: (..., n, m) -> (..., m). Derivative: linear in
    each. Raises ShapeError.

    >>> nb.vecmat([1.0, 10.0], [[1.0, 2.0], [3.0, 4.0]])
    tensor([31., 42.])
    """
    v, a = conj(as_tensor(x1)), as_tensor(x2)
    if a.ndim < 2 or v.ndim < 1 or a.shape[-2] != v.shape[-1]:
        raise shape_errors.no_product("vecmat", v.shape, a.shape, "it needs (..., n) and (..., n, m)")
    return matmul(v, a) if v.ndim == 1 else einsum("...i,...ij->...j", v, a)


# ------------------------------------------------------------------------------------------- in space
@op(out=lambda a, b: (a.shape, a.dtype), multilinear=(0, 1), keep="x", on_complex="same", like=np.cross,
    vjp=(lambda g, z, a, b: crossed(b, g), lambda g, z, a, b: crossed(g, a)),
    cases=[((3,), (3,)), ((4, 2, 3), (4, 2, 3)), ((0, 3), (0, 3))], private=True)
def crossed(a: Any, b: Any) -> Any:
    """Return `cross` of vectors along the last axis, of one shape and dtype."""
    return (as_tensor(a), as_tensor(b)), {}


@named_dim
def cross(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Tensor:
    """Return the cross product of vectors of three elements.

    a, b: vectors along an axis of each; the other axes broadcast. axisa, axisb, axisc: that of a, of b and of
    the result; axis: all three. Derivative: linear in a and in b. Raises ShapeError for vectors of another
    length, AxisError.

    >>> nb.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    tensor([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_tensor(a), as_tensor(b)
    a, b = [moveaxis(x, one("cross", k, x.ndim), -1) for x, k in ((a, axisa), (b, axisb))]
    for x in (a, b):
        if x.shape[-1] != 3:
            raise shape_errors.bad_shape("cross", x.shape, "the vectors (last axis here) need 3 elements")
    a, b = alike(a, b)
    if a.dtype == np.bool_:
        raise value_errors.bad_operands("cross", [a.dtype, b.dtype])
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise shape_errors.no_broadcast("cross", [a.shape, b.shape]) from None
    found = crossed(*[x if x.shape == shape else broadcast_to(x, shape) for x in (a, b)])
    return moveaxis(found, -1, one("cross", axisc, found.ndim))


# --------------------------------------------------------------------------------------------- chains
def _cheapest(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where to part each run of matrices i to j so that the products take the fewest multiplications.

    sizes : those of n matrices, n + 1 numbers
    """
    n = len(sizes) - 1
    costs, parted = {(i, i): 0 for i in range(n)}, {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            costs[i, j], parted[i, j] = min(
                (costs[i, k] + costs[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j))
    return parted


def multi_dot(arrays: Sequence[Any]) -> Tensor:
    """Return the product of several matrices, multiplied in the order that takes the fewest steps.

    arrays: two or more matrices (n, m); the first may be a row, (m,), the last a column, (n,).
    Derivative: linear in each. Raises ShapeError if they do not fit, ValueRangeError for fewer than two.

    >>> nb.linalg.multi_dot([[[1.0, 2.0]], [[3.0], [4.0]], [2.0]])
    tensor([22.])
    """
    xs = [as_tensor(x) for x in arrays]
    if len(xs) < 2:
        raise value_errors.bad_value("multi_dot", f"got {len(xs)} arrays. Give at least two")
    for k, x in enumerate(xs):
        if x.ndim != 2 and not (x.ndim == 1 and k in (0, len(xs) - 1)):
            raise shape_errors.bad_shape("multi_dot", x.shape, "needs matrices; only the first and the last "
                                                               "may be vectors")
    for a, b in pairwise(xs):
        if a.shape[-1] != b.shape[0]:
            raise shape_errors.no_product("multi_dot", a.shape, b.shape, "neighbours need one length between "
                                                                         "them")
    rows = 1 if xs[0].ndim == 1 else xs[0].shape[0]
    parted = _cheapest([rows, *[x.shape[0] for x in xs[1:]], 1 if xs[-1].ndim == 1 else xs[-1].shape[1]])

    def multiplied(i: int, j: int) -> Tensor:
        if i == j:
            return xs[i]
        k = parted[i, j]
        return matmul(multiplied(i, k), multiplied(k + 1, j))

    return multiplied(0, len(xs) - 1)
