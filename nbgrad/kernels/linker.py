"""The linker: object code -> Python callables, by llvmlite alone.

A kernel needs functions of CPython, of the C library and of NumPy's C interface. LLVM ends the process when
it meets a symbol that it cannot resolve, so every one is looked up before.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from functools import cache as memoise
from typing import Any

import llvmlite.binding as llvm

from nbgrad import memory
from nbgrad.kernels import threads

_METH_FASTCALL = 0x0080


class _Definition(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (("name", ctypes.c_char_p), ("address", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p))


_DEFINITIONS: dict[Any, _Definition] = {}        # callable -> what it points to


def _publish() -> None:
    """Make NumPy's functions, the pool and the threads known to the linker."""
    for name, address in {**memory.symbols(), **threads.symbols()}.items():
        llvm.add_symbol(name, address)


llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
_publish()


@memoise
def processor() -> tuple[str, str]:
    """Name and features of this processor, as LLVM spells them."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def machine() -> Any:
    """A target machine for this processor, for code that may be loaded at any address."""
    name, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="static", codemodel="jitdefault", jit=True)


@memoise
def _engine() -> Any:
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())


def missing(symbols: Iterable[str]) -> list[str]:
    """Those of the symbols that nothing in this process defines."""
    _engine()                             # the first engine opens the process's own symbols to the search
    return [symbol for symbol in symbols if llvm.address_of_symbol(symbol) is None]


def load(code: bytes, symbol: str) -> Callable[..., Any]:
    """The builtin that object code defines under this name. No symbol that it needs may be missing."""
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    definition = _Definition(symbol.encode(), engine.get_function_address(symbol), _METH_FASTCALL, None)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    made = make(ctypes.addressof(definition), None, None)
    _DEFINITIONS[made] = definition
    # a builtin reads its definition once more when it is freed, at exit after this module's dictionary
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(definition))
    return made


def address(kernel: Callable[..., Any]) -> int:
    """Where the code of a builtin that `load` made begins."""
    return _DEFINITIONS[kernel].address
