"""Devices: where raw arrays live and how they are made. The CPU's raw array is numpy.ndarray."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from nbgrad import errors, memory

SUPPORTED = frozenset(np.dtype(name) for name in (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"))


Array = np.ndarray                        # what a raw array is


def of(x: Any) -> str:
    """Name of the device that holds x."""
    return "cpu"


def supported(dtype: Any) -> np.dtype:
    """dtype as a NumPy dtype in native byte order. Raises DtypeError for one that nbgrad does not take."""
    try:
        found = np.dtype(dtype).newbyteorder("=")
    except TypeError as error:
        raise errors.unsupported_dtype(dtype) from error
    if found not in SUPPORTED:
        raise errors.unsupported_dtype(found)
    return np.dtype(found.type)               # NumPy's own object: equal ones are compared by address


def array(data: Any, dtype: Any = None, copy: bool | None = True) -> np.ndarray:
    """A raw array with data's values: aligned, in native byte order, of a supported dtype.

    copy: True copies always; None only where a conversion needs it; False never, and then raises ValueError
    if one is needed. An array that is shared with the caller (copy False or None) is made read-only.
    """
    if isinstance(data, np.ma.MaskedArray):
        raise errors.masked_array()
    if dtype is not None:
        dtype = supported(dtype)
    try:
        found = data if isinstance(data, np.ndarray) else np.array(data)
    except ValueError as error:
        raise errors.ragged() from error
    except errors.TraceError as error:
        raise errors.traced_list() from error
    memory.large(found.nbytes)
    dtype = supported(found.dtype) if dtype is None else dtype
    supported(found.dtype)
    if isinstance(data, np.ndarray):
        need = found.dtype != dtype or not found.dtype.isnative or not found.flags.aligned
        if need or copy:
            if copy is False:
                why = f"dtype {found.dtype} to {dtype} needs a copy, and copy=False forbids one"
                raise errors.bad_value("asarray", why)
            copied = partial(found.astype, order="K", copy=True, subok=False)
            return memory.within(_bytes(found.shape, dtype), copied, dtype)
        found.flags.writeable = False
        return found
    return found.astype(dtype, copy=False)


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A raw array with no values yet."""
    return memory.empty(shape, dtype)


def _bytes(shape: tuple[int, ...], dtype: Any) -> int:
    return prod(shape) * np.dtype(dtype).itemsize


def full(shape: tuple[int, ...], value: Any, dtype: Any) -> np.ndarray:
    """A raw array filled with one value."""
    return memory.within(_bytes(shape, dtype), np.full, shape, value, dtype)


def zeros_like(x: Any) -> np.ndarray:
    """A raw array of zeros with x's shape and dtype, on x's device."""
    return memory.within(_bytes(x.shape, x.dtype), np.zeros, x.shape, x.dtype)


def ones_like(x: Any) -> np.ndarray:
    """A raw array of ones with x's shape and dtype, on x's device."""
    ones = memory.empty(x.shape, x.dtype)
    ones.fill(1)
    return ones
