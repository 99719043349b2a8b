"""Singular values and vectors for the CPU, by NumPy's LAPACK."""

from __future__ import annotations

import numpy as np

from nbgrad.errors import gradient_errors
from nbgrad.kernels.cpu.factor import finite

_silent = np.errstate(all="ignore")


@_silent
def svd_factors(a: np.ndarray, full_matrices: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Singular values and vectors; nan where an element is not finite."""
    z, good = finite(a)
    u, s, vh = np.linalg.svd(z, full_matrices)
    if not good.all():
        u[~good] = s[~good] = vh[~good] = np.nan
    return u, s, vh


@_silent
def svdvals(out: np.ndarray, a: np.ndarray) -> None:
    """Singular values; nan where an element is not finite."""
    z, good = finite(a)
    out[...] = np.linalg.svd(z, compute_uv=False)
    out[~good] = np.nan


def determined(out: np.ndarray, g: np.ndarray, k: int, of: str) -> None:
    """The first k columns, if the others are zero."""
    if g[..., k:].any():
        raise gradient_errors.undetermined_vectors(of)
    out[...] = g[..., :k]
