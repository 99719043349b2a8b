"""Pseudo-inverses and least squares for the CPU, by NumPy's LAPACK."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import real_of
from nbgrad.errors import gradient_errors
from nbgrad.kernels.cpu.factor import finite

_silent = np.errstate(all="ignore")
_SLACK = 8                                # times the rounding of the largest singular value


@_silent
def truncated_inverse(a: np.ndarray, rcond: Any, hermitian: bool) -> tuple[np.ndarray, np.ndarray]:
    """The pseudo-inverses, and the largest singular value that was taken for zero, beside the largest of all.

    nan where an element is not finite.
    """
    if not a.size:
        return np.empty(np.swapaxes(a, -1, -2).shape, a.dtype), np.zeros(a.shape[:-2], real_of(a.dtype))
    z, good = finite(a)
    u, s, vh = np.linalg.svd(z, full_matrices=False, hermitian=hermitian)
    top = s.max(-1, keepdims=True)
    kept = s > np.asarray(rcond)[..., None].astype(s.dtype) * top
    left = np.where(kept, 0, s).max(-1) / np.where(top > 0, top, 1)[..., 0]
    scaled = np.swapaxes(vh, -1, -2).conj() * np.divide(1, s, where=kept, out=np.zeros_like(s))[..., None, :]
    found = scaled @ np.swapaxes(u, -1, -2).conj()
    found[~good] = np.nan
    return found, left


def untruncated(out: np.ndarray, left: np.ndarray, shape: tuple[int, ...]) -> None:
    """1, if what was taken for zero is zero to rounding."""
    if (left > _SLACK * max(shape[-2:]) * np.finfo(left.dtype).eps).any():
        raise gradient_errors.truncated_values("pinv", shape)
    out[...] = 1


@_silent
def least_squares(a: np.ndarray, b: np.ndarray, rcond: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The solutions of least norm, the singular values, and the rank; nan where an element is not finite."""
    if np.isfinite(a).all() and np.isfinite(b).all():
        x, _, rank, s = np.linalg.lstsq(a, b, rcond)
        return x, s, np.asarray(rank, s.dtype)
    x = np.full((a.shape[1], *b.shape[1:]), np.nan, a.dtype)
    dtype = real_of(a.dtype)
    return x, np.full(min(a.shape), np.nan, dtype), np.asarray(np.nan, dtype)
