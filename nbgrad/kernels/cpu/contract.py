"""Products that sum over shared axes, for the CPU: all are brought to the form of np.matmul, which is BLAS.

No product warns: infinities and nan are in the result.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile import layout
from nbgrad.kernels.cpu.product import product
from nbgrad.kernels.shared.einsum import Pair, Steps, Trim, contract

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


def _product(a: np.ndarray, b: np.ndarray, turned: tuple[bool, bool]) -> Callable[..., np.ndarray] | None:
    """`matmul_turned` of floats of one dtype."""
    compiled = product(a.dtype) if a.dtype is b.dtype and a.dtype in _FLOATS else None
    vectors = min(a.ndim, b.ndim) < 2
    if compiled is None or (vectors and any(turned)):
        return None
    if vectors:
        return _vector_product(compiled, a.ndim == 1, b.ndim == 1, layout.product("matmul", a.shape, b.shape))

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if turned[0]:
            a = a.swapaxes(-1, -2)
        if turned[1]:
            b = b.swapaxes(-1, -2)
        z = compiled(a, b)
        return _matmul(a, b) if z is None else z

    return run


def _vector_product(compiled: Callable[..., Any], first: bool, second: bool,
                    shape: tuple[int, ...]) -> Callable[..., np.ndarray]:
    """Products of this shape with a vector, first, second, or both: a matrix of one row or column."""

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        z: np.ndarray | None = compiled(a[None] if first else a, b[:, None] if second else b)
        return _matmul(a, b) if z is None else z.reshape(shape)

    return run


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
    """Contraction by subscripts, see `contract`."""
    return contract(xs, subscripts, _STEPS)


def _trim(x: np.ndarray, dtype: np.dtype, trim: Trim) -> np.ndarray:
    x = x.astype(dtype, copy=False)
    if trim.diagonal:
        x = np.einsum(trim.diagonal, x)
    if trim.squeezed:
        x = x.squeeze(trim.squeezed)
    if trim.summed:
        x = np.asarray(np.add.reduce(x, axis=trim.summed, dtype=x.dtype))
    return x


def _multiply(a: np.ndarray, b: np.ndarray, pair: Pair) -> np.ndarray:
    a = a.transpose(pair.axes_a).reshape(pair.shape_a)
    b = b.transpose(pair.axes_b).reshape(pair.shape_b)
    if pair.form == "matmul":
        return np.matmul(a, b).reshape(pair.shape)
    if pair.form == "multiply":
        return np.asarray(np.multiply(a, b))
    return np.einsum(pair.form, a, b)


def _place(z: np.ndarray, diagonal: str, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape, z.dtype)
    np.einsum(diagonal, out)[...] = z
    return out


READY: dict[Any, Any] = {matmul_turned: _product, matmul: lambda a, b: _product(a, b, (False, False))}
_STEPS = Steps(_trim, _multiply, np.ndarray.transpose, _place)
