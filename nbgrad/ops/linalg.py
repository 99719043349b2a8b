"""Linear algebra: inverses, systems and determinants of square matrices, with any batch axes in front."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.define import complex
from nbgrad.define.broadcast import alike, astype, shaped
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.contract import einsum, matmul, product
from nbgrad.ops.elementwise import negative
from nbgrad.ops.shape import refit, transposed

op: Any = family("linalg")


def square_matrices(name: str, a: Any) -> Tensor:
    """a as a Tensor of square float matrices. Raises SingularError if they are not square."""
    a = as_tensor(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise shape_errors.not_square(name, a.shape)
    return a if a.dtype.kind in "fc" else astype(a, np.float64)


def direction(name: str, a: Any, e: Any) -> tuple[Tensor, Tensor]:
    """Square matrices and a direction, in one dtype. Raises ShapeError if the shapes differ."""
    a, e = square_matrices(name, a), square_matrices(name, e)
    if a.shape != e.shape:
        raise shape_errors.bad_shape(name, e.shape, f"the direction must have the matrix's shape {a.shape}")
    a, e = alike(a, e)
    return a, e


def like_first(a: Any, *_: Any) -> tuple[tuple[int, ...], Any]:
    """Shape and dtype of the first input."""
    return a.shape, a.dtype


# test inputs of a matrix and a direction
DIRECTIONS = [(shape, shape) for shape in ((3, 3), (2, 2, 2), (1, 1), (0, 0), (0, 2, 2))]


# ------------------------------------------------------------------------------ inverse, systems, determinant
def _regular(rng: np.random.Generator) -> np.ndarray:
    """Matrices far from singular."""
    return rng.normal(size=(2, 3, 3)) + 4 * np.eye(3)


def _inv_rule(g: Any, z: Any, a: Any) -> Tensor:
    return negative(product(product(z, g, (True, False)), z, (False, True)))


@op(out=like_first, vjp=_inv_rule, keep="z", like=np.linalg.inv, on_complex="same",
    cases=[(_regular,), (lambda rng: _regular(rng)[0],), ((0, 0),), ((0, 2, 2),)])
def inv(a: Any) -> Any:
    """Return the inverse of matrices.

    a: (..., n, n), float32, float64 or complex; other dtypes become float64. To multiply by an inverse, solve
    is more accurate.
    Raises SingularError if one is singular, or not square.
    Derivative: a tangent t of a gives -inv(a) @ t @ inv(a).

    >>> nb.inv([[2.0, 0.0], [0.0, 4.0]])
    tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    return (square_matrices("inv", a),), {}


def solution(a: Any, b: Any) -> tuple[tuple[int, ...], Any]:
    """Shape and dtype of the solution of a @ z = b."""
    if b.ndim == 1:
        return (*a.shape[:-2], *b.shape), a.dtype
    return (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), a.dtype


