"""Factorisations for the CPU.

All of it runs on NumPy's BLAS and LAPACK, as matmul does. SciPy brings a second library with threads of its
own: two pools that wait for work by spinning cost each other milliseconds a call.
"""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from nbgrad.compile.cpu.kernel import kernel
from nbgrad.compile.cpu.language import Array, T, load_at, sqrt
from nbgrad.errors import gradient_errors, shape_errors

_silent = np.errstate(all="ignore")
_FEW = 12                                 # rows of a matrix that LAPACK takes longer to reach
_BLOCK = 32                               # rows that are solved by substitution; what is left goes to BLAS


@kernel
def substitute(a: Array[T], b: Array[T], loops: Array[np.int64]) -> None:
    """Solutions of triangular systems in the place of b, by row operations.

    Each unknown is a row of b, so the innermost loop runs over memory without gaps.
    loops : matrices, rows, columns; bytes of a step from matrix to matrix, along rows and columns of a;
        elements from matrix to matrix and row to row of b; whether forward, whether the diagonal is 1
    """
    rows, cols, ra, ca = loops[1], loops[2], loops[4], loops[5]
    rb, forward, unit = loops[7], loops[8], loops[9]
    for m in range(loops[0]):
        pa = m * loops[3]
        pb = m * loops[6]
        for s in range(rows):
            i = s if forward else rows - 1 - s
            row = pb + i * rb
            for t in range(s):
                j = t if forward else rows - 1 - t
                factor = load_at(a, pa + i * ra + j * ca)
                known = pb + j * rb
                for c in range(cols):
                    b[row + c] -= factor * b[known + c]
            if not unit:
                d = load_at(a, pa + i * (ra + ca))
                for c in range(cols):
                    b[row + c] /= d


@_silent
def solve_triangular(out: np.ndarray, a: np.ndarray, b: np.ndarray, lower: bool, trans: bool,
                     unit_diagonal: bool) -> None:
    """Solutions of a @ z = b by substitution, block by block."""
    if not out.size:
        return
    if not unit_diagonal and not np.diagonal(a, axis1=-2, axis2=-1).all():
        raise shape_errors.singular("solve_triangular", a.shape)
    out[...] = b
    x = out if b.ndim > 1 else out[..., None]
    if trans:
        a, lower = a.swapaxes(-1, -2), not lower
    triangular(x, a, lower, unit_diagonal)


def triangular(x: np.ndarray, a: np.ndarray, lower: bool, unit: bool = False) -> None:
    """Put the solution z of a @ z = x in the place of x, which is C-contiguous."""
    n, k = x.shape[-2:]
    a = a if a.ndim == 2 else np.broadcast_to(a, (*x.shape[:-2], n, n)).reshape(-1, n, n)
    x = x.reshape(-1, n, k) if x.ndim > 3 else x
    step, (row, column) = a.strides[0] if a.ndim > 2 else 0, a.strides[-2:]
    compiled, batch = substitute[x.dtype], prod(x.shape[:-2])
    for done in range(0, n, _BLOCK):
        size = min(_BLOCK, n - done)
        low = done if lower else n - done - size
        here, solved = slice(low, low + size), slice(0, low) if lower else slice(low + size, n)
        block = x[..., here, :]
        if done:
            block -= np.matmul(a[..., here, solved], x[..., solved, :])
        loops = np.array([batch, size, k, step, row, column, n * k, k, lower, unit])
        compiled(a[..., here, here], block, loops)


@kernel
def factor(out: Array[T], a: Array[T], n: int, upper: bool) -> bool:
    """Cholesky factors of matrices of n rows; False where one has none, or an element that is not finite."""
    row, column = 1 if upper else n, n if upper else 1
    for m in range(0, out.size, n * n):
        for j in range(n):
            p = m + j * row
            for i in range(j):                # of the other triangle
                out[m + i * row + j * column] = 0
            for i in range(j, n):
                q = m + i * row
                s = a[q + j * column]
                for k in range(j):
                    s -= out[q + k * column] * out[p + k * column]
                if i > j:
                    out[q + j * column] = s / out[p + j * column]
                elif 0 < s < inf:
                    out[q + j * column] = sqrt(s)
                else:
                    return False
    return True


