"""What an elementwise op is where an operand is complex: another op of the same name, made when first met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbgrad.arrays.devices import Array
from nbgrad.arrays.dtypes import COMPLEX
from nbgrad.define.scalar_program import kind_of
from nbgrad.engine.tensor import raw
from nbgrad.errors import value_errors

WIDE = np.dtype(np.complex128)            # of the symbols that their derivatives are derived with
_COMPLEX = COMPLEX | {complex}


def form_of(op: Any, xs: Sequence[Any]) -> Any:
    """What an op is on these inner values."""
    if op.on_complex is not True:
        for x in xs:
            kind = x.dtype if type(x) is Array else getattr(raw(x), "dtype", type(x))
            if kind in _COMPLEX:
                return complex_form(op, [kind_of(raw(x)) for x in xs])
    return op


def complex_form(op: Any, kinds: Sequence[Any]) -> Any:
    """What an op is on complex numbers. Raises DtypeError where it is refused."""
    if op.on_complex is None or type(op.on_complex) is tuple:
        if op.on_complex is None and (op.primitive or op.d is not None):
            raise value_errors.no_complex(op.name, kinds)
        value, d = op.on_complex or (op.value, None)
        made = type(op)(op.name, value, d, arity=op.arity, many=op.many, discrete=op.discrete,
                        result_like=op.result_like, on_complex=True)
        made.parameters, made.probe = op.parameters, WIDE
        op.on_complex = made
    return op.on_complex
