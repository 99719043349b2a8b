"""Devices: where raw arrays live and how they are made.

The CPU's raw array is numpy.ndarray, CUDA's is nbgrad.cuda.CudaArray. New arrays are made on the device of
the moment, which NBGRAD_DEVICE sets and `Device` changes for a while.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from functools import partial
from importlib import import_module
from math import prod
from typing import Any

import numpy as np

from nbgrad import cuda, dlpack, errors, foreign, memory, streams
from nbgrad.config import DEVICES, settings
from nbgrad.cuda import CONNECTED, CudaArray
from nbgrad.dtypes import SUPPORTED, supported

Array = np.ndarray                        # what a raw array on the CPU is
# What is no array of another library's, and is looked at no closer.
_PLAIN = frozenset((np.ndarray, float, int, bool, list, tuple, *{d.type for d in SUPPORTED}))


class Device(str):
    """A device by its name: "cpu", "cuda" or "cuda-sim". In a `with` block new arrays are made there.

    stream : of "cuda": launches and copies in the block are asked of it: a stream of numba.cuda's, what has
        __cuda_stream__, or the number of one (torch: stream.cuda_stream). It waits at the start for the
        stream before, which waits for it at the end; at other times who uses it elsewhere waits himself.

    Raises DeviceError for another name, a device that cannot be used, naming what is missing, and no stream.
    """

    __slots__ = ("_stream", "_tokens")
    _stream: Any
    _tokens: list[tuple[Token[str], Any]]

    def __new__(cls, name: str, stream: Any = None) -> Device:
        if name not in DEVICES:
            raise errors.unknown_device(name, DEVICES)
        if name != "cpu":
            cuda.connect(name)
        elif stream is not None:
            raise errors.bad_stream(stream)
        self = super().__new__(cls, name)
        self._stream = None if stream is None else streams.known(stream)
        self._tokens = []
        return self

    def __enter__(self) -> Device:
        entered = None if self._stream is None else streams.enter(self._stream)
        before = _moment.get()
        try:
            self._tokens.append((_moment.set(str(self)), entered))
        except BaseException:                 # an interrupt: __exit__ will not be called
            _moment.set(before)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        token, entered = self._tokens.pop()
        _moment.reset(token)
        if entered is not None:
            streams.leave(entered)

    def __reduce__(self) -> Any:
        if self._stream is not None:
            raise errors.bound_to_process(f"{self!r} with a stream")
        return type(self), (str(self),)

    def __repr__(self) -> str:
        return f"device({str(self)!r})"


def _chosen(asked: str) -> str:
    """The device that the settings ask for, ready."""
    if asked == "auto":
        asked = "cuda" if cuda.available() else "cpu"
    return str(Device(asked))


_FIRST = _chosen(settings.device)
_moment = ContextVar("device", default=_FIRST)


def moment() -> str:
    """The device that new arrays are made on."""
    return _moment.get() if CONNECTED else "cpu"


def kind() -> str:
    """The kind of device that new arrays are made on, "cpu" or "cuda"."""
    return "cpu" if moment() == "cpu" else "cuda"


def of(x: Any) -> str:
    """The kind of device that holds x, "cpu" or "cuda": the folder of its kernels."""
    if not CONNECTED:
        return "cpu"
    return "cuda" if type(x) is CudaArray else getattr(x, "where", "cpu")


def name_of(x: Any) -> Device:
    """The device that holds x."""
    return Device("cpu" if of(x) == "cpu" else cuda.host().name)


def release() -> int:
    """Give the CUDA device the memory back that is kept for new arrays; how many bytes they were."""
    return cuda.release() if CONNECTED else 0


def common(op: str, xs: Any) -> str:
    """The kind of device that holds all arrays of xs; 0-d ones of the CPU may be anywhere.

    Raises DeviceError if they are on several.
    """
    kinds = {of(x) for x in xs if type(x) is CudaArray or (type(x) is Array and x.ndim)}
    if len(kinds) > 1:
        raise errors.mixed_devices(op, sorted(kinds))
    return kinds.pop() if kinds else "cpu"


def array(data: Any, dtype: Any = None, copy: bool | None = True) -> Any:
    """A raw array with data's values: aligned, in native byte order, of a supported dtype.

    copy: True copies always; None only where a conversion needs it; False never, and then raises ValueError
    if one is needed. An array that is shared with the caller (copy False or None) is made read-only. Of
    another library's array on the CUDA device the copy is made there; asked for on the CPU it is an error.
    """
    if moment() == "cpu":
        return _array(data, dtype, copy)
    if copy is False:
        raise errors.bad_value("asarray", "values come to a device by a copy, which copy=False forbids")
    if type(data) not in _PLAIN and hasattr(data, "__cuda_array_interface__"):
        return taken(foreign.described(data), dtype)
    if isinstance(data, np.ndarray):
        cuda.walkable(data.shape)             # before it is copied
    return cuda.upload(_array(data, dtype, True))


def taken(found: foreign.Found, dtype: Any = None) -> CudaArray:
    """A copy of another library's array on the device. It is not needed any more when this returns."""
    here = streams.stream()
    if found.stream is not None:
        streams.order(found.stream, here)
    elif not found.ready:
        cuda.synchronize()
    copies = import_module("nbgrad.kernels.cuda.copies")      # kernels, which are built on this
    copy: CudaArray = copies.converted(found.array, found.array.dtype if dtype is None else supported(dtype))
    if found.stream is not None:
        streams.order(here, found.stream)
    else:
        streams.wait(here, "a copy of another library's array")
    return copy


