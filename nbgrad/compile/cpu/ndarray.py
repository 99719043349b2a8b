"""Operand: an ndarray as a compiled kernel sees it.

Numba's own array argument counts a reference, allocates a record and needs one compilation per number of
dimensions. A kernel needs less: the address, the shape and the strides, which NumPy keeps at fixed places of
its array object (a documented part of its ABI). Reading them there costs a few loads, fits any number of
dimensions, and lets the kernel itself check that the layout is the one it was written for.

An Operand is only ever made by calling a compiled kernel, and lives as long as that call. A kernel may also
make the array it fills, through NumPy's C interface, and return it: a call then costs about a tenth of one
microsecond in all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import NativeValue, box, intrinsic, models, register_model, unbox

from nbgrad.arrays import memory
from nbgrad.compile.cpu.objects import C_CONTIGUOUS, PyArray
from nbgrad.compile.record import fields

_DATA, _NDIM, _DIMS, _STRIDES, _FLAGS = [fields(PyArray)[name].offset for name in (
    "data", "ndim", "dims", "strides", "flags")]
TYPE: int = fields(PyArray)["type"].offset
DESCR: int = fields(PyArray)["descr"].offset
_BYTE, _INT, _LONG = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_POINTER = _BYTE.as_pointer()
_LARGE = 16384                            # elements from which a kernel gives up the GIL while it works


if TYPE_CHECKING:                         # Numba declares no types
    class Base:
        def __init__(self, name: str) -> None: ...
        def __call__(self, *operands: Any) -> Any: ...
else:
    Base = types.Type


class Operand(Base):
    """The type of an array argument with elements of one dtype."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"Operand({dtype})")


@register_model(Operand)
class _OperandModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: Operand) -> None:
        fields = [("object", types.voidptr), ("data", types.voidptr), ("ndim", types.int32),
                  ("dims", types.voidptr), ("strides", types.voidptr), ("flags", types.int32)]
        super().__init__(dmm, fe_type, fields)


def _view(context: Any, builder: Any, typ: Operand, obj: Any) -> Any:
    """The Operand that stands for an ndarray object."""
    address = builder.bitcast(obj, _BYTE.as_pointer())

    def field(offset: int, kind: ir.Type) -> Any:
        place = builder.gep(address, [_LONG(offset)])
        return builder.load(builder.bitcast(place, kind.as_pointer()))

    operand = cgutils.create_struct_proxy(typ)(context, builder)
    operand.object = address
    operand.data = field(_DATA, _BYTE.as_pointer())
    operand.ndim = field(_NDIM, _INT)
    operand.dims = field(_DIMS, _BYTE.as_pointer())
    operand.strides = field(_STRIDES, _BYTE.as_pointer())
    operand.flags = field(_FLAGS, _INT)
    return operand._getvalue()


@unbox(Operand)
def _unbox(typ: Operand, obj: Any, c: Any) -> NativeValue:
    return NativeValue(_view(c.context, c.builder, typ, obj))


class Fresh(Base):
    """The type of an array that a kernel has made and returns; or of None, where it declines the operands."""

    def __init__(self) -> None:
        super().__init__(name="Fresh")


FRESH = Fresh()
register_model(Fresh)(models.OpaqueModel)


@box(Fresh)
def _box(typ: Fresh, value: Any, c: Any) -> Any:
    result = cgutils.alloca_once_value(c.builder, value)
    with c.builder.if_then(cgutils.is_null(c.builder, value)):
        c.builder.store(c.builder.bitcast(c.pyapi.make_none(), value.type), result)
    return c.builder.bitcast(c.builder.load(result), c.pyapi.pyobj)


def _call(builder: Any, name: str, result: ir.Type, *args: Any) -> Any:
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def cell(module: Any, name: str, kind: ir.Type) -> Any:
    """Pointer to memory that the linker knows by name."""
    return module.globals.get(name) or cgutils.add_global_variable(module, kind, name)


def handler(builder: Any, n: Any, width: int) -> Any:
    """The handler to allocate this many elements with: the pool's, or null for NumPy's own."""
    ours = builder.load(cell(builder.module, "nbgrad_pool", _POINTER))
    large = builder.icmp_signed(">=", builder.mul(n, _LONG(width)), _LONG(memory.POOLED))
    return builder.select(large, ours, _POINTER(None))


