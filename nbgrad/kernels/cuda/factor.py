"""Triangular systems, Cholesky factors and eigenvalues of symmetric matrices for CUDA."""

from __future__ import annotations

import numpy as np

from nbgrad import errors
from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda import copies, matrices
from nbgrad.kernels.cuda.cholesky import factored
from nbgrad.kernels.cuda.jacobi import eigen
from nbgrad.kernels.cuda.triangular import substitute

_GAPS = """
def k_gaps(elements, n, w, f_w, o, f_o, facts, f_facts):
    elements, n = uint32(elements), uint32(n)
    e = uint32(cuda.grid(1))
    while e < elements:
        line = uint32(e // n)
        j = uint32(e - line * n)
        matrix = uint32(line // n)
        i = uint32(line - matrix * n)
        first = f_w + int64(uint32(matrix * n))
        gap = w[uint64(first + int64(j))] - w[uint64(first + int64(i))]
        top, k = {dtype}(0), uint32(0)
        while k < n:
            top = max(top, abs(w[uint64(first + int64(k))]))
            k = uint32(k + uint32(1))
        equal = i != j and abs(gap) <= {dtype}(n) * {dtype}({eps}) * top
        facts[uint64(f_facts + int64(e))] = int32(equal)
        o[uint64(f_o + int64(e))] = {dtype}(0) if i == j else {dtype}(1) / gap
        e = uint32(e + uint32(cuda.gridsize(1)))
"""


def solve_triangular(out: CudaArray, a: CudaArray, b: CudaArray, lower: bool, trans: bool,
                     unit_diagonal: bool) -> None:
    """Solutions of a @ z = b by substitution."""
    if not out.size:
        return
    if not unit_diagonal and not cuda.download(a.view(lambda form: form.diagonal(0, -2, -1))).all():
        raise errors.singular("solve_triangular", a.shape)
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
        raise errors.not_positive_definite("cholesky", a.shape)
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
    launch.run("k_gaps", _spelled, out.size, w.shape[-1], *w.flat, *out.flat, *facts.flat, what=(w.dtype,))
    if cuda.download(facts).any():
        raise errors.repeated_values(of, shape)


def _spelled(dtype: np.dtype) -> str:
    return _GAPS.format(dtype=dtype, eps=float(np.finfo(dtype).eps))
