"""Systems of matrices with few diagonals, or equal elements along them, for the CPU, by SciPy."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from nbgrad.errors import shape_errors

_silent = np.errstate(all="ignore")


@_silent
def banded_solution(out: np.ndarray, ab: np.ndarray, b: np.ndarray, lower: int, upper: int) -> None:
    """Solutions by elimination within the band."""
    if not out.size:
        return
    try:
        out[...] = scipy.linalg.solve_banded((lower, upper), ab, b, check_finite=False)
    except np.linalg.LinAlgError as error:
        raise shape_errors.singular("solve_banded", (b.shape[0], b.shape[0])) from error


@_silent
def toeplitz_solution(out: np.ndarray, c: np.ndarray, r: np.ndarray, b: np.ndarray) -> None:
    """Solutions by Levinson's recursion, in float64 or complex128; nan where an element is not finite."""
    if not out.size:
        return
    if not all(np.isfinite(x).all() for x in (c, r, b)):
        out[...] = np.nan
        return
    try:
        out[...] = scipy.linalg.solve_toeplitz((c, r), b)
    except np.linalg.LinAlgError as error:
        raise shape_errors.singular_minor("solve_toeplitz", c.shape) from error
