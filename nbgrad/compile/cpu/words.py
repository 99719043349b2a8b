"""The scalar functions that elementwise programs may spell, as Numba compiles them for the CPU."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from nbgrad.arrays import memory
from nbgrad.compile.cpu import integers
from nbgrad.compile.cpu.ndarray import (
    declined,
    drop,
    either,
    fresh,
    given,
    load,
    load_at,
    lock,
    maker,
    moved,
    plain,
    scratch,
    size,
    store,
    store_at,
    unlock,
)
from nbgrad.compile.cpu.nontemporal import beyond, settle, stream
from nbgrad.compile.cpu.parallel import share
from nbgrad.compile.cpu.pointers import (
    FOREIGN,
    address,
    callback,
    cells,
    invoke,
    owned,
    peek,
    peek_half,
    poke,
    pool_handler,
    reference,
)
from nbgrad.compile.cpu.vecmath import functions

_REORDERED = ("contract", "nsz", "reassoc")


def _extremum(name: str, predicate: str, flags: tuple[str, ...] = ()) -> Any:
    @intrinsic
    def extremum(typingctx: Any, x: Any, y: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            if isinstance(x, types.Float):
                kind = ir.FunctionType(args[0].type, [args[0].type, args[0].type])
                function = builder.module.declare_intrinsic(f"llvm.{name}", [args[0].type], kind)
                return builder.call(function, args, fastmath=flags)
            compare = builder.icmp_signed if x in types.signed_domain else builder.icmp_unsigned
            return builder.select(compare(predicate, args[0], args[1]), args[0], args[1])

        return x(x, x), codegen

    return extremum


@intrinsic
def compose(typingctx: Any, real: Any, imag: Any) -> Any:
    """The complex number of two floats of one dtype."""
    kind = types.complex64 if real == types.float32 else types.complex128

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = context.make_complex(builder, kind)
        number.real, number.imag = args
        return number._getvalue()

    return kind(real, real), codegen


maximum: Any = _extremum("maximum", ">")       # LLVM's own: nan wins as in NumPy, and loops over it vectorise
minimum: Any = _extremum("minimum", "<")


def _fold(name: str) -> Any:
    """A sum or product of floats that may be reordered with those that are folded after it."""

    @intrinsic
    def fold(typingctx: Any, x: Any, y: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, name)(*args, flags=_REORDERED)

        return x(x, x), codegen

    return fold


# What a row is folded with. That alone may be reordered: what is folded is computed as it is written, so that
# a subtraction that avoids cancellation, as in x - top - shift, stays one. Which zero wins is left open.
FOLDS = {"fold_add": _fold("fadd"), "fold_multiply": _fold("fmul"),
         "fold_maximum": _extremum("maximum", ">", _REORDERED),
         "fold_minimum": _extremum("minimum", "<", _REORDERED)}

SCOPE: dict[str, Any] = {
    "load": load, "store": store, "load_at": load_at, "store_at": store_at, "size": size, "plain": plain,
    "lock": lock, "unlock": unlock, "given": given, "drop": drop, "fresh": fresh, "declined": declined,
    "moved": moved, "scratch": scratch, "either": either, "share": share,
    "beyond": beyond, "stream": stream, "settle": settle,
    "peek": peek, "peek_half": peek_half, "poke": poke, "callback": callback, "cells": cells,
    "invoke": invoke, "address": address, "reference": reference, "owned": owned,
    "pool_handler": pool_handler, **FOREIGN,
    "maximum": maximum, "minimum": minimum, **FOLDS, "compose": compose,
    "sign": integers.sign, "left_shift": integers.left_shift, "right_shift": integers.right_shift,
    **integers.ROUNDINGS,
    "inf": math.inf, "nan": math.nan,
    **{name: getattr(np, name) for name in (
        "sqrt", "rint", "isnan", "isinf", "isfinite", "signbit", "nextafter")},
    **{name: getattr(types, name) for name in memory.DTYPES if name != "bool"},
    **functions.UNARY, **functions.BINARY,
    **{f"new_{name}": maker(np.dtype(name)) for name in memory.DTYPES},
}
