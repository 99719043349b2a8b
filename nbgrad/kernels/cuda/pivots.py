"""What follows from the triangular factors of matrices for CUDA: determinants, and rows in another order."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda import copies
from nbgrad.kernels.cuda.lu import Factors

_DETERMINANT = """
def k_determinant(matrices, n, a, f_a, facts, f_facts, signs, f_signs, o, f_o):
    matrices, n = uint32(matrices), uint32(n)
    m = uint32(cuda.grid(1))
    while m < matrices:
        first = int64(f_a) + int64(m) * int64(uint32(n * n))
        z = {dtype}({start})
        s = {dtype}(1)
        if facts[uint64(f_facts + int64(uint32(m * uint32(2))))] != 0:
            s = {dtype}(-1)
        k = uint32(0)
        while k < n:
            d = a[uint64(first + int64(uint32(k * n + k)))]
            {step}
            k = uint32(k + uint32(1))
        {end}
        m = uint32(m + uint32(cuda.gridsize(1)))
"""
_PRODUCT = ("1", "z = z * d", "o[uint64(f_o + int64(m))] = z * s")
_LOGARITHM = ("0", """z = z + log(abs(d))
            s = s * sign(d)""", """if facts[uint64(f_facts + int64(uint32(m * uint32(2) + uint32(1))))] != 0:
            s = {dtype}(0)
            z = -{dtype}(inf)
        signs[uint64(f_signs + int64(m))] = s
        o[uint64(f_o + int64(m))] = z""")
_PERMUTED = """
def k_permuted(elements, n, columns, {parameters}, r_x, c_x, o, f_o):
    elements, n, columns = uint32(elements), uint32(n), uint32(columns)
{casts}
    e = uint32(cuda.grid(1))
    while e < elements:
        line = uint32(e // columns)
        j = uint32(e - line * columns)
        matrix = uint32(line // n)
        i = uint32(line - matrix * n)
{places}
        i = p[uint64(p_p + uint64(i))]
        o[uint64(f_o + int64(e))] = x[uint64(p_x + int64(i) * r_x + int64(j) * c_x)]
        e = uint32(e + uint32(cuda.gridsize(1)))
"""
_EXCHANGED = """
def k_exchanged(elements, n, x, f_x, p, f_p, q, f_q, o, f_o):
    elements, n = uint32(elements), uint32(n)
    e = uint32(cuda.grid(1))
    while e < elements:
        line = uint32(e // n)
        j = uint32(e - line * n)
        matrix = uint32(line // n)
        i = uint32(line - matrix * n)
        first, lines = int64(uint32(matrix * n * n)), int64(uint32(matrix * n))
        there = int64(p[uint64(f_p + lines + int64(i))]) * int64(n) + int64(q[uint64(f_q + lines + int64(j))])
        {step}
        e = uint32(e + uint32(cuda.gridsize(1)))
"""
_GATHER = "o[uint64(f_o + int64(e))] = x[uint64(f_x + first + there)]"
_SCATTER = "o[uint64(f_o + first + there)] = x[uint64(f_x + first + int64(uint32(j * n + i)))]"


def determinant(out: CudaArray, of: Factors, sign: CudaArray | None = None) -> None:
    """Write determinants into out; or, if there is a sign, that there and logarithms into out."""
    n = of.lu.shape[-1]
    launch.run("k_determinant", _determining, out.size, n, *of.lu.flat, *of.facts.flat,
               *(out if sign is None else sign).flat, *out.flat, what=(out.dtype, sign is not None))


@lru_cache(maxsize=16)
def _determining(dtype: np.dtype, logarithm: bool) -> str:
    start, step, end = _LOGARITHM if logarithm else _PRODUCT
    return _DETERMINANT.format(dtype=dtype, start=start, step=step, end=end.replace("{dtype}", str(dtype)))


def permuted(out: CudaArray, x: CudaArray, p: CudaArray) -> None:
    """Write the rows p[..., i] of x: (..., n, k), as rows i of out, in C order; batch axes broadcast."""
    if not out.size:
        return
    dims, steps = launch.merged(out.shape[:-2], (x.view(lambda form: form[..., 0, 0]),
                                                 p.view(lambda form: form[..., 0])))
    launch.run("k_permuted", _permuting, out.size, *out.shape[-2:], *launch.arguments(dims, (x, p), steps),
               *x.steps[-2:], *out.flat, what=(len(dims),))


@lru_cache(maxsize=16)
def _permuting(loops: int) -> str:
    names = ("x", "p")
    return _PERMUTED.format(parameters=launch.parameters(names, loops), casts=launch.casts(loops),
                            places=launch.places(names, loops, "matrix"))


def exchanged(x: CudaArray, of: Factors, back: bool) -> CudaArray:
    """x[p[i], q[j]] as element (i, j); or back: its transpose, so that element (i, j) is put there."""
    x, out = copies.contiguous(x), cuda.empty(x.shape, x.dtype)
    launch.run("k_exchanged", _exchanging, out.size, x.shape[-1], *x.flat, *of.p.flat, *of.q.flat, *out.flat,
               what=(back,))
    return out


def _exchanging(back: bool) -> str:
    return _EXCHANGED.format(step=_SCATTER if back else _GATHER)
