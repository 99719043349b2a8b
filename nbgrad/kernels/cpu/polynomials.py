"""Roots of polynomials for the CPU, by NumPy."""

from __future__ import annotations

import numpy as np


def polynomial_roots(p: np.ndarray) -> np.ndarray:
    """The eigenvalues of the companion matrix, as complex numbers."""
    dtype = np.result_type(p.dtype, np.complex64)
    if not np.isfinite(p).all():
        return np.full(max(len(p) - 1, 0), np.nan, dtype)
    return np.roots(p).astype(dtype)
