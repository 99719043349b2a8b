"""Linear algebra under NumPy's, SciPy's and PyTorch's names."""

from nbgrad.ops.contract import matmul, outer, tensordot, vecdot
from nbgrad.ops.eig import eig, eigvals
from nbgrad.ops.expm import expm
from nbgrad.ops.factor import cholesky, eigh, eigvalsh, solve_triangular
from nbgrad.ops.linalg import det, inv, matrix_power, slogdet, solve
from nbgrad.ops.norms import matrix_norm, norm, vector_norm
from nbgrad.ops.shape import matrix_transpose
from nbgrad.ops.svd import svd, svdvals

matrix_exp = expm

__all__ = ["cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "expm", "inv", "matmul", "matrix_exp",
           "matrix_norm", "matrix_power", "matrix_transpose", "norm", "outer", "slogdet", "solve",
           "solve_triangular", "svd", "svdvals", "tensordot", "vecdot", "vector_norm"]


def __dir__() -> list[str]:
    return sorted(__all__)
