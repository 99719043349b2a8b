"""Sine, cosine and tangent: the angle less the nearest multiple of a right angle, then two polynomials.

The multiple of pi / 2 is taken off in three parts, which is exact enough for angles up to FAR. Beyond, pi /
2 is needed to a thousand bits, and the C library is asked. Such a call would keep LLVM from making vector
code of a loop. So LLVM is told of vector forms of the call (by the attribute vector-function-abi-variant,
as compilers do for vector libraries): they ask the C library for each element, but only if one of them is
far.
"""

from __future__ import annotations

import math

from llvmlite import ir

from nbgrad.kernels.cpu.vecmath import coefficients as table
from nbgrad.kernels.cpu.vecmath.lanes import (
    Format,
    Lane,
    attribute,
    fma,
    nearest,
    polynomial,
    two_product,
    two_sum,
    where,
)

FAR = {32: 2.0 ** 16, 64: 2.0 ** 30}


def _far_vector(module: ir.Module, form: Format, name: str, libm: ir.Function, lanes: int) -> ir.Function:
    """The C library's function of each element of a vector, if one of them is far; else anything."""
    kind = ir.VectorType(form.real, lanes)
    function = ir.Function(module, ir.FunctionType(kind, [kind]), name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    x = function.args[0]
    limit = FAR[form.bits]
    above = builder.or_(builder.fcmp_ordered(">", x, ir.Constant(kind, [limit] * lanes)),
                        builder.fcmp_ordered("<", x, ir.Constant(kind, [-limit] * lanes)))
    mask = ir.IntType(lanes)
    some = builder.icmp_unsigned("!=", builder.bitcast(above, mask), mask(0))
    far, done = function.append_basic_block("far"), function.append_basic_block("done")
    builder.cbranch(some, far, done)
    builder.position_at_end(far)
    exact = x
    for i in range(lanes):
        place = ir.IntType(32)(i)
        exact = builder.insert_element(exact, builder.call(libm, [builder.extract_element(x, place)]), place)
    builder.branch(done)
    builder.position_at_end(done)
    result = builder.phi(kind)
    result.add_incoming(x, function.entry_basic_block)
    result.add_incoming(exact, far)
    builder.ret(result)
    return function


def _far(name: str, x: Lane) -> Lane:
    """The function `name` of the C library, where x is far."""
    builder, module, form = x.builder, x.builder.module, x.format
    scalar = ir.FunctionType(form.real, [form.real])
    libm = ir.Function(module, scalar, name + ("f" if form.bits == 32 else ""))
    caller = ir.Function(module, scalar, f"nbgrad_far_{name}_{form.name}")
    inner = ir.IRBuilder(caller.append_basic_block())
    inner.ret(inner.call(libm, caller.args))
    vectors = [_far_vector(module, form, f"{caller.name}_{lanes}", libm, lanes)
               for lanes in (128 // form.bits, 256 // form.bits, 512 // form.bits)]
    for function in (libm, caller, *vectors):
        for word in ("nounwind", "readnone"):
            function.attributes.add(word)
        attribute(function, "willreturn")
    for function in (caller, *vectors):
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")   # or no call would be left to replace by a vector form
    variants = ",".join(f"_ZGV_LLVM_N{v.ftype.return_type.count}v_{caller.name}({v.name})" for v in vectors)
    attribute(caller, f'"vector-function-abi-variant"="{variants}"')
    _keep(module, vectors)
    return Lane(builder, builder.call(caller, [x.value]))


def _keep(module: ir.Module, functions: list[ir.Function]) -> None:
    """Have LLVM keep functions that nothing calls yet."""
    kind = ir.IntType(8).as_pointer()
    used = ir.GlobalVariable(module, ir.ArrayType(kind, len(functions)), "llvm.compiler.used")
    used.linkage, used.section = "appending", "llvm.metadata"
    used.initializer = ir.Constant(used.value_type, [f.bitcast(kind) for f in functions])


def _quadrant(x: Lane) -> tuple[Lane, Lane, Lane]:
    """n, sin r and cos r of x = n * pi / 2 + r, |r| up to pi / 4."""
    bits = x.format.bits
    real, n = nearest(x * (2 / math.pi))
    first, second, third = table.HALF_PI[bits]
    # x - n * first is exact; r and tail are what the other parts leave of it
    above = fma(real, -first, x)
    product, error = two_product(real, second)
    r, tail = two_sum(above, -product)
    tail = fma(real, -third, tail - error)
    z = r * r
    sine = r + fma(z * r, polynomial(table.SIN[bits], z), tail)
    half = 0.5 * z
    near = 1.0 - half
    rest = fma(z * z, polynomial(table.COS[bits], z), ((1.0 - near) - half) - r * tail)
    return n, sine, near + rest


def _negated(x: Lane, n: Lane) -> Lane:
    """x with its sign changed where the second bit of n is set."""
    return (x.pattern() ^ ((n & 2) << (x.format.bits - 2))).as_real()


def _near(x: Lane, y: Lane, name: str) -> Lane:
    return where(abs(x) > FAR[x.format.bits], _far(name, x), y)


def sin(x: Lane) -> Lane:
    n, sine, cosine = _quadrant(x)
    y = _negated(where((n & 1).equals(0), sine, cosine), n)
    return _near(x, where(x.equals(0.0), x, y), "sin")


def cos(x: Lane) -> Lane:
    n, sine, cosine = _quadrant(x)
    # of n = 0, 1, 2, 3 those with a minus are 1 and 2: the second bit of n + 1
    return _near(x, _negated(where((n & 1).equals(0), cosine, sine), n + 1), "cos")


def tan(x: Lane) -> Lane:
    n, sine, cosine = _quadrant(x)
    even = (n & 1).equals(0)
    y = where(even, sine, cosine) / where(even, cosine, -sine)
    return _near(x, where(x.equals(0.0), x, y), "tan")


UNARY = (sin, cos, tan)
