"""Inverses, systems and determinants for CUDA, by triangular factors."""

from __future__ import annotations

from typing import Any

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import grid
from nbgrad.errors import shape_errors
from nbgrad.kernels.cuda import copies, lu, matrices, pivots
from nbgrad.kernels.cuda.triangular import substitute


def others(d: Any, n: Any, i: Any, j: Any) -> Any:
    """The product of all pivots but two, or one."""
    z = 1.0
    for k in range(n):
        if k != i and k != j:
            z *= d[k, k]
    return z


@kernel
def cofactors(out, d, e, facts, *, push):
    """Cofactors of diagonal matrices, exact where pivots are zero; or their derivatives in the direction e.

    For diagonal a = d: d cofactor[i, i] sums e[j, j], d cofactor[i, j] is -e[j, i], times the other d.
    """
    n = d.shape[-1]
    out, d, e, facts = out.reshape(-1), d.reshape(-1, n, n), e.reshape(-1, n, n), facts.reshape(-1, 2)
    for at in grid(out.size):
        line, j = divmod(at, n)
        matrix, i = divmod(line, n)
        pivots, to = d[matrix], e[matrix]
        z = 0.0
        if not push:
            if i == j:
                z = others(pivots, n, i, i)
        elif i != j:
            z = -others(pivots, n, i, j) * to[j, i]
        else:
            for k in range(n):
                if k != i:
                    z += others(pivots, n, i, k) * to[k, k]
        if facts[matrix, 0] != 0:
            z = -z
        out[at] = z


def inv(out: CudaArray, a: CudaArray) -> None:
    """Inverses."""
    _solved("inv", out, a, matrices.identity(a.shape[-1], a.dtype))


def solve(out: CudaArray, a: CudaArray, b: CudaArray) -> None:
    """Solutions of a @ z = b."""
    if b.ndim == 1:
        out, b = [x.view(lambda form: form[..., None]) for x in (out, b)]
    _solved("solve", out, a, b)


def _solved(name: str, out: CudaArray, a: CudaArray, b: CudaArray) -> None:
    found = lu.factors(a)
    if found.singular().any():
        raise shape_errors.singular(name, a.shape)
    pivots.permuted(out, b, found.p)
    substitute(out, found.lu, lower=True, unit=True)
    substitute(out, found.lu, lower=False)


def det(out: CudaArray, a: CudaArray) -> None:
    """Determinants."""
    pivots.determinant(out, lu.factors(a))


def slogdet(a: CudaArray) -> tuple[CudaArray, CudaArray]:
    """Signs and logarithms of the absolute values of determinants."""
    sign, logarithm = cuda.empty(a.shape[:-2], a.dtype), cuda.empty(a.shape[:-2], a.dtype)
    pivots.determinant(logarithm, lu.factors(a), sign)
    return sign, logarithm


def cofactor(out: CudaArray, a: CudaArray) -> None:
    """With a = x d y, x and y of determinant 1 or -1: x^-T cofactor(d) y^-T, times these."""
    good = matrices.finite(a)
    found = lu.factors(matrices.cleaned(a, good), complete=True)
    matrices.spoiled(out, _outside(_middle(found, found.lu, push=False), found), good)


def cofactor_push(out: CudaArray, a: CudaArray, e: CudaArray) -> None:
    """The same with the derivative of cofactor at d, in the direction x^-1 e y^-1."""
    good = matrices.finite(a)
    found = lu.factors(matrices.cleaned(a, good), complete=True)
    inside = pivots.exchanged(e, found, back=False)
    substitute(inside, found.lu, lower=True, unit=True)
    inside = copies.converted(matrices.turned(inside), e.dtype)
    substitute(inside, matrices.turned(found.lu), lower=True, unit=True)
    middle = _middle(found, copies.contiguous(matrices.turned(inside)), push=True)
    matrices.spoiled(out, _outside(middle, found), good)


def _outside(x: CudaArray, found: lu.Factors) -> CudaArray:
    """x^-T middle y^-T; the middle, in C order, is lost."""
    substitute(x, matrices.turned(found.lu), lower=False, unit=True)
    x = copies.converted(matrices.turned(x), x.dtype)
    substitute(x, found.lu, lower=False, unit=True)
    return pivots.exchanged(x, found, back=True)


def _middle(found: lu.Factors, e: CudaArray, push: bool) -> CudaArray:
    """The cofactors of the pivots, as diagonal matrices, or their derivative in the direction e."""
    out = cuda.empty(e.shape, e.dtype)
    cofactors(out, found.lu, e, found.facts, push=push)
    return out
