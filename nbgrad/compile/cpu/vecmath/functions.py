"""Formulas on lanes as functions for compiled kernels.

Each is a small LLVM library of its own, linked into the kernels that use it and inlined there. So its
arithmetic is never subject to the liberties (reassociation, contraction) that a kernel may take with its
own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.codegen import CPUCodeLibrary
from numba.extending import intrinsic

from nbgrad.compile import integers
from nbgrad.compile.cpu.vecmath import arc, circle, exponential, logarithm, power, probability, quotient
from nbgrad.compile.cpu.vecmath.lanes import FORMATS, Format, Lane, attribute

Formula = Callable[..., Lane]
# Without it LLVM keeps to vectors of 256 bits on many processors that have 512.
_WIDE = '"prefer-vector-width"="512"'


class _Library(CPUCodeLibrary):
    """Code that runs only where it is inlined: Numba need not make machine code of it."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


@cache
def _library(codegen: Any, symbol: str, formula: Formula, form: Format, arity: int) -> Any:
    """The library that holds the function `symbol`."""
    library = _Library(codegen, symbol)
    module = library.create_ir_module(symbol)
    function = ir.Function(module, ir.FunctionType(form.real, [form.real] * arity), symbol)
    for name in ("alwaysinline", "nounwind"):
        function.attributes.add(name)
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(formula(*[Lane(builder, x) for x in function.args]).value)
    library.add_ir_module(module)
    library.finalize()
    return library


def _call(name: str, formula: Formula, context: Any, builder: Any, signature: Any, args: Any) -> Any:
    attribute(builder.function, _WIDE)
    form = FORMATS[signature.return_type.name]
    symbol = f"nbgrad_{name}_{form.name}"
    context.active_code_library.add_linking_library(
        _library(context.codegen(), symbol, formula, form, len(args)))
    kind = ir.FunctionType(form.real, [form.real] * len(args))
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, symbol), args)


def _result(*kinds: Any) -> Any:
    """The type that a function computes in: float32 if all operands are, else float64; None: not numbers."""
    if not all(isinstance(kind, (types.Float, types.Integer, types.Boolean)) for kind in kinds):
        return None
    return types.float32 if all(kind == types.float32 for kind in kinds) else types.float64


def _unary(name: str, formula: Formula) -> Any:
    @intrinsic
    def function(typingctx: Any, x: Any) -> Any:
        kind = _result(x)
        return kind and kind(kind), lambda *given: _call(name, formula, *given)

    return function


def _binary(name: str, formula: Formula) -> Any:
    @intrinsic
    def function(typingctx: Any, x: Any, y: Any) -> Any:
        if name in integers.BINARY and isinstance(x, types.Integer) and isinstance(y, types.Integer):
            return x(x, y), lambda context, builder, *given: context.compile_internal(
                builder, integers.BINARY[name], *given)
        kind = _result(x, y)
        return kind and kind(kind, kind), lambda *given: _call(name, formula, *given)

    return function


UNARY = {f.__name__: _unary(f.__name__, f)
         for family in (exponential, logarithm, circle, arc, power, probability) for f in family.UNARY}
BINARY = {f.__name__: _binary(f.__name__, f)
          for family in (logarithm, arc, power, quotient) for f in family.BINARY}
