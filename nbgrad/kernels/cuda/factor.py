"""Triangular systems, Cholesky factors and eigenvalues of symmetric matrices for CUDA."""

from __future__ import annotations

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import grid
from nbgrad.errors import gradient_errors, shape_errors
from nbgrad.kernels.cuda import copies, matrices
from nbgrad.kernels.cuda.cholesky import factored
from nbgrad.kernels.cuda.jacobi import eigen
from nbgrad.kernels.cuda.triangular import substitute


@kernel
def gaps(out, equal, w, *, eps):
    """1 / (w[j] - w[i]), 0 for i = j; and which of these are equal to rounding."""
    n = w.shape[-1]
    out, equal, w = out.reshape(-1), equal.reshape(-1), w.reshape(-1, n)
    for e in grid(out.size):
        line, j = divmod(e, n)
        matrix, i = divmod(line, n)
        values = w[matrix]
        gap = values[j] - values[i]
        top = 0.0
        for k in range(n):
            top = max(top, abs(values[k]))
        equal[e] = i != j and abs(gap) <= eps * top * n
        out[e] = 0 if i == j else 1 / gap


def solve_triangular(out: CudaArray, a: CudaArray, b: CudaArray, lower: bool, trans: bool,
                     unit_diagonal: bool) -> None:
    """Solutions of a @ z = b by substitution."""
    if not out.size:
        return
    if not unit_diagonal and not cuda.download(a.view(lambda form: form.diagonal(0, -2, -1))).all():
        raise shape_errors.singular("solve_triangular", a.shape)
    copies.into(out, b)
    if trans:
        a, lower = matrices.turned(a), not lower
    substitute(out if b.ndim > 1 else out.view(lambda form: form[..., None]), a, lower, unit_diagonal)


def cholesky(out: CudaArray, a: CudaArray, upper: bool) -> None:
    """Cholesky factors, of what one triangle holds; nan where an element of it is not finite."""
    symmetric = matrices.mirrored(a, not upper)
    good = matrices.finite(symmetric)
    z = matrices.cleaned(symmetric, good)
    if (factored(z) & cuda.download(good)[..., 0, 0]).any():
        raise shape_errors.not_positive_definite("cholesky", a.shape)
    matrices.spoiled(out, matrices.turned(z) if upper else z, good)


def eigh(a: CudaArray, lower: bool) -> tuple[CudaArray, CudaArray]:
    """Eigenvalues and eigenvectors, by one triangle; nan where an element of it is not finite."""
    symmetric = matrices.mirrored(a, lower)
    good = matrices.finite(symmetric)
    w, v = eigen(matrices.cleaned(symmetric, good))
    matrices.spoiled(w, w, good.view(lambda form: form[..., 0]))
    matrices.spoiled(v, v, good)
    return w, v


def eigvalsh(out: CudaArray, a: CudaArray, lower: bool) -> None:
    """Eigenvalues, by one triangle; nan where an element of it is not finite."""
    copies.into(out, eigh(a, lower)[0])


def inverse_gaps(out: CudaArray, w: CudaArray, of: str, shape: tuple[int, ...]) -> None:
    """1 / (w[j] - w[i]), and 0 for i = j."""
    w = copies.contiguous(w)
    facts = cuda.empty(out.shape, np.int32)
    gaps(out, facts, w, eps=float(np.finfo(w.dtype).eps))
    if cuda.download(facts).any():
        raise gradient_errors.repeated_values(of, shape)
