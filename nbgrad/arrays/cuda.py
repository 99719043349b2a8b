"""CUDA: arrays on the device, in memory that is kept for the next ones.

Kernels see flat buffers and numbers: what is a view is known on this side only. The names that kernels start
by are here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nbgrad.arrays import driver
from nbgrad.arrays.driver import CONNECTED, NAMES, available, connect, description, host, release
from nbgrad.arrays.staging import staging
from nbgrad.arrays.streams import blocks, current_stream, launch, synchronize
from nbgrad.errors import device_errors

__all__ = ["CONNECTED", "NAMES", "Buffer", "CudaArray", "Lent", "available", "blocks", "connect",
           "description", "download", "empty", "filled", "host", "launch", "release", "synchronize", "upload",
           "walkable"]

_LIMIT = 1 << 31                          # elements that one launch may walk: indices have 32 bits
_SHORT = 3                                # sizes between two powers of two that buffers have: 2**3


class Buffer:
    """A run of the device's memory. It goes back to the spare ones when the last array on it is gone.

    stream : the handle of the one that used it last; who gets it next on that stream need not wait
    """

    __slots__ = ("home", "memory", "size", "stream", "typed")
    home: driver.Host
    size: int
    stream: int

    def __init__(self, size: int) -> None:
        self.home = home = host()
        self.size = size = _rounded(max(size, 1), home)
        self.stream = current_stream().handle
        self.typed: dict[np.dtype, Any] = {}
        try:
            self.memory: Any = home.spare[self.stream, size].pop()
        except (KeyError, IndexError):    # no lock: another thread may take the last one
            self.memory = driver.memory(home, size)

    def bytes(self) -> Any:
        """The memory, for work of the current stream."""
        if self.home.several:
            self.stream = current_stream().handle
        return self.memory

    def of(self, dtype: np.dtype) -> Any:
        """The memory as a flat array of elements of a dtype: what kernels are given, at once."""
        found = self.typed.get(dtype)
        if found is None:
            found = self.typed[dtype] = self.memory.view(dtype)
        if self.home.several:
            self.stream = current_stream().handle
        return found

    def __del__(self) -> None:
        memory = getattr(self, "memory", None)
        if memory is None:                # there was none
            return
        if self.home.keep:
            self.home.spare.setdefault((self.stream, self.size), []).append(memory)
        else:
            with self.home.lock:
                self.home.total -= self.size


def _rounded(size: int, home: driver.Host) -> int:
    """The size of the buffer that is taken for so many bytes: an eighth more at most, to fit others later."""
    grain = max(home.grain, (1 << size.bit_length()) >> (_SHORT + 1)) if home.keep else home.grain
    return -(-size // grain) * grain


class Lent(Buffer):
    """A run of another library's memory on the device, for as long as there is this."""

    __slots__ = ()
    home: driver.Host
    size: int
    stream: int
    memory: Any
    typed: dict[np.dtype, Any]

    def __init__(self, address: int, size: int, owner: Any) -> None:
        self.home, self.size, self.stream = host(), size, current_stream().handle
        self.memory = driver.lent(address, size, owner)
        self.typed = {}

    def __del__(self) -> None:
        """Nothing: it is not ours."""


class CudaArray:
    """An array on the device: a buffer, and how its elements lie in it.

    form   : shape, dtype and strides (bytes), as a NumPy array whose elements are never read
    offset : bytes from the buffer's start to the first element
    """

    __slots__ = ("buffer", "form", "offset")
    buffer: Buffer
    form: np.ndarray
    offset: int

    def __init__(self, buffer: Buffer, form: np.ndarray, offset: int = 0) -> None:
        if form.size >= _LIMIT:
            raise device_errors.too_many_elements(form.shape)
        self.buffer, self.form, self.offset = buffer, form, offset

    shape: Any = property(lambda self: self.form.shape)
    dtype: Any = property(lambda self: self.form.dtype)
    strides: Any = property(lambda self: self.form.strides)
    ndim: Any = property(lambda self: self.form.ndim)
    size: Any = property(lambda self: self.form.size)
    nbytes: Any = property(lambda self: self.form.nbytes)
    contiguous: Any = property(lambda self: self.form.flags.c_contiguous)
    real: Any = property(lambda self: self.view(lambda form: form.real))
    imag: Any = property(lambda self: self.view(lambda form: form.imag))      # of complex numbers

    def view(self, make: Any) -> CudaArray:
        """The array that make, a function of NumPy's that copies nothing, would make of one like this."""
        form = make(self.form)
        moved = form.__array_interface__["data"][0] - self.form.__array_interface__["data"][0]
        return CudaArray(self.buffer, form, self.offset + (moved if form.size else 0))

    def part(self, index: Any) -> CudaArray:
        """The view at an index of ints, slices, None and Ellipsis."""
        return self.view(lambda form: form[index])

    @property
    def flat(self) -> tuple[Any, int]:
        """The whole buffer as elements of the dtype, and the place of the first element in it."""
        return self.buffer.of(self.form.dtype), self.offset // self.form.itemsize

    @property
    def steps(self) -> tuple[int, ...]:
        """Strides in elements."""
        width = self.form.itemsize
        return tuple([s // width for s in self.form.strides])

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise device_errors.on_device(host().name)


def _form(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array of this shape in C order of which there is one element only."""
    strides, width = [], dtype.itemsize
    for n in reversed(shape):
        strides.append(width)
        width *= max(n, 1)
    return as_strided(np.empty((), dtype), tuple(shape), tuple(strides[::-1]))


def walkable(shape: Sequence[int]) -> int:
    """How many elements an array of this shape has. Raises DeviceError for more than kernels can walk."""
    count = prod(shape)
    if count >= _LIMIT:
        raise device_errors.too_many_elements(tuple(shape))
    return count


def empty(shape: Sequence[int], dtype: Any) -> CudaArray:
    """An array with no values yet, in C order."""
    dtype = np.dtype(dtype)
    return CudaArray(Buffer(walkable(shape) * dtype.itemsize), _form(shape, dtype))


def upload(x: np.ndarray) -> CudaArray:
    """x's values on the device, in C order."""
    z = empty(x.shape, x.dtype)
    if x.size:
        staging().send(z.buffer.bytes(), np.ascontiguousarray(x).reshape(-1).view(np.uint8))
    return z


def filled(shape: Sequence[int], value: Any, dtype: np.dtype) -> CudaArray:
    """An array of one value: one element that is read again and again."""
    one = upload(np.full((1,), value, dtype))
    return one.view(lambda form: as_strided(form, tuple(shape), (0,) * len(shape)))


def download(x: CudaArray) -> np.ndarray:
    """x's values on the host. Waits for the kernels that compute them."""
    if not x.size:
        return np.empty(x.shape, x.dtype)
    first, (low, high) = x.form.__array_interface__["data"][0], np.lib.array_utils.byte_bounds(x.form)
    found = np.empty(high - low, np.uint8)
    staging().fetch(x.buffer.bytes(), x.offset + low - first, found)
    if x.contiguous:
        return found.view(x.dtype).reshape(x.shape)
    return np.array(np.ndarray(x.shape, x.dtype, found, first - low, x.strides), order="C")
