"""Tensors as Python's numbers: what int, float, round, divmod, math and format make of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine.graph import TAPE
from nbgrad.engine.tensor import Tensor, living, raw
from nbgrad.errors import protocol_errors, trace_errors, value_errors
from nbgrad.ops import elementwise


def host(x: Tensor) -> np.ndarray:
    """x's values where NumPy can read them. Raises TraceError for the scalar of a program."""
    value = devices.host(raw(x))
    if not isinstance(value, np.ndarray):
        raise trace_errors.branch_on_symbol()
    return value


def taken(x: Tensor, what: str) -> Any:
    """x's raw array for a use outside the graph, refused where a transform would lose a gradient by it."""
    value = host(x)
    if living(x).trace not in (None, TAPE) and value.dtype.kind in "fc":
        raise trace_errors.traced_value(what)
    return value


def _number(x: Tensor, what: str) -> Any:
    """The single element as a Python number, also where a gradient is taken."""
    value = host(x)
    if value.size != 1:
        raise trace_errors.several_elements(value.shape, what)
    return value.item()


def _float(x: Tensor) -> float:
    """The single element, for float(x), math's functions, and where NumPy writes x into an array of its own.

    Raises TraceError where a transform would lose a gradient by it.
    """
    value = _number(x, "float()")
    if living(x).trace not in (None, TAPE) and type(value) is float:
        raise trace_errors.traced_number("float()")
    return float(value)


def _complex(x: Tensor) -> complex:
    """The single element, for complex(x). Raises TraceError where a transform would lose a gradient by it."""
    value = _number(x, "complex()")
    if living(x).trace not in (None, TAPE) and type(value) in (float, complex):
        raise trace_errors.traced_number("complex()")
    return complex(value)


def _index(x: Tensor) -> int:
    value = devices.host(raw(x))
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu" or value.size != 1:
        raise value_errors.needs_integers("index", "an index", x.dtype)
    return operator.index(value.item())


def _whole(make: Callable[[Any], int], what: str) -> Callable[[Tensor], int]:
    """A protocol that makes an integer of the single element: a constant, whose derivative is 0."""
    return lambda x: make(_number(x, what))


def _round(x: Tensor, digits: int | None = None) -> Any:
    """An int of a 0-d Tensor where no digits are given, as of NumPy's scalars; else nb.round(x, digits)."""
    if digits is None and not x.shape:
        return round(_number(x, "round()"))
    return elementwise.round(x, digits or 0)


def _divmod(x: Tensor, y: Any) -> tuple[Tensor, Tensor]:
    return x // y, x % y


def _rdivmod(x: Tensor, y: Any) -> tuple[Tensor, Tensor]:
    return y // x, y % x


def _format(x: Tensor, spec: str) -> str:
    """The single element in this format, also where a gradient is taken; without a format str(x)."""
    if not spec:
        return str(x)
    value = host(x)
    if value.size != 1:
        raise protocol_errors.no_format(spec, value.shape)
    return format(value.item(), spec)


PROTOCOLS: dict[str, Any] = {
    "__bool__": lambda x: bool(_number(x, "the truth value")), "__int__": _whole(int, "int()"),
    "__float__": _float, "__complex__": _complex, "__index__": _index,
    "__round__": _round, "__floor__": _whole(math.floor, "floor()"),
    "__ceil__": _whole(math.ceil, "ceil()"), "__trunc__": _whole(math.trunc, "trunc()"),
    "__divmod__": _divmod, "__rdivmod__": _rdivmod, "__format__": _format,
}
