"""stream: results written past the processor's caches, for arrays that these cannot hold anyway.

A store to memory that no cache holds reads it first: a quarter to a half of all that an elementwise kernel on
large arrays moves. A kernel that streams writes a small block of results to the stack, and copies it from
there by stores of whole lines of the cache, which read nothing.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nbgrad.compile.cpu.ndarray import extent, proxy

_BYTE, _LONG = ir.IntType(8), ir.IntType(64)
_LINE = ir.VectorType(_LONG, 8)           # a line of the cache


def _misplaced(builder: Any, address: Any) -> Any:
    """Bytes from the beginning of the line that holds an address."""
    return builder.and_(builder.ptrtoint(address, _LONG), _LONG(63))


@intrinsic
def beyond(typingctx: Any, x: Any, offset: Any) -> Any:
    """Elements of x from the beginning of a line to the place that is `offset` bytes after its first one."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.gep(proxy(context, builder, x, args[0]).data, [args[1]])
        return builder.udiv(_misplaced(builder, place), extent(context, builder, x, _LONG(1)))

    return types.intp(x, types.intp), codegen


@intrinsic
def stream(typingctx: Any, x: Any, offset: Any, block: Any, n: Any) -> Any:
    """Copy the n elements of block to x, from `offset` bytes after its first element on."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = builder.gep(proxy(context, builder, x, args[0]).data, [args[1]])
        source = proxy(context, builder, x, args[2]).data
        room = extent(context, builder, x, args[3])
        before = builder.and_(builder.neg(builder.ptrtoint(target, _LONG)), _LONG(63))
        before = builder.select(builder.icmp_signed("<", before, room), before, room)
        lines = builder.ashr(builder.sub(room, before), _LONG(6))
        done = builder.add(before, builder.shl(lines, _LONG(6)))
        _copy(builder, target, source, _LONG(0), before)
        past = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        into, out = [builder.bitcast(builder.gep(p, [before]), _LINE.as_pointer()) for p in (target, source)]
        with cgutils.for_range(builder, lines) as loop:
            value = builder.load(builder.gep(out, [loop.index]), align=1)
            stored = builder.store(value, builder.gep(into, [loop.index]), align=64)
            stored.set_metadata("nontemporal", past)
        _copy(builder, target, source, done, room)
        return context.get_dummy_value()

    return types.void(x, types.intp, x, types.intp), codegen


def _copy(builder: Any, target: Any, source: Any, start: Any, stop: Any) -> None:
    """Copy a few bytes."""
    with cgutils.for_range(builder, builder.sub(stop, start)) as loop:
        place = builder.add(start, loop.index)
        builder.store(builder.load(builder.gep(source, [place])), builder.gep(target, [place]))


@intrinsic
def settle(typingctx: Any) -> Any:
    """Make what was streamed visible to all threads before anything that follows."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), codegen
