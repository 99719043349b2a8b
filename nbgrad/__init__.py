"""nbgrad: exact gradients for people who write NumPy and Numba."""

import sys
from importlib import import_module
from typing import Any

from numpy import (
    bool_,
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

from nbgrad import backend, errors, families, interop, optim, testing
from nbgrad.arrays import devices as devices
from nbgrad.arrays.devices import Device as device
from nbgrad.bench.function import bench
from nbgrad.compile.threads import get_num_threads, set_num_threads
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.define.complex import complex_ as complex
from nbgrad.define.complex import conj, imag, real
from nbgrad.define.declare import elementwise
from nbgrad.define.registry import OPS
from nbgrad.define.structured import op
from nbgrad.engine.checkpoint import checkpoint
from nbgrad.engine.tensor import Tensor
from nbgrad.engine.transforms import (
    directional_derivative,
    grad,
    hvp,
    jvp,
    linearize,
    no_grad,
    stop_gradient,
    value_and_grad,
    vjp,
)
from nbgrad.interop import exchange, methods, numpy_functions
from nbgrad.interop.files import load, save
from nbgrad.interop.spellings import names
from nbgrad.kernels.libraries import use_cupy
from nbgrad.ops import complex_forms as complex_forms
from nbgrad.ops import complex_order as complex_order
from nbgrad.ops.activations import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus
from nbgrad.ops.along import take_along_axis
from nbgrad.ops.arrange import kron, repeat, roll, tile
from nbgrad.ops.close import allclose, array_equal, array_equiv, isclose
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
from nbgrad.ops.contract import dot, einsum, inner, matmul, outer, tensordot, vecdot
from nbgrad.ops.conv import conv1d, conv2d
from nbgrad.ops.create import (
    arange,
    array,
    asarray,
    copy,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    rand,
    randn,
    tensor,
    zeros,
    zeros_like,
)
from nbgrad.ops.cumulative import cumprod, cumsum, cumulative_prod, cumulative_sum, diff
from nbgrad.ops.deviation import std, var
from nbgrad.ops.diagonal import diag, diagonal, trace
from nbgrad.ops.dtypes import can_cast, finfo, iinfo, isdtype, result_type
from nbgrad.ops.elementwise import (
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    clip,
    cos,
    cosh,
    divide,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    maximum,
    minimum,
    multiply,
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
from nbgrad.ops.embedding import embedding
from nbgrad.ops.expm import expm
from nbgrad.ops.exponential import log_softmax, logsumexp, softmax
from nbgrad.ops.factor import cholesky, eigh, eigvalsh, solve_triangular
from nbgrad.ops.gdot import gdot
from nbgrad.ops.index import getitem, nonzero, scatter_add, setitem, take
from nbgrad.ops.jacobians import hessian, jacfwd, jacobian, jacrev
from nbgrad.ops.linalg import det, inv, matrix_power, slogdet, solve
from nbgrad.ops.nn import cross_entropy, huber, mse
from nbgrad.ops.norm import layer_norm
from nbgrad.ops.norms import norm
from nbgrad.ops.pad import pad
from nbgrad.ops.pooling import avg_pool2d, max_pool2d
from nbgrad.ops.powers import pow
from nbgrad.ops.random import dropout
from nbgrad.ops.reduce import all, any, average, count_nonzero, max, mean, min, prod, sum
from nbgrad.ops.search import argmax, argmin, searchsorted
from nbgrad.ops.sets import isin, unique_all, unique_counts, unique_inverse, unique_values
from nbgrad.ops.shape import (
    concat,
    expand_dims,
    flip,
    hstack,
    matrix_transpose,
    moveaxis,
    permute_dims,
    ravel,
    reshape,
    squeeze,
    stack,
    swapaxes,
    vstack,
)
from nbgrad.ops.sliding import convolve, correlate, sliding_window_view
from nbgrad.ops.sort import argsort, sort
from nbgrad.ops.split import split
from nbgrad.ops.svd import svd, svdvals
from nbgrad.ops.triangles import tril, triu

# NumPy's names beside those of the array API, and PyTorch's cat
absolute = abs
arccos = acos
arccosh = acosh
arcsin = asin
arcsinh = asinh
arctan = atan
arctan2 = atan2
arctanh = atanh
amax = max
amin = min
around = round
bool = bool_
cat = concat
fix = trunc
conjugate = conj
concatenate = concat
invert = bitwise_not = bitwise_invert
left_shift = bitwise_left_shift
mod = remainder
power = pow
right_shift = bitwise_right_shift
transpose = permute_dims
true_divide = divide

__all__ = [
    "Tensor", "__version__", "abs", "absolute", "acos", "acosh", "add", "all", "allclose", "amax", "amin",
    "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax",
    "argmin", "argsort", "around", "array", "array_equal", "array_equiv", "asarray", "asin", "asinh",
    "astype", "atan", "atan2", "atanh", "average", "avg_pool2d", "backend", "bench", "bitwise_and",
    "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "bool", "bool_", "broadcast_to", "can_cast", "cat", "cbrt", "ceil", "checkpoint",
    "cholesky", "clip", "complex", "complex128", "complex64", "concat", "concatenate", "conj",
    "conjugate", "conv1d", "conv2d", "convolve", "copy", "correlate", "cos", "cosh", "count_nonzero",
    "cross_entropy", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "det", "device", "devices",
    "diag", "diagonal", "diff", "directional_derivative", "distributed", "divide", "dot", "dropout", "e",
    "eigh", "eigvalsh", "einsum", "elementwise", "elu", "embedding", "empty", "empty_like", "equal",
    "erf", "erfc", "errors", "exp", "exp2", "expand_dims", "expm", "expm1", "eye", "fft", "finfo", "fix",
    "flip", "float32", "float64", "floor", "floor_divide", "from_dlpack", "from_numpy", "full",
    "full_like", "gdot", "gelu", "get_num_threads", "getitem", "grad", "greater", "greater_equal",
    "hessian", "hstack", "huber", "hvp", "hypot", "iinfo", "imag", "inf", "inner", "int16", "int32",
    "int64", "int8", "interop", "inv", "invert", "isclose", "isdtype", "isfinite", "isin", "isinf",
    "isnan", "jacfwd", "jacobian", "jacrev", "jvp", "kron", "layer_norm", "leaky_relu", "left_shift",
    "less", "less_equal", "linalg", "linearize", "linspace", "load", "log", "log10", "log1p", "log2",
    "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "logsumexp",
    "matmul", "matrix_power", "matrix_transpose", "max", "max_pool2d", "maximum", "mean", "min",
    "minimum", "mod", "moveaxis", "mse", "multiply", "nan", "negative", "newaxis", "no_grad", "nonzero",
    "norm", "not_equal", "ones", "ones_like", "op", "optim", "outer", "pad", "permute_dims", "pi",
    "positive", "pow", "power", "prod", "rand", "randn", "random", "ravel", "real", "reciprocal", "relu",
    "remainder", "repeat", "reshape", "result_type", "right_shift", "rint", "roll", "round", "save",
    "scatter_add", "searchsorted", "set_num_threads", "setitem", "sigmoid", "sign", "signal", "signbit",
    "silu", "sin", "sinh", "sliding_window_view", "slogdet", "softmax", "softplus", "softsign", "solve",
    "solve_triangular", "sort", "special", "split", "sqrt", "square", "squeeze", "stack", "stats", "std",
    "stop_gradient", "subtract", "sum", "svd", "svdvals", "swapaxes", "take", "take_along_axis", "tan",
    "tanh", "tensor", "tensordot", "testing", "tile", "trace", "transpose", "tril", "triu", "true_divide",
    "trunc", "uint16", "uint32", "uint64", "uint8", "unique_all", "unique_counts", "unique_inverse",
    "unique_values", "use_cupy", "value_and_grad", "var", "vecdot", "vjp", "vstack", "where", "zeros",
    "zeros_like",
]

__all__.extend(families.MODULES)

__version__ = "0.1.0"

methods.install()
names.install()
exchange.install()
numpy_functions.install(sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """An op of the table that is not listed above: a new row is public without a second entry."""
    if name in OPS:
        return OPS[name].op
    if name == "__test__":                # documentation that doctest does not find: ops are objects
        texts = {each: f.__doc__ for each in __all__ if hasattr(f := globals().get(each), "words")}
        return globals().setdefault(name, texts)
    if name in ("distributed", "fft", "linalg", "random", "signal", "special", "stats"):
        return import_module(f"nbgrad.{name}")
    if name in families.MODULES:
        found = globals()[name] = getattr(import_module(f"nbgrad.{families.MODULES[name]}"), name)
        return found
    raise AttributeError(f"nbgrad has no {name!r}; python -m nbgrad.info --ops lists the ops")
