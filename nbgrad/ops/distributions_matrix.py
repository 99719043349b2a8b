"""Distributions of vectors and matrices: log densities as compositions of linear algebra."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import value_errors
from nbgrad.ops.contract import matmul
from nbgrad.ops.create import eye
from nbgrad.ops.diagonal import diag, diagonal
from nbgrad.ops.distributions import floats
from nbgrad.ops.elementwise import exp, log, square, where
from nbgrad.ops.factor import cholesky, solve_triangular
from nbgrad.ops.host import values
from nbgrad.ops.reduce import sum
from nbgrad.ops.shape import concat, expand_dims, matrix_transpose, moveaxis, reshape
from nbgrad.ops.special_entropy import xlogy
from nbgrad.ops.special_gamma import gammaln, multigammaln

__all__ = ["dirichlet", "multivariate_normal", "wishart"]

_SLACK = {np.dtype(np.float32): 1e3, np.dtype(np.float64): 1e6}       # eigenvalues are 0 below it, in ulps


class Density:
    """A distribution of which there is the density alone: logpdf and pdf."""

    name: str
    logpdf: Callable[..., Tensor]

    def __init__(self, logpdf: Callable[..., Tensor]) -> None:
        self.__module__ = "nbgrad.stats"
        self.name, self.logpdf, self.__doc__ = logpdf.__name__.lstrip("_"), logpdf, logpdf.__doc__

    def pdf(self, *args: Any, **kwargs: Any) -> Tensor:
        """The exponential of logpdf, with its arguments."""
        return exp(self.logpdf(*args, **kwargs))

    def __repr__(self) -> str:
        return f"nb.stats.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def __getattr__(self, method: str) -> Any:
        raise value_errors.no_method(f"stats.{vars(self).get('name')}", method, ("logpdf", "pdf"))


def _wrong(name: str, why: str) -> Exception:
    return value_errors.bad_value(f"stats.{name}", why)


def _half_log_det(factor: Tensor) -> Tensor:
    return sum(log(diagonal(factor)))


def _matrix(name: str, given: Tensor, dim: int) -> Tensor:
    """A symmetric matrix: as given, by its diagonal, or by a number. Raises ValueRangeError for another."""
    found = given
    if given.ndim < 2:
        found = diag(given) if given.ndim else given * eye(dim, dtype=given.dtype)
    if found.shape != (dim, dim):
        raise _wrong(name, f"a matrix of shape {(dim, dim)} is needed, got shape {given.shape}")
    return _symmetric(found)


def _symmetric(x: Tensor) -> Tensor:
    """A symmetric matrix, of which both triangles are read: so is its derivative."""
    return 0.5 * (x + matrix_transpose(x))


# --------------------------------------------------------------------------------------------- normal
def _null_space(cov: np.ndarray) -> tuple[np.ndarray, float, float]:
    """A basis of what cov maps to 0, as columns, cov's size, and below what an eigenvalue is 0."""
    found, vectors = np.linalg.eigh(cov)
    size = float(np.abs(found).max())
    least = _SLACK[cov.dtype] * float(np.finfo(cov.dtype).eps) * size
    if found.min() < -least:
        raise _wrong("multivariate_normal", "cov must have no negative eigenvalues")
    return vectors[:, found <= least], size or 1.0, least


