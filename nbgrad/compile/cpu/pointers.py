"""What kernels need to work on memory by its address, and to be called by C."""

from __future__ import annotations

import inspect
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import box, intrinsic, models, register_model

from nbgrad.compile.cpu import machine
from nbgrad.compile.cpu.ndarray import FRESH, Base, handler, proxy

_LONG = ir.IntType(64)


@intrinsic
def peek(typingctx: Any, address: Any) -> Any:
    """The 64-bit integer at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(builder.inttoptr(args[0], _LONG.as_pointer()))

    return types.int64(types.int64), codegen


@intrinsic
def peek_half(typingctx: Any, address: Any) -> Any:
    """The 32-bit integer at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        half = builder.load(builder.inttoptr(args[0], ir.IntType(32).as_pointer()))
        return builder.sext(half, _LONG)

    return types.int64(types.int64), codegen


@intrinsic
def poke(typingctx: Any, address: Any, value: Any) -> Any:
    """Write a 64-bit integer to an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[1], builder.inttoptr(args[0], _LONG.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


def _foreign(name: str) -> Any:
    """A function of C for kernels: integers and addresses in, one of them out."""

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


@intrinsic
def invoke(typingctx: Any, function: Any, arguments: Any, count: Any) -> Any:
    """The new reference that a builtin in CPython's fastest convention returns; all are addresses."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_LONG, [_LONG, _LONG, _LONG])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [_LONG(0), args[1], args[2]])

    return types.int64(types.int64, types.int64, types.int64), codegen


@intrinsic(prefer_literal=True)
def cells(typingctx: Any, count: Any) -> Any:
    """The address of so many 64-bit cells on the stack."""
    number = count.literal_value

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        with builder.goto_entry_block():
            place = builder.alloca(ir.ArrayType(_LONG, number))
        return builder.ptrtoint(place, _LONG)

    return types.int64(count), codegen


class Object(Base):
    """The type of a Python object that is a kernel's result; null says that a Python exception is set."""

    def __init__(self) -> None:
        super().__init__(name="Object")


OBJECT = Object()
register_model(Object)(models.OpaqueModel)


@box(Object)
def _box(typ: Object, value: Any, c: Any) -> Any:
    return c.builder.bitcast(value, c.pyapi.pyobj)


@intrinsic
def address(typingctx: Any, x: Any) -> Any:
    """The address of the array behind an Operand."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(proxy(context, builder, x, args[0]).object, _LONG)

    return types.int64(x), codegen


@intrinsic
def reference(typingctx: Any, place: Any) -> Any:
    """What a kernel returns: the object at an address, whose reference is given away; None for 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return FRESH(types.int64), codegen


@intrinsic
def owned(typingctx: Any, place: Any) -> Any:
    """The object at an address, whose reference is given away, as a kernel's result."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return OBJECT(types.int64), codegen


@intrinsic
def pool_handler(typingctx: Any, size: Any) -> Any:
    """The address of the handler to allocate so many bytes with: the pool's, or 0 for NumPy's own."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(handler(builder, args[0], 1), _LONG)

    return types.int64(types.int64), codegen


FOREIGN = {symbol: _foreign(symbol) for symbol in machine.FOREIGN}
