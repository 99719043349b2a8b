"""Linear algebra under NumPy's, SciPy's and PyTorch's names."""

from nbgrad.ops.contract import matmul, outer, tensordot, vecdot
from nbgrad.ops.expm import expm
from nbgrad.ops.factor import cholesky, eigh, eigvalsh, solve_triangular
from nbgrad.ops.last_axes import cross, diagonal, trace
from nbgrad.ops.linalg import det, inv, matrix_power, slogdet, solve
from nbgrad.ops.norms import matrix_norm, norm, vector_norm
from nbgrad.ops.patterned import block_diag, circulant, hankel, toeplitz
from nbgrad.ops.products import multi_dot
from nbgrad.ops.shape import matrix_transpose
from nbgrad.ops.svd import svd, svdvals

matrix_exp = expm

__all__ = ["block_diag", "cholesky", "circulant", "cross", "det", "diagonal", "eigh", "eigvalsh", "expm",
           "hankel", "inv", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_transpose",
           "multi_dot", "norm", "outer", "slogdet", "solve", "solve_triangular", "svd", "svdvals",
           "tensordot", "toeplitz", "trace", "vecdot", "vector_norm"]


def __dir__() -> list[str]:
    return sorted(__all__)
