"""Inverses, systems and determinants for CUDA, by triangular factors."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nbgrad import errors
from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda import copies, lu, matrices, pivots
from nbgrad.kernels.cuda.triangular import substitute

# The products of all pivots d but one or two, exact where some are zero. For diagonal a = d: d cofactor[i, i]
# sums e[j, j], d cofactor[i, j] is -e[j, i], times the other d.
_MIDDLE = """
def others(a, first, n, i, j):
    z, k = {dtype}(1), uint32(0)
    while k < n:
        if k != i and k != j:
            z = z * a[uint64(first + int64(uint32(k * n + k)))]
        k = uint32(k + uint32(1))
    return z
def k_{name}(elements, n, a, f_a, e, f_e, facts, f_facts, o, f_o):
    elements, n = uint32(elements), uint32(n)
    at = uint32(cuda.grid(1))
    while at < elements:
        line = uint32(at // n)
        j = uint32(at - line * n)
        matrix = uint32(line // n)
        i = uint32(line - matrix * n)
        places = int64(uint32(matrix * n * n))
        first = int64(f_a) + places
        z = {dtype}(0)
{step}
        if facts[uint64(f_facts + int64(uint32(matrix * uint32(2))))] != 0:
            z = -z
        o[uint64(f_o + int64(at))] = z
        at = uint32(at + uint32(cuda.gridsize(1)))
"""
_COFACTORS = """
        if i == j:
            z = others(a, first, n, i, i)
"""
_PUSHED = """
        if i != j:
            z = -others(a, first, n, i, j) * e[uint64(f_e + places + int64(uint32(j * n + i)))]
        else:
            k = uint32(0)
            while k < n:
                if k != i:
                    z = z + others(a, first, n, i, k) * e[uint64(f_e + places + int64(uint32(k * n + k)))]
                k = uint32(k + uint32(1))
"""


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
        raise errors.singular(name, a.shape)
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
    matrices.spoiled(out, _outside(_middle("cofactors", found, found.lu), found), good)


def cofactor_push(out: CudaArray, a: CudaArray, e: CudaArray) -> None:
    """The same with the derivative of cofactor at d, in the direction x^-1 e y^-1."""
    good = matrices.finite(a)
    found = lu.factors(matrices.cleaned(a, good), complete=True)
    inside = pivots.exchanged(e, found, back=False)
    substitute(inside, found.lu, lower=True, unit=True)
    inside = copies.converted(matrices.turned(inside), e.dtype)
    substitute(inside, matrices.turned(found.lu), lower=True, unit=True)
    middle = _middle("pushed", found, copies.contiguous(matrices.turned(inside)))
    matrices.spoiled(out, _outside(middle, found), good)


def _outside(x: CudaArray, found: lu.Factors) -> CudaArray:
    """x^-T middle y^-T; the middle, in C order, is lost."""
    substitute(x, matrices.turned(found.lu), lower=False, unit=True)
    x = copies.converted(matrices.turned(x), x.dtype)
    substitute(x, found.lu, lower=False, unit=True)
    return pivots.exchanged(x, found, back=True)


def _middle(name: str, found: lu.Factors, e: CudaArray) -> CudaArray:
    """The cofactors of the pivots, as diagonal matrices, or their derivative in the direction e."""
    out = cuda.empty(e.shape, e.dtype)
    launch.run(f"k_{name}", _spelled, out.size, e.shape[-1], *found.lu.flat, *e.flat, *found.facts.flat,
               *out.flat, what=(name, e.dtype))
    return out


@lru_cache(maxsize=16)
def _spelled(name: str, dtype: np.dtype) -> str:
    step = (_COFACTORS if name == "cofactors" else _PUSHED).strip("\n")
    return _MIDDLE.format(name=name, dtype=dtype, step=step)
