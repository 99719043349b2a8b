"""Roots, logarithms and powers of square matrices, and Sylvester's equation; any batch axes in front."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import alike, astype, shaped
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors
from nbgrad.ops.contract import product
from nbgrad.ops.create import zeros_like
from nbgrad.ops.elementwise import divide, negative
from nbgrad.ops.expm import expm, inverse_norm
from nbgrad.ops.index import getitem
from nbgrad.ops.linalg import like_first, matrix_power, square_matrices
from nbgrad.ops.shape import concat, transposed

op: Any = family("matrix_functions")


# --------------------------------------------------------------------------------- Sylvester's equation
def _solved(a: Any, b: Any, q: Any) -> tuple[tuple[int, ...], Any]:
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2], q.shape[:-2])
    return (*batch, *q.shape[-2:]), q.dtype


def _sylvester_rule(g: Any, z: Any, a: Any, b: Any, q: Any, wanted: Any) -> tuple[Any, ...]:
    """y with a.T @ y + y @ b.T = g for the right side; -y @ z.T and -z.T @ y for a and b."""
    y = apply(solve_sylvester, (transposed(a), transposed(b), g))
    of_a, of_b = [negative(product(*pair)) for pair in ((y, z, (False, True)), (z, y, (True, False)))]
    return shaped(of_a, a), shaped(of_b, b), shaped(y, q)


def _sylvester_like(a: np.ndarray, b: np.ndarray, q: np.ndarray) -> np.ndarray:
    """By a system for all elements."""
    (m, n), batch = q.shape[-2:], np.broadcast_shapes(a.shape[:-2], b.shape[:-2], q.shape[:-2])
    system = (np.einsum("...ik,jl->...ijkl", np.broadcast_to(a, (*batch, m, m)), np.eye(n, dtype=a.dtype))
              + np.einsum("...lj,ik->...ijkl", np.broadcast_to(b, (*batch, n, n)), np.eye(m, dtype=a.dtype)))
    flat = np.broadcast_to(q, (*batch, m, n)).reshape(*batch, m * n, 1)
    return np.linalg.solve(system.reshape(*batch, m * n, m * n), flat).reshape(*batch, m, n)


def _away(*shape: int) -> Any:
    """Matrices whose eigenvalues are near to 2."""
    return lambda rng: 0.3 * rng.normal(size=shape) + 2 * np.eye(shape[-1])


@op(out=_solved, vjp_all=_sylvester_rule, multilinear=(2,), like=_sylvester_like, on_complex="same",
    cases=[(_away(2, 3, 3), _away(2, 2), (3, 2)), ((0, 0), _away(2, 2), (0, 2))])
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Return the solution z of a @ z + z @ b = q.

    a: (..., m, m), b: (..., n, n), q: (..., m, n); batch axes broadcast; float32, float64 or complex; other
    dtypes become float64. What is not finite gives nan.
    Raises SingularError if an eigenvalue of a is the negative of one of b, or one of them is not square,
    ShapeError if the shapes do not fit, DeviceError on CUDA.
    Derivative: linear in q; tangents s of a and t of b give solve_sylvester(a, b, -(s @ z + z @ t)).

    >>> nb.linalg.solve_sylvester([[1.0]], [[3.0]], [[8.0]])
    tensor([[2.]])
    """
    a, b, q = square_matrices("solve_sylvester", a), square_matrices("solve_sylvester", b), as_tensor(q)
    if q.ndim < 2 or q.shape[-2:] != (a.shape[-1], b.shape[-1]):
        raise shape_errors.bad_shape("solve_sylvester", q.shape,
                                     f"q needs {a.shape[-1]} rows and {b.shape[-1]} columns")
    try:
        _solved(a, b, q)
    except ValueError as error:
        raise shape_errors.no_broadcast("solve_sylvester", [a.shape, b.shape, q.shape]) from error
    return tuple(alike(a, b, q)), {}