def equations(name: str, a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """A system's matrices and right-hand sides, in one dtype.

    Raises SingularError if a is not square, ShapeError if the shapes do not fit.
    """
    a, b = square_matrices(name, a), as_tensor(b)
    if b.ndim == 0 or b.shape[-2 if b.ndim > 1 else 0] != a.shape[-1]:
        raise shape_errors.no_product(name, a.shape, b.shape, "b needs as many rows as the matrix")
    try:
        solution(a, b)
    except ValueError as error:
        raise shape_errors.no_broadcast(name, [a.shape, b.shape]) from error
    a, b = alike(a, b)
    return a, b


def column(x: Tensor) -> Tensor:
    """Vectors as matrices of one column."""
    return refit(x, (*x.shape, 1))


def _solve_rule(g: Any, z: Any, a: Any, b: Any, wanted: tuple[bool, bool]) -> tuple[Any, Any]:
    """inv(a).T @ g for the right-hand side, and from it the matrix's."""
    if b.ndim == 1:
        g, z = column(g), column(z)
    back = apply(solve, (transposed(a), g))
    of_matrix = shaped(negative(product(back, z, (False, True))), a) if wanted[0] else None
    return of_matrix, shaped(refit(back, back.shape[:-1]) if b.ndim == 1 else back, b)


@op(out=solution, vjp_all=_solve_rule, multilinear=(1,), like=np.linalg.solve, on_complex="same",
    cases=[(_regular, (2, 3, 2)), (_regular, (3,)), (_regular, (3, 2)), (lambda rng: _regular(rng)[0], (3,)),
           (lambda rng: _regular(rng)[0], (4, 3, 1)), ((0, 0), (0,)), ((0, 2, 2), (2, 1)), ((0, 0), (0, 2))])
def solve(a: Any, b: Any) -> Any:
    """Return the solution z of the linear equations a @ z = b.

    a: (..., n, n), b: (n,) or (..., n, k); batch axes broadcast; only a 1-d b is a vector, as in NumPy 2.
    float32, float64 or complex; other dtypes become float64. Raises SingularError if a matrix is singular or
    not square, ShapeError if the shapes do not fit.
    Derivative: linear in b; a tangent t of a gives -solve(a, t @ z).

    >>> nb.solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])
    tensor([0.5 , 0.25])
    """
    return equations("solve", a, b), {}


def matrix_power(a: Any, n: int) -> Tensor:
    """Return the matrix product of n factors a: the identity for n = 0, the inverse's power for n < 0.

    a: (..., k, k), any dtype; to a negative power a float. About 2 log2(n) products.
    Raises SingularError if a is not square, or singular and n negative, DtypeError if n is no integer.
    Derivative: that of the products.

    >>> nb.matrix_power([[1.0, 1.0], [0.0, 1.0]], 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    a = as_tensor(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise shape_errors.not_square("matrix_power", a.shape)
    try:
        n = operator.index(n)
    except TypeError as error:
        raise value_errors.bad_argument("matrix_power", n, "an integer power") from error
    if n == 0:
        ones = np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()
        return wrap(devices.to_device_of(ones, raw(a)))
    if n == 1:
        return astype(a, a.dtype)
    a, n = (inv(a), -n) if n < 0 else (a, n)
    result: Any = None
    while True:
        if n & 1:
            result = a if result is None else matmul(result, a)
        n >>= 1
        if not n:
            return result
        a = matmul(a, a)


def _per_matrix(g: Any) -> Tensor:
    """One number for each matrix, lined up with its elements."""
    return refit(g, (*g.shape, 1, 1))


def _rank_one(rng: np.random.Generator) -> np.ndarray:
    return np.array([[1.0, 2], [2, 4]])


@op(out=lambda a: (a.shape[:-2], a.dtype), keep="x", like=np.linalg.det, on_complex="same",
    vjp=lambda g, z, a: multiply(_per_matrix(g), apply(cofactor, (a,))),
    cases=[((3, 3),), ((2, 2, 2),), ((1, 1),), ((0, 0),), ((0, 2, 2),), (_rank_one,),
           (lambda rng: np.zeros((3, 3)),), (lambda rng: np.eye(3)[[0, 2, 1]],)])
def det(a: Any) -> Any:
    """Return the determinant of matrices.

    a: (..., n, n) -> (...), float32, float64 or complex; other dtypes become float64. Its derivative is the
    matrix of cofactors, and exact for singular matrices too, up to the second order; the third needs an
    inverse. Raises SingularError if the matrices are not square.

    >>> nb.det([[1.0, 2.0], [3.0, 4.0]])
    tensor(-2.)
    """
    return (square_matrices("det", a),), {}


def _cofactor_like(a: np.ndarray) -> np.ndarray:
    return np.linalg.det(a)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2)


@op(out=like_first, vjp=lambda g, z, a: apply(cofactor_push, (a, g)), keep="x", like=_cofactor_like,
    on_complex="same",
    cases=[(_regular,), (lambda rng: _regular(rng)[0],), ((1, 1),), ((0, 0),), ((0, 2, 2),)], private=True)
def cofactor(a: Any) -> Any:
    """Return the matrix of cofactors: for regular matrices det(a) times the transpose of inv(a), else its
    limit.

    a: (..., n, n), float32, float64 or complex; other dtypes become float64. Raises SingularError if the
    matrices are not square.
    Source: Stewart, On the adjugate matrix, Linear Algebra Appl. 283 (1998).
    """
    return (square_matrices("cofactor", a),), {}


def _third(g: Any, z: Any, a: Any, e: Any) -> Tensor:
    """Cotangent of a: the third derivative of det, from det(a) and w = inv(a)^T."""
    w = transposed(apply(inv, (a,)))
    we, wg = [product(product(w, x, (False, True)), w) for x in (e, g)]
    ee, gg, eg = [_per_matrix(einsum("...ij,...ij->...", x, y)) for x, y in ((e, w), (g, w), (g, we))]
    twice = add(product(product(we, g, (False, True)), w), product(product(wg, e, (False, True)), w))
    return _per_matrix(det(a)) * ((ee * gg - eg) * w - gg * we - ee * wg + twice)


@op(out=like_first, vjp=(_third, lambda g, z, a, e: apply(cofactor_push, (a, g))), multilinear=(1,), keep="x",
    on_complex="same", cases=[*DIRECTIONS, (_regular, (2, 3, 3))], private=True)
def cofactor_push(a: Any, e: Any) -> Any:
    """Return the derivative of the matrix of cofactors at a in the direction e: the second derivative of det.

    a: (..., n, n), e: the same shape; float32 or float64. Exact for singular matrices too; its own
    derivative raises SingularError there.
    """
    return direction("cofactor_push", a, e), {}


class Slogdet(NamedTuple):
    """Sign (...) and logarithm of the absolute value (...) of determinants."""

    sign: Tensor
    logabsdet: Tensor


def _log_rule(g: Any, z: Any, a: Any) -> Tensor | None:
    """The logarithm has inv(a).T; the sign is constant, but of complex matrices, where its angle turns."""
    of_sign, of_log = g
    if of_sign is not None and is_complex(a):
        turn = complex.complex_(0.0, complex.imag(multiply(of_sign, z[0])))
        of_log = turn if of_log is None else add(of_log, turn)
    return None if of_log is None else multiply(_per_matrix(of_log), transposed(apply(inv, (a,))))


@op(vjp=_log_rule, results=Slogdet, like=np.linalg.slogdet, on_complex="same",
    cases=[(_regular,), (lambda rng: _regular(rng)[0],), (lambda rng: -_regular(rng)[0],), ((1, 1),),
           ((0, 0),), ((0, 2, 2),)])
def slogdet(a: Any) -> Any:
    """Return the sign and the logarithm of the absolute value of the determinant, without overflow.

    a: (..., n, n) -> the named tuple (sign (...), logabsdet (...)); float32, float64 or complex; other dtypes
    become float64. For a singular matrix (0, -inf), where the derivative raises SingularError: it does not
    exist. Raises SingularError if the matrices are not square.
    Derivative of logabsdet: inv(a).T; sign is a constant, but for complex matrices, where it turns.

    >>> nb.slogdet([[2.0, 0.0], [0.0, -3.0]])
    Slogdet(sign=tensor(-1.), logabsdet=tensor(1.79175947))
    """
    return (square_matrices("slogdet", a),), {}
