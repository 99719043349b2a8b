"""DLPack of arrays on a CUDA device: the capsules that libraries hand each other, read and made.

Source: DLPack 1.0, include/dlpack/dlpack.h; the Python specification beside it.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p, py_object
from typing import Any

import numpy as np

from nbgrad import driver, errors, foreign, streams
from nbgrad.cuda import CudaArray
from nbgrad.dtypes import supported
from nbgrad.foreign import Found

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


# Of what is given as a number nobody counts references: a capsule that goes away has none.
_new = _function("PyCapsule_New", py_object, c_void_p, c_char_p, c_void_p)
_is_valid = _function("PyCapsule_IsValid", ctypes.c_int, c_void_p, c_char_p)
_pointer = _function("PyCapsule_GetPointer", c_void_p, c_void_p, c_char_p)
_rename = _function("PyCapsule_SetName", ctypes.c_int, c_void_p, c_char_p)
_keep = _function("Py_IncRef", None, py_object)
_drop = _function("Py_DecRef", None, c_void_p)
_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p)


def _delete(managed: Any) -> None:
    """Let go of what is kept for a managed tensor, which is then gone itself."""
    owner, managed.owner = managed.owner, None
    if owner:
        _drop(owner)


_DELETERS = {kind: _CALLBACK(lambda address, kind=kind: _delete(kind.from_address(address)))
             for kind in (_Plain, _Versioned)}


@_CALLBACK
def _discarded(capsule: int) -> None:
    """A capsule goes away: if nobody took what is in it, that goes too."""
    for kind, deleter in _DELETERS.items():
        if _is_valid(capsule, kind.name):
            deleter(_pointer(capsule, kind.name))


for _each in (*_DELETERS.values(), _discarded):
    _keep(_each)                          # others may call them as long as the process lives


def capsule(x: CudaArray, versioned: bool, flags: int) -> Any:
    """A capsule with an array, which is there until who takes it lets it go."""
    kind = _Versioned if versioned else _Plain
    managed, sizes = kind(), c_int64 * max(x.ndim, 1)
    shape, strides = sizes(*x.shape), sizes(*x.steps)
    first = driver.address(x.buffer.bytes()) + x.offset
    managed.tensor = _Tensor(first, CUDA, driver.ordinal(), x.ndim, _KINDS[x.dtype.kind],
                             8 * x.dtype.itemsize, 1, shape, strides, 0)
    if isinstance(managed, _Versioned):
        managed.major, managed.flags = 1, flags
    managed.deleter = ctypes.cast(_DELETERS[kind], c_void_p)
    owner = (managed, shape, strides, x)
    _keep(owner)
    managed.owner = id(owner)
    return _new(ctypes.addressof(managed), kind.name, ctypes.cast(_discarded, c_void_p))


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
        array = foreign.view((told.data or 0) + told.offset, told.shape[:told.ndim], strides, dtype, self)
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
