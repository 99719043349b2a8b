"""The parts of complex numbers, and what is made of them.

A complex number goes through programs as one scalar. Derivatives follow jax's convention: rules of analytic
functions are those of real numbers: of a real function f of z = x + iy the gradient is
df/dx - i df/dy, and the pullback of z -> w multiplies by dw/dz. PyTorch's gradient is its conjugate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex, real_of
from nbgrad.define.forms import WIDE
from nbgrad.define.scalar import Elementwise
from nbgrad.define.scalar_program import strong
from nbgrad.engine.tensor import Tensor, as_tensor, operand, raw, tensor, unwrap, wrap
from nbgrad.errors import value_errors


class RealLinear(Elementwise):
    """A primitive that is linear in its operands over the real numbers, as the conjugate is.

    back : the cotangents of the operands from that of the result, one or a tuple; whatever it is given, what
        it makes of it is right where the real part of a cotangent is taken for a real operand
    """

    back: Callable[[Any], Any]
    probe: np.dtype[Any]

    def __init__(self, name: str, value: str, back: Callable[[Any], Any], *, arity: int, loop: Any) -> None:
        super().__init__(name, value, arity=arity, loop=loop, on_complex=True)
        self.back, self.probe = back, WIDE

    def cotangents(self, gs: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any],
                   wanted: Sequence[bool]) -> list[Any]:
        found = self.back(wrap(gs[0]))
        found = found if type(found) is tuple else (found,)
        return [unwrap(c) if want else None for c, want in zip(found, wanted, strict=True)]

    def tangents(self, ts: Sequence[Any], xs: Sequence[Any], zs: Sequence[Any]) -> list[Any]:
        return [unwrap(self(*[0.0 if t is None else wrap(t) for t in ts]))]


def _of_parts(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    dtype = np.result_type(*map(strong, kinds), np.float32)
    return [dtype] * 2, np.result_type(dtype, np.complex64)


def _to_part(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    dtype = strong(kinds[0])
    return [dtype], real_of(dtype)


def _same(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    return [strong(kinds[0])], strong(kinds[0])


def _conjugated(g: Any) -> Any:
    return conj(g)


compose: Any = RealLinear("complex", "compose({}, {})", lambda g: (real(g), -imag(g)), arity=2,
                          loop=_of_parts)
_real: Any = RealLinear("real", "{}.real", lambda g: compose(real(g), 0.0), arity=1, loop=_to_part)
_imag: Any = RealLinear("imag", "{}.imag", lambda g: compose(0.0, -real(g)), arity=1, loop=_to_part)
_conj: Any = RealLinear("conj", "compose({0}.real, -{0}.imag)", _conjugated, arity=1, loop=_same)


def _given(x: Any) -> Any:
    return x if type(x) in (Tensor, float, int, complex) else operand(x)


def _is(x: Any) -> bool:
    return is_complex(raw(x))


def complex_(real: Any, imag: Any) -> Tensor:
    """Return the complex numbers of their parts; they broadcast.

    real, imag: real numbers, of float32 or float64 or what promotes to these. Raises DtypeError for complex
    ones. Derivative: with a cotangent g, that of the real part is its real part, of the other -g's imaginary.

    >>> nb.complex(1.0, [2.0, -2.0])
    tensor([1.+2.j, 1.-2.j])
    """
    parts = _given(real), _given(imag)
    for x in parts:
        if _is(x):
            raise value_errors.no_complex("complex", [raw(x).dtype])
    found: Tensor = compose(*parts)
    return found


def real(x: Any) -> Tensor:
    """Return the real part: x itself where x is real.

    x: any shape, real or complex. Derivative: a real cotangent, as a complex one. Raises DtypeError for
    what is no array of numbers.

    >>> nb.real([1 + 2j, 3.0])
    tensor([1., 3.])
    """
    x = _given(x)
    return _real(x) if _is(x) else as_tensor(x)


def imag(x: Any) -> Tensor:
    """Return the imaginary part: zeros where x is real.

    x: any shape, real or complex. Derivative: a real cotangent g, as the complex one -ig. Raises DtypeError
    for what is no array of numbers.

    >>> nb.imag([1 + 2j, 3.0])
    tensor([2., 0.])
    """
    x = _given(x)
    return _imag(x) if _is(x) else _nothing(x)


def _nothing(x: Any) -> Any:
    there = type(x) is Tensor and hasattr(raw(x), "strides")
    return tensor(devices.zeros_like(raw(x))) if there else 0.0 * x


def conj(x: Any) -> Tensor:
    """Return the complex conjugate: x itself where x is real.

    x: any shape, real or complex. Derivative: the conjugate of the cotangent. Raises DtypeError for what is
    no array of numbers.

    >>> nb.conj([1 + 2j, 3.0])
    tensor([1.-2.j, 3.-0.j])
    """
    x = _given(x)
    return _conj(x) if _is(x) else as_tensor(x)
