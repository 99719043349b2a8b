"""Matrix exponentials for CUDA, of all matrices of a batch together. A matrix that holds inf or nan has a
result of nan.

Source: Al-Mohy and Higham, as for the CPU (kernels/cpu/expm.py): scaling, the rational approximant of degree
13, and squaring, each matrix as often as its own norms ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial, log2
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.kernels.cuda import copies, linalg, rows
from nbgrad.kernels.cuda.broadcast import astype
from nbgrad.kernels.cuda.matrices import cleaned, finite, mapped, spoiled
from nbgrad.kernels.cuda.product import product
from nbgrad.kernels.shared import row_programs

_THETA = 4.25                             # norm up to which the approximant of degree 13 is exact to rounding
_PADE = (64764752532480000., 32382376266240000., 7771770303897600., 1187353796428800., 129060195264000.,
         10559470521600., 670442572800., 33522128640., 1323241920., 40840800., 960960., 16380., 182., 1.)
_REMAINDER = log2(factorial(13)**2 / (factorial(26) * factorial(27)))
_BOOL = np.dtype(bool)

Part = Sequence[CudaArray]                # (a,): matrices; (a, e): block matrices [[a, e], [0, a]]


def expm(out: CudaArray, a: CudaArray) -> None:
    """Matrix exponentials."""
    if out.size:
        good = finite(a)
        stack = cleaned(a, good).view(lambda form: form.reshape(-1, *form.shape[-2:]))
        z = _exponential((stack,))[0]
        spoiled(out, z.view(lambda form: form.reshape(out.shape)), good)


def expm_frechet(out: CudaArray, a: CudaArray, e: CudaArray) -> None:
    """Derivatives of the matrix exponential at a in the direction e.

    They are linear in e, so e is made small by a power of two: a alone decides how they are computed.
    """
    if not out.size:
        return
    good = mapped("both", "a0 & a1", _BOOL, finite(a), finite(e))
    x, t = [cleaned(part, good).view(lambda form: form.reshape(-1, *form.shape[-2:])) for part in (a, e)]
    power = _exponents(t) + 7
    z = _scaled(_exponential((x, _scaled(t, -power)))[1], power)
    spoiled(out, z.view(lambda form: form.reshape(out.shape)), good)


def inverse_norm(out: CudaArray, a: CudaArray) -> None:
    """Powers of two."""
    if out.size:
        power = -np.frexp(_largest(a) if a.size else np.zeros(out.shape, out.dtype))[1]
        limits = np.finfo(out.dtype)
        exact = np.ldexp(out.dtype.type(1), np.clip(power, limits.minexp, limits.maxexp - 1))
        copies.into(out, cuda.upload(exact.reshape(out.shape)))


def _absolute(a: CudaArray) -> CudaArray:
    return mapped("absolute", "abs(a0)", a.dtype, a)


def _largest(a: CudaArray) -> np.ndarray:
    """The largest absolute value of an element of each matrix, on the host."""
    return cuda.download(rows.reduce(row_programs.largest, _absolute(a), (a.ndim - 2, a.ndim - 1), False))


def _norms(a: CudaArray) -> np.ndarray:
    """The largest sum of a column's absolute values, for each matrix, on the host."""
    sums = rows.reduce(row_programs.total, _absolute(a), (1,), False)
    return cuda.download(rows.reduce(row_programs.largest, sums, (1,), False)).astype(np.float64)


def _exponents(a: CudaArray) -> np.ndarray:
    """Powers of two above the norms of matrices."""
    return np.frexp(_largest(a))[1] + a.shape[-1].bit_length()


def _scaled(x: CudaArray, power: np.ndarray) -> CudaArray:
    """Matrices times powers of two, in two steps: their exponents may be beyond those of the dtype."""
    half = power // 2
    two = [cuda.upload(np.ldexp(x.dtype.type(1), part)[:, None, None]) for part in (half, power - half)]
    return mapped("scaled", "a0 * a1 * a2", x.dtype, x, *two)


def _chosen(flags: np.ndarray, x: CudaArray, y: CudaArray) -> CudaArray:
    """Matrices of x where a flag is set, else of y."""
    if flags.all() or not flags.any():
        return x if flags.all() else y
    return mapped("chosen", "a0 if a2 else a1", x.dtype, x, y, cuda.upload(flags[:, None, None]))


def _exponential(x: Part) -> Part:
    """Exponentials of finite matrices, or of block matrices."""
    small = np.dtype(np.float32)
    if x[0].dtype == small and (_exponents(x[0]) > 12).any():     # else the tenth power may overflow
        return [astype(z, small) for z in _exponential([astype(p, np.dtype(np.float64)) for p in x])]
    z = _rational(x)
    if len(x) == 1:
        exps = cuda.empty(x[0].shape, x[0].dtype)
        copies.fill(exps, 0)
        copies.into(_diagonal(exps), mapped("exp", "exp(a0)", x[0].dtype, _diagonal(x[0])))
        outside = copies.converted(x[0], x[0].dtype)
        copies.fill(_diagonal(outside), 0)
        z = [_chosen(_largest(outside) == 0, exps, z[0])]
    return z


