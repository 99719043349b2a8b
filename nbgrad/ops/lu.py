"""Triangular factors with rows exchanged, and systems that are solved by factors; batch axes in front."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nbgrad.arrays.dtypes import real_of
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.define.complex import conj
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import value_errors
from nbgrad.ops.along import take_along_axis
from nbgrad.ops.compare import equal
from nbgrad.ops.contract import product
from nbgrad.ops.create import eye
from nbgrad.ops.diagonal import diagonal
from nbgrad.ops.elementwise import abs, subtract
from nbgrad.ops.factor import cholesky, solve_triangular
from nbgrad.ops.index import take
from nbgrad.ops.linalg import column, equations
from nbgrad.ops.qr import columns, independent, over_triangle, rows
from nbgrad.ops.shape import concat, expand_dims, refit
from nbgrad.ops.sort import argsort
from nbgrad.ops.svd import matrices
from nbgrad.ops.triangles import tril, triu

op: Any = family("lu")


class Packed(NamedTuple):
    """Both triangular factors in one matrix, and the rows that were exchanged, as floats."""

    factors: Tensor
    pivots: Tensor


# ---------------------------------------------------------------------------------- the rule
def _reordered(x: Tensor, order: Tensor) -> Tensor:
    """The rows of x in an order, of each matrix its own."""
    if order.ndim == 1:
        return take(x, order, axis=x.ndim - 2)
    batch = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    x = broadcast_to(x, (*batch, *x.shape[-2:]))
    return take_along_axis(x, broadcast_to(expand_dims(order, -1), x.shape), x.ndim - 2)


def _below(x: Tensor, p: Tensor) -> Tensor:
    """inv(l).T @ x, l the unit lower triangle of p."""
    return solve_triangular(p, x, trans=1, lower=True, unit_diagonal=True)


def _packed_rule(g: Any, z: Any, a: Any) -> Tensor | None:
    """Of the square parts l @ u = a: inv(l).T @ (tril(l.T @ gl, -1) + triu(gu @ u.T)) @ inv(u).T.

    Rows below are l2 = a2 @ inv(u), columns beside u2 = inv(l) @ a2, which have cotangents of their own and
    add to those of u and l.
    Source: de Hoog, Anderssen, Lukas, Differentiation of matrix functionals using triangular factorization,
    Math. Comp. 80 (2011).
    """
    (g, _), (p, pivots) = g, z
    if g is None:
        return None
    m, n = a.shape[-2:]
    k = min(m, n)
    square = columns(rows(p, None, k), None, k)
    ends = abs(diagonal(square, 0, -2, -1))
    g = multiply(g, independent(ends, ends, "lu", a.shape, 0.0))
    inner = columns(rows(g, None, k), None, k)
    of_l, of_u, rest = tril(inner, -1), triu(inner), None
    if m > n:
        rest = over_triangle(rows(g, n, None), square)
        of_u = subtract(of_u, triu(product(rows(p, n, None), rest, (True, False))))
    elif m < n:
        rest = _below(columns(g, m, None), square)
        of_l = subtract(of_l, tril(product(rest, columns(p, m, None), (False, True)), -1))
    lower = add(of_l, product(tril(square, -1), of_l, (True, False)))
    inside = add(tril(lower, -1), triu(product(of_u, triu(square), (False, True))))
    found = over_triangle(_below(inside, square), square)
    if rest is not None:
        found = concat([found, rest], -2 if m > n else -1)
    return _reordered(found, argsort(row_order(pivots, m)))


# ------------------------------------------------------------------------------------------ the ops
def _order_like(pivots: np.ndarray, m: int) -> np.ndarray:
    found = np.tile(np.arange(m), (*pivots.shape[:-1], 1))
    for i in range(pivots.shape[-1]):
        other = pivots[..., i].astype(int)[..., None]
        moved = np.take_along_axis(found, other, -1)
        np.put_along_axis(found, other, found[..., i:i + 1].copy(), -1)
        found[..., i:i + 1] = moved
    return found


@op(out=lambda pivots, m: ((*pivots.shape[:-1], m), np.dtype(np.int64)), discrete=True, like=_order_like,
    cases=[(np.array([[2.0, 1, 2], [0, 2, 2]]), {"m": 4}), ((0,), {"m": 2})], private=True)
def row_order(pivots: Any, m: int) -> Any:
    """Return the numbers of m rows after row i was exchanged with row pivots[..., i], one after another.

    pivots: (..., k) -> (..., m).
    """
    return (as_tensor(pivots),), {"m": m}


def _steep(*shape: int) -> Any:
    """Matrices of which no two pivots are near to each other, and rows are exchanged."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        return (0.3 * rng.normal(size=shape) + 2 * np.eye(shape[-2], shape[-1]))[..., ::-1, :]

    return draw


