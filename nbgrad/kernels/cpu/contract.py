"""Products that sum over shared axes, for the CPU: all are brought to the form of np.matmul, which is BLAS.

No product warns: infinities and nan are in the result.
"""

from __future__ import annotations

from math import prod

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile import layout
from nbgrad.kernels.cpu.product import product
from nbgrad.kernels.shared.einsum_plan import Pair, Trim, planned

_silent = np.errstate(all="ignore")
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Matrix products. A batch times one matrix is one call of BLAS; transposed views go to it as flags."""
    if a.dtype is b.dtype and a.dtype in _FLOATS and (compiled := product(a.dtype)) is not None:
        z = compiled(a, b)
        if z is not None:
            return z
    return _matmul(a, b)


def matmul_turned(a: np.ndarray, b: np.ndarray, turned: tuple[bool, bool]) -> np.ndarray:
    """Matrix products of operands of which some are transposed."""
    return matmul(a.swapaxes(-1, -2) if turned[0] else a, b.swapaxes(-1, -2) if turned[1] else b)


@_silent
def _matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """matmul for any dtypes and strides. Raises ShapeError."""
    out = memory.empty(layout.product("matmul", a.shape, b.shape), np.result_type(a, b))
    z = out
    if b.ndim <= 2 < a.ndim:
        rows = prod(a.shape[:-1])
        a, z = a.reshape(rows, a.shape[-1]), out.reshape(rows, *b.shape[1:])
    np.matmul(a, b, out=z)
    return out


@_silent
def einsum(*xs: np.ndarray, subscripts: str) -> np.ndarray:
    """Contraction, two operands at a time. subscripts: explicit, without ellipsis; an index that the output
    repeats is its diagonal, with zeros beside it. The result may be a view of an operand.
    """
    plan = planned(subscripts, tuple([x.shape for x in xs]))
    dtype = xs[0].dtype if len(xs) == 1 else np.result_type(*xs)
    parts = [_trimmed(x.astype(dtype, copy=False), trim) for x, trim in zip(xs, plan.trims, strict=True)]
    for pair in plan.pairs:
        i, j = pair.places
        a, b = parts[i], parts[j]
        del parts[max(i, j)], parts[min(i, j)]
        parts.append(_multiplied(a, b, pair))
    z = parts[0].transpose(plan.axes)
    if not plan.diagonal:
        return z
    out = np.zeros(plan.shape, dtype)
    np.einsum(plan.diagonal, out)[...] = z
    return out


def _trimmed(x: np.ndarray, trim: Trim) -> np.ndarray:
    if trim.diagonal:
        x = np.einsum(trim.diagonal, x)
    if trim.squeezed:
        x = x.squeeze(trim.squeezed)
    if trim.summed:
        x = np.asarray(np.add.reduce(x, axis=trim.summed, dtype=x.dtype))
    return x


def _multiplied(a: np.ndarray, b: np.ndarray, pair: Pair) -> np.ndarray:
    a = a.transpose(pair.axes_a).reshape(pair.shape_a)
    b = b.transpose(pair.axes_b).reshape(pair.shape_b)
    if pair.form == "matmul":
        return np.matmul(a, b).reshape(pair.shape)
    if pair.form == "multiply":
        return np.asarray(np.multiply(a, b))
    return np.einsum(pair.form, a, b)
