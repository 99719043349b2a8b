"""Elementwise functions by NumPy's names, as compositions of others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype
from nbgrad.define.complex import compose, imag, real
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import protocol_errors, shape_errors, value_errors
from nbgrad.ops.compare import equal, isnan, less, not_equal, signbit
from nbgrad.ops.create import zeros_like
from nbgrad.ops.dtypes import result_type
from nbgrad.ops.elementwise import abs, atan2, maximum, minimum, negative, where
from nbgrad.ops.powers import pow
from nbgrad.ops.reduce import floating


def _floats(x: Any) -> Tensor:
    """x, integers in float64."""
    x = as_tensor(x)
    return x if x.dtype.kind == "f" else astype(x, floating(x.dtype))


def _reals(name: str, x: Any) -> Tensor:
    """The same. Raises DtypeError for complex numbers."""
    x = _floats(x)
    if is_complex(x):
        raise value_errors.no_complex(name, [x.dtype])
    return x


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None,
               neginf: Any = None) -> Tensor:
    """Return x with numbers in the places of nan and both infinities, by default 0 and the greatest.

    x: any shape and dtype. nan, posinf, neginf: the numbers, which broadcast, in both
    parts of complex x. copy: True, as x never changes.
    Derivative: 1 in x where it is kept, 0 elsewhere. Raises ProtocolError for copy=False, DtypeError.

    >>> nb.nan_to_num([1.0, np.nan, np.inf], posinf=9.0)
    tensor([1., 0., 9.])
    """
    if not copy:
        raise protocol_errors.numpy_argument("nan_to_num", "copy")
    x = as_tensor(x)
    if is_complex(x):
        return compose(*[nan_to_num(part, copy, nan, posinf, neginf) for part in (real(x), imag(x))])
    if x.dtype.kind != "f":
        return x
    most = float(np.finfo(x.dtype).max)
    z = where(isnan(x), astype(nan, x.dtype), x)
    z = where(equal(x, math.inf), astype(most if posinf is None else posinf, x.dtype), z)
    return where(equal(x, -math.inf), astype(-most if neginf is None else neginf, x.dtype), z)


def fmax(x: Any, y: Any, /) -> Tensor:
    """Return the larger of x and y, the other where one is nan.

    x, y: shapes that broadcast. Derivative: that of `maximum`; 1 in the one beside nan. Raises ShapeError,
    DtypeError.

    >>> nb.fmax([1.0, np.nan], 0.5)
    tensor([1. , 0.5])
    """
    return _without_nan(maximum, x, y)


def fmin(x: Any, y: Any, /) -> Tensor:
    """Return the smaller of x and y, the other where one is nan.

    x, y: shapes that broadcast. Derivative: that of `minimum`; 1 in the one beside nan. Raises ShapeError,
    DtypeError.

    >>> nb.fmin([1.0, np.nan], 0.5)
    tensor([0.5, 0.5])
    """
    return _without_nan(minimum, x, y)


def _without_nan(function: Any, x: Any, y: Any) -> Tensor:
    """A function of x and y, of one alone where the other is nan."""
    y = where(isnan(y), x, y)
    found: Tensor = function(where(isnan(x), y, x), y)
    return found


def fabs(x: Any, /) -> Tensor:
    """Return the absolute value of x, a float.

    x: any shape. Derivative: the sign of x, 0 at 0. Raises DtypeError.

    >>> nb.fabs([-1, 2])
    tensor([1., 2.])
    """
    return abs(_reals("fabs", x))


def deg2rad(x: Any, /) -> Tensor:
    """Return angles in radians, of x in degrees.

    x: any shape. Derivative: pi / 180. Raises DtypeError.

    >>> nb.deg2rad(180.0)
    tensor(3.14159265)
    """
    return multiply(_floats(x), math.pi / 180)


def rad2deg(x: Any, /) -> Tensor:
    """Return angles in degrees, of x in radians.

    x: any shape. Derivative: 180 / pi. Raises DtypeError.

    >>> nb.rad2deg(np.pi)
    tensor(180.)
    """
    return multiply(_floats(x), 180 / math.pi)


def heaviside(x: Any, y: Any, /) -> Tensor:
    """Return 0 where x < 0, 1 where x > 0, y where x is 0, and nan where it is nan.

    x, y: shapes that broadcast. Derivative: 0 in x, at 0 too; in y 1 where x is 0, else 0. Raises ShapeError,
    DtypeError.

    >>> nb.heaviside([-1.0, 0.0, 2.0], 0.5)
    tensor([0. , 0.5, 1. ])
    """
    x = _reals("heaviside", x)
    step = astype(less(0, x), x.dtype)
    return where(equal(x, 0), y, where(isnan(x), x, step))


def copysign(x: Any, y: Any, /) -> Tensor:
    """Return x with the sign of y.

    x, y: shapes that broadcast. Derivative: in x 1 where the signs agree, else -1; 0 in y. Raises ShapeError,
    DtypeError.

    >>> nb.copysign([1.0, -2.0], -0.0)
    tensor([-1., -2.])
    """
    x, y = [t if type(t) in (bool, int, float) else as_tensor(t) for t in (x, y)]
    dtype = floating(result_type(x, y))
    x, y = [astype(t, dtype) for t in (x, y)]
    return where(not_equal(signbit(x), signbit(y)), negative(x), x)


def float_power(x: Any, y: Any, /) -> Tensor:
    """Return x to the power of y, in float64, or complex128.

    x, y: shapes that broadcast. Derivative: that of `pow`. Raises ShapeError, DtypeError.

    >>> nb.float_power(2, -1)
    tensor(0.5)
    """
    x, y = as_tensor(x), as_tensor(y)
    dtype = np.result_type(x.dtype, y.dtype, np.float64)
    return pow(astype(x, dtype), astype(y, dtype))


def polyval(p: Any, x: Any) -> Tensor:
    """Return the polynomial of coefficients p, the highest power's first, at x.

    p: (n,). x: any shape, which the result has. Derivative: the polynomial's in x, the powers in p. Raises
    ShapeError, DtypeError.

    >>> nb.polyval([1.0, 0.0, -2.0], [1.0, 3.0])
    tensor([-1.,  7.])
    """
    p, x = as_tensor(p), as_tensor(x)
    if p.ndim != 1:
        raise shape_errors.bad_shape("polyval", p.shape, "coefficients have one axis")
    z = zeros_like(x)
    for k in range(p.shape[0]):
        z = add(multiply(z, x), p[k])
    return z


def angle(x: Any, deg: bool = False) -> Tensor:
    """Return the angle of complex numbers from the real axis, in radians, or degrees if `deg`.

    x: any shape, real or complex. deg: in degrees. Of real numbers it is 0 or pi. Derivative: that of the
    quotient of the parts, nan at 0. Raises DtypeError for what is no array of numbers.

    >>> nb.angle([1j, -1.0, 2.0])
    tensor([1.57079633, 3.14159265, 0.        ])
    """
    x = as_tensor(x)
    z = atan2(imag(x), real(x))
    return z * (180 / math.pi) if deg else z


# NumPy's other names
degrees: Callable[[Any], Tensor] = rad2deg
radians: Callable[[Any], Tensor] = deg2rad
