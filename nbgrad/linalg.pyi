"""Linear algebra under NumPy's, SciPy's and PyTorch's names."""

# python tools/stubs.py writes this file.

from collections.abc import Sequence
from typing import Literal, overload

from numpy.typing import DTypeLike

from nbgrad.engine.methods import ArrayLike, Axis
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.eig import Eig
from nbgrad.ops.qr import QRResult
from nbgrad import cholesky as cholesky
from nbgrad import det as det
from nbgrad import eigh as eigh
from nbgrad import eigvalsh as eigvalsh
from nbgrad import expm as expm
from nbgrad import inv as inv
from nbgrad import logm as logm
from nbgrad import matmul as matmul
from nbgrad import matrix_power as matrix_power
from nbgrad import matrix_transpose as matrix_transpose
from nbgrad import norm as norm
from nbgrad import outer as outer
from nbgrad import slogdet as slogdet
from nbgrad import solve as solve
from nbgrad import solve_sylvester as solve_sylvester
from nbgrad import solve_triangular as solve_triangular
from nbgrad import sqrtm as sqrtm
from nbgrad import svd as svd
from nbgrad import svdvals as svdvals
from nbgrad import tensordot as tensordot
from nbgrad import vecdot as vecdot

__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "cond", "cross", "det", "diagonal",
    "eig", "eigh", "eigvals", "eigvalsh", "expm", "fractional_matrix_power", "hankel", "inv", "logm", "lstsq",
    "lu", "lu_factor", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank",
    "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "solve_banded",
    "solve_sylvester", "solve_toeplitz", "solve_triangular", "sqrtm", "svd", "svdvals", "tensordot",
    "tensorinv", "tensorsolve", "toeplitz", "trace", "vecdot", "vector_norm"
]

def block_diag(*arrays: ArrayLike) -> Tensor:
    """Return the matrix with matrices along its diagonal, and zeros elsewhere."""
def cho_factor(a: ArrayLike, lower: bool = False) -> tuple[Tensor, bool]:
    """Return (c, lower), c the Cholesky factor of a, for `cho_solve`; its other triangle is zero."""
def cho_solve(c_and_lower: tuple[ArrayLike, bool], b: ArrayLike) -> Tensor:
    """Return the solution z of a @ z = b by the Cholesky factor of a."""
def circulant(c: ArrayLike) -> Tensor:
    """Return the square matrices with c as their first column, each column the one before turned by one."""
def cond(x: ArrayLike, p: float | str | None = None) -> Tensor:
    """Return the condition numbers of matrices: the norm times that of the inverse, of any order."""
def cross(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1, dim: int = -1) -> Tensor:
    """Return the cross product of vectors of three elements, which lie along one axis in all."""
def diagonal(x: ArrayLike, /, *, offset: int = 0) -> Tensor:
    """Return the diagonals of the matrices in the last two axes of x, a read-only view, along a last axis."""
def eig(a: ArrayLike) -> Eig:
    """Return the eigenvalues and eigenvectors of square matrices, complex also where all are real."""
def eigvals(a: ArrayLike) -> Tensor:
    """Return the eigenvalues of square matrices, complex: those of `eig`, in LAPACK's order."""
def fractional_matrix_power(A: ArrayLike, t: ArrayLike) -> Tensor:
    """Return the t-th power of matrices, for any number t: expm(t * logm(A))."""
def hankel(c: ArrayLike, r: ArrayLike | None = None) -> Tensor:
    """Return the matrix with c as its first column and r as its last row, constant along antidiagonals."""
def lstsq(
        a: ArrayLike, b: ArrayLike, rcond: float | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return (x, residuals, rank, s): the x of least norm among those for which a @ x is nearest to b."""
def lu(a: ArrayLike, permute_l: bool = False, p_indices: bool = False) -> tuple[Tensor, ...]:
    """Return (p, l, u) with a = p @ l @ u: l has a diagonal of ones and zeros above it, u zeros below."""
def lu_factor(a: ArrayLike) -> tuple[Tensor, Tensor]:
    """Return the factors of `lu` in one matrix, and the exchanges of rows, for `lu_solve`."""
def lu_solve(lu_and_piv: tuple[ArrayLike, ArrayLike], b: ArrayLike, trans: int = 0) -> Tensor:
    """Return the solution z of a @ z = b by the factors of a."""
def matrix_exp(a: ArrayLike) -> Tensor:
    """Return the matrix exponential, the sum of a**k / k! over all k. (np.exp takes that of each element.)"""
def matrix_norm(x: ArrayLike, *, keepdims: bool = False, ord: float | str = "fro") -> Tensor:
    """Return the norms of matrices; see `norm`. x: (..., n, m) -> (...)."""
def matrix_rank(
        A: ArrayLike, tol: ArrayLike | None = None, hermitian: bool = False, *,
        rtol: ArrayLike | None = None,
) -> Tensor:
    """Return how many singular values of matrices are above a tolerance, integers."""
def multi_dot(arrays: Sequence[ArrayLike]) -> Tensor:
    """Return the product of several matrices, multiplied in the order that takes the fewest steps."""
def pinv(
        a: ArrayLike, rcond: ArrayLike | None = None, hermitian: bool = False, *,
        rtol: ArrayLike | None = ...,
) -> Tensor:
    """Return the Moore-Penrose pseudo-inverse of matrices."""
@overload
def qr(a: ArrayLike, mode: Literal["reduced", "complete"] = "reduced") -> QRResult:
    """Return the factors of a = Q @ R: orthonormal columns Q, and R with zeros below its diagonal."""
@overload
def qr(a: ArrayLike, mode: Literal["r"]) -> Tensor: ...
def solve_banded(l_and_u: tuple[int, int], ab: ArrayLike, b: ArrayLike) -> Tensor:
    """Return the solution z of a @ z = b for a matrix that is zero beyond a few diagonals."""
def solve_toeplitz(c_or_cr: ArrayLike | tuple[ArrayLike, ArrayLike], b: ArrayLike) -> Tensor:
    """Return the solution z of toeplitz(c, r) @ z = b, in about n^2 steps."""
def tensorinv(a: ArrayLike, ind: int = 2) -> Tensor:
    """Return the inverse of a for sums over axes: tensordot(tensorinv(a, ind), b, ind) is tensorsolve(a, b)."""
def tensorsolve(a: ArrayLike, b: ArrayLike, axes: Sequence[int] | None = None) -> Tensor:
    """Return the array x for which the sums of a * x over all axes of x are b: tensordot(a, x, x.ndim) is b."""
def toeplitz(c: ArrayLike, r: ArrayLike | None = None) -> Tensor:
    """Return the matrix with c as its first column and r as its first row, constant along diagonals."""
def trace(x: ArrayLike, /, *, offset: int = 0, dtype: DTypeLike | None = None) -> Tensor:
    """Return the sums of the diagonals of the matrices in the last two axes of x."""
def vector_norm(
        x: ArrayLike, *, axis: Axis = None, keepdims: bool = False, ord: float | str = 2, dim: Axis = None,
        keepdim: bool = False,
) -> Tensor:
    """Return the vector norm of x over axes, one, several, or all; see `norm`."""
