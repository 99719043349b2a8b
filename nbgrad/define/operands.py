"""What elementwise ops are called with: arrays become Tensors, Python integers fit the dtypes they meet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.define.scalar_program import WEAK, Symbol
from nbgrad.engine.tensor import Tensor, as_tensor, operand, raw
from nbgrad.errors import value_errors

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_LARGEST = np.iinfo(np.int64).max         # of integers that kernels are given by value


def admit(op: Any, args: Sequence[Any]) -> list[Any]:
    """Operands of an elementwise op as Tensors or Python scalars.

    A Python integer is checked against the dtype that the op computes with it in, as in NumPy. Raises
    OverflowError if it does not fit.
    """
    try:
        xs = [a if type(a) is Tensor or type(a) in WEAK else operand(a) for a in args]
    except errors.OperandError as error:
        raise error.of(op.name) from None
    if int not in map(type, xs):
        return xs
    dtypes = [x.dtype for x in xs if type(x) is Tensor]
    if len(xs) == 2 and dtypes and dtypes[0] in FLOATS:
        return [float(x) if type(x) is int else x for x in xs]
    if not all(isinstance(d, np.dtype) for d in dtypes):
        return xs
    if not dtypes:
        return [as_tensor(x) if type(x) is int else x for x in xs]
    computed, result = _computed(op, xs, dtypes)
    found = [_fitted(op.name, x, dtype, result) if type(x) is int else x
             for x, dtype in zip(xs, computed, strict=True)]
    if int not in map(type, found) or any(type(x) is Tensor and type(raw(x)) is Symbol for x in xs):
        return found                          # an integer is spelled in a kernel's source
    return [as_tensor(np.uint64(x)) if type(x) is int and x > _LARGEST else x for x in found]


def _computed(op: Any, xs: Sequence[Any], dtypes: Sequence[np.dtype]) -> tuple[Sequence[np.dtype], np.dtype]:
    """The dtypes that an op computes with its operands in, and that of the result."""
    if op.primitive:
        found: tuple[list[np.dtype], np.dtype] = op.loop(
            tuple([x.dtype if type(x) is Tensor else type(x) for x in xs]))
        return found
    kinds, common = {d.kind for d in dtypes}, np.result_type(*dtypes, 0)
    # Where a composite has operands of both kinds, what an integer meets is decided inside.
    return [np.dtype(np.int64) if kinds & {"f", "c"} and len(kinds) > 1 else common] * len(xs), common


def _fitted(name: str, x: int, dtype: np.dtype, result: np.dtype) -> Any:
    """A Python integer as an operand that an op computes with in a dtype."""
    if dtype.kind in "fc":
        return float(x)
    if dtype.kind == "b":
        return bool(x)
    bounds = np.iinfo(dtype)
    if not bounds.min <= x <= bounds.max:
        if result != np.bool_:
            raise value_errors.integer_result(name, x, dtype)
        return math.copysign(math.inf, x)     # compares as x does with whatever the dtype holds
    return x
