"""What kernels need to work on memory by its address, and to be called by C."""

from __future__ import annotations

import inspect
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_LONG = ir.IntType(64)


@intrinsic
def peek(typingctx: Any, address: Any) -> Any:
    """The 64-bit integer at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(builder.inttoptr(args[0], _LONG.as_pointer()))

    return types.int64(types.int64), codegen


@intrinsic
def poke(typingctx: Any, address: Any, value: Any) -> Any:
    """Write a 64-bit integer to an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[1], builder.inttoptr(args[0], _LONG.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


def _libc(name: str) -> Any:
    """A function of the C library for kernels: integers and addresses in, one of them out."""

    @intrinsic
    def call(typingctx: Any, *given: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            values = cgutils.unpack_tuple(builder, args[0], len(given))
            kind = ir.FunctionType(_LONG, [_LONG] * len(given))
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)

        return types.int64(types.StarArgTuple([types.int64] * len(given))), codegen

    return call


@intrinsic
def callback(typingctx: Any, function: Any) -> Any:
    """The address of a compiled function of integers, as C calls it."""
    count = len(inspect.signature(function.dispatcher.py_func).parameters)
    call = function.get_call_type(typingctx, (types.int64,) * count, {})

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        compiled = function.dispatcher.overloads[call.args]
        context.add_linking_libs((compiled.library,))
        outer = ir.Function(builder.module, ir.FunctionType(_LONG, [_LONG] * count),
                            builder.module.get_unique_name("callback"))
        outer.linkage = "internal"
        inner = ir.IRBuilder(outer.append_basic_block("entry"))
        target = context.declare_function(builder.module, compiled.fndesc)
        _, result = context.call_conv.call_function(inner, target, call.return_type, call.args, outer.args)
        inner.ret(result)
        return builder.ptrtoint(outer, _LONG)

    return types.int64(function), codegen


LIBC = {f"libc_{name}": _libc(name) for name in ("malloc", "free", "madvise", "memset", "memcpy")}
