"""What becomes a raw array: numbers, lists, arrays of NumPy and of other libraries, on either device."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.arrays import cuda, devices, dlpack, foreign, interface, memory, streams
from nbgrad.arrays.cuda import CudaArray
from nbgrad.arrays.dtypes import SUPPORTED, supported
from nbgrad.errors import device_errors, trace_errors, value_errors
from nbgrad.kernels.cuda import copies

# What is no array of another library's, and is looked at no closer.
_PLAIN = frozenset((np.ndarray, float, int, bool, complex, *{d.type for d in SUPPORTED}))


def array(data: Any, dtype: Any = None, copy: bool | None = True) -> Any:
    """A raw array with data's values: aligned, in native byte order, of a supported dtype.

    copy: True copies always; None only where a conversion needs it; False never, and then raises ValueError
    if one is needed. An array that is shared with the caller (copy False or None) is made read-only. Of
    another library's array on the CUDA device the copy is made there; asked for on the CPU it is an error.
    So is an array of PyTorch's or jax's that a gradient is being taken through there.
    """
    if type(data) not in _PLAIN:
        foreign.refuse_watched(data)
    if devices.current_device() == "cpu":
        return _array(data, dtype, copy)
    if copy is False:
        raise value_errors.bad_value("asarray", "values come to a device by a copy, which copy=False forbids")
    if type(data) not in _PLAIN and hasattr(data, "__cuda_array_interface__"):
        return import_array(interface.described(data), dtype)
    if isinstance(data, np.ndarray):
        cuda.walkable(data.shape)             # before it is copied
    return cuda.upload(_array(data, dtype, True))


def import_array(found: interface.Found, dtype: Any = None) -> CudaArray:
    """A copy of another library's array on the device. It is not needed any more when this returns."""
    here = streams.current_stream()
    if found.stream is not None:
        streams.order(found.stream, here)
    elif not found.ready:
        cuda.synchronize()
    copy: CudaArray = copies.converted(found.array, found.array.dtype if dtype is None else supported(dtype))
    if found.stream is not None:
        streams.order(here, found.stream)
    else:
        streams.wait(here, "a copy of another library's array")
    return copy


def from_dlpack(x: Any, copy: bool | None) -> CudaArray:
    """A copy of another library's array on the CUDA device. Raises DeviceError where the CPU is chosen."""
    if devices.kind() == "cpu":
        raise device_errors.on_a_gpu(type(x))
    if copy is False:
        raise value_errors.bad_value("from_dlpack", "values on a device are copied, which copy=False forbids")
    given = dlpack.request(x)
    try:
        return import_array(given.found())
    finally:
        given.done()


def _array(data: Any, dtype: Any, copy: bool | None) -> np.ndarray:
    if isinstance(data, np.ma.MaskedArray):
        raise value_errors.masked_array()
    if dtype is not None:
        dtype = supported(dtype)
    if type(data) not in _PLAIN and hasattr(data, "__cuda_array_interface__"):
        raise device_errors.on_a_gpu(type(data))
    try:
        found = data if isinstance(data, np.ndarray) else np.array(foreign.values(data))
    except ValueError as error:
        raise value_errors.ragged() from error
    except errors.TraceError as error:
        raise trace_errors.traced_list() from error
    if found.dtype.kind in "OSU" and not isinstance(data, np.ndarray):
        raise value_errors.no_numbers(data, found.dtype)
    memory.large(found.nbytes)
    dtype = supported(found.dtype) if dtype is None else dtype
    supported(found.dtype)
    if found.dtype.kind == "c" and dtype.kind != "c":
        raise value_errors.imaginary_lost("asarray", dtype)
    if isinstance(data, np.ndarray):
        need = found.dtype != dtype or not found.dtype.isnative or not found.flags.aligned
        if need or copy:
            if copy is False:
                why = f"dtype {found.dtype} to {dtype} needs a copy, and copy=False forbids one"
                raise value_errors.bad_value("asarray", why)
            copied = partial(found.astype, order="K", copy=True, subok=False)
            return memory.within(devices.nbytes(found.shape, dtype), copied, dtype)
        memory.seal(found)
        return np.asarray(found)              # a view without what a subclass adds
    if dtype.kind in "iu" and not isinstance(data, np.generic):
        _within(found, dtype)
    return found.astype(dtype, copy=False)


def _within(x: np.ndarray, dtype: np.dtype) -> None:
    """Raise OverflowError where Python's numbers do not fit an integer dtype, which an array's are cut to."""
    bounds = np.iinfo(dtype)
    if x.dtype != dtype and x.dtype.kind != "b" and x.size:
        bad = x[~((x >= bounds.min) & (x < bounds.max + 1))]
        if bad.size:
            raise value_errors.integer_result("asarray", bad.flat[0].item(), dtype)
