"""The compiler: a kernel's source -> object code, by Numba. Imported only where a kernel must be compiled.

The code is entered through a function of our own, in CPython's fastest calling convention: it unpacks no
tuple and needs no environment, so that nothing of Numba is needed to load it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import jit, types
from numba.core import cgutils
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from nbgrad.kernels import linker
from nbgrad.kernels.cpu.operand import FRESH, operand_type
from nbgrad.kernels.cpu.raw import OBJECT
from nbgrad.kernels.cpu.scalars import SCOPE

_SCALARS = {float: types.float64, int: types.int64, bool: types.boolean}
_OBJECT = ir.IntType(8).as_pointer()


class _Library(CPUCodeLibrary):
    """Code that does not run where it is compiled: Numba need not make machine code of it."""

    def _finalize_final_module(self) -> None:
        self._finalized = True

    def emit(self, symbol: str) -> tuple[bytes, list[str]]:
        """Machine code in which only `symbol` can be seen, and the symbols it needs from outside."""
        module, needed = self._final_module, []
        for each in [*module.functions, *module.global_variables]:
            if not each.is_declaration:
                if each.name != symbol and not each.name.startswith("llvm."):
                    each.linkage = "internal"
            elif not each.name.startswith("llvm."):
                needed.append(each.name)
        return linker.machine().emit_object(module), needed


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
    inner = {**options, "no_cpython_wrapper": True}
    for word in space.keys() - SCOPE.keys() - {"__name__", "__builtins__", name}:
        part = _named(space[word], f"{word}_{symbol}")
        space[word] = jit(forceinline=word.startswith("inline_"), **inner)(part)
    flags: Any = Flags()
    cpu_target.options.parse_as_flags(flags, options)
    flags.no_compile = True
    function = _named(space[name], symbol)

    def enter(library: Any, description: Any, *rest: Any, **options: Any) -> None:
        _enter(context, library, description, symbol)

    with global_compiler_lock:
        context = cpu_target.target_context.subtarget(create_cpython_wrapper=enter)
        library = _Library(context.codegen(), symbol)
        compile_extra(cpu_target.typing_context, context, function, tuple(map(_type, arguments)),
                      _result_type(result), flags, {}, library)
        library.finalize()
    return library.emit(symbol)


def _named(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return function


def _type(kind: Any) -> Any:
    """The Numba type of an argument: of an array for a dtype, of a scalar for a type."""
    if kind is object:
        return OBJECT
    if isinstance(kind, type):
        return _SCALARS.get(kind) or operand_type(np.dtype(kind)).dtype
    return operand_type(kind)


def _result_type(result: Any) -> Any:
    if result is None:
        return types.void
    if isinstance(result, tuple):
        return types.UniTuple(FRESH, len(result))
    return FRESH if result is np.ndarray else _type(result)


def _enter(context: Any, library: Any, description: Any, symbol: str) -> None:
    """Add to the library the builtin symbol(self, arguments, count), which runs the compiled function."""
    module = context.create_module("enter")
    plain = context.call_conv.get_function_type(description.restype, description.argtypes)
    inner = ir.Function(module, plain, description.llvm_func_name)
    kind = ir.FunctionType(_OBJECT, [_OBJECT, _OBJECT.as_pointer(), ir.IntType(64)])
    outer = ir.Function(module, kind, symbol)
    builder = ir.IRBuilder(outer.append_basic_block("entry"))
    api = context.get_python_api(builder)

    def fail(message: str | None = None) -> None:
        if message is not None:
            api.err_set_string("PyExc_RuntimeError", f"nbgrad kernel {symbol} {message}")
        builder.ret(_OBJECT(None))

    wanted = len(description.argtypes)
    with cgutils.if_unlikely(builder, builder.icmp_signed("!=", outer.args[2], ir.IntType(64)(wanted))):
        fail(f"takes {wanted} arguments")
    values = []
    for i, typ in enumerate(description.argtypes):
        given = builder.load(builder.gep(outer.args[1], [ir.IntType(64)(i)]))
        native = api.to_native_value(typ, given)
        with cgutils.if_unlikely(builder, native.is_error):
            fail()
        values.append(native.value)
    status, value = context.call_conv.call_function(
        builder, inner, description.restype, description.argtypes, values, attrs=("noinline",))
    with cgutils.if_unlikely(builder, status.is_error):
        fail("met an error that it should have returned")
    if description.restype == types.none:
        builder.ret(api.make_none())
    else:
        builder.ret(api.from_native_return(description.restype, value, None))
    library.add_ir_module(module)