def _multivariate_normal(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Tensor:
    """The normal distribution of vectors with a mean and a covariance matrix.

    Methods: pdf and logpdf(x, mean=None, cov=1, allow_singular=False). x: (..., n), or without the last axis
    where n is 1; mean: (n,), zeros by default; cov: (n, n), its diagonal, or a number.
    allow_singular : take a cov with eigenvalues 0 too; then the density is that in the space of the others,
    and 0 outside it
    Derivatives: in x, mean and cov, for which it is symmetric; of a singular cov in directions that keep its
    rank. Raises SingularError where cov is not positive definite, ValueRangeError, ShapeError; AttributeError
    for another method.

    >>> nb.stats.multivariate_normal.logpdf([1.0, 0.0], cov=[1.0, 4.0])
    tensor(-3.03102425)
    """
    given = floats(x, cov, *[mean] * (mean is not None))
    x, cov = given[:2]
    dim = given[2].size if mean is not None else cov.shape[-1] if cov.ndim else 1
    cov = _matrix("multivariate_normal", cov, dim)
    if dim == 1 and (x.ndim == 0 or x.shape[-1] != 1):
        x = expand_dims(x, -1)
    if x.shape[-1:] != (dim,):
        raise _wrong("multivariate_normal", f"vectors of {dim} numbers are needed, got shape {x.shape}")
    d = x - reshape(given[2], (dim,)) if mean is not None else x
    rank, size, beyond = dim, 1.0, None
    if allow_singular:
        null, size, least = _null_space(values(cov))
        rank -= null.shape[1]
        cov = cov + as_tensor(size * null @ null.T)               # the same in the space of the others
        beyond = np.linalg.norm(values(d) @ null, axis=-1) >= 1e3 * least if rank < dim else None
        d = d if beyond is None else where(np.asarray(beyond)[..., None], 0.0, d)
    factor = cholesky(cov)
    z = solve_triangular(factor, matrix_transpose(reshape(d, (-1, dim))), lower=True)
    far = reshape(sum(square(z), 0), d.shape[:-1])
    constant = rank * math.log(2 * math.pi) - (dim - rank) * math.log(size)
    z = -0.5 * (far + constant) - _half_log_det(factor)
    return z if beyond is None else where(beyond, -math.inf, z)


# ------------------------------------------------------------------------------------------- dirichlet
def _dirichlet(x: Any, alpha: Any) -> Tensor:
    """The Dirichlet distribution of vectors of positive numbers with the sum 1.

    Methods: pdf and logpdf(x, alpha). alpha: (n,), positive; x: (n,) or (n, m), each vector along the first
    axis, of which the last number may be left out.
    Derivatives: in x and alpha, each number by itself. Raises ValueRangeError for what is no such vector;
    AttributeError for another method.

    >>> nb.stats.dirichlet.pdf([0.25, 0.75], [2.0, 1.0])
    tensor(0.5)
    """
    x, alpha = floats(x, alpha)
    if alpha.ndim != 1 or not np.all(values(alpha) > 0):
        raise _wrong("dirichlet", f"alpha must be a vector of positive numbers, got {alpha}")
    if x.ndim not in (1, 2) or alpha.size - x.shape[0] not in (0, 1):
        raise _wrong("dirichlet", f"x of shape {x.shape} does not fit alpha of shape {alpha.shape}")
    if x.shape[0] < alpha.size:
        x = concat([x, 1 - sum(x, 0, keepdims=True)], 0)
    power = reshape(alpha - 1, (-1, *[1] * (x.ndim - 1)))
    seen, slack = values(x), 1e-9 if x.dtype == np.float64 else 1e-5
    if np.any(seen < 0) or np.any(np.abs(seen.sum(0) - 1) > slack):
        raise _wrong("dirichlet", "the numbers of x must not be negative, and their sum must be 1")
    if np.any((seen == 0) & (values(power) < 0)):
        raise _wrong("dirichlet", "x must not be 0 where alpha is less than 1")
    edge = (seen == 0) & (values(power) > 0)
    z = sum(where(edge, 0.0, xlogy(power, where(edge, 0.5, x))), 0)
    z = z + gammaln(sum(alpha)) - sum(gammaln(alpha))
    return where(edge.any(0), -math.inf, z) if edge.any() else z


# --------------------------------------------------------------------------------------------- wishart
def _wishart(x: Any, df: Any, scale: Any) -> Tensor:
    """Wishart's distribution of positive definite matrices.

    Methods: pdf and logpdf(x, df, scale). x: (n, n) or (n, n, m), the matrices along the first two axes; df:
    a number greater than n - 1; scale: (n, n), its diagonal, or a number for n = 1.
    Derivatives: in x, df and scale, symmetric for both matrices. Raises SingularError for a matrix
    that is not positive definite, ValueRangeError; AttributeError for another method.

    >>> nb.stats.wishart.logpdf([[2.0, 0.0], [0.0, 1.0]], 3.0, [1.0, 1.0])
    tensor(-4.03102425)
    """
    x, df, scale = floats(x, df, scale)
    dim = scale.shape[0] if scale.ndim else 1
    scale = _matrix("wishart", scale, dim)
    x = x * eye(dim, dtype=x.dtype) if x.ndim == 0 else x
    if x.shape[:2] != (dim, dim) or x.ndim > 3 or df.ndim or not values(df) > dim - 1:
        raise _wrong("wishart", f"x of shape {x.shape}, df={df} and a scale of shape {scale.shape} do not "
                     f"fit: df must be a number greater than {dim - 1}, x {(dim, dim)} or that and one more "
                     "axis")
    of_x = cholesky(_symmetric(moveaxis(x, (0, 1), (-2, -1))))
    of_scale = cholesky(scale)
    of_both = matmul(solve_triangular(of_scale, eye(dim, dtype=x.dtype), lower=True), of_x)
    trace = sum(square(of_both), (-2, -1))
    log_det = sum(log(diagonal(of_x, axis1=-2, axis2=-1)), -1)
    return ((df - dim - 1) * log_det - 0.5 * trace - 0.5 * dim * math.log(2) * df
            - df * _half_log_det(of_scale) - multigammaln(0.5 * df, dim))


dirichlet: Density = Density(_dirichlet)
multivariate_normal: Density = Density(_multivariate_normal)
wishart: Density = Density(_wishart)
