"""The exponential of square matrices and its derivative, with any batch axes in front."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import real_of
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.ops.elementwise import divide
from nbgrad.ops.linalg import DIRECTIONS, direction, like_first, square_matrices
from nbgrad.ops.shape import concat, matrix_transpose

op: Any = family("expm")


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


@op(out=like_first, vjp=lambda g, z, a: expm_frechet(matrix_transpose(a), g), keep="x",
    like=_expm_like, on_complex="same",
    cases=[((3, 3),), ((1, 1),), ((2, 3, 3),), ((2, 1, 2, 2),), ((0, 0),), ((0, 2, 2),), ((2, 0, 0),),
           (_expm_test,)])
def expm(a: Any) -> Any:
    """Return the matrix exponential, the sum of a**k / k! over all k. (np.exp takes that of each element.)

    a: (..., n, n), float32, float64 or complex; other dtypes become float64. A matrix with nan or inf gives
    nan.
    Raises SingularError if the matrices are not square.
    Source: Al-Mohy and Higham, A new scaling and squaring algorithm for the matrix exponential, SIAM J.
    Matrix Anal. Appl. 31 (2009). The derivative is expm_frechet.

    >>> nb.expm([[0.0, 1.0], [0.0, 0.0]])
    tensor([[1., 1.],
            [0., 1.]])
    """
    return (square_matrices("expm", a),), {}


def _second(g: Any, z: Any, a: Any, e: Any) -> Tensor:
    """Cotangent of a. z is a block of expm([[a, e], [0, a]]): the derivative of that in both places of a.
    It is linear in e, which is scaled to a norm of about 1: a huge one would spoil the accuracy.
    """
    scale = inverse_norm(e)
    at, et = matrix_transpose(a), matrix_transpose(multiply(e, scale))
    zero = wrap(devices.zeros_like(raw(a)))
    x = concat(concat(at, zero, axis=-1), concat(et, at, axis=-1), axis=-2)
    y = expm_frechet(x, concat(concat(zero, g, axis=-1), concat(zero, zero, axis=-1), axis=-2))
    n = a.shape[-1]
    return divide(add(y[..., :n, :n], y[..., n:, n:]), scale)


def _frechet_like(a: np.ndarray, e: np.ndarray) -> np.ndarray:
    """The derivative as a block of an exponential."""
    n = a.shape[-1]
    block = np.concatenate([np.concatenate([a, e], -1), np.concatenate([0 * a, a], -1)], -2)
    return _expm_like(block)[..., :n, n:]


@op(out=like_first, vjp=(_second, lambda g, z, a, e: expm_frechet(matrix_transpose(a), g)), multilinear=(1,),
    keep="x", like=_frechet_like, on_complex="same", cases=DIRECTIONS, private=True)
def expm_frechet(a: Any, e: Any) -> Any:
    """Return the derivative of the matrix exponential at a in the direction e (its Fréchet derivative).

    a: (..., n, n), e: the same shape; float32, float64 or complex. Raises SingularError if the matrices are
    not square, ShapeError if the shapes differ.
    Source: Al-Mohy and Higham, Computing the Fréchet derivative of the matrix exponential, SIAM J. Matrix
    Anal. Appl. 30 (2009), section 6; for small matrices Higham, Functions of Matrices (2008), eq. 3.16.
    """
    return direction("expm_frechet", a, e), {}


@op(out=lambda x: ((*x.shape[:-2], 1, 1), real_of(x.dtype)), discrete=True, on_complex="same",
    cases=[((2, 3, 3),), ((2, 2),), ((0, 0),)], private=True)
def inverse_norm(x: Any) -> Any:
    """Return a power of two that brings the largest element of each matrix, of complex ones the largest part,
    between 1/2 and 1 (1 for a zero matrix).

    x: (..., n, n), float or complex -> (..., 1, 1), real. A constant to every derivative.
    """
    return (as_tensor(x),), {}
