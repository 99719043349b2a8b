"""The Python array API standard on Tensors: the namespace that x.__array_namespace__() returns.

It holds nbgrad's functions under the standard's names and with its arguments, device= and dtype= included,
the extensions linalg and fft, and einsum and pad, which xarray asks for. Gradients flow through all of it as
through nbgrad's own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy import (
    complex64,
    complex128,
    e,
    float32,
    float64,
    inf,
    int8,
    int16,
    int32,
    int64,
    nan,
    newaxis,
    pi,
    uint8,
    uint16,
    uint32,
    uint64,
)

from nbgrad import fft
from nbgrad.arrays import devices
from nbgrad.arrays.devices import Device
from nbgrad.define.broadcast import broadcast_to
from nbgrad.define.complex import conj, imag, real
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import value_errors
from nbgrad.interop import array_api_linalg as linalg
from nbgrad.interop.numpy_spellings import FUNCTIONS
from nbgrad.ops import create, dtypes, transfer
from nbgrad.ops import shape as shapes
from nbgrad.ops.along import take_along_axis
from nbgrad.ops.arrange import repeat, roll, tile
from nbgrad.ops.compare import (
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    ceil,
    equal,
    floor,
    floor_divide,
    greater,
    greater_equal,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    sign,
    signbit,
    trunc,
)
from nbgrad.ops.contract import einsum, matmul, tensordot, vecdot
from nbgrad.ops.cumulative import cumulative_prod, cumulative_sum, diff
from nbgrad.ops.deviation import std, var
from nbgrad.ops.dtypes import can_cast, iinfo, isdtype, result_type
from nbgrad.ops.elementwise import (
    abs,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    clip,
    cos,
    cosh,
    divide,
    exp,
    expm1,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    maximum,
    minimum,
    negative,
    positive,
    reciprocal,
    remainder,
    round,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    where,
)
from nbgrad.ops.grids import broadcast_arrays, broadcast_shapes, meshgrid, unstack
from nbgrad.ops.index import nonzero, take
from nbgrad.ops.numerics import copysign
from nbgrad.ops.pad import pad
from nbgrad.ops.parts import nextafter
from nbgrad.ops.powers import pow
from nbgrad.ops.reduce import all, any, count_nonzero, max, mean, min
from nbgrad.ops.search import argmax, argmin, searchsorted
from nbgrad.ops.sets import isin, unique_all, unique_counts, unique_inverse, unique_values
from nbgrad.ops.shape import (
    concat,
    expand_dims,
    flip,
    matrix_transpose,
    moveaxis,
    permute_dims,
    squeeze,
    stack,
)
from nbgrad.ops.sort import argsort, sort
from nbgrad.ops.triangles import tril, triu

__array_api_version__ = "2025.12"

bool = np.bool_

__all__ = [
    "__array_api_version__", "__array_namespace_info__", "abs", "acos", "acosh", "add", "all", "any",
    "arange", "argmax", "argmin", "argsort", "asarray", "asin", "asinh", "astype", "atan", "atan2", "atanh",
    "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
    "bool", "broadcast_arrays", "broadcast_shapes", "broadcast_to", "can_cast", "ceil", "clip", "complex128",
    "complex64", "concat", "conj", "copysign", "cos", "cosh", "count_nonzero", "cumulative_prod",
    "cumulative_sum", "diff", "divide", "e", "einsum", "empty", "empty_like", "equal", "exp", "expand_dims",
    "expm1", "eye", "fft", "finfo", "flip", "float32", "float64", "floor", "floor_divide", "from_dlpack",
    "full", "full_like", "greater", "greater_equal", "hypot", "iinfo", "imag", "inf", "int16", "int32",
    "int64", "int8", "isdtype", "isfinite", "isin", "isinf", "isnan", "less", "less_equal", "linalg",
    "linspace", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "matmul", "matrix_transpose", "max", "maximum", "mean", "meshgrid", "min", "minimum",
    "moveaxis", "multiply", "nan", "negative", "newaxis", "nextafter", "nonzero", "not_equal", "ones",
    "ones_like", "pad", "permute_dims", "pi", "positive", "pow", "prod", "real", "reciprocal", "remainder",
    "repeat", "reshape", "result_type", "roll", "round", "searchsorted", "sign", "signbit", "sin", "sinh",
    "sort", "sqrt", "square", "squeeze", "stack", "std", "subtract", "sum", "take", "take_along_axis", "tan",
    "tanh", "tensordot", "tile", "tril", "triu", "trunc", "uint16", "uint32", "uint64", "uint8", "unique_all",
    "unique_counts", "unique_inverse", "unique_values", "unstack", "var", "vecdot", "where", "zeros",
    "zeros_like",
]


# ------------------------------------------------------------------------------------------- new arrays
def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None,
           device: Any = None) -> Tensor:
    """Return start, start + step, ... up to but without stop, see nb.arange."""
    with devices.on(device):
        return create.arange(start, stop, step, dtype)


def empty(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return arbitrary values in a shape, see nb.empty."""
    with devices.on(device):
        return create.empty(shape, dtype=dtype)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None,
        device: Any = None) -> Tensor:
    """Return a matrix with ones on its k-th diagonal, see nb.eye."""
    with devices.on(device):
        return create.eye(n_rows, n_cols, k, dtype)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return a shape filled with one value, see nb.full."""
    with devices.on(device):
        return create.full(shape, fill_value, dtype)


def linspace(start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None,
             endpoint: Any = True) -> Tensor:
    """Return num equally spaced values from start to stop, see nb.linspace."""
    with devices.on(device):
        return create.linspace(start, stop, num, endpoint, dtype)


def ones(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return ones in a shape, see nb.ones."""
    with devices.on(device):
        return create.ones(shape, dtype=dtype)


