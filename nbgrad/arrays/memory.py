"""Memory of arrays: NumPy's C interface, and the pool that large arrays are made from once there is one.

NumPy lets a library allocate the data of arrays by functions of its own, its handler, and calls them for
every array made that way, when the last view of it is gone too (compile/cpu/pool.py has ours). Which handler
is asked is a context variable: ours is so in a copy of the context alone, or between two steps of compiled
code, so that nothing, an interrupt neither, leaves it in place for the arrays of others.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextvars import copy_context
from math import prod
from typing import Any

import numpy as np

POOLED = 1 << 17                          # bytes from which an array's memory comes from the pool
BLOCK = 512                               # elements that a kernel gathers from memory at a time
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
           "float64", "complex64", "complex128")     # of arrays that kernels take


class _Interface:
    """NumPy's C interface. The places of functions in its table are part of its ABI."""

    def __init__(self) -> None:
        capsule = np._core._multiarray_umath._ARRAY_API      # type: ignore[attr-defined]
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        table = ctypes.cast(pointer(capsule, None), ctypes.POINTER(ctypes.c_void_p))
        if table[2] != id(np.ndarray):
            raise ImportError("nbgrad does not know this NumPy's C interface. Install a released NumPy 2.")
        self.descr_from_type, self.new_like_array, self.set_handler = table[45], table[277], table[304]
        self.empty_array = table[184]


class _Ufunc(ctypes.Structure):
    """The head of NumPy's PyUFuncObject."""

    _fields_ = (("head", ctypes.c_byte * object.__basicsize__), ("nin", ctypes.c_int), ("nout", ctypes.c_int),
                ("nargs", ctypes.c_int), ("identity", ctypes.c_int),
                ("functions", ctypes.POINTER(ctypes.c_void_p)), ("data", ctypes.POINTER(ctypes.c_void_p)),
                ("ntypes", ctypes.c_int), ("reserved", ctypes.c_int), ("name", ctypes.c_char_p))


def _inner_loop(ufunc: Any, types: str) -> int | None:
    """The address of a ufunc's inner loop for these types, if the ufunc is laid out as it is known to be."""
    head = _Ufunc.from_address(id(ufunc))
    known = (ufunc.nin, ufunc.nout, ufunc.nargs, ufunc.ntypes)
    if (head.nin, head.nout, head.nargs, head.ntypes) != known or head.name != ufunc.__name__.encode():
        return None
    place = ufunc.types.index(types)
    return None if head.data[place] else head.functions[place]


_numpy = _Interface()
_set_handler = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(_numpy.set_handler or 0)
_starters: list[Callable[[int], None]] = []
_pool = ctypes.py_object()                # our handler, in a capsule; nothing until there is one


def symbols() -> dict[str, int]:
    """The names by which compiled code knows NumPy's functions and objects, and the cell with our handler."""
    found = {"nbgrad_descr_from_type": _numpy.descr_from_type, "nbgrad_new_like_array": _numpy.new_like_array,
             "nbgrad_empty_array": _numpy.empty_array, "nbgrad_set_handler": _numpy.set_handler,
             "nbgrad_pool": ctypes.addressof(_pool), "nbgrad_matmul_float32": _inner_loop(np.matmul, "ff->f"),
             "nbgrad_matmul_float64": _inner_loop(np.matmul, "dd->d"), "nbgrad_ndarray": id(np.ndarray)}
    found |= {f"nbgrad_dtype_{name}": id(np.dtype(name)) for name in DTYPES}
    return {name: address for name, address in found.items() if address}


def keep(x: Any) -> Any:
    """x, to which compiled code points from now on: it is there as long as the process."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(x))
    return x


def use(handler: ctypes.Structure) -> None:
    """Take the memory of large arrays from this handler from now on, and never let go of it."""
    make = ctypes.pythonapi.PyCapsule_New
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    capsule = make(ctypes.addressof(handler), b"mem_handler", None)
    keep(handler)
    _pool.value = keep(capsule)


def announce(start: Callable[[int], None]) -> None:
    """Name the function that makes the pool and calls `use`: it is called for large arrays until it has."""
    _starters.append(start)


def large(size: int) -> None:
    """Say that an array of so many bytes is there: its results may come from the pool."""
    if size >= POOLED and not _pool and _starters:
        _starters[0](size)


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array with no values yet."""
    if type(dtype) is type:
        dtype = np.dtype(dtype)
    size = prod(shape) * dtype.itemsize
    return np.empty(shape, dtype) if size < POOLED else within(size, np.empty, shape, dtype)


def within(size: int, make: Callable[..., Any], *args: Any) -> Any:
    """make(*args), a function of NumPy's. Where it makes arrays of many bytes, they come from the pool."""
    large(size)
    if not _pool or size < POOLED:
        return make(*args)
    return copy_context().run(_pooled, make, args)


def _pooled(make: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    _set_handler(_pool.value)
    return make(*args)


def seal(value: Any) -> None:
    """Make an array read-only that leaves the library, and those whose memory it is a view of."""
    while isinstance(value, np.ndarray):
        value.setflags(write=False)
        value = value.base
