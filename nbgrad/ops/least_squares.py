"""Pseudo-inverses, and systems without a solution or with many: least squares."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import alike, astype
from nbgrad.define.complex import conj, real
from nbgrad.define.scalar import add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.contract import matmul, outer, product
from nbgrad.ops.elementwise import divide, negative, sqrt, square, subtract
from nbgrad.ops.factor import adjoint, mirrored, solve_triangular
from nbgrad.ops.index import getitem
from nbgrad.ops.layouts import vander
from nbgrad.ops.linalg import column, inv, square_matrices
from nbgrad.ops.qr import independent, qr_factors
from nbgrad.ops.reduce import sum
from nbgrad.ops.shape import expand_dims, refit
from nbgrad.ops.svd import matrices, values_rule

op: Any = family("least_squares")


# ------------------------------------------------------------------------------------ pseudo-inverses
class Inverse(NamedTuple):
    """Pseudo-inverses (..., n, m), and the largest singular value that was left out, beside the largest."""

    inverse: Tensor
    left: Tensor


def _inverse_rule(g: Any, z: Any, a: Tensor, rcond: Any, hermitian: bool) -> Tensor | None:
    """-z.T @ g @ z.T + (1 - a @ z) @ g.T @ z @ z.T + z.T @ z @ g.T @ (1 - z @ a); of complex matrices the
    same of the conjugates of cotangents, with adjoints for transposes.

    Source: Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems
    whose variables separate, SIAM J. Numer. Anal. 10 (1973).
    """
    (g, _), (z, left) = g, z
    if g is None:
        return None
    g, turned = multiply(g, untruncated(left, a.shape)), conj(z)
    inside = negative(product(product(z, g, (True, False)), z, (False, True)))
    gz, zg = product(g, z, (True, False)), product(z, g, (False, True))
    below, beside = product(gz, turned, (False, True)), product(turned, zg, (True, False))
    below = subtract(below, product(a, product(z, below)))
    return add(inside, conj(add(below, subtract(beside, product(product(beside, z), a)))))


def _inverse_like(a: np.ndarray, rcond: float = 1e-15, hermitian: bool = False) -> tuple[Any, Any]:
    s = np.linalg.svd(a, compute_uv=False)
    top = s.max(-1, initial=0)
    return (np.linalg.pinv(a, rcond, hermitian),
            np.where(s > rcond * top[..., None], 0, s).max(-1, initial=0) / np.where(top > 0, top, 1))


def _full(*shape: int) -> Any:
    """Matrices of full rank."""
    return lambda rng: 0.4 * rng.normal(size=shape) + 2 * np.eye(shape[-2], shape[-1])


@op(vjp=_inverse_rule, results=Inverse, like=_inverse_like, planned=False, on_complex="same", private=True,
    cases=[(_full(2, 4, 2),), ((0, 2),)])
def truncated_inverse(a: Any, rcond: Any = 1e-15, hermitian: bool = False) -> Any:
    """Return `pinv`, and the largest singular value that it leaves out, beside the largest: a constant."""
    return (as_tensor(a),), {"rcond": rcond, "hermitian": hermitian}


@op(out=lambda left, shape: ((*left.shape, 1, 1), left.dtype), discrete=True, private=True,
    like=lambda left, shape: np.ones((*left.shape, 1, 1), left.dtype),
    cases=[(np.array([0.0, 0.0]), {"shape": (2, 3, 2)})])
def untruncated(left: Any, shape: tuple[int, ...]) -> Any:
    """Return 1 for each matrix of a shape, (..., 1, 1), if what `truncated_inverse` left out is zero.

    Raises GradientError else, beyond rounding.
    """
    return (as_tensor(left),), {"shape": shape}


def _cutoff(a: Tensor, rcond: Any, rtol: Any) -> Any:
    """The given one of the two, a number or an array; NumPy's default."""
    if rcond is not None and rtol is not np._NoValue and rtol is not None:
        raise value_errors.bad_value("pinv", "got both rcond and rtol, which are one parameter")
    if rcond is None and rtol is not np._NoValue:
        rcond = max(a.shape[-2:]) * float(np.finfo(a.dtype).eps) if rtol is None else rtol
    if rcond is None:
        return 1e-15
    return devices.host(raw(as_tensor(rcond)))


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Tensor:
    """Return the Moore-Penrose pseudo-inverse of matrices.

    a: (..., m, n) -> (..., n, m); float32, float64 or complex; other dtypes become float64. A matrix with nan
    or inf gives nan.
    rcond, rtol : by one of the two names, singular values up to this part of the largest count as zero: a
        number, or one for each matrix; neither: 1e-15; rtol=None: max(m, n) times the dtype's eps
    hermitian : a is symmetric, or Hermitian: its lower triangle is read, which is faster
    Derivative: exact for any rank, among matrices of that rank, and at repeated singular values; with
    `hermitian` zero where nothing is read. It raises GradientError where values that are not zero are taken
    for it. Raises ShapeError if a has fewer than two axes, DeviceError on CUDA.

    >>> nb.linalg.pinv([[2.0, 0.0], [0.0, 0.0]])
    tensor([[0.5, 0. ],
            [0. , 0. ]])
    """
    a = square_matrices("pinv", a) if hermitian else matrices("pinv", a)
    if hermitian:
        a = mirrored(a)
    found: Tensor = truncated_inverse(a, _cutoff(a, rcond, rtol), bool(hermitian))[0]
    return found


