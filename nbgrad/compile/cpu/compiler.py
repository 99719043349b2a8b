"""The compiler: a kernel's source -> object code, by Numba. Imported only where a kernel must be compiled.

The code is entered through a function of our own (entry.py), so that nothing of Numba is needed to load it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import jit, types
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from nbgrad.compile import target
from nbgrad.compile.cpu.entry import enter_at
from nbgrad.compile.cpu.ndarray import FRESH, operand_type
from nbgrad.compile.cpu.objects import PyObject
from nbgrad.compile.cpu.pipeline import Library, PartPipeline, Pipeline
from nbgrad.compile.cpu.pointers import OBJECT
from nbgrad.compile.cpu.words import SCOPE
from nbgrad.compile.record import isrecord

_SCALARS = {float: types.float64, int: types.int64, bool: types.boolean, complex: types.complex128}


class _Library(Library):
    """The code of a kernel."""

    def emit(self, symbol: str) -> tuple[bytes, list[str]]:
        """Machine code in which only `symbol` can be seen, and the symbols it needs from outside."""
        module, needed = self._final_module, []
        for each in [*module.functions, *module.global_variables]:
            if not each.is_declaration:
                if each.name != symbol and not each.name.startswith("llvm."):
                    each.linkage = "internal"
            elif not each.name.startswith("llvm."):
                needed.append(each.name)
        return target.machine().emit_object(module), needed


def build(symbol: str, name: str, source: str, arguments: Sequence[Any], result: Any,
          exact: bool) -> tuple[bytes, list[str]]:
    """Object code whose only symbol is a builtin that runs the kernel, and the symbols that it needs.

    symbol : the builtin's name for the linker
    name, source, arguments, result, exact : see `cache.compile_kernel`
    """
    space = {**SCOPE, "__name__": __name__}
    exec(compile(source, f"<nbgrad {name}>", "exec"), space)
    options: dict[str, Any] = {
        "nopython": True, "error_model": "numpy", "fastmath": set() if exact else {"contract"},
        "no_cfunc_wrapper": True}
    inner = {**options, "no_cpython_wrapper": True, "pipeline_class": PartPipeline}
    for word in space.keys() - SCOPE.keys() - {"__name__", "__builtins__", name}:
        part = _named(space[word], f"{word}_{symbol}")
        space[word] = jit(forceinline=word.startswith("inline_"), **inner)(part)
    flags: Any = Flags()
    cpu_target.options.parse_as_flags(flags, options)
    flags.no_compile = True
    function = _named(space[name], symbol)

    def enter(library: Any, description: Any, *rest: Any, **options: Any) -> None:
        objects = [isrecord(kind) and issubclass(kind, PyObject) for kind in arguments]
        enter_at(context, library, description, symbol, isrecord(arguments[0]) and not objects[0], objects)

    with global_compiler_lock:
        context = cpu_target.target_context.subtarget(create_cpython_wrapper=enter)
        library = _Library(context.codegen(), symbol)
        compile_extra(cpu_target.typing_context, context, function, tuple(map(_type, arguments)),
                      _result_type(result), flags, {}, library, Pipeline)
        library.finalize()
    return library.emit(symbol)


def _named(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return function


def _type(kind: Any) -> Any:
    """The Numba type of an argument: of an array for a dtype, of a scalar for a type."""
    if kind is object:
        return OBJECT
    if isrecord(kind):
        return types.int64                    # its address
    if isinstance(kind, type):
        return _SCALARS.get(kind) or operand_type(np.dtype(kind)).dtype
    return operand_type(kind)


def _result_type(result: Any) -> Any:
    if result is None:
        return types.void
    if isinstance(result, tuple):
        return types.UniTuple(FRESH, len(result))
    return FRESH if result is np.ndarray else _type(result)
