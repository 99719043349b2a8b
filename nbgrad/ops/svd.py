"""The singular value decomposition, and singular values alone; any batch axes in front."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex, real_of
from nbgrad.define.broadcast import astype
from nbgrad.define.complex import conj
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import gradient_errors, shape_errors
from nbgrad.ops.compare import equal
from nbgrad.ops.contract import matmul
from nbgrad.ops.elementwise import negative, subtract, where
from nbgrad.ops.factor import adjoint, check_phases, inverse_gaps
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat, expand_dims, matrix_transpose

op: Any = family("svd")


class SVDResult(NamedTuple):
    """a = U @ diag(S) @ Vh: singular values S (..., k), falling, and their vectors, the columns of U and the
    rows of Vh.
    """

    U: Tensor
    S: Tensor
    Vh: Tensor


def matrices(name: str, a: Any) -> Tensor:
    """a as a Tensor of float matrices. Raises ShapeError if it has fewer than two axes."""
    a = as_tensor(a)
    if a.ndim < 2:
        raise shape_errors.bad_shape(name, a.shape, "needs matrices in the last two axes")
    return a if a.dtype.kind in "fc" else astype(a, np.float64)


# ---------------------------------------------------------------------------------- the rules
def _first(x: Any, k: int, axis: int) -> Tensor:
    """The first k columns (axis -1) or rows (-2)."""
    return x if x.shape[axis] == k else getitem(x, (..., slice(k), *[slice(None)] * (-1 - axis)))


def _of_values(u: Tensor, gs: Tensor, s: Tensor, vh: Tensor) -> Tensor:
    """u @ diag(gs) @ vh, with nothing for values that are zero: there they have a kink."""
    return matmul(multiply(u, expand_dims(where(equal(s, 0), 0, gs), -2)), vh)


def _skew(x: Tensor) -> Tensor:
    """x - x.T, half of it."""
    return multiply(subtract(x, adjoint(x)), 0.5)


def _of_phases(turns: list[Tensor], sums: Tensor) -> Tensor:
    """The diagonal of `_of_vectors`' middle: vectors in U turn against those in Vh as the matrix does.

    turns : the adjoints of the vectors by their cotangents; of U, of the adjoint of Vh, or of both
    Raises GradientError if something depends on a turn of both, which no matrix knows.
    """
    check_phases("svd", *turns)
    both = _skew(turns[0] if len(turns) == 1 else subtract(*turns))
    return multiply(multiply(both, sums), np.eye(both.shape[-1]).astype(sums.dtype))


def _of_vectors(gu: Tensor | None, gvh: Tensor | None, u: Tensor, s: Tensor, vh: Tensor,
                a: Any) -> Tensor:
    """u @ inside @ vh, and what leaves the space of the vectors, where a is not square.

    inside[i, j] = (x[i, j] s[j] + y[i, j] s[i]) / (s[j]^2 - s[i]^2), x and y the skew parts of u.T @ gu and
    vh @ gvh.T, doubled; of complex matrices the same of the conjugates of cotangents, with adjoints for
    transposes, and a diagonal. The inverse gaps of the eigenvalues s, -s and 0 of [[0, a], [a.T, 0]] are all
    the quotients there are: 1 / (s[j] - s[i]), 1 / (s[j] + s[i]) and 1 / s[j].
    Source: Giles, An extended collection of matrix derivative results, 2008, section 3.2; Townsend,
    Differentiating the singular value decomposition, 2016.
    """
    k = s.shape[-1]
    zero = multiply(_first(s, 1, -1), 0.0)
    every = inverse_gaps(concat([s, negative(s), zero], axis=-1), "svd", a.shape)
    gaps, sums, inverses = [getitem(every, (..., rows, slice(k))) for rows in (
        slice(k), slice(k, 2 * k), slice(2 * k, None))]
    inside: Any = 0.0
    total: Any = 0.0
    turns = []
    if gu is not None:
        along = matmul(adjoint(u), gu)
        turns.append(along)
        inside = multiply(_skew(along), expand_dims(s, -2))
        if u.shape[-2] > k:
            total = matmul(multiply(subtract(gu, matmul(u, along)), inverses), vh)
    if gvh is not None:
        along = matmul(gvh, adjoint(vh))
        turns.append(adjoint(along))
        inside = subtract(inside, multiply(_skew(along), expand_dims(s, -1)))
        if vh.shape[-1] > k:
            beside = multiply(subtract(gvh, matmul(along, vh)), matrix_transpose(inverses))
            total = add(total, matmul(u, beside))
    turned = multiply(gaps, multiply(multiply(inside, sums), 2.0))
    if is_complex(turned):
        turned = add(turned, _of_phases(turns, sums))
    return add(total, matmul(matmul(u, turned), vh))


def _svd_rule(g: Any, z: Any, a: Any, full_matrices: bool) -> Tensor | None:
    """The cotangents of the values and of the vectors."""
    (gu, gs, gvh), (u, s, vh) = g, z
    k = s.shape[-1]
    gu, gvh = [None if x is None else conj(x) for x in (gu, gvh)]
    if gu is not None and gu.shape[-1] > k:
        gu = determined(gu, k)
    if gvh is not None and gvh.shape[-2] > k:
        gvh = matrix_transpose(determined(matrix_transpose(gvh), k))
    u, vh = _first(u, k, -1), _first(vh, k, -2)
    total = None if gs is None else _of_values(u, gs, s, vh)
    if k and (gu is not None or gvh is not None):
        turned = _of_vectors(gu, gvh, u, s, vh, a)
        total = turned if total is None else add(total, turned)
    return None if total is None else conj(total)


def _no_rule(*_: Any, of: str, **__: Any) -> Tensor:
    raise gradient_errors.undetermined_vectors(of)


@op(out=lambda g, k, of: ((*g.shape[:-1], k), g.dtype), vjp=_no_rule, keep="", like=lambda g, k: g[..., :k],
    on_complex="same", cases=[(np.array([3, 0, 0]), {"k": 1})], private=True)
def determined(g: Any, k: int, of: str = "svd") -> Any:
    """Return the first k columns of the cotangent g of vectors, of which the others have no derivative.

    of : the op whose vectors they are, for the error
    Raises GradientError if one of those is not zero, and for every derivative.
    """
    return (as_tensor(g),), {"k": k, "of": of}


# ------------------------------------------------------------------------------------------ the ops
def _apart(*shape: int) -> Any:
    """Matrices whose singular values are apart, and not near zero."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        u, s, vh = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
        k = s.shape[-1]
        return (u * (2 * np.arange(k, 0, -1) - rng.uniform(0, 1, s.shape))[..., None, :]) @ vh

    return draw


