"""Closeness: whether numbers agree to a tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.scalar import Elementwise
from nbgrad.define.scalar_program import common_loop
from nbgrad.engine.tensor import Tensor
from nbgrad.ops.reduce import all

_floats = common_loop("allclose", np.float32)


def _loop(kinds: tuple[Any, ...]) -> tuple[list[np.dtype], np.dtype]:
    return _floats(kinds)[0], np.dtype(np.bool_)


_CLOSE = "({0} == {1}) | (isfinite({1}) & (abs({0} - {1}) <= {3} + {2} * abs({1})))"
_close = Elementwise("allclose", _CLOSE, arity=4, loop=_loop, discrete=True)
_alike = Elementwise("allclose", _CLOSE + " | (isnan({0}) & isnan({1}))", arity=4, loop=_loop, discrete=True)


def allclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether every |x - y| is at most atol + rtol * |y|; the operands broadcast.

    An infinity is close to itself alone, nan to nan if equal_nan, else to nothing. Returns a Python bool.

    >>> print(nb.allclose([1.0, 2.0], [1.0, 2.0 + 1e-12]))
    True
    """
    return bool(all(isclose(x, y, rtol, atol, equal_nan)))


def isclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return at every element whether |x - y| is at most atol + rtol * |y|, as in `allclose`.

    >>> print(nb.isclose([1.0, 2.0], [1.0, 2.1]))
    tensor([ True, False])
    """
    return (_alike if equal_nan else _close)(x, y, float(rtol), float(atol))
