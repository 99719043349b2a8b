"""Eigenvalues and eigenvectors of square matrices of any kind, and roots, which are eigenvalues too."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nbgrad.define.broadcast import shaped
from nbgrad.define.complex import conj, real
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import gradient_errors
from nbgrad.ops.contract import matmul, product
from nbgrad.ops.diagonal import diagonal, from_diagonal
from nbgrad.ops.elementwise import divide, negative, subtract
from nbgrad.ops.factor import across, check_phases, inverse_gaps
from nbgrad.ops.host import values
from nbgrad.ops.index import getitem
from nbgrad.ops.layouts import vander
from nbgrad.ops.linalg import solve, square_matrices
from nbgrad.ops.shape import transposed

op: Any = family("factor")


class Eig(NamedTuple):
    """Eigenvalues (..., n) and eigenvectors (..., n, n), the columns, both complex."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def _eig_rule(g: Any, z: Any, a: Any) -> Tensor:
    """Source: Boeddeker et al., On the computation of complex-valued gradients, arXiv:1701.00392, 4.77."""
    (gw, gv), (w, v) = g, z
    back = conj(v)
    inside: Any = None
    if gv is not None:
        p = product(back, conj(gv), (True, False))
        check_phases("eig", p)
        lengths = multiply(product(back, v, (True, False)), across(real(diagonal(p, 0, -2, -1))))
        inside = multiply(subtract(p, lengths), apply(
            inverse_gaps, (conj(w),), {"of": "eig", "shape": a.shape}))
    if gw is not None:
        of_values = apply(from_diagonal, (conj(gw),), {
            "shape": a.shape, "offset": 0, "axis1": a.ndim - 2, "axis2": a.ndim - 1})
        inside = of_values if inside is None else add(inside, of_values)
    found = apply(solve, (transposed(back), product(inside, back, (False, True))))
    return shaped(conj(found), a)


def _eig_like(a: np.ndarray) -> tuple[np.ndarray, ...]:
    dtype = np.result_type(a.dtype, np.complex64)
    return tuple([x.astype(dtype) for x in np.linalg.eig(a)])


@op(vjp=_eig_rule, keep="z", on_complex="same", results=Eig, like=_eig_like, private=True,
    cases=[((0, 0),), ((0, 2, 2),)])
def eig_factors(a: Any) -> Any:
    """Return eigenvalues and eigenvectors, see `eig`."""
    return (square_matrices("eig", a),), {}


def eig(a: Any) -> Eig:
    """Return the eigenvalues and eigenvectors of square matrices, complex also where all are real.

    a: (..., n, n), float32, float64 or complex; other dtypes become float64 -> the named tuple (eigenvalues
    (..., n), in LAPACK's order, eigenvectors (..., n, n), the columns, of length 1). A matrix with nan or inf
    gives nan. The derivative exists where the eigenvalues differ; that of the vectors is taken without a
    change of their phases, which are arbitrary: what depends on those raises GradientError, and so do
    eigenvalues that are equal to rounding where vectors matter.
    Raises SingularError if a matrix is not square.

    >>> nb.linalg.eig([[0.0, 1.0], [-1.0, 0.0]]).eigenvalues
    tensor([0.+1.j, 0.-1.j])
    """
    found: Eig = eig_factors(a)
    return found


def eigvals(a: Any) -> Tensor:
    """Return the eigenvalues of square matrices, complex: those of `eig`, in LAPACK's order.

    a: (..., n, n) -> (..., n). Its derivative exists where the eigenvalues differ. Raises SingularError if a
    matrix is not square.

    >>> nb.linalg.eigvals([[0.0, 1.0], [-1.0, 0.0]])
    tensor([0.+1.j, 0.-1.j])
    """
    found: Tensor = eig(a)[0]
    return found


# ------------------------------------------------------------------------------------------------------ roots
def _check_apart(p: np.ndarray, z: np.ndarray) -> None:
    """Raises GradientError for roots that rounded coefficients move by a part of their distance."""
    size = np.finfo(z.dtype).eps * np.polyval(np.abs(p), np.abs(z))
    gaps = np.abs(z[:, None] - z) + np.diag(np.full(len(z), np.inf))
    if np.any(size >= 0.01 * gaps.min(1, initial=np.inf) * np.abs(np.polyval(np.polyder(p), z))):
        raise gradient_errors.repeated_roots(z)


def _roots_rule(g: Any, z: Any, p: Any) -> Tensor:
    """A root moves by -z**(n - k) / p'(z) with the coefficient k; also with one that is 0."""
    _check_apart(values(p), values(z))
    n = p.shape[0] - 1
    powers = vander(z, n + 1)
    slopes = matmul(getitem(powers, (slice(None), slice(1, None))),
                    multiply(getitem(p, slice(None, n)), np.arange(n, 0, -1)))
    return shaped(matmul(divide(g, negative(slopes)), powers), p)


@op(vjp=_roots_rule, keep="xz", on_complex="same", planned=False, private=True,
    like=lambda p: np.roots(p).astype(np.result_type(p, np.complex64)),
    cases=[(np.array([2.0, -3.0, 0.5, 1.0]),), (np.array([1.0, 0.0, 4.0]),),
           (np.array([1.0, -0.5, -3.0, 0.0]),), (np.array([2.0, 1.0]),), (np.array([2.0]),)])
def polynomial_roots(p: Any) -> Any:
    """Return `roots` of at least one coefficient, float32, float64 or complex."""
    return (as_tensor(p),), {}
