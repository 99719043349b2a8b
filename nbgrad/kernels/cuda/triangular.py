"""Triangular systems for CUDA, by substitution: panel after panel, each then taken from what is left.

Within a panel a block takes some columns of the right-hand sides.
"""

from __future__ import annotations

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda.kernel import kernel
from nbgrad.compile.cuda.language import batch, blocks, lanes, sync
from nbgrad.kernels.cuda.matrices import panels
from nbgrad.kernels.cuda.product import subtract


@kernel
def substitution(x, a, chunk, forward, unit):
    """Substitution in a block for each `chunk` columns of x; unit: a has ones on its diagonal."""
    n, columns = x.shape[-2], x.shape[-1]
    chunks = -(-columns // chunk)
    parts = x.size // (n * columns) * chunks
    x, a = batch(x, 2), batch(a, 2)
    for at in blocks(parts):
        matrix, part = divmod(at, chunks)
        left = part * chunk
        count = min(chunk, columns - left)
        whole, triangle = x[matrix], a[matrix]
        z = whole.T[left:].T              # all columns from the left one on
        for step in range(n):
            s = step if forward else n - 1 - step
            if not unit:
                d = triangle[s, s]
                for e in lanes(count):
                    z[s, e] /= d
                sync()
            for e in lanes((n - 1 - step) * count):
                above, j = divmod(e, count)
                i = step + 1 + above
                if not forward:
                    i = n - 1 - i
                z[i, j] -= triangle[i, s] * z[s, j]
            sync()


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
    substitution(x, a, max(cuda.host().threads // 8, 2), lower, unit)
