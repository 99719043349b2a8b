"""Linear algebra under NumPy's, SciPy's and PyTorch's names."""

# python tools/stubs.py writes this file.

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
from nbgrad.ops.eig import Eig

__all__ = [
    "cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "expm", "inv", "matmul", "matrix_exp",
    "matrix_norm", "matrix_power", "matrix_transpose", "norm", "outer", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensordot", "vecdot", "vector_norm"
]

def eig(a: ArrayLike) -> Eig:
    """Return the eigenvalues and eigenvectors of square matrices, complex also where all are real."""
def eigvals(a: ArrayLike) -> Tensor:
    """Return the eigenvalues of square matrices, complex: those of `eig`, in LAPACK's order."""
def matrix_exp(a: ArrayLike) -> Tensor:
    """Return the matrix exponential, the sum of a**k / k! over all k. (np.exp takes that of each element.)"""
def matrix_norm(x: ArrayLike, *, keepdims: bool = False, ord: float | str = "fro") -> Tensor:
    """Return the norms of matrices; see `norm`. x: (..., n, m) -> (...)."""
def vector_norm(
        x: ArrayLike, *, axis: Axis = None, keepdims: bool = False, ord: float | str = 2, dim: Axis = None,
        keepdim: bool = False,
) -> Tensor:
    """Return the vector norm of x over axes, one, several, or all; see `norm`."""
