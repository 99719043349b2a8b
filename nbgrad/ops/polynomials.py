"""Arithmetic of polynomials and their roots, by coefficients, the highest power's first; see `polyval`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import shape_errors
from nbgrad.ops.axes import count
from nbgrad.ops.create import ones_like, zeros_like
from nbgrad.ops.eig import polynomial_roots
from nbgrad.ops.elementwise import divide, subtract
from nbgrad.ops.index import getitem
from nbgrad.ops.pad import pad
from nbgrad.ops.reduce import floating
from nbgrad.ops.shape import concat, reshape, stack
from nbgrad.ops.sliding import convolve


def _coefficients(name: str, p: Any) -> Tensor:
    """p as a vector. Raises ShapeError for more than one axis."""
    p = as_tensor(p)
    if p.ndim > 1:
        raise shape_errors.bad_shape(name, p.shape, "coefficients have one axis")
    return reshape(p, (-1,)) if p.ndim == 0 else p


def _aligned(name: str, a1: Any, a2: Any) -> list[Tensor]:
    """Both with as many coefficients, by zeros in front."""
    pair = [_coefficients(name, p) for p in (a1, a2)]
    n = max(p.shape[0] for p in pair)
    return [p if p.shape[0] == n else pad(p, ((n - p.shape[0], 0),)) for p in pair]


def polyadd(a1: Any, a2: Any) -> Tensor:
    """Return the sum of two polynomials.

    a1, a2: (n,) and (m,), or numbers. Derivative: linear in a1 and in a2. Raises ShapeError.

    >>> nb.polyadd([1.0, 2.0], [9.0, 5.0, 4.0])
    tensor([9., 6., 6.])
    """
    return add(*_aligned("polyadd", a1, a2))


def polysub(a1: Any, a2: Any) -> Tensor:
    """Return the difference of two polynomials.

    a1, a2: (n,) and (m,), or numbers. Derivative: linear in a1 and in a2. Raises ShapeError.

    >>> nb.polysub([2.0, 10.0], [1.0, 4.0])
    tensor([1., 6.])
    """
    return subtract(*_aligned("polysub", a1, a2))


def _trimmed(p: Tensor) -> Tensor:
    """p without zeros in front, at least one coefficient."""
    zero = devices.host(raw(p)) == 0
    first = int(np.argmin(zero)) if zero.size and not zero.all() else zero.size - 1
    return getitem(p, slice(first, None)) if first > 0 else p


def polymul(a1: Any, a2: Any) -> Tensor:
    """Return the product of two polynomials, as NumPy without their zeros in front.

    a1, a2: (n,) and (m,), not empty, or numbers. Derivative: linear in a1 and in a2; 0 in the zeros that are
    left out. Raises ShapeError.

    >>> nb.polymul([1.0, 2.0], [9.0, 5.0, 1.0])
    tensor([ 9., 23., 11.,  2.])
    """
    a1, a2 = [_trimmed(_coefficients("polymul", p)) for p in (a1, a2)]
    return convolve(a1, a2)


def polydiv(u: Any, v: Any) -> tuple[Tensor, Tensor]:
    """Return the quotient and the remainder of two polynomials, as NumPy's: float64 or float32.

    u, v: (n,) and (m,), not empty, or numbers; v[0] is not 0. Of the remainder what is smaller than 1e-8 is
    left out in front, and has derivative 0. Derivative: that of the division, linear in u. Raises ShapeError.

    >>> nb.polydiv([3.0, 5.0, 2.0], [2.0, 1.0])
    (tensor([1.5 , 1.75]), tensor([0.25]))
    """
    u, v = [add(_coefficients("polydiv", p), 0.0) for p in (u, v)]
    for p in (u, v):
        if p.shape[0] == 0:
            raise shape_errors.bad_shape("polydiv", p.shape, "needs at least one coefficient")
    dtype, n, scale = np.result_type(u.dtype, v.dtype), v.shape[0], divide(1.0, v[0])
    rest, found = astype(u, dtype), []
    for k in range(u.shape[0] - n + 1):
        factor = multiply(scale, rest[k])
        changed = subtract(rest[k:k + n], multiply(factor, v))
        rest = concat([rest[:k], changed, rest[k + n:]])
        found.append(factor)
    size = np.abs(devices.host(raw(rest)))
    large = np.flatnonzero(~(size <= 1e-8))
    first = int(large[0]) if large.size else size.size - 1
    quotient = stack(found) if found else zeros_like(rest[:1])
    return quotient, getitem(rest, slice(first, None)) if first else rest


def polyder(p: Any, m: int = 1) -> Tensor:
    """Return the m-th derivative of a polynomial.

    p: (n,). m: how often, from 0. Derivative: linear in p. Raises ShapeError, ValueRangeError, DtypeError.

    >>> nb.polyder([1.0, 1.0, 1.0, 1.0])
    tensor([3., 2., 1.])
    """
    p = _coefficients("polyder", p)
    for _ in range(count("polyder", "m", m)):
        p = multiply(getitem(p, slice(None, -1)), np.arange(p.shape[0] - 1, 0, -1))
    return p


def polyint(p: Any, m: int = 1, k: Any = None) -> Tensor:
    """Return the m-th antiderivative of a polynomial.

    p: (n,). m: how often, from 0. k: the constants of integration, a number for all or (m,), the first one's
    first; None: zeros. Derivative: linear in p and in k. Raises ShapeError, ValueRangeError, DtypeError.

    >>> nb.polyint([3.0, 2.0, 1.0], k=5.0)
    tensor([1., 1., 1., 5.])
    """
    p, m = _coefficients("polyint", p), count("polyint", "m", m)
    constants = _coefficients("polyint", np.zeros(m) if k is None else k)
    if m and constants.shape[0] != 1 and constants.shape[0] < m:
        raise shape_errors.bad_shape("polyint", constants.shape, f"k is a number, or has m={m} elements")
    for i in range(m):
        constant = getitem(constants, slice(i, i + 1) if constants.shape[0] > 1 else slice(0, 1))
        p = concat([divide(p, np.arange(p.shape[0], 0, -1)), constant])
    return p


def poly(seq_of_zeros: Any) -> Tensor:
    """Return the coefficients of the polynomial with given roots, whose highest power has coefficient 1.

    seq_of_zeros: the roots, (n,), real; a number is one root; without any, the number 1. Derivative: exact,
    at equal roots too. Raises ShapeError for matrices: the characteristic polynomial takes eigenvalues that
    need not be real.

    >>> nb.poly([1.0, 2.0])
    tensor([ 1., -3.,  2.])
    """
    roots = as_tensor(seq_of_zeros)
    if roots.ndim > 1:
        raise shape_errors.bad_shape("poly", roots.shape, "roots have one axis")
    roots = reshape(roots, (-1,))
    roots = astype(roots, floating(roots.dtype))
    if roots.shape[0] == 0:
        return as_tensor(1.0)
    found = ones_like(roots[:1])
    for k in range(roots.shape[0]):
        zero = getitem(roots, slice(k, k + 1))
        found = subtract(pad(found, ((0, 1),)), multiply(zero, pad(found, ((1, 0),))))
    return found


def roots(p: Any) -> Tensor:
    """Return the roots of a polynomial, complex also where all are real, in NumPy's order.

    p: (n + 1,), the highest power's first -> (n,), fewer by the zeros in front; float32, float64 or complex,
    other dtypes become float64. Coefficients with nan or inf give nan.
    Derivative: of a root z in the coefficient of z**k: -z**k / p'(z). It raises GradientError where roots are
    equal to rounding. Raises ShapeError for more than one axis, DeviceError on CUDA.

    >>> nb.roots([1.0, 0.0, 4.0])
    tensor([-0.+2.j,  0.-2.j])
    """
    p = _coefficients("roots", p)
    found: Tensor = polynomial_roots(p if p.dtype.kind in "fc" else astype(p, np.float64))
    return found
