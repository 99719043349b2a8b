"""Triangular systems, Cholesky factors, eigenvalues of symmetric matrices; any batch axes in front."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex, real_of
from nbgrad.define.broadcast import shaped
from nbgrad.define.complex import conj
from nbgrad.define.scalar import Elementwise, add, multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import gradient_errors, value_errors
from nbgrad.ops.contract import product
from nbgrad.ops.elementwise import negative, subtract
from nbgrad.ops.linalg import column, equations, solution, square_matrices
from nbgrad.ops.reduce import sum
from nbgrad.ops.shape import refit, transposed
from nbgrad.ops.triangles import tril, triu

op: Any = family("factor")


# ------------------------------------------------------------------------------------- triangular systems
def _triangular_rule(g: Any, z: Any, a: Any, b: Any, wanted: tuple[bool, bool], lower: bool, trans: bool,
                     unit_diagonal: bool) -> tuple[Any, Any]:
    """The solution of the transposed system for the right-hand side, and from it the matrix's."""
    if b.ndim == 1:
        g, z = column(g), column(z)
    back = _solved_by(a, g, lower, not trans, unit_diagonal)
    of_matrix = None
    if wanted[0]:
        left, right = (z, back) if trans else (back, z)
        full = product(negative(left), right, (False, True))
        of_matrix = shaped(_triangle(full, lower, int(unit_diagonal)), a)
    return of_matrix, shaped(refit(back, back.shape[:-1]) if b.ndim == 1 else back, b)


def _solved_by(a: Tensor, b: Tensor, lower: bool, trans: bool, unit_diagonal: bool = False) -> Tensor:
    """`solve_triangular` for rules."""
    params = {"lower": lower, "trans": trans, "unit_diagonal": unit_diagonal}
    return apply(solve_triangular, (a, b), params)


def _triangle(x: Tensor, lower: bool, beyond: int) -> Tensor:
    """The lower or upper triangle of matrices, less so many diagonals from the main one on."""
    return apply(tril, (x,), {"k": -beyond}) if lower else apply(triu, (x,), {"k": beyond})


def _solved(a: Any, b: Any, **_: Any) -> tuple[tuple[int, ...], Any]:
    return solution(a, b)


def _triangular_like(a: np.ndarray, b: np.ndarray, trans: Any = 0, lower: bool = False,
                     unit_diagonal: bool = False) -> np.ndarray:
    """A dense solution."""
    a = np.tril(a) if lower else np.triu(a)
    if unit_diagonal:
        a = a * (1 - np.eye(a.shape[-1], dtype=a.dtype)) + np.eye(a.shape[-1], dtype=a.dtype)
    return np.linalg.solve(np.swapaxes(a, -1, -2) if trans in (1, True, "T") else a, b)


def _diagonal_heavy(*shape: int) -> Any:
    """Matrices far from singular, of which no triangle is empty."""
    return lambda rng: 0.4 * rng.normal(size=shape) + 3 * np.eye(shape[-1])


@op(out=_solved, vjp_all=_triangular_rule, multilinear=(1,), like=_triangular_like, on_complex="same",
    cases=[(_diagonal_heavy(3, 3), (3, 2)), (_diagonal_heavy(3, 3), (3,), {"lower": True}),
           (_diagonal_heavy(2, 3, 3), (2, 3, 2), {"lower": True, "trans": 1}),
           (_diagonal_heavy(3, 3), (2, 3, 2), {"trans": "T"}), (_diagonal_heavy(2, 3, 3), (3, 1)),
           (_diagonal_heavy(3, 3), (3, 2), {"unit_diagonal": True}), (_diagonal_heavy(2, 1, 2, 2), (3, 2, 2)),
           (_diagonal_heavy(90, 90), (90, 2), {"lower": True, "trans": 1, "unit_diagonal": True}),
           ((0, 0), (0, 2)), ((0, 2, 2), (2, 1)), (_diagonal_heavy(2, 2), (2, 0))])
