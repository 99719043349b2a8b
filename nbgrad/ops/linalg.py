"""Linear algebra: functions of square matrices, with any batch axes in front."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.broadcast import astype, shaped
from nbgrad.ops.contract import einsum, matmul
from nbgrad.ops.elementwise import divide, negative
from nbgrad.ops.shape import concat, expand_dims, matrix_transpose, squeeze
from nbgrad.scalar import add, multiply
from nbgrad.structured import op
from nbgrad.tensors import Tensor, as_tensor, wrap


def _square(name: str, a: Any) -> Tensor:
    """a as a Tensor of square float matrices. Raises SingularError if they are not square."""
    a = as_tensor(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise errors.not_square(name, a.shape)
    return a if a.dtype.kind == "f" else astype(a, np.float64)


def _direction(name: str, a: Any, e: Any) -> tuple[Tensor, Tensor]:
    """Square matrices and a direction, in one dtype. Raises ShapeError if the shapes differ."""
    a, e = _square(name, a), _square(name, e)
    if a.shape != e.shape:
        raise errors.bad_shape(name, e.shape, f"the direction must have the matrix's shape {a.shape}")
    return _alike(a, e)


def _alike(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The two in their common dtype."""
    if a.dtype == b.dtype:
        return a, b
    dtype = np.result_type(a.dtype, b.dtype)
    return astype(a, dtype), astype(b, dtype)


def _like_first(a: Any, *_: Any) -> tuple[tuple[int, ...], Any]:
    return a.shape, a.dtype


# --------------------------------------------------------------------------------------- exponential
def _expm_test(rng: np.random.Generator) -> np.ndarray:
    """A rotation, a matrix that is not diagonalisable, one whose powers are small, a large and a tiny one."""
    large, tiny = 4 * rng.normal(size=(2, 2)), np.full((2, 2), 1e-9)
    return np.stack([[[0, -2.0], [2, 0]], [[1.0, 1], [0, 1]], [[1.0, 30], [0, -1]], large, tiny])


def _expm_like(a: np.ndarray) -> np.ndarray:
    """The series, for a / 64, in extended precision."""
    x = a.astype(np.longdouble) / 64
    term: Any = np.eye(a.shape[-1], dtype=np.longdouble)
    total: Any = np.broadcast_to(term, a.shape)
    for k in range(1, 30):
        term = term @ x / k
        total = total + term
    for _ in range(6):
        total = total @ total
    return total.astype(a.dtype)


@op(out=_like_first, vjp=lambda g, z, a: expm_frechet(matrix_transpose(a), g), keep="x",
    like=_expm_like,
    cases=[((3, 3),), ((1, 1),), ((2, 3, 3),), ((2, 1, 2, 2),), ((0, 0),), ((0, 2, 2),), ((2, 0, 0),),
           (_expm_test,)])
def expm(a: Any) -> Any:
    """Return the matrix exponential, the sum of a**k / k! over all k. (np.exp takes that of each element.)

    a: (..., n, n), float32 or float64; other dtypes become float64. A matrix with nan or inf gives nan.
    Raises SingularError if the matrices are not square.
    Source: Al-Mohy and Higham, A new scaling and squaring algorithm for the matrix exponential, SIAM J.
    Matrix Anal. Appl. 31 (2009). The derivative is expm_frechet.
    """
    return (_square("expm", a),), {}


def _second(g: Any, z: Any, a: Any, e: Any) -> Tensor:
    """Cotangent of a. z is a block of expm([[a, e], [0, a]]): the derivative of that in both places of a.
    It is linear in e, which is scaled to a norm of about 1: a huge one would spoil the accuracy.
    """
    scale = inverse_norm(e)
    at, et = matrix_transpose(a), matrix_transpose(multiply(e, scale))
    zero = wrap(np.zeros(a.shape, a.dtype))
    x = concat(concat(at, zero, axis=-1), concat(et, at, axis=-1), axis=-2)
    y = expm_frechet(x, concat(concat(zero, g, axis=-1), concat(zero, zero, axis=-1), axis=-2))
    n = a.shape[-1]
    return divide(add(y[..., :n, :n], y[..., n:, n:]), scale)


