"""The dtypes that arrays have."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.errors import value_errors

SUPPORTED = frozenset(np.dtype(name) for name in (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
    "complex64", "complex128"))

COMPLEX = frozenset([np.dtype(np.complex64), np.dtype(np.complex128)])


def real_of(dtype: np.dtype) -> np.dtype:
    """The dtype of the parts of complex numbers; that of real ones is their own."""
    return np.dtype(dtype.type(0).real.dtype)


def is_complex(x: Any) -> bool:
    """Whether an array, or what answers for one, has complex elements, or a number is complex."""
    dtype = getattr(x, "dtype", None)
    return type(x) is complex if dtype is None else dtype is complex or (
        isinstance(dtype, np.dtype) and dtype.kind == "c")


def supported(dtype: Any) -> np.dtype:
    """dtype as a NumPy dtype in native byte order. Raises DtypeError for one that nbgrad does not take."""
    try:
        found = np.dtype(dtype).newbyteorder("=")
    except TypeError as error:
        raise value_errors.unsupported_dtype(dtype) from error
    if found not in SUPPORTED:
        raise value_errors.unsupported_dtype(found)
    return np.dtype(found.type)               # NumPy's own object: equal ones are compared by address