_THIN = {"full_matrices": False}


def _svd_like(a: np.ndarray, full_matrices: bool = True) -> Any:
    """NumPy's, with the signs of the device."""
    u, s, vh = np.linalg.svd(a, full_matrices)
    if devices.kind() == "cuda" and s.size:
        k = s.shape[-1]
        top = np.abs(u[..., :k]).argmax(-2)[..., None, :]
        signs = np.sign(np.take_along_axis(u[..., :k], top, -2))
        u[..., :k] *= signs
        vh[..., :k, :] *= np.swapaxes(signs, -1, -2)
    return u, s, vh


@op(vjp=_svd_rule, keep="z", results=SVDResult, like=_svd_like, on_complex="same",
    cases=[(_apart(3, 3),), (_apart(4, 2), _THIN), (_apart(2, 2, 3), _THIN), (_apart(1, 1),),
           (_apart(3, 1), _THIN), ((0, 0),), ((0, 2, 2),), ((3, 0), _THIN), ((2, 0, 2), _THIN)], private=True)
def svd_factors(a: Any, full_matrices: bool = True) -> Any:
    """Return `svd` with its vectors."""
    return (matrices("svd", a),), {"full_matrices": bool(full_matrices)}


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return the singular value decomposition a = U @ diag(S) @ Vh of matrices.

    a: (..., m, n) -> the named tuple (U (..., m, m), S (..., k), Vh (..., n, n)), k = min(m, n), S falling;
    float32, float64 or complex; other dtypes become float64. A matrix with nan or inf gives nan. The sign of
    a pair of vectors, or its phase, is LAPACK's; on CUDA the largest element of the column of U is positive.
    full_matrices : if False, only the k columns of U and rows of Vh that belong to singular values
    compute_uv : if False, only S, as `svdvals` returns it
    A derivative that uses the vectors raises GradientError where singular values are equal to rounding, or
    zero, and so does forward mode, which carries them along; so does one of the other columns of U or rows
    of Vh, which are any basis, and one that depends on the phases of complex vectors, which are arbitrary for
    each pair. svdvals has the derivative of the values alone.
    Raises ShapeError if a has fewer than two axes.

    >>> nb.svd([[3.0, 0.0], [0.0, 2.0]]).S
    tensor([3., 2.])
    """
    return svd_factors(a, full_matrices) if compute_uv else svdvals(a)


def values_rule(g: Tensor, z: Any, a: Tensor) -> Tensor:
    u, s, vh = svd_factors(a, False)
    return conj(_of_values(u, g, s, vh))


@op(out=lambda a: ((*a.shape[:-2], min(a.shape[-2:])), real_of(a.dtype)), vjp=values_rule, keep="x",
    like=lambda a: np.linalg.svd(a, compute_uv=False), on_complex="same",
    cases=[(_apart(3, 3),), (_apart(2, 4, 2),), (_apart(2, 3),), (_apart(1, 1),), ((0, 2),), ((0, 2, 3),)])
def svdvals(a: Any) -> Any:
    """Return the singular values of matrices, falling.

    a: (..., m, n) -> (..., min(m, n)), real; float32, float64 or complex; other dtypes become float64. A
    matrix with nan or inf gives nan. The derivative exists in both modes: u v.T of the vectors of a
    value, of complex ones its conjugate; at repeated values that of one choice of vectors, at a zero value,
    which has a kink there, 0. The second derivative raises GradientError where values are equal to rounding,
    or zero.
    Raises ShapeError if a has fewer than two axes.

    >>> nb.svdvals([[0.0, 2.0], [3.0, 0.0]])
    tensor([3., 2.])
    """
    return (matrices("svdvals", a),), {}
