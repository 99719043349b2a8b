"""The standard's extension linalg, as far as nbgrad has it: array_api.linalg."""

from __future__ import annotations

from nbgrad.ops.conditions import matrix_rank
from nbgrad.ops.contract import matmul, outer, tensordot, vecdot
from nbgrad.ops.eig import eig, eigvals
from nbgrad.ops.factor import cholesky, eigh, eigvalsh
from nbgrad.ops.last_axes import cross, diagonal, trace
from nbgrad.ops.least_squares import pinv
from nbgrad.ops.linalg import det, inv, matrix_power, slogdet, solve
from nbgrad.ops.norms import matrix_norm, vector_norm
from nbgrad.ops.qr import qr
from nbgrad.ops.shape import matrix_transpose
from nbgrad.ops.svd import svd, svdvals

__all__ = ["cholesky", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "matmul",
           "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "outer", "pinv", "qr",
           "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot", "vector_norm"]


def __dir__() -> list[str]:
    return sorted(__all__)
