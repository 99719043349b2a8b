"""Singular values and vectors for CUDA."""

from __future__ import annotations

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.errors import gradient_errors
from nbgrad.kernels.cuda import copies, matrices
from nbgrad.kernels.cuda.onesided import decomposed


def svd_factors(a: CudaArray, full_matrices: bool) -> tuple[CudaArray, CudaArray, CudaArray]:
    """Singular values and vectors; nan where an element is not finite."""
    *lead, m, n = a.shape
    k = min(m, n)
    if not a.size:
        u, vh = [cuda.empty((*lead, *shape), a.dtype) for shape in (
            (m, m if full_matrices else k), (n if full_matrices else k, n))]
        for x in (u, vh):
            if x.size:
                copies.into(x, matrices.identity(x.shape[-1], a.dtype))
        return u, cuda.empty((*lead, k), a.dtype), vh
    good = matrices.finite(a)
    u, s, vh = decomposed(matrices.cleaned(a, good), full_matrices)
    matrices.spoiled(u, u, good)
    matrices.spoiled(s, s, good.view(lambda form: form[..., 0]))
    matrices.spoiled(vh, vh, good)
    return u, s, vh


def svdvals(out: CudaArray, a: CudaArray) -> None:
    """Singular values; nan where an element is not finite."""
    copies.into(out, svd_factors(a, False)[1])


def determined(out: CudaArray, g: CudaArray, k: int, of: str) -> None:
    """The first k columns, if the others are zero."""
    if cuda.download(g.part((..., slice(k, None)))).any():
        raise gradient_errors.undetermined_vectors(of)
    copies.into(out, g.part((..., slice(k))))