# -------------------------------------------------------------------------------------- least squares
class Solution(NamedTuple):
    """Solutions, (n,) or (n, k), singular values (min(m, n),), and the rank as a float."""

    x: Tensor
    s: Tensor
    rank: Tensor


def _solution_rule(g: Any, z: Any, a: Tensor, b: Tensor, wanted: Any, rcond: float) -> tuple[Any, Any]:
    """By factors q @ r of the taller of a and a.T; of a full rank, what is inverted is r.T @ r.

    Of complex ones the same of the conjugates of cotangents, with adjoints for transposes.
    Source: Golub and Pereyra, as for the pseudo-inverse.
    """
    (g, gs, _), (x, s, _) = g, z
    of_a, back = None if gs is None else values_rule(gs, None, a), None
    if g is not None:
        g = conj(g)
        vector = b.ndim == 1
        g, x, b = [column(t) if vector else t for t in (g, x, b)]
        g = multiply(g, independent(s, s[:1], "lstsq", a.shape, rcond))
        tall = a.shape[0] >= a.shape[1]
        q, r = qr_factors(a if tall else adjoint(a))
        turned = conj(r)
        if tall:
            half = solve_triangular(turned, g, trans=1)
            back = product(q, half)
            rest, other = subtract(b, product(a, x)), solve_triangular(r, half)
        else:
            back = solve_triangular(r, product(conj(q), g, (True, False)))
            rest = solve_triangular(r, solve_triangular(turned, b, trans=1))
            other = subtract(g, product(conj(a), back, (True, False)))
        back = conj(back)
        found = subtract(product(conj(rest), other, (False, True)), product(back, x, (False, True)))
        of_a = found if of_a is None else add(of_a, found)
        back = refit(back, back.shape[:-1]) if vector else back
    return of_a, back


def _solution_like(a: np.ndarray, b: np.ndarray, rcond: float = 1e-12) -> tuple[Any, ...]:
    x, _, rank, s = np.linalg.lstsq(a, b, rcond)
    return x, s, np.asarray(rank, s.dtype)


@op(vjp_all=_solution_rule, results=Solution, like=_solution_like, on_complex="same", private=True,
    cases=[(_full(4, 2), (4, 2))])