def _frechet_like(a: np.ndarray, e: np.ndarray) -> np.ndarray:
    """The derivative as a block of an exponential."""
    n = a.shape[-1]
    block = np.concatenate([np.concatenate([a, e], -1), np.concatenate([0 * a, a], -1)], -2)
    return _expm_like(block)[..., :n, n:]


_DIRECTIONS = [(shape, shape) for shape in ((3, 3), (2, 2, 2), (1, 1), (0, 0), (0, 2, 2))]


@op(out=_like_first, vjp=(_second, lambda g, z, a, e: expm_frechet(matrix_transpose(a), g)), multilinear=(1,),
    keep="x", like=_frechet_like, cases=_DIRECTIONS)
def expm_frechet(a: Any, e: Any) -> Any:
    """Return the derivative of the matrix exponential at a in the direction e (its Fréchet derivative).

    a: (..., n, n), e: the same shape; float32 or float64. Raises SingularError if the matrices are not
    square, ShapeError if the shapes differ.
    Source: Al-Mohy and Higham, Computing the Fréchet derivative of the matrix exponential, SIAM J. Matrix
    Anal. Appl. 30 (2009), section 6; for small matrices Higham, Functions of Matrices (2008), eq. 3.16.
    """
    return _direction("expm_frechet", a, e), {}


@op(out=lambda x: ((*x.shape[:-2], 1, 1), x.dtype), discrete=True, cases=[((2, 3, 3),), ((2, 2),), ((0, 0),)])
def inverse_norm(x: Any) -> Any:
    """Return a power of two that brings the largest element of each matrix between 1/2 and 1 (1 for a zero
    matrix).

    x: (..., n, n), float -> (..., 1, 1). A constant to every derivative.
    """
    return (as_tensor(x),), {}


# ------------------------------------------------------------------------------ inverse, systems, determinant
def _regular(rng: np.random.Generator) -> np.ndarray:
    """Matrices far from singular."""
    return rng.normal(size=(2, 3, 3)) + 4 * np.eye(3)


def _inv_rule(g: Any, z: Any, a: Any) -> Tensor:
    zt = matrix_transpose(z)
    return negative(matmul(matmul(zt, g), zt))


@op(out=_like_first, vjp=_inv_rule, keep="z", like=np.linalg.inv,
    cases=[(_regular,), (lambda rng: _regular(rng)[0],), ((0, 0),), ((0, 2, 2),)])
def inv(a: Any) -> Any:
    """Return the inverse of matrices.

    a: (..., n, n), float32 or float64; other dtypes become float64. To multiply by an inverse, solve is
    more accurate.
    Raises SingularError if one is singular, or not square.
    """
    return (_square("inv", a),), {}


def _solved(a: Any, b: Any) -> tuple[tuple[int, ...], Any]:
    if b.ndim == 1:
        return (*a.shape[:-2], *b.shape), a.dtype
    return (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), a.dtype


def _solve_left(g: Any, z: Any, a: Any, b: Any) -> Tensor:
    if b.ndim == 1:
        g, z = expand_dims(g, -1), expand_dims(z, -1)
    return shaped(negative(matmul(solve(matrix_transpose(a), g), matrix_transpose(z))), a)


def _solve_right(g: Any, z: Any, a: Any, b: Any) -> Tensor:
    if b.ndim == 1:
        return shaped(squeeze(solve(matrix_transpose(a), expand_dims(g, -1)), -1), b)
    return shaped(solve(matrix_transpose(a), g), b)


@op(out=_solved, vjp=(_solve_left, _solve_right), multilinear=(1,), like=np.linalg.solve,
    cases=[(_regular, (2, 3, 2)), (_regular, (3,)), (_regular, (3, 2)), (lambda rng: _regular(rng)[0], (3,)),
           (lambda rng: _regular(rng)[0], (4, 3, 1)), ((0, 0), (0,)), ((0, 2, 2), (2, 1)), ((0, 0), (0, 2))])
