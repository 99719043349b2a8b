"""The Python array API standard on Tensors: the namespace that x.__array_namespace__() returns.

It holds nbgrad's functions under the standard's names and with its arguments, device= and dtype= included,
and einsum and pad, which xarray asks for. What nbgrad does not have (complex numbers, fft) is missing here
too. Gradients flow through all of it as through nbgrad's own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

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

from nbgrad.arrays.devices import Device
from nbgrad.define.broadcast import broadcast_to
from nbgrad.define.complex import conj, imag, real
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.interop import array_api_linalg as linalg
from nbgrad.interop.numpy_spellings import FUNCTIONS
from nbgrad.ops import create, transfer
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
from nbgrad.ops.dtypes import can_cast, finfo, iinfo, isdtype, result_type
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
from nbgrad.ops.index import nonzero, take
from nbgrad.ops.numerics import copysign
from nbgrad.ops.pad import pad
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
    reshape,
    squeeze,
    stack,
)
from nbgrad.ops.sort import argsort, sort
from nbgrad.ops.triangles import tril, triu

__array_api_version__ = "2024.12"

bool = np.bool_

__all__ = [
    "__array_api_version__", "__array_namespace_info__", "abs", "acos", "acosh", "add", "all", "any",
    "arange", "argmax", "argmin", "argsort", "asarray", "asin", "asinh", "astype", "atan", "atan2", "atanh",
    "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "bool", "broadcast_arrays", "broadcast_to", "can_cast", "ceil", "clip", "complex64",
    "complex128", "concat", "conj",
    "copysign", "cos", "cosh", "count_nonzero", "cumulative_prod", "cumulative_sum", "diff", "divide", "e",
    "einsum", "empty", "empty_like", "equal", "exp", "expand_dims", "expm1", "eye", "finfo", "flip",
    "float32", "float64", "floor", "floor_divide", "from_dlpack", "full", "full_like", "greater",
    "greater_equal", "hypot", "iinfo", "inf", "int16", "int32", "int64", "int8", "imag", "isdtype",
    "isfinite",
    "isin", "isinf", "isnan", "less", "less_equal", "linalg", "linspace", "log", "log10", "log1p", "log2",
    "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "matmul", "matrix_transpose",
    "max", "maximum", "mean", "meshgrid", "min", "minimum", "moveaxis", "multiply", "nan", "negative",
    "newaxis", "nonzero", "not_equal", "ones", "ones_like", "pad", "permute_dims", "pi", "positive", "pow",
    "prod", "real", "reciprocal", "remainder", "repeat", "reshape", "result_type", "roll", "round",
    "searchsorted", "sign", "signbit", "sin", "sinh", "sort", "sqrt", "square", "squeeze", "stack", "std",
    "subtract", "sum", "take", "take_along_axis", "tan", "tanh", "tensordot", "tile", "tril", "triu",
    "trunc", "uint16", "uint32", "uint64", "uint8", "unique_all", "unique_counts", "unique_inverse",
    "unique_values", "unstack", "var", "vecdot", "where", "zeros", "zeros_like",
]


# ------------------------------------------------------------------------------------------- new arrays
def _placed(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes Tensors, with the standard's argument device."""
    @wraps(make)
    def placed(*args: Any, device: Any = None, **kwargs: Any) -> Any:
        with nullcontext() if device is None else Device(device):
            return make(*args, **kwargs)

    return placed


_Maker = Callable[..., Tensor]
arange: _Maker = _placed(create.arange)
empty: _Maker = _placed(create.empty)
eye: _Maker = _placed(create.eye)
full: _Maker = _placed(create.full)
linspace: _Maker = _placed(create.linspace)
ones: _Maker = _placed(create.ones)
zeros: _Maker = _placed(create.zeros)


def _moved(x: Tensor, device: Any) -> Tensor:
    return x if device is None else transfer.to(x, str(Device(device)))


def _filled(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes Tensors like another one, with the standard's argument device."""
    @wraps(make)
    def filled(*args: Any, device: Any = None, **kwargs: Any) -> Any:
        return _moved(make(*args, **kwargs), device)

    return filled


empty_like: _Maker = _filled(create.empty_like)
full_like: _Maker = _filled(create.full_like)
ones_like: _Maker = _filled(create.ones_like)
zeros_like: _Maker = _filled(create.zeros_like)


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Tensor:
    """Return obj as a Tensor; of an array a copy, unless copy=False shares it, see nb.asarray."""
    if type(obj) is Tensor:
        return _moved(create.asarray(obj, dtype, copy=copy), device)
    with nullcontext() if device is None else Device(device):
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


def broadcast_arrays(*arrays: Any) -> tuple[Tensor, ...]:
    """Return the arrays in the shape that they broadcast to together. Raises ShapeError."""
    xs = list(map(as_tensor, arrays))
    shapes = [x.shape for x in xs]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise shape_errors.no_broadcast("broadcast_arrays", shapes) from error
    return tuple([x if x.shape == shape else broadcast_to(x, shape) for x in xs])


def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Return a grid's coordinates from those along each axis, one Tensor for each.

    indexing: "xy" has the first two axes swapped. Raises ValueRangeError for what is neither that nor "ij".
    """
    if indexing not in ("xy", "ij"):
        raise value_errors.bad_choice("meshgrid", "indexing", indexing, ("xy", "ij"))
    xs, count = list(map(as_tensor, arrays)), len(arrays)
    grid = broadcast_arrays(*[reshape(x, [1] * i + [-1] + [1] * (count - i - 1)) for i, x in enumerate(xs)])
    return tuple([moveaxis(x, 0, 1) for x in grid]) if indexing == "xy" and count > 1 else grid


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the parts of x along an axis, without it."""
    return tuple(moveaxis(as_tensor(x), axis, 0))


# ------------------------------------------------------------------------------------------------- about it
class Info:
    """What the standard's __array_namespace_info__ tells of nbgrad."""

    def capabilities(self) -> dict[str, Any]:
        """Return what inputs may be: boolean masks, and shapes that depend on values; 64 axes, as NumPy's."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Return the device on which arrays are made."""
        return create.empty(0).device

    def devices(self) -> list[str]:
        """Return the devices that are in use, the current one and the CPU."""
        return sorted({"cpu", self.default_device()})

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