def from_dlpack(x: Any, copy: bool | None) -> CudaArray:
    """A copy of another library's array on the CUDA device. Raises DeviceError where the CPU is chosen."""
    if kind() == "cpu":
        raise errors.on_a_gpu(type(x))
    if copy is False:
        raise errors.bad_value("from_dlpack", "values on a device are copied, which copy=False forbids")
    given = dlpack.asked_for(x)
    try:
        return taken(given.found())
    finally:
        given.done()


def _array(data: Any, dtype: Any, copy: bool | None) -> np.ndarray:
    if isinstance(data, np.ma.MaskedArray):
        raise errors.masked_array()
    if dtype is not None:
        dtype = supported(dtype)
    if type(data) not in _PLAIN and hasattr(data, "__cuda_array_interface__"):
        raise errors.on_a_gpu(type(data))
    try:
        found = data if isinstance(data, np.ndarray) else np.array(data)
    except ValueError as error:
        raise errors.ragged() from error
    except errors.TraceError as error:
        raise errors.traced_list() from error
    if found.dtype.kind in "OSUc" and not isinstance(data, np.ndarray):
        raise errors.no_numbers(data, found.dtype)
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
            raise errors.integer_result("asarray", bad.flat[0].item(), dtype)


def returned(op: str, z: Any) -> Any:
    """What a kernel made of NumPy's functions has returned, as a raw array, or a tuple of them.

    Raises DtypeError for what is none, or has a dtype that nbgrad does not take.
    """
    if type(z) is tuple:
        return tuple([returned(op, part) for part in z])
    if type(z) is CudaArray or (type(z) is Array and z.dtype in SUPPORTED):
        return z
    if isinstance(z, np.ma.MaskedArray) or not isinstance(z, (np.ndarray, np.generic, float, int)):
        raise errors.bad_result(op, type(z).__name__)
    found = np.asarray(z)
    if found.dtype.newbyteorder("=") not in SUPPORTED:
        raise errors.bad_result(op, f"dtype {found.dtype}")
    return found.astype(supported(found.dtype), copy=False)


def _bytes(shape: tuple[int, ...], dtype: Any) -> int:
    return prod(shape) * np.dtype(dtype).itemsize


def empty(shape: tuple[int, ...], dtype: Any, where: str | None = None) -> Any:
    """A raw array with no values yet, on a kind of device: by default that of the moment."""
    if (kind() if where is None else where) == "cpu":
        return memory.empty(shape, dtype)
    return cuda.empty(shape, dtype)


def full(shape: tuple[int, ...], value: Any, dtype: Any, where: str | None = None) -> Any:
    """A raw array filled with one value, on a kind of device: by default that of the moment."""
    if (kind() if where is None else where) == "cpu":
        return memory.within(_bytes(shape, dtype), np.full, shape, value, dtype)
    return cuda.filled(shape, host(value), np.dtype(dtype))


def zeros_like(x: Any) -> Any:
    """A raw array of zeros with x's shape and dtype, on x's device."""
    if of(x) == "cpu":
        return memory.within(_bytes(x.shape, x.dtype), np.zeros, x.shape, x.dtype)
    return cuda.filled(x.shape, 0, x.dtype)


def ones_like(x: Any) -> Any:
    """A raw array of ones with x's shape and dtype, on x's device."""
    if of(x) == "cpu":
        ones = memory.empty(x.shape, x.dtype)
        ones.fill(1)
        return ones
    return cuda.filled(x.shape, 1, x.dtype)


def unit_like(x: Any, place: int) -> Any:
    """A raw array of zeros with a 1 at one place, counted in C order; x's shape, dtype and device."""
    unit = memory.within(_bytes(x.shape, x.dtype), np.zeros, x.shape, x.dtype)
    unit.reshape(-1)[place] = 1
    return unit if of(x) == "cpu" else cuda.upload(unit)


def beside(x: np.ndarray, like: Any) -> Any:
    """An array of NumPy's on the device that holds a raw value."""
    return x if of(like) == "cpu" else cuda.upload(x)


def shares(z: Any, x: Any) -> bool:
    """Whether z, a raw value made from x, lies in x's memory."""
    if type(z) is Array:
        return z.base is x or (z.base is not None and z.base is x.base)
    return z.buffer is x.buffer


def in_order(x: Any) -> bool:
    """Whether the elements of a raw value lie in C order, one beside the other."""
    return bool((x if type(x) is Array else x.form).flags.c_contiguous)


def host(x: Any) -> Any:
    """A raw value where NumPy can read it: itself, or a copy of what is on a device."""
    return cuda.download(x) if type(x) is CudaArray else x
