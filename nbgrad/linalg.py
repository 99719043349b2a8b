"""Linear algebra under NumPy's, SciPy's and PyTorch's names."""

from nbgrad.ops.contract import matmul, outer, tensordot, vecdot
from nbgrad.ops.linalg import det, expm, inv, solve
from nbgrad.ops.reduce import norm
from nbgrad.ops.shape import matrix_transpose

matrix_exp = expm

__all__ = ["det", "expm", "inv", "matmul", "matrix_exp", "matrix_transpose", "norm", "outer", "solve",
           "tensordot", "vecdot"]