def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, *,
                     upper: bool | None = None) -> Any:
    """Return the solution z of a @ z = b with a triangular matrix a.

    a: (..., n, n), of which one triangle is read; b: (n,) or (..., n, k); batch axes broadcast; only a 1-d b
    is a vector, as in solve. float32, float64 or complex; other dtypes become float64.
    lower : read the lower triangle, not the upper one (upper: PyTorch's name for the opposite)
    trans : 1 or "T": solve a.T @ z = b instead
    unit_diagonal : take the diagonal for ones and do not read it
    Raises SingularError if a diagonal has a zero or a is not square, ShapeError if the shapes do not fit.
    Derivative: as in `solve`, and 0 in what is not read.

    >>> nb.solve_triangular([[2.0, 1.0], [0.0, 4.0]], [1.0, 4.0])
    tensor([0., 1.])
    """
    if trans not in (0, 1, "N", "T"):
        raise value_errors.bad_choice("solve_triangular", "trans", trans, (0, 1, "N", "T"))
    lower = bool(lower if upper is None else not upper)
    return equations("solve_triangular", a, b), {
        "lower": lower, "trans": trans in (1, "T"), "unit_diagonal": bool(unit_diagonal)}


# ------------------------------------------------------------------------------- one triangle of a matrix
_mean_of_two = Elementwise("mean_of_two", lambda x, y: 0.5 * (x + y), arity=2)


def _of_triangle(g: Tensor, lower: bool, half: bool = False) -> Tensor:
    """The cotangent of a matrix of which one triangle is read, from that of the symmetric matrix it means.

    What is read below the diagonal stands above it too, and gets both cotangents; what is not read gets none.
    g : symmetric. half: it is twice the cotangent
    """
    once, twice = _triangle(g, lower, 0), _triangle(g, lower, 1)
    return _mean_of_two(once, twice) if half else add(once, twice)


def _mirrored(a: np.ndarray, lower: bool = True) -> np.ndarray:
    """The symmetric matrices that have a's lower, or upper, triangle."""
    read, rest = (np.tril(a), np.tril(a, -1)) if lower else (np.triu(a), np.triu(a, 1))
    return read + np.swapaxes(rest, -1, -2)


# ------------------------------------------------------------------------------------------- Cholesky
def _cholesky_rule(g: Any, z: Any, a: Any, upper: bool) -> Tensor:
    """Half of inv(z).T @ m @ inv(z), m the lower triangle of z.T @ g mirrored, by two triangular solutions;
    of complex matrices the same of the conjugates of cotangents, with adjoints for transposes.

    Source: Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527 (2016), section 3.
    """
    g, below = conj(g), conj(z)               # below: the conjugate of the lower factor
    if upper:
        g, below = adjoint(g), transposed(z)
    half = _solved_by(below, mirrored(product(below, g, (True, False))), True, True)
    return conj(_of_triangle(_solved_by(below, adjoint(half), True, True), not upper, half=True))


def _positive(*shape: int) -> Any:
    """Positive definite matrices."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        x = rng.normal(size=shape)
        return x @ np.swapaxes(x, -1, -2) + 2 * np.eye(shape[-1])

    return draw


def _skewed(draw: Any) -> Any:
    """Those matrices with other elements above the diagonal."""

    def with_others(rng: np.random.Generator) -> np.ndarray:
        a = draw(rng)
        return a + np.triu(rng.normal(size=a.shape), 1)

    return with_others


@op(out=lambda a, upper: (a.shape, a.dtype), vjp=_cholesky_rule, keep="z", like=np.linalg.cholesky,
    on_complex="same",
    cases=[(_positive(3, 3),), (_positive(2, 3, 3), {"upper": True}), (_positive(2, 1, 2, 2),),
           (_positive(1, 1),), (_positive(50, 50),), ((0, 0),), ((0, 2, 2),), ((2, 0, 0),),
           (_skewed(_positive(3, 3)),)])
def cholesky(a: Any, upper: bool = False) -> Any:
    """Return the lower triangular z with z @ z.T = a, or with `upper` the upper triangular z, z.T @ z = a.

    a: (..., n, n), of which only that triangle is read, as in NumPy; the other stands for its mirror image.
    The derivative is that of this function: it is zero where nothing is read, and below the diagonal counts
    for both elements. Factor (a + a.T) / 2 for a symmetric one. float32, float64 or complex, where the mirror
    image is Hermitian; other dtypes become float64. A matrix with nan or inf gives nan.
    Raises SingularError if a matrix is not positive definite, or not square.

    >>> nb.cholesky([[4.0, 2.0], [2.0, 5.0]])
    tensor([[2., 0.],
            [1., 2.]])
    """
    return (square_matrices("cholesky", a),), {"upper": bool(upper)}


# ---------------------------------------------------------------------------- eigenvalues, eigenvectors
class Eigh(NamedTuple):
    """Eigenvalues (..., n), ascending, and eigenvectors (..., n, n), the columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def adjoint(x: Tensor) -> Tensor:
    """The conjugates of matrices, transposed."""
    return conj(transposed(x))