def zeros(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return zeros in a shape, see nb.zeros."""
    with devices.on(device):
        return create.zeros(shape, dtype=dtype)


def _moved(x: Tensor, device: Any) -> Tensor:
    return x if device is None else transfer.to(x, str(Device(device)))


def empty_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return arbitrary values in the shape of x, see nb.empty_like."""
    return _moved(create.empty_like(x, dtype), device)


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return the shape of x filled with one value, see nb.full_like."""
    return _moved(create.full_like(x, fill_value, dtype), device)


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return ones in the shape of x, see nb.ones_like."""
    return _moved(create.ones_like(x, dtype), device)


def zeros_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return zeros in the shape of x, see nb.zeros_like."""
    return _moved(create.zeros_like(x, dtype), device)


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Tensor:
    """Return obj as a Tensor; of an array a copy, unless copy=False shares it, see nb.asarray."""
    if type(obj) is Tensor:
        return _moved(create.asarray(obj, dtype, copy=copy), device)
    with devices.on(device):
        return create.asarray(obj, dtype, copy=copy is not False)


def from_dlpack(x: Any, /, *, device: Any = None, copy: Any = None) -> Tensor:
    """Return a Tensor with what another library's array holds, see nb.from_dlpack."""
    return _moved(create.from_dlpack(x, copy), device)


def astype(x: Any, dtype: Any, /, *, copy: Any = True, device: Any = None) -> Tensor:
    """Return x in a dtype, on a device."""
    return _moved(FUNCTIONS[np.astype](x, dtype, copy), device)


# --------------------------------------------------------------------------------- made of other functions
def sum(x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: Any = False) -> Tensor:
    """Return the sum over some axes, of x in a dtype."""
    return FUNCTIONS[np.sum](x, axis, dtype, keepdims)


def prod(x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: Any = False) -> Tensor:
    """Return the product over some axes, of x in a dtype."""
    return FUNCTIONS[np.prod](x, axis, dtype, keepdims)


def reshape(x: Any, /, shape: Any, *, copy: Any = None) -> Tensor:
    """Return x in another shape: a view of x where it can be one, with copy=True a Tensor of its own.

    Raises ValueRangeError for copy=False where the elements do not lie so that a view could show them.
    """
    x = as_tensor(x)
    found: Tensor = shapes.reshape(x, shape)
    if copy:
        return create.copy(found)
    if copy is False and not devices.shares(raw(found), raw(x)):
        raise value_errors.bad_value("reshape", "a view cannot show these elements in that shape. Leave "
                                                "copy=False out")
    return found


# ------------------------------------------------------------------------------------------------- about it
class FloatLimits(NamedTuple):
    """The limits of a float dtype, as Python's numbers: what finfo returns."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: Any


def finfo(type: Any, /) -> FloatLimits:
    """Return the limits of a float dtype, or of an array's, see nb.finfo. Raises DtypeError."""
    found = dtypes.finfo(type)
    return FloatLimits(found.bits, float(found.eps), float(found.max), float(found.min),
                       float(found.smallest_normal), found.dtype)


class Info:
    """What the standard's __array_namespace_info__ tells of nbgrad."""

    def capabilities(self) -> dict[str, Any]:
        """Return what inputs may be: boolean masks, and shapes that depend on values; 64 axes, as NumPy's."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Return the device on which arrays are made."""
        return create.empty(0).device

    def devices(self) -> tuple[str, ...]:
        """Return the devices that are in use, the current one and the CPU."""
        return tuple(sorted({"cpu", self.default_device()}))

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """Return the dtypes of Python's numbers."""
        return {"real floating": np.dtype(float64), "complex floating": np.dtype(complex128),
                "integral": np.dtype(int64), "indexing": np.dtype(int64)}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """Return all dtypes, or those of a kind, by name."""
        found = {np.dtype(d).name: np.dtype(d) for d in (
            bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64,
            complex128)}
        return {name: d for name, d in found.items() if kind is None or isdtype(d, kind)}


def __array_namespace_info__() -> Info:       # noqa: N807  the standard's name
    """Return what is known of devices and dtypes."""
    return Info()


def __dir__() -> list[str]:
    return sorted(__all__)
