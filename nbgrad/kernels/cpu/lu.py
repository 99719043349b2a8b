"""Triangular factors of matrices with rows exchanged, for the CPU, by SciPy's LAPACK."""

from __future__ import annotations

import numpy as np
from scipy.linalg import get_lapack_funcs

from nbgrad.arrays.dtypes import real_of


def lu_packed(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both factors in one matrix, and for each row the number of that which it was exchanged with."""
    (factor,) = get_lapack_funcs(("getrf",), (a,))
    if a.ndim == 2 and a.size:
        z, pivots, _ = factor(a)
        return z, pivots.astype(real_of(a.dtype))
    z = np.empty(a.shape, a.dtype)
    pivots = np.empty((*a.shape[:-2], min(a.shape[-2:])), real_of(a.dtype))
    for i in np.ndindex(a.shape[:-2]) if z.size else ():
        z[i], pivots[i], _ = factor(a[i])
    return z, pivots


def row_order(out: np.ndarray, pivots: np.ndarray, m: int) -> None:
    """The numbers of the rows after the exchanges."""
    for place in np.ndindex(pivots.shape[:-1]):
        order = list(range(m))
        for i, j in enumerate(pivots[place].astype(np.int64).tolist()):
            order[i], order[j] = order[j], order[i]
        out[place] = order