def _symmetric_part(x: Tensor) -> Tensor:
    """Of complex matrices the Hermitian part."""
    return _mean_of_two(x, adjoint(x))


def mirrored(x: Tensor) -> Tensor:
    """The symmetric matrices that have x's lower triangle; of complex x Hermitian ones, of a real diagonal.
    """
    found = add(_triangle(x, True, 1), adjoint(_triangle(x, True, 0)))
    return _symmetric_part(found) if is_complex(found) else found


def across(x: Tensor) -> Tensor:
    """Vectors as matrices of one row."""
    return refit(x, (*x.shape[:-1], 1, x.shape[-1]))


def _weighted(v: Tensor, g: Tensor) -> Tensor:
    """v @ diag(g) @ the adjoint of v."""
    return product(multiply(v, across(g)), conj(v), (False, True))


def check_phases(name: str, *ps: Tensor) -> None:
    """Raises GradientError if p = adjoint(v) @ g has a phase in its diagonal: then what is differentiated
    depends on the vectors' phases, which are arbitrary. ps: for the vectors that turn together; summed.
    """
    values = [devices.host(raw(p)) for p in ps]
    phases = np.abs(np.diagonal(np.add.reduce(values), axis1=-2, axis2=-1).imag)
    rounding = 1e3 * np.finfo(phases.dtype).eps
    if phases.size and phases.max() > rounding * max(np.abs(values).max(), 1):
        raise gradient_errors.depends_on_phases(name, values[0].shape)


def _eigh_rule(g: Any, z: Any, a: Any, lower: bool) -> Tensor:
    """v (diag(gw) + f * (v.T @ gv)) v.T with f[i, j] = 1 / (w[j] - w[i]); of complex matrices the same of
    the conjugates of cotangents, with adjoints for transposes.

    Source: Giles, An extended collection of matrix derivative results, 2008, section 3.1.
    """
    (gw, gv), (w, v) = g, z
    total: Any = None if gw is None else _weighted(v, gw)
    if gv is not None:
        p = product(conj(v), conj(gv), (True, False))
        if is_complex(p):
            check_phases("eigh", p)
        inside = _symmetric_part(multiply(inverse_gaps(w), p))
        turned = product(product(v, inside), conj(v), (False, True))
        total = turned if total is None else add(total, turned)
    return conj(_of_triangle(total, lower))


def _apart(*shape: int) -> Any:
    """Symmetric matrices whose eigenvalues are apart."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        q = np.linalg.qr(rng.normal(size=shape))[0]
        w = 2 * np.arange(shape[-1]) - rng.uniform(0, 1, shape[:-1])
        return (q * w[..., None, :]) @ np.swapaxes(q, -1, -2)

    return draw


_SYMMETRIC = [(_apart(3, 3),), (_apart(2, 4, 4), {"UPLO": "U"}), (_apart(1, 1),), ((0, 0),), ((0, 2, 2),),
              (_skewed(_apart(3, 3)),)]


def _bind_symmetric(name: str, a: Any, uplo: Any) -> Any:
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise value_errors.bad_choice(name, "UPLO", uplo, ("L", "U"))
    return (square_matrices(name, a),), {"lower": uplo.upper() == "L"}


def _eigh_like(a: np.ndarray, UPLO: Any = "L") -> tuple[np.ndarray, np.ndarray]:
    """NumPy's, with the signs of the device."""
    w, v = np.linalg.eigh(a, UPLO)
    if devices.kind() == "cuda" and v.size:
        v = v * np.sign(np.take_along_axis(v, np.abs(v).argmax(-2, keepdims=True), -2))
    return w, v


