"""Linear algebra under NumPy's, SciPy's and PyTorch's names."""

# python tools/stubs.py writes this file.

from collections.abc import Sequence

from numpy.typing import DTypeLike

from nbgrad.engine.methods import ArrayLike, Axis
from nbgrad.engine.tensor import Tensor
from nbgrad import cholesky as cholesky
from nbgrad import det as det
from nbgrad import eigh as eigh
from nbgrad import eigvalsh as eigvalsh
from nbgrad import expm as expm
from nbgrad import inv as inv
from nbgrad import matmul as matmul
from nbgrad import matrix_power as matrix_power
from nbgrad import matrix_transpose as matrix_transpose
from nbgrad import norm as norm
from nbgrad import outer as outer
from nbgrad import slogdet as slogdet
from nbgrad import solve as solve
from nbgrad import solve_triangular as solve_triangular
from nbgrad import svd as svd
from nbgrad import svdvals as svdvals
from nbgrad import tensordot as tensordot
from nbgrad import vecdot as vecdot

__all__ = [
    "block_diag", "cholesky", "circulant", "cross", "det", "diagonal", "eigh", "eigvalsh", "expm", "hankel",
    "inv", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_transpose", "multi_dot", "norm",
    "outer", "slogdet", "solve", "solve_triangular", "svd", "svdvals", "tensordot", "toeplitz", "trace",
    "vecdot", "vector_norm"
]

def block_diag(*arrays: ArrayLike) -> Tensor:
    """Return the matrix with matrices along its diagonal, and zeros elsewhere."""
def circulant(c: ArrayLike) -> Tensor:
    """Return the square matrices with c as their first column, each column the one before turned by one."""
def cross(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> Tensor:
    """Return the cross product of vectors of three elements, which lie along one axis in all."""
def diagonal(x: ArrayLike, /, *, offset: int = 0) -> Tensor:
    """Return the diagonals of the matrices in the last two axes of x, a read-only view, along a last axis."""
def hankel(c: ArrayLike, r: ArrayLike | None = None) -> Tensor:
    """Return the matrix with c as its first column and r as its last row, constant along antidiagonals."""
def matrix_exp(a: ArrayLike) -> Tensor:
    """Return the matrix exponential, the sum of a**k / k! over all k. (np.exp takes that of each element.)"""
def matrix_norm(x: ArrayLike, *, keepdims: bool = False, ord: float | str = "fro") -> Tensor:
    """Return the norms of matrices; see `norm`. x: (..., n, m) -> (...)."""
def multi_dot(arrays: Sequence[ArrayLike]) -> Tensor:
    """Return the product of several matrices, multiplied in the order that takes the fewest steps."""
def toeplitz(c: ArrayLike, r: ArrayLike | None = None) -> Tensor:
    """Return the matrix with c as its first column and r as its first row, constant along diagonals."""
def trace(x: ArrayLike, /, *, offset: int = 0, dtype: DTypeLike | None = None) -> Tensor:
    """Return the sums of the diagonals of the matrices in the last two axes of x."""
def vector_norm(
        x: ArrayLike, *, axis: Axis = None, keepdims: bool = False, ord: float | str = 2, dim: Axis = None,
        keepdim: bool = False,
) -> Tensor:
    """Return the vector norm of x over axes, one, several, or all; see `norm`."""
