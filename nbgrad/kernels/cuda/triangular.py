"""Triangular systems for CUDA, by substitution: a block takes some columns of the right-hand sides."""

from __future__ import annotations

from functools import lru_cache
from math import prod

from nbgrad import cuda
from nbgrad.cuda import CudaArray
from nbgrad.kernels.cuda import launch

_SOURCE = """
def k_substitute(units, n, columns, chunks, wide, forward, unit_diagonal, {parameters}, r_a, c_a, x, f_x):
    units, n, columns = uint32(units), uint32(n), uint32(columns)
    chunks, wide, lane = uint32(chunks), uint32(wide), uint32(cuda.threadIdx.x)
{casts}
    unit = uint32(cuda.blockIdx.x)
    while unit < units:
        matrix = uint32(unit // chunks)
        left = uint32(uint32(unit - matrix * chunks) * wide)
        count = min(wide, uint32(columns - left))
{places}
        first = int64(f_x) + int64(matrix) * int64(uint32(n * columns)) + int64(left)
        step = uint32(0)
        while step < n:
            s = step if forward != 0 else uint32(n - uint32(1) - step)
            if unit_diagonal == 0:
                d = a[uint64(p_a + int64(s) * r_a + int64(s) * c_a)]
                e = lane
                while e < count:
                    here = uint64(first + int64(uint32(s * columns + e)))
                    x[here] = x[here] / d
                    e = uint32(e + uint32({threads}))
                cuda.syncthreads()
            e = lane
            while e < uint32(uint32(n - uint32(1) - step) * count):
                above = uint32(e // count)
                j = uint32(e - above * count)
                i = uint32(step + uint32(1) + above)
                if forward == 0:
                    i = uint32(n - uint32(1) - i)
                here = uint64(first + int64(uint32(i * columns + j)))
                x[here] = x[here] - (a[uint64(p_a + int64(i) * r_a + int64(s) * c_a)]
                                     * x[uint64(first + int64(uint32(s * columns + j)))])
                e = uint32(e + uint32({threads}))
            cuda.syncthreads()
            step = uint32(step + uint32(1))
        unit = uint32(unit + uint32(cuda.gridDim.x))
"""


def substitute(x: CudaArray, a: CudaArray, lower: bool, unit: bool = False) -> None:
    """Put the solution z of a @ z = x in the place of x: (..., n, k), which is in C order.

    a: (..., n, n), of which one triangle is read; its batch axes broadcast to those of x.
    """
    if not x.size:
        return
    wide = max(cuda.host().threads // 8, 2)
    batch, (n, k) = prod(x.shape[:-2]), x.shape[-2:]
    chunks = -(-k // wide)
    dims, steps = launch.merged(x.shape[:-2], (a,), 2)
    kernel = launch.kernel("k_substitute", _spelled(len(dims), cuda.host().threads))
    given = batch * chunks, n, k, chunks, wide, int(lower), int(unit), *launch.arguments(dims, (a,), steps)
    cuda.launch(kernel, cuda.blocks(batch * chunks, 1), cuda.host().threads, *given, *a.steps[-2:], *x.flat)


@lru_cache(maxsize=16)
def _spelled(loops: int, threads: int) -> str:
    return _SOURCE.format(parameters=launch.parameters(("a",), loops), casts=launch.casts(loops),
                          places=launch.places(("a",), loops, "matrix"), threads=threads)
