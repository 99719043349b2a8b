"""Roots and logarithms of matrices, and Sylvester's equation, for the CPU, by SciPy's Schur forms."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.linalg
from scipy.linalg import get_lapack_funcs

from nbgrad.errors import shape_errors

_silent = np.errstate(all="ignore")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(7)
_NEAR = 0.264                             # to 1, where that many nodes give all digits of float64


def _root(a: np.ndarray, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The square root of one matrix. Raises SingularError if a real one has a complex root, or there is none.
    """
    with warnings.catch_warnings(action="ignore"):
        z: np.ndarray = scipy.linalg.sqrtm(a)
    if z.dtype.kind == "c" and a.dtype.kind != "c":
        raise shape_errors.complex_result(name, shape)
    if not np.isfinite(z).all():
        raise shape_errors.no_matrix_function(name, shape)
    return z


@_silent
def sqrtm(out: np.ndarray, a: np.ndarray) -> None:
    """Principal square roots; nan where an element is not finite."""
    for i in np.ndindex(a.shape[:-2]):
        out[i] = _root(a[i], "sqrtm", a.shape) if a[i].size and np.isfinite(a[i]).all() else np.nan


@_silent
def logm(out: np.ndarray, a: np.ndarray) -> None:
    """Principal logarithms, in float64 or complex128; nan where an element is not finite."""
    if out.size and (np.linalg.slogdet(a).sign == 0).any():
        raise shape_errors.no_matrix_function("logm", a.shape)
    wide = np.result_type(a.dtype, np.float64)
    for i in np.ndindex(a.shape[:-2]):
        out[i] = _logarithm(a[i].astype(wide), a.shape) if np.isfinite(a[i]).all() else np.nan


def _logarithm(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Roots are taken until log(1 + y) is Gauss's quadrature of y / (1 + s y) over s from 0 to 1.

    Source: Higham, Functions of Matrices (2008), section 11.5 and equation 11.18.
    """
    if not a.size:
        return a
    t, u = scipy.linalg.schur(a)
    unit, doublings = np.eye(len(a)), 0
    while np.abs(t - unit).sum(0).max() > _NEAR:
        t, doublings = _root(t, "logm", shape), doublings + 1
    y = t - unit
    places = ((_NODES + 1) / 2)[:, None, None]
    parts = np.linalg.solve(unit + places * y, y)
    z = np.einsum("k,kij->ij", _WEIGHTS / 2, parts)
    return np.ldexp(1.0, doublings) * (u @ z @ u.conj().T)


def solve_sylvester(out: np.ndarray, a: np.ndarray, b: np.ndarray, q: np.ndarray) -> None:
    """Solutions of a @ z + z @ b = q; nan where an element is not finite."""
    if not out.size:
        return
    batch = out.shape[:-2]
    a, b, q = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b, q)]
    (solve,) = get_lapack_funcs(("trsyl",), (a, b, q))
    for i in np.ndindex(batch):
        if not all(np.isfinite(x[i]).all() for x in (a, b, q)):
            out[i] = np.nan
            continue
        r, u = scipy.linalg.schur(a[i])
        s, v = scipy.linalg.schur(b[i].conj().T)
        y, scale, info = solve(r, s, u.conj().T @ q[i] @ v, tranb="C")
        if info:
            raise shape_errors.common_eigenvalues("solve_sylvester", a.shape, b.shape)
        out[i] = u @ (y / scale) @ v.conj().T