def cholesky(out: np.ndarray, a: np.ndarray, upper: bool) -> None:
    """Cholesky factors, of what one triangle holds; nan where an element of it is not finite."""
    n = a.shape[-1]
    few = 0 < n <= _FEW and a.flags.c_contiguous and a.dtype.kind == "f"
    if not few or not factor[a.dtype](out, a, n, upper):
        _cholesky(out, a, upper)


@_silent
def _cholesky(out: np.ndarray, a: np.ndarray, upper: bool) -> None:
    """The same, by LAPACK."""
    try:
        z = np.linalg.cholesky(a, upper=upper)
    except np.linalg.LinAlgError as error:
        rest, good = _read(a, not upper)
        if good.all():
            raise shape_errors.not_positive_definite("cholesky", a.shape) from error
        _cholesky(out, rest, upper)
        out[~good] = np.nan
        return
    out[...] = z
    if np.isfinite(np.add.reduce(z, None)):
        return
    good = np.isfinite(np.diagonal(z, axis1=-2, axis2=-1)).all(-1)
    if not good.all():
        out[~good] = np.nan


def finite(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a with the identity for matrices that have an element that is not finite, and which have none."""
    good = np.isfinite(a).all((-2, -1))
    return np.where(good[..., None, None], a, np.eye(*a.shape[-2:], dtype=a.dtype)), good


def _read(a: np.ndarray, lower: bool) -> tuple[np.ndarray, Any]:
    """`finite` of what is read: one triangle."""
    return (a, np.True_) if np.isfinite(a).all() else finite(np.tril(a) if lower else np.triu(a))


@_silent
def eigh(a: np.ndarray, lower: bool) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors, by one triangle; nan where an element of it is not finite."""
    z, good = _read(a, lower)
    w, v = np.linalg.eigh(z, "L" if lower else "U")
    if not good.all():
        w[~good] = v[~good] = np.nan
    return w, v


@_silent
def eigvalsh(out: np.ndarray, a: np.ndarray, lower: bool) -> None:
    """Eigenvalues, by one triangle; nan where an element of it is not finite."""
    z, good = _read(a, lower)
    out[...] = np.linalg.eigvalsh(z, "L" if lower else "U")
    if not good.all():
        out[~good] = np.nan


@_silent
def eig_factors(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors, complex; nan where an element is not finite."""
    z, good = (a, np.True_) if np.isfinite(a).all() else finite(a)
    dtype = np.result_type(a.dtype, np.complex64)
    w, v = [x.astype(dtype, copy=False) for x in np.linalg.eig(z)]
    if not good.all():
        w[~good] = v[~good] = np.nan
    return w, v


@_silent
def inverse_gaps(out: np.ndarray, w: np.ndarray, of: str, shape: tuple[int, ...]) -> None:
    """1 / (w[j] - w[i]), and 0 for i = j."""
    n = w.shape[-1]
    gaps = w[..., None, :] - w[..., :, None]
    gaps[..., range(n), range(n)] = np.inf
    least = n * np.finfo(w.dtype).eps * np.abs(w).max(-1, initial=0)
    if (np.abs(gaps) <= least[..., None, None]).any():
        raise gradient_errors.repeated_values(of, shape)
    np.divide(1, gaps, out=out)


def polynomial_roots(p: np.ndarray) -> np.ndarray:
    """The eigenvalues of the companion matrix, as complex numbers."""
    dtype = np.result_type(p.dtype, np.complex64)
    if not np.isfinite(p).all():
        return np.full(max(len(p) - 1, 0), np.nan, dtype)
    return np.roots(p).astype(dtype)
