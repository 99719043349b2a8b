"""How far matrices are from singular ones, and systems whose unknowns are arrays."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import multiply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import SingularError, shape_errors, value_errors
from nbgrad.ops.axes import ordered
from nbgrad.ops.compare import equal, greater, isnan, logical_and, logical_not, not_equal
from nbgrad.ops.elementwise import abs, divide, where
from nbgrad.ops.factor import eigvalsh
from nbgrad.ops.index import getitem
from nbgrad.ops.linalg import inv, slogdet, solve, square_matrices
from nbgrad.ops.norms import matrix_norm
from nbgrad.ops.reduce import any, max, sum
from nbgrad.ops.shape import expand_dims, permute_dims, ravel, reshape
from nbgrad.ops.svd import matrices, svdvals


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tensor:
    """Return how many singular values of matrices are above a tolerance, integers.

    A: (..., m, n); of fewer axes: 1 if an element is not zero.
    tol, rtol : one of them: what counts as zero, by itself or as a part of the largest, a number or one for
        each matrix; neither: rtol is max(m, n) times the dtype's eps
    hermitian : A is symmetric, or Hermitian: its lower triangle is read
    It has no derivative. Raises ValueRangeError if both are given, SingularError if A is not square.

    >>> nb.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]])
    tensor(1)
    """
    if tol is not None and rtol is not None:
        raise value_errors.bad_value("matrix_rank", "got both tol and rtol. Give one")
    a = stop_gradient(as_tensor(A))
    if a.ndim < 2:
        return astype(any(not_equal(a, 0)), np.int64)
    s = abs(eigvalsh(square_matrices("matrix_rank", a))) if hermitian else svdvals(a)
    if tol is None:
        side = int(np.max(a.shape[-2:]))
        rtol = side * np.finfo(s.dtype).eps if rtol is None else expand_dims(as_tensor(rtol), -1)
        tol = multiply(max(s, -1, True), rtol) if s.shape[-1] else 0.0
    else:
        tol = expand_dims(as_tensor(tol), -1)
    return sum(greater(s, tol), -1)


def cond(x: Any, p: Any = None) -> Tensor:
    """Return the condition numbers of matrices: the norm times that of the inverse, of any order.

    x: (..., m, n), square but for p None, 2 and -2; not empty.
    p : as ord in `norm`; None and 2: the largest singular value over the least; -2: the reverse
    inf for a singular matrix; nan only where x has nan. Derivative: that of the norms and of `inv`, or of
    `svdvals`. Raises ShapeError if x is empty, SingularError if it is not square, ValueRangeError.

    >>> nb.linalg.cond([[2.0, 0.0], [0.0, 1.0]])
    tensor(2.)
    """
    x = matrices("cond", x)
    if 0 in x.shape[-2:]:
        raise shape_errors.bad_shape("cond", x.shape, "an empty matrix has no condition number")
    if p is None or p in (2, -2):
        s = svdvals(x)
        least, most = getitem(s, (..., -1)), getitem(s, (..., 0))
        found = divide(least, most) if p == -2 else divide(most, least)
    else:
        found = _by_inverse(square_matrices("cond", x), p)
    lost = logical_and(isnan(found), logical_not(any(isnan(x), (-2, -1))))
    return where(lost, math.inf, found)


def _by_inverse(x: Tensor, p: Any) -> Tensor:
    """The product of both norms, inf where there is no inverse."""
    try:
        return multiply(matrix_norm(x, ord=p), matrix_norm(inv(x), ord=p))
    except SingularError:
        singular = equal(slogdet(x).sign, 0)
        if not devices.host(raw(singular)).any():
            raise
        regular = where(expand_dims(expand_dims(singular, -1), -1), np.eye(x.shape[-1], dtype=x.dtype), x)
        return where(singular, math.inf, _by_inverse(regular, p))


# ----------------------------------------------------------------------------------- unknowns that are arrays
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Tensor:
    """Return the array x for which the sums of a * x over all axes of x are b: tensordot(a, x, x.ndim) is b.

    a: b's shape and then x's, of as many elements each. axes: axes of a that are moved to its end first.
    Derivative: as in `solve`. Raises ShapeError if the sizes differ, AxisError, SingularError if a is
    singular.

    >>> nb.linalg.tensorsolve(2 * nb.eye(4).reshape(2, 2, 2, 2), [[1.0, 2.0], [3.0, 4.0]])
    tensor([[0.5, 1. ],
            [1.5, 2. ]])
    """
    a, b = as_tensor(a), as_tensor(b)
    if axes is not None:
        last = ordered("tensorsolve", axes, a.ndim, sequence=True)
        a = permute_dims(a, (*[k for k in range(a.ndim) if k not in last], *last))
    shape = a.shape[b.ndim:]
    n = math.prod(shape)
    if n != b.size or a.size != n * n:
        raise shape_errors.no_product("tensorsolve", a.shape, b.shape, "x needs as many elements as b has")
    return reshape(solve(reshape(a, (n, n)), ravel(b)), shape)


def tensorinv(a: Any, ind: int = 2) -> Tensor:
    """Return the inverse of a for sums over axes: tensordot(tensorinv(a, ind), b, ind) is tensorsolve(a, b).

    a: its first ind axes have as many elements together as the others. ind: above 0.
    Derivative: as in `inv`. Raises ShapeError, ValueRangeError, SingularError if a is singular.

    >>> nb.linalg.tensorinv(2 * nb.eye(4).reshape(4, 2, 2), ind=1).shape
    (2, 2, 4)
    """
    a, ind = as_tensor(a), operator.index(ind)
    if ind <= 0:
        raise value_errors.bad_value("tensorinv", f"ind={ind} is not above 0")
    first, last = a.shape[:ind], a.shape[ind:]
    n = math.prod(last)
    if n * n != a.size or math.prod(first) != n:
        raise shape_errors.bad_shape("tensorinv", a.shape, f"the first {ind} axes need as many elements as "
                                                           "the others")
    return reshape(inv(reshape(a, (n, n))), (*last, *first))