def solve(a: Any, b: Any) -> Any:
    """Return the solution z of the linear equations a @ z = b.

    a: (..., n, n), b: (n,) or (..., n, k); batch axes broadcast; only a 1-d b is a vector, as in NumPy 2.
    float32 or float64; other dtypes become float64. Raises SingularError if a matrix is singular or not
    square, ShapeError if the shapes do not fit.
    """
    a, b = _square("solve", a), as_tensor(b)
    if b.ndim == 0 or b.shape[-2 if b.ndim > 1 else 0] != a.shape[-1]:
        raise errors.no_product("solve", a.shape, b.shape, "b needs as many rows as the matrix")
    try:
        _solved(a, b)
    except ValueError as error:
        raise errors.no_broadcast("solve", [a.shape, b.shape]) from error
    return _alike(a, b), {}


def _per_matrix(g: Any) -> Tensor:
    """One number for each matrix, lined up with its elements."""
    return expand_dims(g, (-2, -1))


def _rank_one(rng: np.random.Generator) -> np.ndarray:
    return np.array([[1.0, 2], [2, 4]])


@op(out=lambda a: (a.shape[:-2], a.dtype), vjp=lambda g, z, a: multiply(_per_matrix(g), cofactor(a)),
    keep="x", like=np.linalg.det,
    cases=[((3, 3),), ((2, 2, 2),), ((1, 1),), ((0, 0),), ((0, 2, 2),), (_rank_one,),
           (lambda rng: np.zeros((3, 3)),), (lambda rng: np.eye(3)[[0, 2, 1]],)])
def det(a: Any) -> Any:
    """Return the determinant of matrices.

    a: (..., n, n) -> (...), float32 or float64; other dtypes become float64. Its derivative is the matrix
    of cofactors, and exact for singular matrices too, up to the second order; the third needs an inverse.
    Raises SingularError if the matrices are not square.
    """
    return (_square("det", a),), {}


def _cofactor_like(a: np.ndarray) -> np.ndarray:
    return np.linalg.det(a)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2)


@op(out=_like_first, vjp=lambda g, z, a: cofactor_push(a, g), keep="x", like=_cofactor_like,
    cases=[(_regular,), (lambda rng: _regular(rng)[0],), ((1, 1),), ((0, 0),), ((0, 2, 2),)])
def cofactor(a: Any) -> Any:
    """Return the matrix of cofactors: for regular matrices det(a) times the transpose of inv(a), else its
    limit.

    a: (..., n, n), float32 or float64; other dtypes become float64. Raises SingularError if the matrices
    are not square.
    Source: Stewart, On the adjugate matrix, Linear Algebra Appl. 283 (1998).
    """
    return (_square("cofactor", a),), {}


def _third(g: Any, z: Any, a: Any, e: Any) -> Tensor:
    """Cotangent of a: the third derivative of det, from det(a) and w = inv(a)^T."""
    w = matrix_transpose(inv(a))
    we, wg = [matmul(matmul(w, matrix_transpose(x)), w) for x in (e, g)]
    ee, gg, eg = [_per_matrix(einsum("...ij,...ij->...", x, y)) for x, y in ((e, w), (g, w), (g, we))]
    twice = add(matmul(matmul(we, matrix_transpose(g)), w), matmul(matmul(wg, matrix_transpose(e)), w))
    return _per_matrix(det(a)) * ((ee * gg - eg) * w - gg * we - ee * wg + twice)


@op(out=_like_first, vjp=(_third, lambda g, z, a, e: cofactor_push(a, g)), multilinear=(1,), keep="x",
    cases=[*_DIRECTIONS, (_regular, (2, 3, 3))])
def cofactor_push(a: Any, e: Any) -> Any:
    """Return the derivative of the matrix of cofactors at a in the direction e: the second derivative of det.

    a: (..., n, n), e: the same shape; float32 or float64. Exact for singular matrices too; its own
    derivative raises SingularError there.
    """
    return _direction("cofactor_push", a, e), {}