def least_squares(a: Any, b: Any, rcond: float = 1e-12) -> Any:
    """Return the solutions of least norm, the singular values, and the rank as a float."""
    return (as_tensor(a), as_tensor(b)), {"rcond": rcond}


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return (x, residuals, rank, s): the x of least norm among those for which a @ x is nearest to b.

    a: (m, n), b: (m,) or (m, k); float32, float64 or complex; other dtypes become float64. x: (n,) or (n, k).
    residuals: the sums of |b - a @ x|^2, (1,) or (k,); empty if the rank is below n, or m <= n.
    rank: an integer. s: the singular values of a, (min(m, n),). If an element is not finite x and s are nan.
    rcond : singular values up to this part of the largest count as zero; None: max(m, n) times the dtype's
        eps; -1: no more than rounding
    Derivative: of x and residuals in a and b where a has full rank, else it raises GradientError; of s that
    of `svdvals`. Raises ShapeError, DeviceError on CUDA.

    >>> nb.linalg.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 2.0, 3.0])[0].numpy().round(8)
    array([1., 1.])
    """
    a, b = matrices("lstsq", a), as_tensor(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise shape_errors.no_product("lstsq", a.shape, b.shape, "it needs (m, n) and (m,) or (m, k)")
    a, b = alike(a, b)
    rounding = float(np.finfo(a.dtype).eps)
    if rcond is None:
        rcond = max(a.shape) * rounding
    x, s, rank = least_squares(a, b, rounding if rcond == -1 else float(rcond))
    if devices.host(raw(rank)) == a.shape[1] < a.shape[0]:
        rest = subtract(b, matmul(a, x))
        squares = sum(real(multiply(conj(rest), rest)), 0)
        residuals = refit(squares, (1,)) if b.ndim == 1 else squares
    else:
        residuals = getitem(s, slice(0, 0))
    return x, residuals, astype(rank, np.int32), s


# --------------------------------------------------------------------------------------- polynomials
def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None,
            cov: Any = False) -> Any:
    """Return the coefficients of the polynomial of a degree that fits points best in the sense of squares.

    x: (n,). y: (n,) or (n, k). deg: from 0. w: weights, (n,), of the differences, not of their squares.
    rcond : as in `linalg.lstsq`; None: n times the dtype's eps
    full : return (coefficients, residuals, rank, singular values, rcond) instead
    cov : return (coefficients, their covariance) instead; "unscaled": not scaled by the residuals
    Derivative: in x, y and w, where deg + 1 points or more differ. NumPy's RankWarning is given where they do
    not. Raises ShapeError, ValueRangeError, DeviceError on CUDA.

    >>> nb.polyfit([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], 1).numpy().round(8)
    array([1., 1.])
    """
    x, y, order = add(as_tensor(x), 0.0), add(as_tensor(y), 0.0), int(deg) + 1
    if order < 1:
        raise value_errors.bad_value("polyfit", f"deg={deg} cannot be negative")
    if x.ndim != 1 or not x.size or y.ndim not in (1, 2) or y.shape[0] != x.shape[0]:
        raise shape_errors.no_product("polyfit", x.shape, y.shape, "it needs (n,) and (n,) or (n, k), n > 0")
    rcond = x.shape[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    left, right = vander(x, order), y
    if w is not None:
        w = as_tensor(w)
        if w.shape != x.shape:
            raise shape_errors.bad_shape("polyfit", w.shape, f"w needs x's shape {x.shape}")
        left, right = multiply(left, column(w)), multiply(right, column(w) if y.ndim == 2 else w)
    scale = sqrt(sum(square(left), 0))
    left = divide(left, scale)
    found, residuals, rank, s = lstsq(left, right, rcond)
    found = divide(found, column(scale) if y.ndim == 2 else scale)
    if full:
        return found, residuals, rank, s, rcond
    if int(rank) != order:
        warnings.warn("polyfit: the points do not determine the polynomial", np.exceptions.RankWarning,
                      stacklevel=2)
    return (found, _covariance(left, scale, residuals, y, cov)) if cov else found


def _covariance(left: Tensor, scale: Tensor, residuals: Tensor, y: Tensor, cov: Any) -> Tensor:
    """Of the coefficients, (n, n), or (n, n, k) for several polynomials."""
    found = divide(inv(product(left, left, (True, False))), outer(scale, scale))
    factor: Any = 1.0
    if not isinstance(cov, str) or cov != "unscaled":
        m, n = left.shape
        if m <= n:
            raise value_errors.bad_value("polyfit", f"cov needs more points than coefficients, got {m} for "
                                                    f"{n}; or cov='unscaled'")
        factor = divide(residuals, float(m - n))
    return multiply(found if y.ndim == 1 else expand_dims(found, -1), factor)
