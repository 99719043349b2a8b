"""What is known of dtypes: their limits, kinds and promotion. Tensors stand for their dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine.tensor import Tensor
from nbgrad.errors import value_errors

_KINDS = {"bool": "b", "signed integer": "i", "unsigned integer": "u", "integral": "iu",
          "real floating": "f", "complex floating": "c", "numeric": "iufc"}


def _dtype(x: Any) -> np.dtype:
    return x.dtype if isinstance(x, (Tensor, np.ndarray, np.generic)) else devices.supported(x)


def finfo(dtype: Any) -> np.finfo[Any]:
    """Return the limits of a float dtype: eps, max, min, smallest_normal, bits. Raises DtypeError.

    dtype: a float or complex dtype, or a Tensor of one; of a complex one the limits of its parts.

    >>> nb.finfo(nb.float32).bits
    32
    """
    found = _dtype(dtype)
    if found.kind not in "fc":
        raise value_errors.bad_operands("finfo", (found,))
    return np.finfo(found)


def iinfo(dtype: Any) -> np.iinfo[Any]:
    """Return the limits of an integer dtype: max, min, bits. Raises DtypeError.

    dtype: an integer dtype, or a Tensor of one.

    >>> nb.iinfo(nb.int8).max
    127
    """
    found = _dtype(dtype)
    if found.kind not in "iu":
        raise value_errors.bad_operands("iinfo", (found,))
    return np.iinfo(found)


def isdtype(dtype: Any, kind: Any) -> bool:
    """Return whether a dtype is one, or of a kind: bool, integral, real floating, numeric ...; or of several.

    kind: a dtype, the name of a kind, or a tuple of these. Raises DtypeError for what is neither.
    dtype: a dtype, or a Tensor of one.

    >>> nb.isdtype(nb.float32, "real floating")
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    found = _dtype(dtype)
    return found.kind in _KINDS[kind] if isinstance(kind, str) and kind in _KINDS else found == _dtype(kind)


def result_type(*operands: Any) -> np.dtype:
    """Return the dtype that operands promote to, as in NumPy.

    operands: Tensors, arrays, dtypes, and Python scalars, which are weak. Raises DtypeError,
    ValueRangeError for no operand.

    >>> nb.result_type(nb.float32, 1.0)
    dtype('float32')
    """
    if not operands:
        raise value_errors.bad_value("result_type", "needs at least one array or dtype")
    return np.result_type(*[x if type(x) in (bool, int, float, complex) else _dtype(x) for x in operands])


def can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    """Return whether a dtype can be cast to another by NumPy's rule of that name. Raises DtypeError.

    from_: a dtype, an array or a Tensor. to: a dtype. casting: "no", "equiv", "safe", "same_kind" or
    "unsafe"; ValueRangeError for another.

    >>> nb.can_cast(nb.float32, nb.float64), nb.can_cast(nb.float64, nb.int64)
    (True, False)
    """
    rules = ("no", "equiv", "safe", "same_kind", "unsafe")
    if casting not in rules:
        raise value_errors.bad_choice("can_cast", "casting", casting, rules)
    return np.can_cast(_dtype(from_), _dtype(to), casting)
