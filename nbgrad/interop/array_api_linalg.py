"""The standard's extension linalg, as far as nbgrad has it: array_api.linalg."""

from __future__ import annotations

from typing import Any

from nbgrad.engine.tensor import Tensor
from nbgrad.ops import diagonal as diagonals
from nbgrad.ops.contract import matmul, outer, tensordot, vecdot
from nbgrad.ops.factor import cholesky, eigh, eigvalsh
from nbgrad.ops.linalg import det, inv, matrix_power, slogdet, solve
from nbgrad.ops.norms import matrix_norm, vector_norm
from nbgrad.ops.shape import matrix_transpose
from nbgrad.ops.svd import svd, svdvals

__all__ = ["cholesky", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power",
           "matrix_transpose", "outer", "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot",
           "vector_norm"]


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """Return the diagonals of the matrices that lie in the last two axes of x."""
    return diagonals.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Return the sums of the diagonals of the matrices that lie in the last two axes of x."""
    return diagonals.trace(x, offset, -2, -1, dtype)


def __dir__() -> list[str]:
    return sorted(__all__)
