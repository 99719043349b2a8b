"""The way out of vector code: the C library, where a formula does not reach.

A call for single elements would keep LLVM from making vector code of a loop. So LLVM is told of vector
forms of the call (by the attribute vector-function-abi-variant, as compilers do for vector libraries): they
ask the C library for each element, but only if one of them is far.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from nbgrad.compile.cpu.vecmath.lanes import Format, Lane, attribute, where

IsFar = Callable[..., Lane]               # real lanes -> one bit; of vectors too


def elsewhere(y: Lane, name: str, is_far: IsFar, *xs: Lane) -> Lane:
    """y, or where the operands are far, the C library's function of them."""
    builder, module, form = xs[0].builder, xs[0].builder.module, xs[0].format
    scalar = ir.FunctionType(form.real, [form.real] * len(xs))
    libm = ir.Function(module, scalar, name + ("f" if form.bits == 32 else ""))
    caller = ir.Function(module, scalar, f"nbgrad_far_{name}_{form.name}")
    inner = ir.IRBuilder(caller.append_basic_block())
    inner.ret(inner.call(libm, caller.args))
    vectors = [_vector(libm, f"{caller.name}_{lanes}", form, is_far, lanes)
               for lanes in (128 // form.bits, 256 // form.bits, 512 // form.bits)]
    for function in (libm, caller, *vectors):
        for word in ("nounwind", "readnone"):
            function.attributes.add(word)
        attribute(function, "willreturn")
    for function in (caller, *vectors):
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")   # or no call would be left to replace by a vector form
    operands = "v" * len(xs)
    variants = ",".join(f"_ZGV_LLVM_N{v.ftype.return_type.count}{operands}_{caller.name}({v.name})"
                        for v in vectors)
    attribute(caller, f'"vector-function-abi-variant"="{variants}"')
    _keep(module, vectors)
    return where(is_far(*xs), Lane(builder, builder.call(caller, [x.value for x in xs])), y)


def _vector(libm: ir.Function, name: str, form: Format, is_far: IsFar, lanes: int) -> ir.Function:
    """The C library's function of each element of vectors, if one of them is far; else anything."""
    kind = ir.VectorType(form.real, lanes)
    function = ir.Function(libm.module, ir.FunctionType(kind, [kind] * len(libm.args)), name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    mask = builder.bitcast(is_far(*[Lane(builder, x) for x in function.args]).value, ir.IntType(lanes))
    far, done = function.append_basic_block("far"), function.append_basic_block("done")
    builder.cbranch(builder.icmp_unsigned("!=", mask, mask.type(0)), far, done)
    builder.position_at_end(far)
    exact = function.args[0]
    for place in map(ir.IntType(32), range(lanes)):
        row = [builder.extract_element(x, place) for x in function.args]
        exact = builder.insert_element(exact, builder.call(libm, row), place)
    builder.branch(done)
    builder.position_at_end(done)
    result = builder.phi(kind)
    result.add_incoming(function.args[0], function.entry_basic_block)
    result.add_incoming(exact, far)
    builder.ret(result)
    return function


def _keep(module: ir.Module, functions: list[ir.Function]) -> None:
    """Have LLVM keep functions that nothing calls yet."""
    kind = ir.IntType(8).as_pointer()
    used = ir.GlobalVariable(module, ir.ArrayType(kind, len(functions)), "llvm.compiler.used")
    used.linkage, used.section = "appending", "llvm.metadata"
    used.initializer = ir.Constant(used.value_type, [f.bitcast(kind) for f in functions])
