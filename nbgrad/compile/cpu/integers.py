"""Functions for compiled kernels that take other instructions for integers than for floats."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _rounding(name: str) -> Any:
    """A rounding to whole numbers, which integers and booleans are already."""

    @intrinsic
    def rounded(typingctx: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            if not isinstance(x, types.Float):
                return args[0]
            kind = ir.FunctionType(args[0].type, [args[0].type])
            return builder.call(builder.module.declare_intrinsic(f"llvm.{name}", [args[0].type], kind), args)

        return x(x), codegen

    return rounded


ROUNDINGS = {name: _rounding(name) for name in ("floor", "ceil", "trunc")}


@intrinsic
def sign(typingctx: Any, x: Any) -> Any:
    """-1, 0 or 1; nan of nan."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value, kind = args[0], args[0].type
        if not isinstance(x, types.Float):
            below = builder.ashr(value, kind(x.bitwidth - 1)) if x in types.signed_domain else kind(0)
            return builder.or_(below, builder.zext(builder.icmp_signed("!=", value, kind(0)), kind))
        size = builder.select(builder.fcmp_ordered("==", value, kind(0)), kind(0), value)
        up = builder.select(builder.fcmp_ordered(">", value, kind(0)), kind(1), size)
        return builder.select(builder.fcmp_ordered("<", value, kind(0)), kind(-1), up)

    return x(x), codegen


def _shift(left: bool) -> Any:
    @intrinsic
    def shift(typingctx: Any, x: Any, y: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = args[0].type
            signed = x in types.signed_domain
            inside = builder.icmp_unsigned("<", args[1], kind(x.bitwidth))
            by = builder.select(inside, args[1], kind(0))
            move = builder.shl if left else builder.ashr if signed else builder.lshr
            beyond = builder.ashr(args[0], kind(x.bitwidth - 1)) if signed and not left else kind(0)
            return builder.select(inside, move(args[0], by), beyond)

        return x(x, x), codegen

    return shift


left_shift: Any = _shift(True)                 # by more bits than there are, or fewer than none, as in NumPy
right_shift: Any = _shift(False)
