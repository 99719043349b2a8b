"""The linker: object code -> Python callables, by llvmlite alone.

A kernel needs functions of CPython, of the C library and of NumPy's C interface. LLVM ends the process when
it meets a symbol that it cannot resolve, so every one is looked up before.
"""

from __future__ import annotations

import builtins
import ctypes
from collections.abc import Callable, Iterable
from functools import cache as memoise
from typing import Any

import llvmlite.binding as llvm

from nbgrad.arrays import memory
from nbgrad.compile import target, threads
from nbgrad.compile.record import Record

_METH_FASTCALL = 0x0080


class _Definition(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (("name", ctypes.c_char_p), ("address", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p))


_DEFINITIONS: dict[Any, _Definition] = {}        # callable -> what it points to
_make = ctypes.pythonapi.PyCFunction_NewEx
_make.restype, _make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype, _capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


def _publish() -> None:
    """Make NumPy's functions, the pool and the threads known to the linker; and exceptions, as Numba does.

    What Numba compiles takes PyExc_TypeError for the class itself, which CPython calls a pointer to it.
    """
    errors = {f"PyExc_{name}": id(kind) for name, kind in vars(builtins).items()
              if isinstance(kind, type) and issubclass(kind, BaseException)}
    for name, address in {**memory.symbols(), **threads.symbols(), **errors}.items():
        llvm.add_symbol(name, address)


_publish()


@memoise
def _engine() -> Any:
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target.machine())


def missing(symbols: Iterable[str]) -> list[str]:
    """Those of the symbols that nothing in this process defines."""
    _engine()                             # the first engine opens the process's own symbols to the search
    return [symbol for symbol in symbols if llvm.address_of_symbol(symbol) is None]


def load(code: bytes, symbol: str) -> Callable[..., Any] | None:
    """The builtin that object code defines under this name, or None if it is no such code.

    No symbol that it needs may be missing.
    """
    engine, found = _engine(), llvm.ObjectFileRef.from_data(code)
    if not found:
        return None
    engine.add_object_file(found)
    engine.finalize_object()
    entry = engine.get_function_address(symbol)
    return _builtin(symbol, entry, None) if entry else None


def _builtin(name: str, entry: int, bound: int | None) -> Callable[..., Any]:
    # a builtin reads its definition once more when it is freed, at exit after this module's dictionary
    definition = memory.keep(_Definition(name.encode(), entry, _METH_FASTCALL, None))
    made = _make(ctypes.addressof(definition), bound, None)
    _DEFINITIONS[made] = definition
    return made


def bind(kernel: Callable[..., Any], record: Record) -> Callable[..., Any]:
    """The builtin of a kernel whose first argument is this record.

    The record is there as long as the process, and out of reach of Python code.
    """
    definition = _DEFINITIONS[kernel]
    capsule = _capsule(int(memory.keep(record)), None, None)
    return _builtin(definition.name.decode(), definition.address, id(memory.keep(capsule)))


def address(kernel: Callable[..., Any]) -> int:
    """Where the code of a builtin that `load` made begins."""
    return _DEFINITIONS[kernel].address