def _diagonal(x: CudaArray) -> CudaArray:
    return x.view(lambda form: np.einsum("...ii->...i", form))


def _times(a: CudaArray, b: CudaArray) -> CudaArray:
    out = cuda.empty((*a.shape[:-1], b.shape[-1]), a.dtype)
    product(out, a, b)
    return out


def _product(x: Part, y: Part) -> Part:
    if len(x) == 1:
        return [_times(x[0], y[0])]
    both = mapped("sum_of_two", "a0 + a1", x[0].dtype, _times(x[0], y[1]), _times(x[1], y[0]))
    return [_times(x[0], y[0]), both]


def _combined(factors: Sequence[float], parts: Sequence[Part], identity: float = 0.0) -> Part:
    """factors times parts, summed, and identity times the identity matrix."""
    dtype = parts[0][0].dtype
    line = " + ".join(f"{dtype}({f}) * a{i}" for i, f in enumerate(factors))
    total = [mapped("combined", line, dtype, *same) for same in zip(*parts, strict=True)]
    if identity:
        diagonal = _diagonal(total[0])
        copies.into(diagonal, mapped("shifted", f"a0 + {dtype}({identity})", dtype, diagonal))
    return total


def _rational(x: Part) -> Part:
    """Exponentials by scaling, the rational approximant of degree 13, and squaring."""
    x2 = _product(x, x)
    x4 = _product(x2, x2)
    x6 = _product(x4, x2)
    norms = np.stack([_norms(power[0]) for power in (x, x2, x4, x6)])
    good = np.isfinite(norms).all(0)
    s = _squarings(x[0], np.log2(np.clip(np.where(good, norms, 1.0), 1e-300, None)))
    if s.any():
        graded = ((1, x), (2, x2), (4, x4), (6, x6))
        x, x2, x4, x6 = [[_scaled(part, -s * k) for part in power] for k, power in graded]
    powers, b = (x6, x4, x2), _PADE
    odd = _product(x6, _combined(b[13:8:-2], powers))
    odd = _product(x, _combined((1, *b[7:2:-2]), (odd, *powers), b[1]))
    even = _product(x6, _combined(b[12:7:-2], powers))
    even = _combined((1, *b[6:1:-2]), (even, *powers), b[0])
    z = _approximant(odd, even)
    for step in range(int(s.max())):
        z = [_chosen(s > step, new, old) for new, old in zip(_product(z, z), z, strict=True)]
    nan: Any = [cuda.filled(part.shape, np.nan, part.dtype) for part in z]
    return [_chosen(good, part, none) for part, none in zip(z, nan, strict=True)]


def _approximant(odd: Part, even: Part) -> Part:
    """1 + 2 odd / (even - odd)."""
    below = _combined((1, -1), (even, odd))
    found = [cuda.empty(odd[0].shape, odd[0].dtype) for _ in odd]
    linalg.solve(found[0], below[0], _combined((2,), (odd[:1],))[0])
    if len(odd) == 2:
        rest = _combined((2, -1), (odd[1:], [_times(below[1], found[0])]))[0]
        linalg.solve(found[1], below[0], rest)
    return _combined((1,), (found,), 1)


def _squarings(a: CudaArray, norms: np.ndarray) -> np.ndarray:
    """How often to halve each matrix before the approximant, so that its truncation error is below rounding.

    norms: binary logarithms of the norms of matrices and of their powers 2, 4, 6.
    """
    n1, n2, n4, n6 = norms
    n8 = np.minimum(2 * n4, n6 + n2)
    least = np.minimum(np.maximum(n6 / 6, n8 / 8), np.maximum(n8 / 8, (n4 + n6) / 10))
    s = np.maximum(0, np.ceil(least - log2(_THETA))).astype(np.int64)
    more = n1 - s > log2(_THETA)
    if not more.any():
        return s
    up = np.where(more, np.ceil(n1), 0).astype(np.int64)
    size, v = _scaled(_absolute(a), -up), cuda.filled((a.shape[0], 1, a.shape[-1]), 1, a.dtype)
    for _ in range(27):
        v = _times(v, size)
    rounding = log2(np.finfo(a.dtype).eps) - 1
    largest = np.log2(np.maximum(_largest(v).astype(np.float64), 1e-300))
    excess = _REMAINDER + largest + 27 * up - n1 - 26 * s - rounding
    return s + np.ceil(np.where(more, np.maximum(0, excess / 26), 0)).astype(np.int64)
