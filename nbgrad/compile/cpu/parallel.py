"""share: the work of a kernel, given to several threads in ranges.

    share(part, n, least, *args)

calls part(start, stop, *args), a function of the kernel's own source, so that the ranges cover 0 .. n: once,
in the calling thread, or in as many threads at a time as are allowed and have `least` units of work each. A
launch costs about two microseconds. Ranges of at least 1024 units start at multiples of 64, so that no two
threads write to one line of the processor's cache. How n is cut depends on the number of threads: a kernel
whose sum is to be the same for any number shares out blocks of its own. A part must not touch Python objects.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nbgrad.compile.cpu.ndarray import cell

_BYTE, _INT, _LONG = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_ALIGNED_FROM, _ALIGNED = 1024, 64


@intrinsic
def share(typingctx: Any, part: Any, n: Any, least: Any, *args: Any) -> Any:
    call = part.get_call_type(typingctx, (types.intp, types.intp, *args), {})

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        compiled = part.dispatcher.overloads[call.args]
        context.add_linking_libs((compiled.library,))

        def function(builder: Any, values: Any) -> None:
            target = context.declare_function(builder.module, compiled.fndesc)
            context.call_conv.call_function(builder, target, types.none, call.args, values,
                                            attrs=("noinline",))

        n, least = values[1], values[2]
        given = cgutils.unpack_tuple(builder, values[3], len(args))
        team, busy = _cell(builder, 0), _cell(builder, 1)

        wished = builder.sdiv(n, _larger(builder, least, _LONG(1)))
        count = _smaller(builder, builder.load(team), wished)
        several = cgutils.alloca_once_value(builder, builder.icmp_signed(">", count, _LONG(1)))
        with builder.if_then(builder.load(several)):
            held = builder.atomic_rmw("xchg", busy, _LONG(1), "acquire")
            builder.store(builder.icmp_signed("==", held, _LONG(0)), several)
        with builder.if_else(builder.load(several), likely=False) as (together, alone):
            with together:
                record = cgutils.pack_struct(builder, [n, *given])
                place = cgutils.alloca_once_value(builder, record)
                worker = _worker(builder.module, function, record.type)
                launch = ir.FunctionType(ir.VoidType(), [worker.type, _BYTE.as_pointer(), _INT, _INT])
                builder.call(cgutils.get_or_insert_function(builder.module, launch, "nbgrad_parallel"),
                             [worker, builder.bitcast(place, _BYTE.as_pointer()), builder.trunc(count, _INT),
                              _INT(0)])
                builder.store_atomic(_LONG(0), busy, "release", 8)
            with alone:
                function(builder, (_LONG(0), n, *given))
        return context.get_dummy_value()

    return types.void(part, types.intp, types.intp, types.StarArgTuple(args)), codegen


def _cell(builder: Any, place: int) -> Any:
    """Pointer to a cell of the team (see compile/threads.py)."""
    return builder.gep(cell(builder.module, "nbgrad_team", _LONG), [_LONG(place)])


def _smaller(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.icmp_signed("<", x, y), x, y)


def _larger(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.icmp_signed(">", x, y), x, y)


def _worker(module: Any, function: Any, record: ir.Type) -> ir.Function:
    """What each thread runs on a record of n and the arguments: function on the thread's range."""
    kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer()])
    worker = ir.Function(module, kind, module.get_unique_name("worker"))
    worker.linkage = "internal"
    inner = ir.IRBuilder(worker.append_basic_block("entry"))
    values = cgutils.unpack_tuple(inner, inner.load(inner.bitcast(worker.args[0], record.as_pointer())))
    asked = ir.FunctionType(_INT, [])
    thread, threads = [inner.sext(inner.call(cgutils.get_or_insert_function(module, asked, name), []), _LONG)
                       for name in ("nbgrad_thread", "nbgrad_threads")]
    n = values[0]
    mask = inner.select(inner.icmp_signed(">=", inner.sdiv(n, threads), _LONG(_ALIGNED_FROM)),
                        _LONG(-_ALIGNED), _LONG(-1))
    start = inner.and_(inner.sdiv(inner.mul(n, thread), threads), mask)
    after = inner.add(thread, _LONG(1))
    stop = inner.select(inner.icmp_signed("==", after, threads), n,
                        inner.and_(inner.sdiv(inner.mul(n, after), threads), mask))
    function(inner, (start, stop, *values[1:]))
    inner.ret_void()
    return worker