# --------------------------------------------------------------------------------------------- functions
def _logarithm_rule(g: Tensor, z: Any, a: Tensor) -> Tensor:
    """The upper right block of logm([[a.T, g], [0, a.T]]), the derivative at a.T in the direction g.

    It is linear in g, which is scaled to the size of a.
    Source: Higham, Functions of Matrices (2008), theorem 3.6.
    """
    n, at = a.shape[-1], transposed(a)
    scale = divide(inverse_norm(g), inverse_norm(a))
    upper, lower = concat([at, multiply(g, scale)], -1), concat([zeros_like(at), at], -1)
    whole = apply(logm, (concat([upper, lower], -2),))
    return divide(getitem(whole, (..., slice(None, n), slice(n, None))), scale)


def _by_values(f: Any, a: np.ndarray) -> np.ndarray:
    """A function by eigenvalues."""
    w, v = np.linalg.eig(a)
    return ((v * f(w.astype(complex))[..., None, :]) @ np.linalg.inv(v)).real.astype(a.dtype)


_CASES: list[Any] = [(_away(2, 3, 3),), ((0, 0),)]


@op(out=like_first, vjp=lambda g, z, a: apply(solve_sylvester, (transposed(z), transposed(z), g)), keep="z",
    like=lambda a: _by_values(np.sqrt, a), on_complex="same", cases=_CASES)
def sqrtm(a: Any) -> Any:
    """Return the square root of matrices: the z with z @ z = a whose eigenvalues have positive real parts.

    a: (..., n, n), float32, float64 or complex; other dtypes become float64. A matrix with nan or inf gives
    nan.
    Raises SingularError if a is not square, is real and has a negative eigenvalue, so that z is complex, or
    has no root; DeviceError on CUDA.
    Derivative: a tangent t of a gives solve_sylvester(z, z, t); SingularError where a is singular.

    >>> nb.linalg.sqrtm([[4.0, 0.0], [0.0, 9.0]])
    tensor([[2., 0.],
            [0., 3.]])
    """
    return (square_matrices("sqrtm", a),), {}


@op(out=like_first, vjp=_logarithm_rule, keep="x", like=lambda a: _by_values(np.log, a), on_complex="same",
    cases=_CASES)
def logm(a: Any) -> Any:
    """Return the logarithm of matrices: the z with expm(z) = a, eigenvalues' imaginary parts within pi.

    a: (..., n, n), float32, float64 or complex; other dtypes become float64. A matrix with nan or inf gives
    nan.
    Raises SingularError if a is not square, is singular, or is real and has a negative eigenvalue, so that z
    is complex; DeviceError on CUDA.
    Derivative: a block of the logarithm of [[a, t], [0, a]] for a tangent t of a, exact at repeated
    eigenvalues.

    >>> nb.linalg.logm([[1.0, 1.0], [0.0, 1.0]]).numpy().round(12) + 0.0
    array([[0., 1.],
           [0., 0.]])
    """
    return (square_matrices("logm", a),), {}


def fractional_matrix_power(A: Any, t: Any) -> Tensor:
    """Return the t-th power of matrices, for any number t: expm(t * logm(A)).

    A: (..., n, n), float32, float64 or complex; other dtypes become float64. t: a number; that to an integer
    that is no Tensor is `matrix_power`, which exists for more matrices.
    Raises SingularError if A is not square, is singular, or is real and has a negative eigenvalue, so that
    the power is complex; DeviceError on CUDA.
    Derivative: in A and in t that of `expm` and `logm`, exact at repeated eigenvalues.

    >>> nb.linalg.fractional_matrix_power([[4.0, 0.0], [0.0, 9.0]], 0.5).numpy().round(12)
    array([[2., 0.],
           [0., 3.]])
    """
    a = square_matrices("fractional_matrix_power", A)
    if isinstance(t, (int, float, np.integer, np.floating)) and float(t).is_integer():
        return matrix_power(a, int(t))
    t = as_tensor(t)
    if t.ndim:
        raise shape_errors.bad_shape("fractional_matrix_power", t.shape, "t is one number")
    dtype = np.result_type(a.dtype, np.complex64) if is_complex(t) else a.dtype
    return expm(multiply(astype(t, dtype), logm(a)))
