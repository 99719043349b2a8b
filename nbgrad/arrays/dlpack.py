"""DLPack of arrays on a CUDA device: the capsules that libraries hand each other, read and made.

Source: DLPack 1.0, include/dlpack/dlpack.h; the Python specification beside it.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.arrays import driver, interface, streams
from nbgrad.arrays.cuda import CudaArray
from nbgrad.arrays.dtypes import supported
from nbgrad.arrays.interface import Found

CPU, CUDA = 1, 2                          # kinds of device
ON_CUDA = (CUDA, 13)                      # with memory that the host can read too
READ_ONLY, COPIED = 1, 2                  # flags
_KINDS = {"i": 0, "u": 1, "f": 2, "b": 6}
_NAMES = {0: "int", 1: "uint", 2: "float", 4: "bfloat", 5: "complex"}


class _Tensor(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("device", c_int32), ("ordinal", c_int32), ("ndim", c_int32),
                ("kind", c_uint8), ("bits", c_uint8), ("lanes", c_uint16), ("shape", ctypes.POINTER(c_int64)),
                ("strides", ctypes.POINTER(c_int64)), ("offset", c_uint64))


class _Plain(ctypes.Structure):
    """DLManagedTensor: what those take who do not know the versioned one."""

    _fields_ = (("tensor", _Tensor), ("owner", c_void_p), ("deleter", c_void_p))
    name, used = b"dltensor", b"used_dltensor"


class _Versioned(ctypes.Structure):
    """DLManagedTensorVersioned."""

    _fields_ = (("major", c_uint32), ("minor", c_uint32), ("owner", c_void_p), ("deleter", c_void_p),
                ("flags", c_uint64), ("tensor", _Tensor))
    name, used = b"dltensor_versioned", b"used_dltensor_versioned"


def _function(name: str, result: Any, *arguments: Any) -> Any:
    return ctypes.PYFUNCTYPE(result, *arguments)((name, ctypes.pythonapi))


_is_valid = _function("PyCapsule_IsValid", ctypes.c_int, c_void_p, c_char_p)
_pointer = _function("PyCapsule_GetPointer", c_void_p, c_void_p, c_char_p)
_rename = _function("PyCapsule_SetName", ctypes.c_int, c_void_p, c_char_p)
_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p)


class _Described:
    """What NumPy takes for an array of the host's, and keeps; nobody reads an element of it there."""

    def __init__(self, x: CudaArray) -> None:
        first = driver.address(x.buffer.bytes()) + x.offset
        self.kept = x
        self.__array_interface__ = {"shape": x.shape, "typestr": x.dtype.str, "data": (first, False),
                                    "strides": x.strides, "version": 3}


def capsule(x: CudaArray, versioned: bool, flags: int) -> Any:
    """A capsule with an array, which is there until who takes it lets it go.

    NumPy makes it, and lets go of it in compiled code: one that is refused is dropped while an error is on
    its way, and no function of Python's can be called then.
    """
    kind = _Versioned if versioned else _Plain
    given = np.asarray(_Described(x)).__dlpack__(max_version=(1, 0) if versioned else None)
    managed = kind.from_address(_pointer(id(given), kind.name))
    managed.tensor.device, managed.tensor.ordinal = CUDA, driver.ordinal()
    if isinstance(managed, _Versioned):
        managed.flags = flags
    return given


class Taken:
    """What another library's capsule holds. `done` gives it back, once."""

    def __init__(self, given: Any) -> None:
        for kind in (_Versioned, _Plain):
            if _is_valid(id(given), kind.name):
                break
        else:
            raise errors.bad_argument("from_dlpack", given, "a DLPack capsule that nobody has taken")
        self.address = _pointer(id(given), kind.name)
        _rename(id(given), kind.used)
        self.managed = kind.from_address(self.address)

    def found(self) -> Found:
        """The array. Raises DtypeError, DeviceError, and ValueRangeError for what kernels cannot walk."""
        if isinstance(self.managed, _Versioned) and self.managed.major != 1:
            raise errors.bad_value("from_dlpack", f"DLPack {self.managed.major} is not known here, 1 is")
        told = self.managed.tensor
        if told.device not in ON_CUDA or told.ordinal != driver.ordinal():
            raise errors.bad_value("from_dlpack", f"the array is on device {(told.device, told.ordinal)}, "
                                                  f"and nbgrad uses {(CUDA, driver.ordinal())}")
        dtype = _dtype(told)
        strides = [s * dtype.itemsize for s in told.strides[:told.ndim]] if told.strides else None
        array = interface.view((told.data or 0) + told.offset, told.shape[:told.ndim], strides, dtype, self)
        return Found(array, None, True)

    def done(self) -> None:
        """Tell the library that its memory is not needed any more."""
        if self.managed.deleter:
            _CALLBACK(self.managed.deleter)(self.address)


def _dtype(told: Any) -> np.dtype:
    """The dtype of a tensor's elements. Raises DtypeError."""
    for char, kind in _KINDS.items():
        if kind == told.kind and told.lanes == 1 and told.bits in (8, 16, 32, 64):
            return supported("bool" if char == "b" else f"{char}{told.bits // 8}")
    name = f"{_NAMES.get(told.kind, f'DLPack kind {told.kind}, ')}{told.bits}"
    raise errors.unsupported_dtype(name if told.lanes == 1 else f"{name}x{told.lanes}")


def asked_for(x: Any) -> Taken:
    """What x, another library's array on the device, gives to our stream of the moment."""
    stream = streams.stream().handle or 1
    try:
        given = x.__dlpack__(stream=stream, max_version=(1, 0))
    except TypeError:                     # from before there were versions, as the standard says
        given = x.__dlpack__(stream=stream)
    return Taken(given)


def handed(stream: Any) -> streams.Stream | None:
    """The stream that takes over, by the number that the protocol has for it; None: nobody waits.

    None stands for the default stream, -1 for none. Raises BufferError for 0, which may be two streams.
    """
    if stream == 0:
        raise errors.dlpack_refused("stream 0 may be either: 1 is the default stream, 2 that of the thread")
    return None if stream == -1 else streams.known(0 if stream is None else stream)
