"""Triangular systems for CUDA, by substitution: panel after panel, each then taken from what is left.

Within a panel a block takes some columns of the right-hand sides.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch
from nbgrad.kernels.cuda.matrices import panels
from nbgrad.kernels.cuda.product import subtract

_SOURCE = """
def k_substitute(units, n, columns, chunks, wide, forward, unit_diagonal, {parameters}, r_a, c_a, r_x, c_x):
    units, n, columns = uint32(units), uint32(n), uint32(columns)
    chunks, wide, lane = uint32(chunks), uint32(wide), uint32(cuda.threadIdx.x)
{casts}
    unit = uint32(cuda.blockIdx.x)
    while unit < units:
        matrix = uint32(unit // chunks)
        left = uint32(uint32(unit - matrix * chunks) * wide)
        count = min(wide, uint32(columns - left))
{places}
        first = int64(p_x) + int64(left) * c_x
        step = uint32(0)
        while step < n:
            s = step if forward != 0 else uint32(n - uint32(1) - step)
            if unit_diagonal == 0:
                d = a[uint64(p_a + int64(s) * r_a + int64(s) * c_a)]
                e = lane
                while e < count:
                    here = uint64(first + int64(s) * r_x + int64(e) * c_x)
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
                here = uint64(first + int64(i) * r_x + int64(j) * c_x)
                x[here] = x[here] - (a[uint64(p_a + int64(i) * r_a + int64(s) * c_a)]
                                     * x[uint64(first + int64(s) * r_x + int64(j) * c_x)])
                e = uint32(e + uint32({threads}))
            cuda.syncthreads()
            step = uint32(step + uint32(1))
        unit = uint32(unit + uint32(cuda.gridDim.x))
"""


def substitute(x: CudaArray, a: CudaArray, lower: bool, unit: bool = False) -> None:
    """Put the solution z of a @ z = x in the place of x: (..., n, k), a part of an array in C order.

    a: (..., n, n), of which one triangle is read; its batch axes broadcast to those of x. unit: its diagonal
    is taken for ones.
    """
    if not x.size:
        return
    for low, high in panels(x.shape[-2])[::1 if lower else -1]:
        done, rest = slice(low, high), slice(high, None) if lower else slice(0, low)
        found = x.part((..., done, slice(None)))
        within(found, a.part((..., done, done)), lower, unit)
        subtract(x.part((..., rest, slice(None))), a.part((..., rest, done)), found)


def within(x: CudaArray, a: CudaArray, lower: bool, unit: bool = False) -> None:
    """The same in one launch, for few equations; x may have any strides."""
    wide = max(cuda.host().threads // 8, 2)
    batch, (n, k) = prod(x.shape[:-2]), x.shape[-2:]
    chunks = -(-k // wide)
    dims, steps = launch.merged(x.shape[:-2], (a, x), 2)
    kernel = launch.kernel("k_substitute", _spelled(len(dims), cuda.host().threads))
    given = batch * chunks, n, k, chunks, wide, int(lower), int(unit), *launch.arguments(dims, (a, x), steps)
    cuda.launch(kernel, cuda.blocks(batch * chunks, 1), cuda.host().threads, *given, *a.steps[-2:],
                *x.steps[-2:])


@lru_cache(maxsize=16)
def _spelled(loops: int, threads: int) -> str:
    names = ("a", "x")
    return _SOURCE.format(parameters=launch.parameters(names, loops), casts=launch.casts(loops),
                          places=launch.places(names, loops, "matrix"), threads=threads)
