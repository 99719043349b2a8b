"""Arrays of other libraries on the CUDA device, as __cuda_array_interface__ and DLPack describe them.

Sources: Numba, CUDA Array Interface, version 3; DLPack, dlpack.h; Python array API standard, __dlpack__.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nbgrad.arrays import cuda, driver, streams
from nbgrad.arrays.cuda import CudaArray, Lent
from nbgrad.arrays.dtypes import supported
from nbgrad.errors import value_errors


class Found(NamedTuple):
    """Another library's array.

    stream : the stream that computes its values, if it is known
    ready  : whether they are computed, or will be before our stream's next work
    """

    array: CudaArray
    stream: Any
    ready: bool


def view(address: int, shape: Sequence[int], strides: Sequence[int] | None, dtype: np.dtype,
         owner: Any) -> CudaArray:
    """An array that lies where another library has put it.

    strides : bytes; None: C order
    owner   : who keeps the memory

    Raises ValueRangeError for what no kernel can walk, DeviceError for too many elements.
    """
    shape, width = tuple(map(int, shape)), dtype.itemsize
    if min(shape, default=0) < 0:
        raise value_errors.bad_value("asarray", f"shape {shape} has negative sizes")
    if not cuda.walkable(shape):
        return cuda.empty(shape, dtype)
    if not address or address % width:
        raise value_errors.bad_value("asarray", f"no {dtype} can lie at address {address:#x}")
    if strides is None:
        strides = [width * prod(shape[k + 1:]) for k in range(len(shape))]
    if len(strides) != len(shape):
        raise value_errors.bad_value("asarray", f"strides {tuple(strides)} do not fit shape {shape}")
    steps = [int(s) if n > 1 else width for n, s in zip(shape, strides, strict=True)]
    if any(s % width for s in steps):
        raise value_errors.bad_value("asarray", f"strides {tuple(strides)} are no multiples of the size of "
                                     f"{dtype}; make the array contiguous first")
    ends = [(n - 1) * s for n, s in zip(shape, steps, strict=True)]
    low, high = sum(min(e, 0) for e in ends), sum(max(e, 0) for e in ends)
    form = as_strided(np.empty((), dtype), shape, steps)
    return CudaArray(Lent(address + low, high - low + width, owner), form, -low)


def described(x: Any) -> Found:
    """The array that x describes by __cuda_array_interface__.

    Raises DtypeError, DeviceError, and ValueRangeError for a mask, stream 0 and what `view` refuses.
    """
    fields = x.__cuda_array_interface__
    if fields.get("mask") is not None:
        raise value_errors.masked_array()
    dtype = np.dtype(fields["typestr"])
    if not dtype.isnative:
        raise value_errors.unsupported_dtype(dtype)
    found = view(int(fields["data"][0] or 0), fields["shape"], fields.get("strides"), supported(dtype), x)
    if fields["version"] < 3:               # which does not name the stream
        return Found(found, None, False)
    if fields.get("stream") is None:
        return Found(found, None, True)
    if fields["stream"] == 0:
        raise value_errors.bad_value("asarray",
                                     "stream 0 in __cuda_array_interface__ may be either: 1 is the "
                                     "default stream, 2 that of the thread")
    return Found(found, streams.lookup(int(fields["stream"])), True)


def interface(x: CudaArray) -> dict[str, Any]:
    """The __cuda_array_interface__ of an array, version 3; others may only read it."""
    first = driver.address(x.buffer.bytes()) + x.offset if x.size else 0
    return {"shape": x.shape, "typestr": x.dtype.str, "data": (first, True), "version": 3,
            "strides": None if x.contiguous else x.strides, "stream": streams.current_stream().handle or 1}
