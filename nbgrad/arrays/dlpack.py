"""DLPack of arrays on a CUDA device: the capsules that libraries hand each other, read and made.

Source: DLPack 1.0, include/dlpack/dlpack.h; the Python specification beside it.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any

import numpy as np

from nbgrad.arrays import driver, interface, streams
from nbgrad.arrays.cuda import CudaArray
from nbgrad.arrays.dtypes import supported
from nbgrad.arrays.interface import Found
from nbgrad.errors import device_errors, value_errors

CPU, CUDA = 1, 2                          # kinds of device
ON_CUDA = (CUDA, 13)                      # with memory that the host can read too
READ_ONLY, COPIED = 1, 2                  # flags
_KINDS = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
_NAMES = {0: "int", 1: "uint", 2: "float", 4: "bfloat", 5: "complex"}


class _Tensor(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("device", c_int32), ("ordinal", c_int32), ("ndim", c_int32),
                ("kind", c_uint8), ("bits", c_uint8), ("lanes", c_uint16), ("shape", ctypes.POINTER(c_int64)),
                ("strides", ctypes.POINTER(c_int64)), ("offset", c_uint64))


class _Plain(ctypes.Structure):
    """DLManagedTensor: the unversioned struct, for consumers older than DLPack 1.0."""

    _fields_ = (("tensor", _Tensor), ("owner", c_void_p), ("deleter", c_void_p))
    name: bytes = b"dltensor"
    used: bytes = b"used_dltensor"


class _Versioned(ctypes.Structure):
    """DLManagedTensorVersioned."""

    _fields_ = (("major", c_uint32), ("minor", c_uint32), ("owner", c_void_p), ("deleter", c_void_p),
                ("flags", c_uint64), ("tensor", _Tensor))
    name: bytes = b"dltensor_versioned"
    used: bytes = b"used_dltensor_versioned"


def _function(name: str, result: Any, *arguments: Any) -> Any:
    return ctypes.PYFUNCTYPE(result, *arguments)((name, ctypes.pythonapi))


_is_valid = _function("PyCapsule_IsValid", ctypes.c_int, c_void_p, c_char_p)
_pointer = _function("PyCapsule_GetPointer", c_void_p, c_void_p, c_char_p)
_rename = _function("PyCapsule_SetName", ctypes.c_int, c_void_p, c_char_p)
_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p)


class _Described:
    """An array interface that NumPy wraps and keeps. No element is read: the memory is the device's."""

    def __init__(self, x: CudaArray) -> None:
        first = driver.address(x.buffer.bytes()) + x.offset
        self.kept = x
        self.__array_interface__ = {"shape": x.shape, "typestr": x.dtype.str, "data": (first, False),
                                    "strides": x.strides, "version": 3}


def capsule(x: CudaArray, versioned: bool, flags: int) -> Any:
    """A capsule with an array, which is kept alive until the consumer calls its deleter.

    NumPy makes it, and its deleter is compiled code: a capsule that is refused is freed while an exception is
    raised, when no function of Python can be called.
    """
    kind = _Versioned if versioned else _Plain
    made = np.asarray(_Described(x)).__dlpack__(max_version=(1, 0) if versioned else None)
    managed = kind.from_address(_pointer(id(made), kind.name))
    managed.tensor.device, managed.tensor.ordinal = CUDA, driver.ordinal()
    if isinstance(managed, _Versioned):
        managed.flags = flags
    return made


class Import:
    """What another library's capsule holds, until `done`, which is called once."""

    address: Any
    managed: _Plain | _Versioned

    def __init__(self, capsule: Any) -> None:
        for kind in (_Versioned, _Plain):
            if _is_valid(id(capsule), kind.name):
                break
        else:
            raise value_errors.bad_argument("from_dlpack", capsule, "a DLPack capsule that nobody has taken")
        self.address = _pointer(id(capsule), kind.name)
        _rename(id(capsule), kind.used)
        self.managed = kind.from_address(self.address)

    def found(self) -> Found:
        """The array. Raises DtypeError, DeviceError, and ValueRangeError for what kernels cannot walk."""
        if isinstance(self.managed, _Versioned) and self.managed.major != 1:
            raise value_errors.bad_value("from_dlpack",
                                         f"DLPack {self.managed.major} is not known here, 1 is")
        tensor = self.managed.tensor
        if tensor.device not in ON_CUDA or tensor.ordinal != driver.ordinal():
            place, ours = (tensor.device, tensor.ordinal), (CUDA, driver.ordinal())
            raise value_errors.bad_value("from_dlpack",
                                         f"the array is on device {place}, and nbgrad uses {ours}")
        dtype = _dtype(tensor)
        strides = [s * dtype.itemsize for s in tensor.strides[:tensor.ndim]] if tensor.strides else None
        shape = tensor.shape[:tensor.ndim]
        array = interface.view((tensor.data or 0) + tensor.offset, shape, strides, dtype, self)
        return Found(array, None, True)

    def done(self) -> None:
        """Tell the library that its memory is not needed any more."""
        if self.managed.deleter:
            _CALLBACK(self.managed.deleter)(self.address)


def _dtype(tensor: Any) -> np.dtype:
    """The dtype of a tensor's elements. Raises DtypeError."""
    for char, kind in _KINDS.items():
        if kind == tensor.kind and tensor.lanes == 1 and tensor.bits in (8, 16, 32, 64, 128):
            return supported("bool" if char == "b" else f"{char}{tensor.bits // 8}")
    name = f"{_NAMES.get(tensor.kind, f'DLPack kind {tensor.kind}, ')}{tensor.bits}"
    raise value_errors.unsupported_dtype(name if tensor.lanes == 1 else f"{name}x{tensor.lanes}")


def request(x: Any) -> Import:
    """The capsule of x, another library's array on the device, for our current stream."""
    stream = streams.current_stream().handle or 1
    try:
        capsule = x.__dlpack__(stream=stream, max_version=(1, 0))
    except TypeError:                     # from before there were versions, as the standard says
        capsule = x.__dlpack__(stream=stream)
    return Import(capsule)


def consumer_stream(stream: Any) -> streams.Stream | None:
    """The stream that takes over, by the number that the protocol has for it; None: nobody waits.

    None stands for the default stream, -1 for none. Raises BufferError for 0, which may be two streams.
    """
    if stream == 0:
        raise device_errors.dlpack_refused("stream 0 may be either: 1 is the default stream, 2 that of the "
                                           "thread")
    return None if stream == -1 else streams.lookup(0 if stream is None else stream)
