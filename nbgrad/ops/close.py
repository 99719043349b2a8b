"""Closeness: whether numbers agree to a tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.scalar import Elementwise
from nbgrad.define.scalar_program import common_loop
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.ops.compare import equal, isfinite, isnan, less_equal, logical_and, logical_or
from nbgrad.ops.elementwise import abs
from nbgrad.ops.reduce import all

_floats = common_loop("allclose", np.float32)


def _loop(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    return _floats(kinds)[0], np.dtype(np.bool_)


def _of_complex(x: Any, y: Any, rtol: Any, atol: Any) -> Any:
    return logical_or(equal(x, y), logical_and(isfinite(y), less_equal(abs(x - y), atol + rtol * abs(y))))


def _or_nan(x: Any, y: Any, rtol: Any, atol: Any) -> Any:
    return logical_or(_of_complex(x, y, rtol, atol), logical_and(isnan(x), isnan(y)))


_CLOSE = "({0} == {1}) | (isfinite({1}) & (abs({0} - {1}) <= {3} + {2} * abs({1})))"
_close = Elementwise("allclose", _CLOSE, arity=4, loop=_loop, discrete=True,
                     on_complex=(_of_complex, None))
_alike = Elementwise("allclose", _CLOSE + " | (isnan({0}) & isnan({1}))", arity=4, loop=_loop, discrete=True,
                     on_complex=(_or_nan, None))


def allclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether every |x - y| is at most atol + rtol * |y|; the operands broadcast.

    An infinity is close to itself alone, nan to nan if equal_nan, else to nothing. Returns a Python bool.
    x, y: any shapes that broadcast, any dtypes. No derivative: the result is not a Tensor. Raises ShapeError
    for shapes that do not broadcast, DtypeError for what is no array of numbers.

    >>> nb.allclose([1.0, 2.0], [1.0, 2.0 + 1e-9])
    True
    """
    return bool(all(isclose(x, y, rtol, atol, equal_nan)))


def isclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return at every element whether |x - y| is at most atol + rtol * |y|, as in `allclose`.

    x, y: shapes that broadcast. rtol, atol: how far, beside |y| and at all. equal_nan: whether nan is close
    to nan. No derivative: in gradients the result is a constant. Raises ShapeError for shapes that do not
    broadcast, DtypeError for what is no array of numbers.

    >>> nb.isclose([1.0, 2.0], [1.0 + 1e-9, 2.1])
    tensor([ True, False])
    """
    return (_alike if equal_nan else _close)(x, y, float(rtol), float(atol))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Return whether two arrays have one shape and the same elements; with equal_nan nan is equal to nan.

    a1, a2: any shapes and dtypes. Returns a Python bool, which has no derivative. Raises DtypeError for what
    is no array of numbers.

    >>> nb.array_equal([1.0, 2.0], [1.0, 2.0])
    True
    """
    x, y = as_tensor(a1), as_tensor(a2)
    if x.shape != y.shape:
        return False
    same = equal(x, y)
    return bool(all(logical_or(same, logical_and(isnan(x), isnan(y))) if equal_nan else same))


def array_equiv(a1: Any, a2: Any) -> bool:
    """Return whether two arrays broadcast to one shape and have the same elements there.

    a1, a2: any shapes and dtypes. Returns a Python bool, which has no derivative. Raises DtypeError for what
    is no array of numbers.

    >>> nb.array_equiv([1.0, 1.0], 1.0)
    True
    """
    x, y = as_tensor(a1), as_tensor(a2)
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return bool(all(equal(x, y)))
