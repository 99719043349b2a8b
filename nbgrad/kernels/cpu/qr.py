"""Orthogonal and triangular factors for the CPU, by NumPy's LAPACK; and whether columns are independent."""

from __future__ import annotations

import numpy as np

from nbgrad.errors import gradient_errors
from nbgrad.kernels.cpu.factor import finite

_silent = np.errstate(all="ignore")


@_silent
def qr_factors(a: np.ndarray, complete: bool) -> tuple[np.ndarray, np.ndarray]:
    """Both factors; nan where an element is not finite."""
    z, good = finite(a)
    q, r = np.linalg.qr(z, "complete" if complete else "reduced")
    if not good.all():
        q[~good] = r[~good] = np.nan
    return q, r


@_silent
def triangular_factor(out: np.ndarray, a: np.ndarray) -> None:
    """The triangular factor; nan where an element is not finite."""
    z, good = finite(a)
    out[...] = np.linalg.qr(z, "r")
    if not good.all():
        out[~good] = np.nan


def independent(out: np.ndarray, d: np.ndarray, size: np.ndarray, of: str, shape: tuple[int, ...],
                least: float) -> None:
    """1, if no element of d is zero beside its size."""
    if (np.abs(d) <= least * size).any():
        raise gradient_errors.dependent_columns(of, shape)
    out[...] = 1
