"""The words of kernels that work on objects by address and call C, with their plain meaning.

Such a kernel takes records (compile/record.py): PyObject for an object, and as its first parameter any other
record, which the kernel is bound to (linker.bind). Objects that it is given are borrowed; of what it returns
the reference is given away. It holds the GIL, unless it gives it up by `unlock`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from nbgrad.arrays import memory
from nbgrad.compile.cpu.objects import PyObject, PyTuple
from nbgrad.compile.record import Record

Word = Callable[..., Any]
FOREIGN: dict[str, Callable[..., Any]] = {}
RESULTS: dict[str, Any] = {}              # the kinds of what words give


@cache
def _loaded(symbol: str, count: int) -> Callable[..., int]:
    place = memory.symbols().get(symbol) or ctypes.cast(ctypes.pythonapi[symbol], ctypes.c_void_p).value
    return _signature(count)(place)


def _signature(count: int) -> Any:
    return ctypes.PYFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * count)


def foreign(symbol: str, result: Any = int) -> Callable[..., Any]:
    """A function of C: integers and addresses in, one of them out."""
    def call(*given: Any) -> Any:
        return result(_loaded(symbol, len(given))(*map(int, given)))

    call.__name__ = call.__qualname__ = symbol
    FOREIGN[symbol], RESULTS[symbol] = call, "int" if result is int else result
    return call


malloc: Word = foreign("malloc")
free: Word = foreign("free")
madvise: Word = foreign("madvise")
memset: Word = foreign("memset")
memcpy: Word = foreign("memcpy")

incref: Word = foreign("Py_IncRef")
decref: Word = foreign("Py_DecRef")
kept: Word = foreign("Py_NewRef", PyObject)                   # the object, with one more reference
clear_error: Word = foreign("PyErr_Clear")
allocate: Word = foreign("PyType_GenericAlloc", PyObject)     # type, number of items
new_tuple: Word = foreign("PyTuple_New", PyTuple)
set_item: Word = foreign("PyTuple_SetItem")                   # takes the item's reference
append: Word = foreign("PyList_Append")                       # to a list; 0 in 32 bits if there is memory
reference_to: Word = foreign("PyWeakref_NewRef", PyObject)    # object, what is called when it dies
call_without: Word = foreign("PyObject_CallNoArgs", PyObject)
call: Word = foreign("PyObject_Vectorcall", PyObject)         # function, arguments, their number, names
get_context: Word = foreign("PyContextVar_Get")               # variable, default, where to write the value

new_array: Word = foreign("nbgrad_empty_array", PyObject)     # axes, shape, dtype, whether in Fortran's order
dtype_of: Word = foreign("nbgrad_descr_from_type")            # NumPy's number of it
set_handler: Word = foreign("nbgrad_set_handler", PyObject)   # the handler; gives the one before
matmul_float32: Word = foreign("nbgrad_matmul_float32")
matmul_float64: Word = foreign("nbgrad_matmul_float64")


def address(x: Any) -> int:
    """The address of the object behind an array."""
    return id(x.whole)


def invoke(function: int, arguments: Any, count: int) -> PyObject:
    """What a builtin returns, whose code is at an address, in CPython's fastest convention."""
    return PyObject(_signature(3)(function)(0, int(arguments), count))


def callback(function: Callable[..., Any]) -> int:
    """The address of a function of integers and records, as C calls it."""
    kinds = list(get_type_hints(function).values())[:function.__code__.co_argcount]
    made = _signature(len(kinds))(lambda *given: int(function(*[k(x) for k, x in zip(kinds, given)])))
    return ctypes.cast(memory.keep(made), ctypes.c_void_p).value or 0


def pool_handler(size: int) -> PyObject:
    """The handler to allocate so many bytes with: the pool's; nothing for NumPy's own."""
    return PyObject(0)


def reference(x: Record) -> Any:
    """What a kernel returns: the object; None where there is none."""
    return owned(x) if x else None


def owned(x: Record) -> Any:
    """What a kernel returns: the object; where there is none an exception is set."""
    found = ctypes.cast(int(x), ctypes.py_object).value
    decref(x)
    return found


def unlock(n: int) -> int:
    """Give up the GIL if n elements are worth it; what `lock` needs to take it back."""
    return 0


def lock(token: int) -> None:
    """Take the GIL back."""


RESULTS |= {"address": "int", "invoke": PyObject, "callback": "int", "pool_handler": PyObject,
            "reference": "reference", "owned": "owned", "unlock": "int", "lock": "nothing"}
WORDS: dict[str, Callable[..., Any]] = FOREIGN | {word.__name__: word for word in (
    address, invoke, callback, pool_handler, reference, owned, unlock, lock)}
