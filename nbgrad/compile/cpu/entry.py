"""The entry: the builtin by which Python calls a compiled function, in CPython's fastest calling convention.

It unpacks no tuple and needs no environment. An array is seen by its address (ndarray.py), so every argument
that is to be one is checked here: whatever a kernel is called with, memory that is not its own stays alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from nbgrad.compile.cpu.ndarray import DESCR, TYPE, Operand, cell

_BYTE, _BIT, _INT, _LONG = ir.IntType(8), ir.IntType(1), ir.IntType(32), ir.IntType(64)
_OBJECT = _BYTE.as_pointer()
_CAPSULED = object.__basicsize__          # where a capsule keeps its pointer
_KIND, _ORDER, _WIDTH = 24, 26, 40        # where a dtype keeps these (NumPy 2's ABI)
_SWAPPED = np.dtype(np.int64).newbyteorder("S").byteorder


def enter_at(context: Any, library: Any, description: Any, symbol: str, bound: bool,
             objects: Sequence[bool]) -> None:
    """Add to the library the builtin symbol(self, arguments, count), which runs the compiled function.

    bound   : its first argument is the address in the capsule that the builtin is bound to
    objects : which arguments are objects, by address
    """
    module = context.create_module("enter")
    plain = context.call_conv.get_function_type(description.restype, description.argtypes)
    inner = ir.Function(module, plain, description.llvm_func_name)
    kind = ir.FunctionType(_OBJECT, [_OBJECT, _OBJECT.as_pointer(), _LONG])
    outer = ir.Function(module, kind, symbol)
    builder = ir.IRBuilder(outer.append_basic_block("entry"))
    api = context.get_python_api(builder)

    def fail(message: str | None = None, error: str = "RuntimeError") -> None:
        if message is not None:
            api.err_set_string(f"PyExc_{error}", f"nbgrad kernel {symbol} {message}")
        builder.ret(_OBJECT(None))

    wanted = description.argtypes[1:] if bound else description.argtypes
    with cgutils.if_unlikely(builder, builder.icmp_signed("!=", outer.args[2], _LONG(len(wanted)))):
        fail(f"takes {len(wanted)} arguments")
    values = []
    if bound:
        with cgutils.if_unlikely(builder, cgutils.is_null(builder, outer.args[0])):
            fail("is bound to no record")
        values.append(_field(builder, outer.args[0], _CAPSULED, _LONG))
    for i, typ in enumerate(wanted):
        given = builder.load(builder.gep(outer.args[1], [_LONG(i)]))
        if objects[i + bound]:
            values.append(builder.ptrtoint(given, _LONG))
            continue
        if isinstance(typ, Operand):
            _check(builder, typ, given, partial(
                fail, f"takes an array of {typ.dtype} in place {i}", "TypeError"))
        if isinstance(typ, types.Complex):
            values.append(_number(context, builder, api, typ, given, fail))
            continue
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


def _field(builder: Any, obj: Any, offset: int, kind: ir.Type) -> Any:
    place = builder.gep(builder.bitcast(obj, _OBJECT), [_LONG(offset)])
    return builder.load(builder.bitcast(place, kind.as_pointer()))


def _number(context: Any, builder: Any, api: Any, typ: Any, given: Any, fail: Any) -> Any:
    """A complex number of Python's or NumPy's, by its parts: Numba's own way needs code of Numba's."""
    number = context.make_complex(builder, typ)
    for part in ("real", "imag"):
        found = api.object_getattr_string(given, part)
        with cgutils.if_unlikely(builder, cgutils.is_null(builder, found)):
            fail()
        value = api.float_as_double(found)
        api.decref(found)
        with cgutils.if_unlikely(builder, cgutils.is_not_null(builder, api.err_occurred())):
            fail()
        setattr(number, part, context.cast(builder, value, types.float64, typ.underlying_float))
    return number._getvalue()


def _check(builder: Any, typ: Operand, obj: Any, fail: Any) -> None:
    """Go on where obj is an array of the Operand's dtype: at once where both are NumPy's own objects."""
    near, far, on = [builder.append_basic_block(name) for name in ("ndarray", "other", "array")]
    module, likely = builder.module, [99, 1]
    array, dtype = cell(module, "nbgrad_ndarray", _BYTE), cell(module, f"nbgrad_dtype_{_spelled(typ)}", _BYTE)
    builder.cbranch(builder.icmp_unsigned("==", _field(builder, obj, TYPE, _OBJECT), array), near,
                    far).set_weights(likely)
    builder.position_at_end(near)
    builder.cbranch(builder.icmp_unsigned("==", _field(builder, obj, DESCR, _OBJECT), dtype), on,
                    far).set_weights(likely)
    builder.position_at_end(far)
    fits = builder.call(_fits(module, typ), [builder.bitcast(obj, _OBJECT)])
    with cgutils.if_unlikely(builder, builder.not_(fits)):
        fail()
    builder.branch(on)
    builder.position_at_end(on)


def _spelled(typ: Operand) -> str:
    return "bool" if typ.dtype == types.boolean else str(typ.dtype)


def _fits(module: Any, typ: Operand) -> ir.Function:
    """A function of an object: whether it is an array, or of a subclass, whose dtype equals the Operand's."""
    name = f"fits_{_spelled(typ)}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(_BIT, [_OBJECT]), name)
    function.linkage = "internal"
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    obj = function.args[0]
    pair, array = ir.FunctionType(_INT, [_OBJECT, _OBJECT]), cell(module, "nbgrad_ndarray", _BYTE)
    asked = cgutils.get_or_insert_function(module, pair, "PyType_IsSubtype")
    found = builder.call(asked, [_field(builder, obj, TYPE, _OBJECT), array])
    with cgutils.if_unlikely(builder, builder.icmp_signed("==", found, _INT(0))):
        builder.ret(_BIT(0))
    descr, dtype = _field(builder, obj, DESCR, _OBJECT), np.dtype(_spelled(typ))
    same = [builder.icmp_signed("==", _field(builder, descr, _KIND, _BYTE), _BYTE(ord(dtype.kind))),
            builder.icmp_signed("!=", _field(builder, descr, _ORDER, _BYTE), _BYTE(ord(_SWAPPED))),
            builder.icmp_signed("==", _field(builder, descr, _WIDTH, _LONG), _LONG(dtype.itemsize))]
    builder.ret(builder.and_(builder.and_(same[0], same[1]), same[2]))
    return function