@op(vjp=_eigh_rule, keep="z", on_complex="same", results=Eigh, like=_eigh_like, cases=_SYMMETRIC)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """Return the eigenvalues and eigenvectors of symmetric matrices.

    a: (..., n, n), of which only the lower triangle is read, or with UPLO="U" the upper, as in NumPy -> the
    named tuple (eigenvalues (..., n), ascending, eigenvectors (..., n, n), the columns). The derivative is
    that of this function, as in cholesky: zero where nothing is read. eigh((a + a.T) / 2) has a symmetric
    one. The sign of a vector is LAPACK's, and on CUDA that which makes its largest element positive. float32,
    float64 or complex, where the matrix is Hermitian; other dtypes become float64. A matrix with nan or inf
    gives nan. What depends on the phases of complex vectors, which are arbitrary, raises GradientError.
    A derivative that uses the eigenvectors raises GradientError where eigenvalues are equal to rounding, and
    so does forward mode, which carries them along: eigvalsh has the derivative of the values alone.
    Raises SingularError if a matrix is not square, ValueRangeError for another UPLO.

    >>> nb.eigh([[2.0, 0.0], [0.0, 1.0]]).eigenvalues
    tensor([1., 2.])
    """
    return _bind_symmetric("eigh", a, UPLO)


def _eigvalsh_rule(g: Any, z: Any, a: Any, lower: bool) -> Tensor:
    return conj(_of_triangle(_weighted(apply(eigh, (a,), {"lower": lower})[1], g), lower))


@op(out=lambda a, lower: (a.shape[:-1], real_of(a.dtype)), vjp=_eigvalsh_rule, on_complex="same",
    keep="x", like=np.linalg.eigvalsh, cases=_SYMMETRIC)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Return the eigenvalues of symmetric matrices, ascending.

    a: (..., n, n) -> (..., n); UPLO and the derivative are as in eigh. The derivative exists in both modes;
    at repeated eigenvalues it is that of one choice of eigenvectors, and the second derivative raises
    GradientError.
    Raises SingularError if a matrix is not square, ValueRangeError for another UPLO.

    >>> nb.eigvalsh([[2.0, 0.0], [0.0, 1.0]])
    tensor([1., 2.])
    """
    return _bind_symmetric("eigvalsh", a, UPLO)


def _of_values(g: Any, z: Any, w: Any, **_: Any) -> Tensor:
    h = multiply(multiply(g, z), z)
    return subtract(sum(h, -1), sum(h, -2))


def _gaps_like(w: np.ndarray) -> np.ndarray:
    gaps = w[..., None, :] - w[..., :, None]
    return np.divide(1, gaps, where=gaps != 0, out=np.zeros_like(gaps))


@op(out=lambda w, **_: ((*w.shape, w.shape[-1]), w.dtype), vjp=_of_values, keep="z", like=_gaps_like,
    on_complex="same", cases=[(np.array([0.0, 1.0, 3.0]),), (np.array([[0.0, 2.0], [-1.0, 1.5]]),),
                              ((1,),), ((0,),), ((0, 2),)],
    private=True)
def inverse_gaps(w: Any, of: str = "eigh", shape: Any = None) -> Any:
    """Return 1 / (w[j] - w[i]) for eigenvalues w: (..., n) -> (..., n, n), with 0 on the diagonal.

    of, shape : the op and the shape of the matrices that they are the values of, for the error
    Raises GradientError if two are equal to rounding.
    """
    w = as_tensor(w)
    return (w,), {"of": of, "shape": (*w.shape, w.shape[-1]) if shape is None else shape}

