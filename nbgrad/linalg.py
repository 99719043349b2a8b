"""Linear algebra under NumPy's, SciPy's and PyTorch's names."""

from nbgrad.ops.banded import solve_banded, solve_toeplitz
from nbgrad.ops.conditions import cond, matrix_rank, tensorinv, tensorsolve
from nbgrad.ops.contract import matmul, outer, tensordot, vecdot
from nbgrad.ops.eig import eig, eigvals
from nbgrad.ops.expm import expm
from nbgrad.ops.factor import cholesky, eigh, eigvalsh, solve_triangular
from nbgrad.ops.last_axes import cross, diagonal, trace
from nbgrad.ops.least_squares import lstsq, pinv
from nbgrad.ops.linalg import det, inv, matrix_power, slogdet, solve
from nbgrad.ops.lu import cho_factor, cho_solve, lu, lu_factor, lu_solve
from nbgrad.ops.matrix_functions import fractional_matrix_power, logm, solve_sylvester, sqrtm
from nbgrad.ops.norms import matrix_norm, norm, vector_norm
from nbgrad.ops.patterned import block_diag, circulant, hankel, toeplitz
from nbgrad.ops.products import multi_dot
from nbgrad.ops.qr import qr
from nbgrad.ops.shape import matrix_transpose
from nbgrad.ops.svd import svd, svdvals

matrix_exp = expm

__all__ = ["block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "cond", "cross", "det",
           "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "expm", "fractional_matrix_power", "hankel",
           "inv", "logm", "lstsq", "lu", "lu_factor", "lu_solve", "matmul", "matrix_exp", "matrix_norm",
           "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr",
           "slogdet", "solve", "solve_banded", "solve_sylvester", "solve_toeplitz", "solve_triangular",
           "sqrtm", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "toeplitz", "trace", "vecdot",
           "vector_norm"]


def __dir__() -> list[str]:
    return sorted(__all__)
