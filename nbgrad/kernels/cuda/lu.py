"""Triangular factors of matrices for CUDA, a block each; determinants and permutations from them.

With partial pivoting a[p[i]] is (l @ u)[i]; l has a unit diagonal. With complete pivoting a[p[i], q[j]] is
(l @ d @ u)[i, j], d diagonal, l and u with unit diagonals and no element above 1: a singular matrix has zeros
in d alone.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from nbgrad import cuda
from nbgrad.cuda import CudaArray
from nbgrad.kernels.cuda import copies, launch

_INT = np.dtype(np.int32)

# facts are, for each matrix, whether its swaps are odd in number, and whether a pivot is zero
_FACTORS = """
def k_lu(matrices, n, a, f_a, p, f_p, q, f_q, facts, f_facts):
    value = cuda.shared.array({threads}, {dtype})
    place = cuda.shared.array({threads}, uint32)
    matrices, n, lane = uint32(matrices), uint32(n), uint32(cuda.threadIdx.x)
    matrix = uint32(cuda.blockIdx.x)
    while matrix < matrices:
        first = int64(f_a) + int64(matrix) * int64(uint32(n * n))
        lines = int64(matrix) * int64(n)
        i = lane
        while i < n:
            p[uint64(f_p + lines + int64(i))] = int32(i)
            q[uint64(f_q + lines + int64(i))] = int32(i)
            i = uint32(i + uint32({threads}))
        odd, zero, k = uint32(0), uint32(0), uint32(0)
        while k < n:
            cuda.syncthreads()
            best, where, rest = {dtype}(-1), uint32(k * n + k), uint32(n - k)
            e = lane
            while e < {count}:
                here = {candidate}
                size = abs(a[uint64(first + int64(here))])
                if size > best or size != size:
                    best, where = size, here
                e = uint32(e + uint32({threads}))
            value[lane], place[lane] = best, where
            cuda.syncthreads()
            half = uint32({half})
            while half > 0:
                if lane < half:
                    other = value[lane + half]
                    if other > value[lane] or other != other or (
                            other == value[lane] and place[lane + half] < place[lane]):
                        value[lane], place[lane] = other, place[lane + half]
                cuda.syncthreads()
                half = uint32(half // uint32(2))
            row = uint32(place[0] // n)
            column = uint32(place[0] - row * n)
            if row != k:
                j = lane
                while j < n:
                    here, there = first + int64(uint32(k * n + j)), first + int64(uint32(row * n + j))
                    held = a[uint64(here)]
                    a[uint64(here)] = a[uint64(there)]
                    a[uint64(there)] = held
                    j = uint32(j + uint32({threads}))
                odd = uint32(odd ^ uint32(1))
            cuda.syncthreads()
            if column != k:
                i = lane
                while i < n:
                    here, there = first + int64(uint32(i * n + k)), first + int64(uint32(i * n + column))
                    held = a[uint64(here)]
                    a[uint64(here)] = a[uint64(there)]
                    a[uint64(there)] = held
                    i = uint32(i + uint32({threads}))
                odd = uint32(odd ^ uint32(1))
            if lane == 0:
                here, there = f_p + lines + int64(k), f_p + lines + int64(row)
                line = p[uint64(here)]
                p[uint64(here)] = p[uint64(there)]
                p[uint64(there)] = line
                here, there = f_q + lines + int64(k), f_q + lines + int64(column)
                line = q[uint64(here)]
                q[uint64(here)] = q[uint64(there)]
                q[uint64(there)] = line
            cuda.syncthreads()
            pivot = a[uint64(first + int64(uint32(k * n + k)))]
            if pivot == {dtype}(0):
                zero = uint32(1)
            else:
                i = uint32(k + uint32(1) + lane)
                while i < n:
                    here = uint64(first + int64(uint32(i * n + k)))
                    a[here] = a[here] / pivot
                    i = uint32(i + uint32({threads}))
            cuda.syncthreads()
            rest, e = uint32(rest - uint32(1)), lane
            while e < uint32(rest * rest):
                above = uint32(e // rest)
                i, j = uint32(k + uint32(1) + above), uint32(k + uint32(1) + uint32(e - above * rest))
                here = uint64(first + int64(uint32(i * n + j)))
                a[here] = a[here] - (a[uint64(first + int64(uint32(i * n + k)))]
                                     * a[uint64(first + int64(uint32(k * n + j)))])
                e = uint32(e + uint32({threads}))
            k = uint32(k + uint32(1))
        cuda.syncthreads()
{scaling}
        if lane == 0:
            facts[uint64(f_facts + int64(uint32(matrix * uint32(2))))] = int32(odd)
            facts[uint64(f_facts + int64(uint32(matrix * uint32(2) + uint32(1))))] = int32(zero)
        matrix = uint32(matrix + uint32(cuda.gridDim.x))
"""
_SCALING = """
        e = lane
        while e < uint32(n * n):
            i = uint32(e // n)
            pivot = a[uint64(first + int64(uint32(i * n + i)))]
            if uint32(e - i * n) > i and pivot != {dtype}(0):
                a[uint64(first + int64(e))] = a[uint64(first + int64(e))] / pivot
            e = uint32(e + uint32({threads}))
        cuda.syncthreads()
"""
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


class Factors(NamedTuple):
    """The factors in one matrix (..., n, n), without unit diagonals; permutations (..., n); and facts."""

    lu: CudaArray
    p: CudaArray
    q: CudaArray
    facts: CudaArray

    def singular(self) -> np.ndarray:
        """Which matrices have a pivot of zero."""
        return cuda.download(self.facts)[..., 1] != 0


def factors(a: CudaArray, complete: bool = False) -> Factors:
    """The factors of matrices (..., n, n), with partial or complete pivoting."""
    n, batch = a.shape[-1], a.shape[:-2]
    lu = copies.converted(a, a.dtype)
    p, q = cuda.empty((*batch, n), _INT), cuda.empty((*batch, n), _INT)
    facts = cuda.empty((*batch, 2), _INT)
    if not facts.size:
        return Factors(lu, p, q, facts)
    kernel = launch.kernel("k_lu", _factoring(a.dtype, complete, cuda.host().threads))
    cuda.launch(kernel, cuda.blocks(prod(batch), 1), cuda.host().threads, prod(batch), n, *lu.flat, *p.flat,
                *q.flat, *facts.flat)
    return Factors(lu, p, q, facts)


@lru_cache(maxsize=16)
def _factoring(dtype: np.dtype, complete: bool, threads: int) -> str:
    candidate = "uint32((k + e) * n + k)"
    if complete:
        candidate = "uint32((k + e // rest) * n + k + e % rest)"
    return _FACTORS.format(
        dtype=dtype, threads=threads, half=threads // 2, candidate=candidate,
        count="uint32(rest * rest)" if complete else "rest",
        scaling=_SCALING.strip("\n").format(dtype=dtype, threads=threads) if complete else "")


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