def maker(dtype: np.dtype) -> Any:
    """The function new(x), for kernels: a new C-contiguous array of x's shape and this dtype, as an Operand.

    Memory that is not to be had leaves the Operand empty (see `given`). No error is raised: the kernel
    declines, and whoever allocates next meets the shortage.
    """
    made = operand_type(dtype)

    @intrinsic
    def new(typingctx: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            operand = proxy(context, builder, x, args[0])
            ours = handler(builder, count(builder, operand), dtype.itemsize)
            pooled = cgutils.is_not_null(builder, ours)
            before = cgutils.alloca_once_value(builder, ours)
            with builder.if_then(pooled, likely=False):
                builder.store(_call(builder, "nbgrad_set_handler", _POINTER, ours), before)
            descr = _call(builder, "nbgrad_descr_from_type", _POINTER, _INT(dtype.num))
            # prototype, order (C), dtype (whose reference it takes), subok
            obj = _call(builder, "nbgrad_new_like_array", _POINTER, operand.object, _INT(0), descr, _INT(0))
            with builder.if_then(pooled, likely=False):
                set_before = _call(builder, "nbgrad_set_handler", _POINTER, builder.load(before))
                for reference in (set_before, builder.load(before)):
                    _call(builder, "Py_DecRef", ir.VoidType(), reference)
            operand = cgutils.alloca_once(builder, context.get_value_type(made))
            with builder.if_else(cgutils.is_not_null(builder, obj)) as (there, missing):
                with there:
                    builder.store(_view(context, builder, made, obj), operand)
                with missing:
                    _call(builder, "PyErr_Clear", ir.VoidType())
                    builder.store(context.get_constant_null(made), operand)
            return builder.load(operand)

        return made(x), codegen

    return new


@intrinsic
def given(typingctx: Any, x: Any) -> Any:
    """Whether there is an array behind the Operand."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return cgutils.is_not_null(builder, proxy(context, builder, signature.args[0], args[0]).object)

    return types.boolean(x), codegen


@intrinsic
def drop(typingctx: Any, x: Any) -> Any:
    """Give up the array behind an Operand that `new` made, if there is one."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        obj = proxy(context, builder, signature.args[0], args[0]).object
        _call(builder, "Py_DecRef", ir.VoidType(), obj)
        return context.get_dummy_value()

    return types.void(x), codegen


@intrinsic
def fresh(typingctx: Any, x: Any) -> Any:
    """The array behind an Operand that `new` made, to return."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return proxy(context, builder, signature.args[0], args[0]).object

    return FRESH(x), codegen


@intrinsic
def declined(typingctx: Any) -> Any:
    """What a kernel returns for operands that it is not made for."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _BYTE.as_pointer()(None)

    return FRESH(), codegen


def _element(context: Any, builder: Any, operand: Operand, data: Any, offset: Any) -> Any:
    """Pointer to the element `offset` bytes from data."""
    storage = context.get_data_type(operand.dtype)
    return builder.bitcast(builder.gep(data, [offset]), storage.as_pointer())


def count(builder: Any, operand: Any) -> Any:
    """Number of elements."""
    dims = builder.bitcast(operand.dims, _LONG.as_pointer())
    total = cgutils.alloca_once_value(builder, _LONG(1))
    with cgutils.for_range(builder, builder.sext(operand.ndim, _LONG)) as loop:
        n = builder.load(builder.gep(dims, [loop.index]))
        builder.store(builder.mul(builder.load(total), n), total)
    return builder.load(total)


def proxy(context: Any, builder: Any, typ: Operand, value: Any) -> Any:
    """The fields of an Operand."""
    return cgutils.create_struct_proxy(typ)(context, builder, value=value)


def extent(context: Any, builder: Any, operand: Operand, index: Any) -> Any:
    """Bytes of so many elements."""
    width = context.get_abi_sizeof(context.get_data_type(operand.dtype))
    return builder.mul(index, _LONG(width), flags=["nsw"])


@intrinsic
def load(typingctx: Any, x: Any, index: Any) -> Any:
    """x's element at a position of its memory, counted in elements."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        offset = extent(context, builder, x, args[1])
        place = _element(context, builder, x, proxy(context, builder, x, args[0]).data, offset)
        return context.unpack_value(builder, x.dtype, place)

    return x.dtype(x, types.intp), codegen


@intrinsic
def store(typingctx: Any, x: Any, index: Any, value: Any) -> Any:
    """Write value at a position of x's memory, counted in elements."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        offset = extent(context, builder, x, args[1])
        place = _element(context, builder, x, proxy(context, builder, x, args[0]).data, offset)
        context.pack_value(builder, x.dtype, args[2], place)
        return context.get_dummy_value()

    return types.void(x, types.intp, x.dtype), codegen


@intrinsic
def load_at(typingctx: Any, x: Any, offset: Any) -> Any:
    """x's element that many bytes from its first one."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _element(context, builder, x, proxy(context, builder, x, args[0]).data, args[1])
        return context.unpack_value(builder, x.dtype, place)

    return x.dtype(x, types.intp), codegen


@intrinsic
def store_at(typingctx: Any, x: Any, offset: Any, value: Any) -> Any:
    """Write value that many bytes from x's first element."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _element(context, builder, x, proxy(context, builder, x, args[0]).data, args[1])
        context.pack_value(builder, x.dtype, args[2], place)
        return context.get_dummy_value()

    return types.void(x, types.intp, x.dtype), codegen


@intrinsic
def moved(typingctx: Any, x: Any, offset: Any) -> Any:
    """x as seen from the element that many bytes after its first one; of use for its memory alone."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        operand = proxy(context, builder, x, args[0])
        operand.data = builder.gep(operand.data, [args[1]])
        return operand._getvalue()

    return x(x, types.intp), codegen


@intrinsic
def scratch(typingctx: Any, x: Any) -> Any:
    """Memory for BLOCK elements of x's dtype on the stack, as an Operand; of use for its memory alone."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        operand = cgutils.create_struct_proxy(x)(context, builder)
        storage = ir.ArrayType(context.get_data_type(x.dtype), memory.BLOCK)
        with builder.goto_entry_block():
            place = builder.alloca(storage)
            place.align = 64
        operand.data = builder.bitcast(place, _BYTE.as_pointer())
        return operand._getvalue()

    return x(x), codegen


@intrinsic
def either(typingctx: Any, first: Any, x: Any, y: Any) -> Any:
    """The Operand x where first holds, else y."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return x(first, x, x), codegen


@intrinsic
def size(typingctx: Any, x: Any) -> Any:
    """Number of elements of x."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return count(builder, proxy(context, builder, signature.args[0], args[0]))

    return types.intp(x), codegen


@intrinsic
def plain(typingctx: Any, x: Any, out: Any) -> Any:
    """Whether x is C-contiguous and has the shape of out (out itself being C-contiguous)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a = proxy(context, builder, signature.args[0], args[0])
        b = proxy(context, builder, signature.args[1], args[1])
        dims_a = builder.bitcast(a.dims, _LONG.as_pointer())
        dims_b = builder.bitcast(b.dims, _LONG.as_pointer())
        contiguous = builder.icmp_signed("!=", builder.and_(a.flags, _INT(C_CONTIGUOUS)), _INT(0))
        same = builder.and_(contiguous, builder.icmp_signed("==", a.ndim, b.ndim))
        verdict = cgutils.alloca_once_value(builder, same)
        with builder.if_then(same), cgutils.for_range(builder, builder.sext(a.ndim, _LONG)) as loop:
            na = builder.load(builder.gep(dims_a, [loop.index]))
            nb = builder.load(builder.gep(dims_b, [loop.index]))
            equal = builder.icmp_signed("==", na, nb)
            builder.store(builder.and_(builder.load(verdict), equal), verdict)
        return builder.load(verdict)

    return types.boolean(x, out), codegen


@intrinsic
def unlock(typingctx: Any, n: Any) -> Any:
    """Give up the GIL if n elements are worth it; returns what `lock` needs to take it back."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        token = cgutils.alloca_once_value(builder, _LONG(0))
        with builder.if_then(builder.icmp_signed(">=", args[0], _LONG(_LARGE))):
            kind = ir.FunctionType(_BYTE.as_pointer(), [])
            save = cgutils.get_or_insert_function(builder.module, kind, "PyEval_SaveThread")
            builder.store(builder.ptrtoint(builder.call(save, []), _LONG), token)
        return builder.load(token)

    return types.intp(types.intp), codegen


@intrinsic
def lock(typingctx: Any, token: Any) -> Any:
    """Take the GIL back if `unlock` gave it up."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        with builder.if_then(builder.icmp_signed("!=", args[0], _LONG(0))):
            kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer()])
            restore = cgutils.get_or_insert_function(builder.module, kind, "PyEval_RestoreThread")
            builder.call(restore, [builder.inttoptr(args[0], _BYTE.as_pointer())])
        return context.get_dummy_value()

    return types.void(types.intp), codegen


def operand_type(dtype: np.dtype) -> Operand:
    """The type of an array argument of this dtype. Raises TypeError for one that no kernel takes."""
    if dtype.name not in memory.DTYPES or not dtype.isnative:
        raise TypeError(f"no kernel takes arrays of {dtype}")
    return Operand(types.boolean if dtype == np.bool_ else getattr(types, dtype.name))
