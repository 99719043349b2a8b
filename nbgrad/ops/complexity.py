"""Whether numbers and dtypes are complex or real, and complex numbers that are real up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.complex import imag, real
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.ops.compare import equal
from nbgrad.ops.elementwise import not_equal


def iscomplex(x: Any) -> Tensor:
    """Return where x has an imaginary part that is not 0.

    x: any shape. The result is bool, of x's shape. No derivative. Raises DtypeError for what is no number.

    >>> nb.iscomplex([1 + 1j, 2.0])
    tensor([ True, False])
    """
    return not_equal(imag(as_tensor(x)), 0)


def isreal(x: Any) -> Tensor:
    """Return where x has no imaginary part, or one of 0.

    x: any shape. The result is bool, of x's shape. No derivative. Raises DtypeError for what is no number.

    >>> nb.isreal([1 + 1j, 2.0])
    tensor([False,  True])
    """
    return equal(imag(as_tensor(x)), 0)


def iscomplexobj(x: Any) -> bool:
    """Return whether x has a complex dtype.

    x: any shape. No derivative. Raises DtypeError for what is no array of numbers.

    >>> nb.iscomplexobj(nb.asarray([1 + 0j])), nb.iscomplexobj(1.0)
    (True, False)
    """
    return bool(as_tensor(x).dtype.kind == "c")


def isrealobj(x: Any) -> bool:
    """Return whether x has a dtype that is not complex.

    x: any shape. No derivative. Raises DtypeError for what is no array of numbers.

    >>> nb.isrealobj(nb.asarray([1 + 0j])), nb.isrealobj(1.0)
    (False, True)
    """
    return not iscomplexobj(x)


def real_if_close(a: Any, tol: float = 100) -> Tensor:
    """Return the real part of a complex a whose imaginary parts are all less than a tolerance, else a.

    a: any shape. tol: the tolerance, in the distances of 1.0 from the next float if more than 1, else itself.
    Derivative: that of `real`, or of a itself. Raises DtypeError for what is no array of numbers.

    >>> nb.real_if_close([1 + 1e-16j, 2.0]), nb.real_if_close([1 + 1e-16j, 2.0], tol=1e-17)
    (tensor([1., 2.]), tensor([1.+1.e-16j, 2.+0.e+00j]))
    """
    a = as_tensor(a)
    if a.dtype.kind != "c":
        return a
    if tol > 1:
        tol *= np.finfo(a.dtype).eps
    parts = devices.host(raw(a)).imag
    return real(a) if np.all(np.abs(parts) < tol) else a
