"""Devices: where raw arrays live and how they are made.

The CPU's raw array is numpy.ndarray, CUDA's is CudaArray (arrays/cuda.py). New arrays are made on the
current device, which NBGRAD_DEVICE sets and `Device` changes for a while.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, Token
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import cuda, memory, streams
from nbgrad.arrays.config import DEVICES, settings
from nbgrad.arrays.cuda import CONNECTED, CudaArray
from nbgrad.arrays.dtypes import COMPLEX, SUPPORTED, supported
from nbgrad.errors import device_errors, table_errors, value_errors

Array = np.ndarray                        # what a raw array on the CPU is


class Device(str):
    """A device by its name: "cpu", "cuda" or "cuda-sim". In a `with` block new arrays are made there.

    stream : of "cuda": launches and copies in the block are asked of it: a stream of numba.cuda's, what has
        __cuda_stream__, or the number of one (torch: stream.cuda_stream). It waits at the start for the
        stream before, which waits for it at the end; at other times who uses it elsewhere waits himself.

    Raises DeviceError for another name, a device that cannot be used, naming what is missing, and no stream.

    >>> with nb.device("cpu"):
    ...     print(nb.ones(2).device)
    cpu
    """

    __slots__ = ("_stream", "_tokens")
    _stream: Any
    _tokens: list[tuple[Token[str], Any]]

    def __new__(cls, name: str, stream: Any = None) -> Device:
        if name not in DEVICES:
            raise device_errors.unknown_device(name, DEVICES)
        if name != "cpu":
            cuda.connect(name)
        elif stream is not None:
            raise device_errors.bad_stream(stream)
        self = super().__new__(cls, name)
        self._stream = None if stream is None else streams.lookup(stream)
        self._tokens = []
        return self

    def __enter__(self) -> Device:
        entered = None if self._stream is None else streams.enter(self._stream)
        before = _current.get()
        try:
            self._tokens.append((_current.set(str(self)), entered))
        except BaseException:                 # an interrupt: __exit__ will not be called
            _current.set(before)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        token, entered = self._tokens.pop()
        _current.reset(token)
        if entered is not None:
            streams.leave(entered)

    def __reduce__(self) -> Any:
        if self._stream is not None:
            raise table_errors.bound_to_process(f"{self!r} with a stream")
        return type(self), (str(self),)

    def __repr__(self) -> str:
        return f"device({str(self)!r})"


def on(device: str | None) -> AbstractContextManager[Any]:
    """A block in which new arrays are made on a device; None: on the current one."""
    return nullcontext() if device is None else Device(device)


def _chosen(setting: str) -> str:
    """The device that the settings ask for, ready."""
    if setting == "auto":
        setting = "cuda" if cuda.available() else "cpu"
    return str(Device(setting))


_FIRST = _chosen(settings.device)
_current = ContextVar("device", default=_FIRST)


def current_device() -> str:
    """The device that new arrays are made on."""
    return _current.get() if CONNECTED else "cpu"


def kind() -> str:
    """The kind of device that new arrays are made on, "cpu" or "cuda"."""
    return "cpu" if current_device() == "cpu" else "cuda"


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
        raise device_errors.mixed_devices(op, sorted(kinds))
    return kinds.pop() if kinds else "cpu"


def checked_result(op: str, z: Any) -> Any:
    """What a kernel made of NumPy's functions has returned, as a raw array, or a tuple of them.

    Raises DtypeError for what is none, or has a dtype that nbgrad does not take.
    """
    if type(z) is tuple:
        return tuple([checked_result(op, part) for part in z])
    if type(z) is CudaArray or (type(z) is Array and z.dtype in SUPPORTED):
        return z
    if isinstance(z, np.ma.MaskedArray) or not isinstance(z, (np.ndarray, np.generic, float, int)):
        raise value_errors.bad_result(op, type(z).__name__)
    found = np.asarray(z)
    if found.dtype.newbyteorder("=") not in SUPPORTED:
        raise value_errors.bad_result(op, f"dtype {found.dtype}")
    return found.astype(supported(found.dtype), copy=False)


def nbytes(shape: tuple[int, ...], dtype: Any) -> int:
    return prod(shape) * np.dtype(dtype).itemsize


def empty(shape: tuple[int, ...], dtype: Any, where: str | None = None) -> Any:
    """A raw array with no values yet, on a kind of device: by default the current one."""
    if (kind() if where is None else where) == "cpu":
        return memory.empty(shape, dtype)
    return cuda.empty(shape, dtype)


def full(shape: tuple[int, ...], value: Any, dtype: Any, where: str | None = None) -> Any:
    """A raw array filled with one value, on a kind of device: by default the current one."""
    if (kind() if where is None else where) == "cpu":
        return memory.within(nbytes(shape, dtype), np.full, shape, value, dtype)
    return cuda.filled(shape, host(value), np.dtype(dtype))


def real_part(x: Any) -> Any:
    """The real parts of a raw array: itself where it is real."""
    return x.real if x.dtype in COMPLEX else x


def imaginary_part(x: Any) -> Any:
    """The imaginary parts of a raw array: zeros where it is real."""
    return x.imag if x.dtype in COMPLEX else zeros_like(x)


def zeros_like(x: Any) -> Any:
    """A raw array of zeros with x's shape and dtype, on x's device."""
    if of(x) == "cpu":
        return memory.within(nbytes(x.shape, x.dtype), np.zeros, x.shape, x.dtype)
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
    unit = memory.within(nbytes(x.shape, x.dtype), np.zeros, x.shape, x.dtype)
    unit.reshape(-1)[place] = 1
    return unit if of(x) == "cpu" else cuda.upload(unit)


def to_device_of(x: np.ndarray, like: Any) -> Any:
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