def _packed_like(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elimination, a row at a time."""
    z, (m, n) = a.copy(), a.shape[-2:]
    pivots = np.zeros((*a.shape[:-2], min(m, n)), a.dtype)
    for at in np.ndindex(a.shape[:-2]):
        x = z[at]
        for i in range(min(m, n)):
            j = i + int(np.abs(x[i:, i]).argmax())
            pivots[(*at, i)] = j
            x[[i, j]] = x[[j, i]]
            x[i + 1:, i] /= x[i, i]
            x[i + 1:, i + 1:] -= np.outer(x[i + 1:, i], x[i, i + 1:])
    return z, pivots


@op(vjp=_packed_rule, keep="z", results=Packed, like=_packed_like, on_complex="same",
    cases=[(_steep(4, 2),), ((0, 2, 2),)], private=True)
def lu_packed(a: Any) -> Any:
    """Return the factors of `lu` in one matrix, and the exchanges as floats; these are constants."""
    return (matrices("lu", a),), {}


# ------------------------------------------------------------------------------------- factors as SciPy's
def lu(a: Any, permute_l: bool = False, p_indices: bool = False) -> tuple[Tensor, ...]:
    """Return (p, l, u) with a = p @ l @ u: l has a diagonal of ones and zeros above it, u zeros below.

    a: (..., m, n) -> p (..., m, m), the order of rows, l (..., m, k), u (..., k, n), k = min(m, n); float32,
    float64 or complex; other dtypes become float64. A matrix with nan or inf has them in its factors.
    permute_l : return (p @ l, u) instead
    p_indices : p is (..., m) indices, a = l[p] @ u
    Derivative: of l and u while the order of rows stays as it is; p is a constant. It raises GradientError
    where a[:k, :k], rows exchanged, is singular. Raises ShapeError if a has fewer than two axes, DeviceError
    on CUDA.

    >>> nb.linalg.lu([[2.0, 1.0], [4.0, 4.0]])[2]
    tensor([[ 4.,  4.],
            [ 0., -1.]])
    """
    a = matrices("lu", a)
    m, n = a.shape[-2:]
    k = min(m, n)
    p, pivots = lu_packed(a)
    order = row_order(pivots, m)
    lower = add(tril(columns(p, None, k), -1), eye(m, k, dtype=a.dtype))
    upper = triu(rows(p, None, k))
    if permute_l:
        return _reordered(lower, argsort(order)), upper
    if p_indices:
        return astype(argsort(order), np.int32), lower, upper
    places = equal(np.arange(m)[:, None], expand_dims(order, -2))
    return astype(places, real_of(a.dtype)), lower, upper


def lu_factor(a: Any) -> tuple[Tensor, Tensor]:
    """Return the factors of `lu` in one matrix, and the exchanges of rows, for `lu_solve`.

    a: (..., m, n) -> ((..., m, n), (..., min(m, n)) integers): row i was exchanged with row piv[i].
    Derivative: as in `lu`. Raises ShapeError if a has fewer than two axes, DeviceError on CUDA.

    >>> nb.linalg.lu_factor([[2.0, 1.0], [4.0, 4.0]])
    (tensor([[ 4. ,  4. ],
            [ 0.5, -1. ]]), tensor([1, 1], dtype=int32))
    """
    p, pivots = lu_packed(a)
    return p, astype(pivots, np.int32)


def lu_solve(lu_and_piv: Any, b: Any, trans: int = 0) -> Tensor:
    """Return the solution z of a @ z = b by the factors of a.

    lu_and_piv: what `lu_factor` returns of square matrices. b: (n,) or (..., n, k), as in `solve`.
    trans : 1: solve a.T @ z = b; 2: by the conjugates of a.T
    Derivative: exact in the factors, so that of `solve` in a; linear in b. Raises SingularError if a is
    singular, ShapeError, ValueRangeError for another trans.

    >>> nb.linalg.lu_solve(nb.linalg.lu_factor([[2.0, 1.0], [4.0, 4.0]]), [3.0, 8.0])
    tensor([1., 1.])
    """
    if trans not in (0, 1, 2):
        raise value_errors.bad_choice("lu_solve", "trans", trans, (0, 1, 2))
    factors, pivots = lu_and_piv
    p, b = equations("lu_solve", factors, b)
    order = row_order(astype(as_tensor(pivots), real_of(p.dtype)), p.shape[-1])
    vector = b.ndim == 1
    x, p = column(b) if vector else b, conj(p) if trans == 2 else p
    if trans:
        x = _reordered(_below(solve_triangular(p, x, trans=1), p), argsort(order))
    else:
        x = solve_triangular(p, _reordered(x, order), lower=True, unit_diagonal=True)
        x = solve_triangular(p, x)
    return refit(x, x.shape[:-1]) if vector else x


# ------------------------------------------------------------------------------------- positive definite
def cho_factor(a: Any, lower: bool = False) -> tuple[Tensor, bool]:
    """Return (c, lower), c the Cholesky factor of a, for `cho_solve`; its other triangle is zero.

    a: (..., n, n), of which the lower or the upper triangle is read. Derivative: as in `cholesky`. Raises
    SingularError if a matrix is not positive definite.

    >>> nb.linalg.cho_factor([[4.0, 2.0], [2.0, 5.0]])
    (tensor([[2., 1.],
            [0., 2.]]), False)
    """
    return cholesky(a, upper=not lower), bool(lower)


def cho_solve(c_and_lower: Any, b: Any) -> Tensor:
    """Return the solution z of a @ z = b by the Cholesky factor of a.

    c_and_lower: what `cho_factor` returns. b: (n,) or (..., n, k), as in `solve`. Derivative: exact in the
    factor, linear in b. Raises SingularError if c has a zero on its diagonal, ShapeError.

    >>> nb.linalg.cho_solve(nb.linalg.cho_factor([[4.0, 2.0], [2.0, 5.0]]), [8.0, 12.0])
    tensor([1., 2.])
    """
    c, lower = c_and_lower
    c, b = equations("cho_solve", c, b)
    first, second = (c, conj(c)) if lower else (conj(c), c)
    half = solve_triangular(first, b, trans=int(not lower), lower=lower)
    return solve_triangular(second, half, trans=int(lower), lower=lower)
