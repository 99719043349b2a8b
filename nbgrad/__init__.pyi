"""nbgrad: exact gradients for people who write NumPy and Numba."""

# python tools/stubs.py writes this file.

import builtins
from nbgrad import backend as backend
from nbgrad import distributed as distributed
from nbgrad import errors as errors
from nbgrad import fft as fft
from nbgrad import interop as interop
from nbgrad import linalg as linalg
from nbgrad import optim as optim
from nbgrad import random as random
from nbgrad import signal as signal
from nbgrad import special as special
from nbgrad import stats as stats
from nbgrad import testing as testing
from nbgrad.arrays import devices as devices
from nbgrad.arrays.devices import Device as device
from nbgrad.bench.function import bench as bench
from nbgrad.compile.threads import get_num_threads as get_num_threads
from nbgrad.compile.threads import set_num_threads as set_num_threads
from nbgrad.define.complex import complex_ as complex
from nbgrad.define.complex import conj as conj
from nbgrad.define.complex import conj as conjugate
from nbgrad.define.complex import imag as imag
from nbgrad.define.complex import real as real
from nbgrad.engine.transforms import no_grad as no_grad
from nbgrad.interop.files import load as load
from nbgrad.interop.files import save as save
from nbgrad.kernels.libraries import use_cupy as use_cupy
from nbgrad.ops.grids import c_ as c_
from nbgrad.ops.grids import mgrid as mgrid
from nbgrad.ops.grids import ogrid as ogrid
from nbgrad.ops.grids import r_ as r_
from nbgrad.ops.sides import directional as directional
from nbgrad.ops.sides import kinks as kinks
from nbgrad.ops.subgradients import subgradient as subgradient
from nbgrad.solvers.initial import odeint as odeint
from nbgrad.solvers.integrals import quad as quad
from nbgrad.solvers.ivp import solve_ivp as solve_ivp
from nbgrad.solvers.minima import minimize as minimize
from nbgrad.solvers.roots import fixed_point as fixed_point
from nbgrad.solvers.roots import root as root
from numpy import bool as bool
from numpy import bool_ as bool_
from numpy import complex128 as complex128
from numpy import complex64 as complex64
from numpy import float32 as float32
from numpy import float64 as float64
from numpy import int16 as int16
from numpy import int32 as int32
from numpy import int64 as int64
from numpy import int8 as int8
from numpy import s_ as s_
from numpy import uint16 as uint16
from numpy import uint32 as uint32
from numpy import uint64 as uint64
from numpy import uint8 as uint8
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from nbgrad.engine.methods import ArrayLike, Axis, Index, Shape
from nbgrad.engine.tensor import Tensor as Tensor
from nbgrad.ops.factor import Eigh
from nbgrad.ops.linalg import Slogdet
from nbgrad.ops.sets import UniqueAll, UniqueCounts, UniqueInverse
from nbgrad.ops.svd import SVDResult

_Tree = TypeVar("_Tree", bound=Any)       # so that the argument of a lambda is Any
_Tensors = TypeVar("_Tensors", bound=Tensor | dict[Any, Tensor] | list[Tensor] | tuple[Tensor, ...])
_Value = TypeVar("_Value")
_Aux = TypeVar("_Aux")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_Arguments = ParamSpec("_Arguments")
_Result_co = TypeVar("_Result_co", covariant=True)
_Rule = Callable[..., Any]
_Mode = Literal["auto", "rev", "fwd"]
_Names = str | Sequence[str] | None
_Layout = Literal["array", "numerator", "denominator", "vec"]

__version__: str
e: float
inf: float
nan: float
newaxis: None
pi: float

class _Op(Generic[_Arguments, _Result_co]):
    name: str
    discrete: bool
    __name__: str
    def __call__(self, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result_co: ...

__all__ = [
    "Tensor", "__version__", "abs", "absolute", "acos", "acosh", "add", "all", "allclose", "amax", "amin",
    "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax",
    "argmin", "argsort", "around", "array", "array_equal", "array_equiv", "asarray", "asin", "asinh",
    "astype", "atan", "atan2", "atanh", "average", "avg_pool2d", "backend", "bench", "bitwise_and",
    "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
    "bool", "bool_", "broadcast_to", "can_cast", "cat", "cbrt", "ceil", "checkpoint", "cholesky", "clip",
    "complex", "complex128", "complex64", "concat", "concatenate", "conj", "conjugate", "conv1d", "conv2d",
    "convolve", "copy", "correlate", "cos", "cosh", "count_nonzero", "cross_entropy", "cumprod", "cumsum",
    "cumulative_prod", "cumulative_sum", "det", "device", "devices", "diag", "diagonal", "diff",
    "directional_derivative", "distributed", "divide", "dot", "dropout", "e", "eigh", "eigvalsh", "einsum",
    "elementwise", "elu", "embedding", "empty", "empty_like", "equal", "erf", "erfc", "errors", "exp", "exp2",
    "expand_dims", "expm", "expm1", "eye", "fft", "finfo", "fix", "flip", "float32", "float64", "floor",
    "floor_divide", "from_dlpack", "from_numpy", "full", "full_like", "gdot", "gelu", "get_num_threads",
    "getitem", "grad", "greater", "greater_equal", "hessian", "hstack", "huber", "hvp", "hypot", "iinfo",
    "imag", "inf", "inner", "int16", "int32", "int64", "int8", "interop", "inv", "invert", "isclose",
    "isdtype", "isfinite", "isin", "isinf", "isnan", "jacfwd", "jacobian", "jacrev", "jvp", "kron",
    "layer_norm", "leaky_relu", "left_shift", "less", "less_equal", "linalg", "linearize", "linspace", "load",
    "log", "log10", "log1p", "log2", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "logsumexp", "matmul", "matrix_power", "matrix_transpose", "max", "max_pool2d", "maximum",
    "mean", "min", "minimum", "mod", "moveaxis", "mse", "multiply", "nan", "negative", "newaxis", "no_grad",
    "nonzero", "norm", "not_equal", "ones", "ones_like", "op", "optim", "outer", "pad", "permute_dims", "pi",
    "positive", "pow", "power", "prod", "rand", "randn", "random", "ravel", "real", "reciprocal", "relu",
    "remainder", "repeat", "reshape", "result_type", "right_shift", "rint", "roll", "round", "save",
    "scatter_add", "searchsorted", "set_num_threads", "setitem", "sigmoid", "sign", "signal", "signbit",
    "silu", "sin", "sinh", "sliding_window_view", "slogdet", "softmax", "softplus", "softsign", "solve",
    "solve_triangular", "sort", "special", "split", "sqrt", "square", "squeeze", "stack", "stats", "std",
    "stop_gradient", "subtract", "sum", "svd", "svdvals", "swapaxes", "take", "take_along_axis", "tan",
    "tanh", "tensor", "tensordot", "testing", "tile", "trace", "transpose", "tril", "triu", "true_divide",
    "trunc", "uint16", "uint32", "uint64", "uint8", "unique_all", "unique_counts", "unique_inverse",
    "unique_values", "use_cupy", "value_and_grad", "var", "vecdot", "vjp", "vstack", "where", "zeros",
    "zeros_like", "ediff1d", "gradient", "interp", "trapezoid", "unwrap", "apply_along_axis",
    "apply_over_axes", "fromfunction", "vectorize", "iscomplex", "iscomplexobj", "isreal", "isrealobj",
    "real_if_close", "bincount", "digitize", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd",
    "i0", "logaddexp2", "sinc", "broadcast_arrays", "broadcast_shapes", "c_", "geomspace", "indices",
    "logspace", "meshgrid", "mgrid", "ogrid", "r_", "s_", "unstack", "fill_diagonal", "place", "put",
    "put_along_axis", "putmask", "append", "delete", "insert", "resize", "array_split", "atleast_1d",
    "atleast_2d", "atleast_3d", "block", "column_stack", "diagflat", "dsplit", "dstack", "fliplr", "flipud",
    "hsplit", "rollaxis", "rot90", "select", "vander", "vsplit", "polyfit", "logm", "solve_sylvester",
    "sqrtm", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum",
    "nanvar", "angle", "copysign", "deg2rad", "degrees", "fabs", "float_power", "fmax", "fmin", "heaviside",
    "nan_to_num", "polyval", "rad2deg", "radians", "bitwise_count", "divmod", "fmod", "frexp", "gcd",
    "isneginf", "isposinf", "lcm", "ldexp", "modf", "nextafter", "spacing", "poly", "polyadd", "polyder",
    "polydiv", "polyint", "polymul", "polysub", "roots", "diag_indices", "diag_indices_from", "identity",
    "ix_", "mask_indices", "ravel_multi_index", "tri", "tril_indices", "tril_indices_from", "triu_indices",
    "triu_indices_from", "unravel_index", "cross", "matvec", "vdot", "vecmat", "argpartition", "argwhere",
    "choose", "compress", "extract", "flatnonzero", "lexsort", "nanargmax", "nanargmin", "partition",
    "piecewise", "trim_zeros", "directional", "kinks", "corrcoef", "cov", "median", "nanmedian",
    "nanpercentile", "nanquantile", "percentile", "ptp", "quantile", "subgradient", "intersect1d",
    "setdiff1d", "setxor1d", "union1d", "unique", "odeint", "solve_ivp", "quad", "minimize", "fixed_point",
    "root"
]

def abs(x: ArrayLike, /) -> Tensor:
    """Return |x|; its derivative at 0 is 0."""
def absolute(x: ArrayLike, /) -> Tensor:
    """Return |x|; its derivative at 0 is 0."""
def acos(x: ArrayLike, /) -> Tensor:
    """Return the angle in radians whose cosine is x."""
def acosh(x: ArrayLike, /) -> Tensor:
    """Return the number whose hyperbolic cosine is x."""
def add(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x + y; the operands broadcast."""
def all(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return whether no element is zero, over axes (None: all)."""
def allclose(
        x: ArrayLike, y: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: builtins.bool = False,
) -> builtins.bool:
    """Return whether every |x - y| is at most atol + rtol * |y|; the operands broadcast."""
def amax(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the largest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
def amin(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the smallest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
def any(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return whether an element is not zero, over axes (None: all)."""
def arange(
        start: ArrayLike, stop: ArrayLike | None = None, step: ArrayLike = 1, dtype: DTypeLike | None = None,
        requires_grad: builtins.bool = False,
) -> Tensor:
    """Return start, start + step, ... up to but without stop; arange(stop) starts at 0."""
def arccos(x: ArrayLike, /) -> Tensor:
    """Return the angle in radians whose cosine is x."""
def arccosh(x: ArrayLike, /) -> Tensor:
    """Return the number whose hyperbolic cosine is x."""
def arcsin(x: ArrayLike, /) -> Tensor:
    """Return the angle in radians whose sine is x."""
def arcsinh(x: ArrayLike, /) -> Tensor:
    """Return the number whose hyperbolic sine is x."""
def arctan(x: ArrayLike, /) -> Tensor:
    """Return the angle in radians whose tangent is x."""
def arctan2(y: ArrayLike, x: ArrayLike, /) -> Tensor:
    """Return the angle of the point (x, y) from the x axis, in radians; its derivative at (0, 0) is nan."""
def arctanh(x: ArrayLike, /) -> Tensor:
    """Return the number whose hyperbolic tangent is x."""
def argmax(
        x: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, dim: int | None = None,
        keepdim: builtins.bool = False,
) -> Tensor:
    """Return the index of the first largest element along an axis, or of x flattened."""
def argmin(
        x: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, dim: int | None = None,
        keepdim: builtins.bool = False,
) -> Tensor:
    """Return the index of the first smallest element along an axis, or of x flattened."""
def argsort(
        x: ArrayLike, axis: int | None = -1, descending: builtins.bool = False, stable: builtins.bool = True, *,
        dim: int | None = -1,
) -> Tensor:
    """Return the indices that sort x along an axis (None: in C order), nan last (first if descending)."""
def around(x: ArrayLike, decimals: int = 0) -> Tensor:
    """Return x rounded to a number of decimals, ties to even; its derivative is taken as 0."""
def array(
        data: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False, *, order: str = "K",
) -> Tensor:
    """Return data, copied, as a Tensor; the arguments and errors of `asarray`, and an order as of `zeros`."""
def array_equal(a1: ArrayLike, a2: ArrayLike, equal_nan: builtins.bool = False) -> builtins.bool:
    """Return whether two arrays have one shape and the same elements; with equal_nan nan is equal to nan."""
def array_equiv(a1: ArrayLike, a2: ArrayLike) -> builtins.bool:
    """Return whether two arrays broadcast to one shape and have the same elements there."""
def asarray(
        data: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False,
        copy: builtins.bool | None = True,
) -> Tensor:
    """Return data as a Tensor."""
def asin(x: ArrayLike, /) -> Tensor:
    """Return the angle in radians whose sine is x."""
def asinh(x: ArrayLike, /) -> Tensor:
    """Return the number whose hyperbolic sine is x."""
def astype(x: ArrayLike, dtype: DTypeLike) -> Tensor:
    """Return x converted to a dtype."""
def atan(x: ArrayLike, /) -> Tensor:
    """Return the angle in radians whose tangent is x."""
def atan2(y: ArrayLike, x: ArrayLike, /) -> Tensor:
    """Return the angle of the point (x, y) from the x axis, in radians; its derivative at (0, 0) is nan."""
def atanh(x: ArrayLike, /) -> Tensor:
    """Return the number whose hyperbolic tangent is x."""
def average(
        x: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None, keepdims: builtins.bool = False,
        returned: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the weighted mean of x over axes; weights broadcast against x, or have the axes' lengths."""
def avg_pool2d(
        x: ArrayLike, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0, ceil_mode: builtins.bool = False, count_include_pad: builtins.bool = True,
) -> Tensor:
    """Return the mean of each window of x."""
def bitwise_and(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the bits that x and y both have; of booleans, whether both hold."""
def bitwise_invert(x: ArrayLike, /) -> Tensor:
    """Return x with all its bits exchanged, -x - 1 of a signed integer; of booleans, not x."""
def bitwise_left_shift(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x with its bits moved up by y places."""
def bitwise_not(x: ArrayLike, /) -> Tensor:
    """Return x with all its bits exchanged, -x - 1 of a signed integer; of booleans, not x."""
def bitwise_or(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the bits that x or y has, or both; of booleans, whether one holds."""
def bitwise_right_shift(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x with its bits moved down by y places."""
def bitwise_xor(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the bits that just one of x and y has; of booleans, whether they differ."""
def broadcast_to(x: ArrayLike, shape: Shape) -> Tensor:
    """Return a read-only view of x, its axes of length 1 repeated and axes added in front, of a given shape."""
def can_cast(from_: ArrayLike | DTypeLike, to: ArrayLike | DTypeLike, casting: str = "safe") -> builtins.bool:
    """Return whether a dtype can be cast to another by NumPy's rule of that name. Raises DtypeError."""
def cat(*arrays: ArrayLike, axis: Axis = 0, dim: Axis = 0) -> Tensor:
    """Return arrays joined along an axis: concat([x, y, ...], axis=0)."""
def cbrt(x: ArrayLike, /) -> Tensor:
    """Return the cube root; its derivative at 0 is inf."""
def ceil(x: ArrayLike, /) -> Tensor:
    """Return the smallest integer not below x."""
def checkpoint(f: _Function) -> _Function:
    """Return a function with f's values and derivatives that stores its arguments only."""
def cholesky(a: ArrayLike, upper: builtins.bool = False) -> Tensor:
    """Return the lower triangular z with z @ z.T = a, or with `upper` the upper triangular z, z.T @ z = a."""
def clip(x: ArrayLike, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Tensor:
    """Return x limited to the interval from min to max; the operands broadcast, None is no limit."""
def concat(*arrays: ArrayLike, axis: Axis = 0, dim: Axis = 0) -> Tensor:
    """Return arrays joined along an axis: concat([x, y, ...], axis=0)."""
def concatenate(*arrays: ArrayLike, axis: Axis = 0, dim: Axis = 0) -> Tensor:
    """Return arrays joined along an axis: concat([x, y, ...], axis=0)."""
def conv1d(
        x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0, dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:
    """Return the one-dimensional cross-correlation of x with weight, plus bias."""
def conv2d(
        x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0, dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:
    """Return the two-dimensional cross-correlation of x with weight, plus bias."""
def convolve(a: ArrayLike, v: ArrayLike, mode: str = "full") -> Tensor:
    """Return the convolution of two vectors: the sums of a[k - j] * v[j] over j."""
def copy(a: ArrayLike, order: str = "K") -> Tensor:
    """Return a as a Tensor of its own."""
def correlate(a: ArrayLike, v: ArrayLike, mode: str = "valid") -> Tensor:
    """Return the correlation of two vectors: the sums of a[k + j] * v[j] over j, of complex v of its"""
def cos(x: ArrayLike, /) -> Tensor:
    """Return the cosine of an angle in radians."""
def cosh(x: ArrayLike, /) -> Tensor:
    """Return the hyperbolic cosine."""
def count_nonzero(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the number of elements that are not zero, over axes (None: all)."""
def cross_entropy(
        logits: ArrayLike, target: ArrayLike, axis: int = -1, reduction: str = "mean",
        weight: ArrayLike | None = None, ignore_index: int = -100, label_smoothing: float = 0.0, *,
        dim: int = -1,
) -> Tensor:
    """Return the cross-entropy between the softmax of logits along an axis and a target, in nats."""
def cumprod(
        x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, dim: int | None = None,
) -> Tensor:
    """Return the products of the elements of x up to each along an axis; None: of x read in C order."""
def cumsum(
        x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, dim: int | None = None,
) -> Tensor:
    """Return the sums of the elements of x up to each along an axis; None: of x read in C order."""
def cumulative_prod(
        x: ArrayLike, *, axis: int | None = None, dtype: DTypeLike | None = None,
        include_initial: builtins.bool = False, dim: int | None = None,
) -> Tensor:
    """Return `cumprod` along an axis, which only a 1-d x may go without."""
def cumulative_sum(
        x: ArrayLike, *, axis: int | None = None, dtype: DTypeLike | None = None,
        include_initial: builtins.bool = False, dim: int | None = None,
) -> Tensor:
    """Return `cumsum` along an axis, which only a 1-d x may go without."""
def det(a: ArrayLike) -> Tensor:
    """Return the determinant of matrices."""
def diag(x: ArrayLike, k: int = 0) -> Tensor:
    """Return the k-th diagonal of a matrix, a read-only view; of a vector, the square matrix that has it."""
def diagonal(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the elements x[i, i + offset] of the matrices in two axes, a read-only view, along a last axis."""
def diff(
        x: ArrayLike, n: int = 1, axis: int = -1, prepend: ArrayLike | None = None,
        append: ArrayLike | None = None, *, dim: int = -1,
) -> Tensor:
    """Return the n-th differences of x along an axis: of booleans, whether neighbours differ."""
def directional_derivative(f: Callable[..., _Value], x: Any, p: Any) -> _Value:
    """Return the derivative of f at x along p, in one forward pass: <gradient, p> if f is scalar."""
def divide(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x / y, a float also for integers."""
def dot(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Return NumPy's dot product: sums over the last axis of a and the second-last, or only, axis of b."""
def dropout(
        x: ArrayLike, p: float = 0.5, training: builtins.bool = True, *, key: int | tuple[int, ...] | None = None,
) -> Tensor:
    """Return x with each element set to 0 with probability p and divided by 1 - p otherwise."""
def eigh(a: ArrayLike, UPLO: str = "L") -> Eigh:
    """Return the eigenvalues and eigenvectors of symmetric matrices."""
def eigvalsh(a: ArrayLike, UPLO: str = "L") -> Tensor:
    """Return the eigenvalues of symmetric matrices, ascending."""
def einsum(*operands: ArrayLike | str, subscripts: str | None = None) -> Tensor:
    """Return the sum of products that the subscripts name: einsum("ij,jk->ik", a, b) is a @ b."""
def elementwise(name: str, value: str | _Rule, d: _Rule | None = None, *, like: _Rule | str | None = None,
                at: tuple[Any, ...] = (-3.0, 3.0), loop: _Rule | None = None, joint: builtins.bool = False,
                discrete: builtins.bool = False, linear: tuple[int, ...] = (), on_bool: str | None = None,
                on_complex: Any = None, doc: str = "", formula: str | tuple[str, ...] = "", example: str = "", private: builtins.bool = False
                ) -> _Op[..., Tensor]:
    """Declare an elementwise op and enter it in the op table."""
def elu(x: ArrayLike, /, *, alpha: float = 1.0) -> Tensor:
    """Return x where it is positive, alpha * (exp(x) - 1) elsewhere; its derivative at 0 is alpha."""
def embedding(indices: ArrayLike, weight: ArrayLike, padding_idx: int | None = None) -> Tensor:
    """Return the rows of weight with the given numbers."""
def empty(
        *shape: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False, order: str = "C",
) -> Tensor:
    """Return a Tensor whose values are arbitrary. dtype: default float64. order: as of `zeros`. Raises"""
def empty_like(x: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False) -> Tensor:
    """Return arbitrary values with the shape of x and, if none is given, its dtype. Raises DtypeError."""
def equal(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether x == y."""
def erf(x: ArrayLike, /) -> Tensor:
    """Return the error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
def erfc(x: ArrayLike, /) -> Tensor:
    """Return 1 - erf(x), accurate for large x."""
def exp(x: ArrayLike, /) -> Tensor:
    """Return e to the power x."""
def exp2(x: ArrayLike, /) -> Tensor:
    """Return 2 to the power x."""
def expand_dims(x: ArrayLike, axis: Axis = 0, *, dim: Axis = 0) -> Tensor:
    """Return a view of x with an axis of length 1 at each of the given places of the result."""
def expm(a: ArrayLike) -> Tensor:
    """Return the matrix exponential, the sum of a**k / k! over all k. (np.exp takes that of each element.)"""
def expm1(x: ArrayLike, /) -> Tensor:
    """Return exp(x) - 1, accurate near 0."""
def eye(
        n: int, m: int | None = None, k: int = 0, dtype: DTypeLike | None = None,
        requires_grad: builtins.bool = False,
) -> Tensor:
    """Return an (n, m) matrix, m = n by default, with ones on its k-th diagonal."""
def finfo(dtype: ArrayLike | DTypeLike) -> np.finfo[Any]:
    """Return the limits of a float dtype: eps, max, min, smallest_normal, bits. Raises DtypeError."""
def fix(x: ArrayLike, /) -> Tensor:
    """Return x without its fraction."""
def flip(x: ArrayLike, axis: Axis = None, *, dim: Axis = None) -> Tensor:
    """Return a view of x with the order of its elements reversed along an axis, several, or all of them."""
def floor(x: ArrayLike, /) -> Tensor:
    """Return the largest integer not above x."""
def floor_divide(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the largest integer not above x / y; its derivative is taken as 0."""
def from_dlpack(x: Any, copy: builtins.bool | None = None) -> Tensor:
    """Return a Tensor with what another library's array holds; its gradients do not come along."""
def from_numpy(x: np.ndarray[Any, Any]) -> Tensor:
    """Return a Tensor that shares the memory of x, which becomes read-only, with what x is a view of."""
def full(
        shape: Shape, fill_value: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False,
) -> Tensor:
    """Return a Tensor filled with one value; if that is a Tensor, gradients flow to it."""
def full_like(
        x: ArrayLike, fill_value: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False,
) -> Tensor:
    """Return `full` with the shape of x and, if none is given, its dtype. Raises DtypeError, ShapeError."""
def gdot(
        a: ArrayLike, b: ArrayLike, multiply: Callable[..., Any] = ...,
        add: str | Callable[..., Any] = "sum",
) -> Tensor:
    """Return the matrix product of a and b with other scalar functions for multiply and add:"""
def gelu(x: ArrayLike, /, *, approximate: str = "none") -> Tensor:
    """Return x times Phi(x), the standard normal distribution function."""
def getitem(x: ArrayLike, index: Index) -> Tensor:
    """Return x[index]: a view of x for ints, slices, None and Ellipsis, a copy for one element or an array."""
@overload
def grad(f: Callable[Concatenate[_Tree, ...], Any], argnums: Literal[0] | None = None,
         has_aux: Literal[False] = False, *, argnames: None = None, holomorphic: builtins.bool = False) -> Callable[..., _Tree]:
    """Return a function that gives f's gradient, or (gradient, aux) if has_aux. See value_and_grad."""
@overload
def grad(f: Callable[..., Any], argnums: Sequence[int], has_aux: Literal[False] = False, *,
         argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[Any, ...]]: ...
@overload
def grad(f: Callable[..., Any], argnums: int | None = None, has_aux: Literal[False] = False, *,
         argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., Any]: ...
@overload
def grad(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, *, has_aux: Literal[True],
         argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[Any, Any]]: ...
@overload
def grad(f: Callable[..., Any], argnums: int | Sequence[int] | None, has_aux: Literal[True], *,
         argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[Any, Any]]: ...
def greater(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether x > y."""
def greater_equal(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether x >= y."""
@overload
def hessian(f: Callable[Concatenate[Tensor, ...], Any], argnums: Literal[0] | None = None, *,
            argnames: None = None,
             holomorphic: builtins.bool = False) -> Callable[..., Tensor]:
    """Return a function that gives the second derivatives of the scalar function f: (*x.shape, *x.shape)."""
@overload
def hessian(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, *,
            argnames: _Names = None,
             holomorphic: builtins.bool = False) -> Callable[..., Any]: ...
def hstack(arrays: Sequence[ArrayLike]) -> Tensor:
    """Return arrays joined along the second axis, or the first if they have only one. Raises ShapeError."""
def huber(x: ArrayLike, y: ArrayLike, delta: ArrayLike = 1.0, reduction: str = "mean") -> Tensor:
    """Return the mean (or "sum", or "none": each) of Huber's loss of the differences d = x - y."""
@overload
def hvp(f: Callable[..., Any], x: _Tensors, v: Any) -> _Tensors:
    """Return the Hessian of the scalar function f at x times v."""
@overload
def hvp(f: Callable[..., Any], x: np.ndarray[Any, Any] | float, v: Any) -> Tensor: ...
@overload
def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any: ...
def hypot(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return sqrt(x * x + y * y) without overflow; its derivatives at (0, 0) are 0."""
def iinfo(dtype: ArrayLike | DTypeLike) -> np.iinfo[Any]:
    """Return the limits of an integer dtype: max, min, bits. Raises DtypeError."""
def inner(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Return the sums of products over the last axes of a and b."""
def inv(a: ArrayLike) -> Tensor:
    """Return the inverse of matrices."""
def invert(x: ArrayLike, /) -> Tensor:
    """Return x with all its bits exchanged, -x - 1 of a signed integer; of booleans, not x."""
def isclose(
        x: ArrayLike, y: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: builtins.bool = False,
) -> Tensor:
    """Return at every element whether |x - y| is at most atol + rtol * |y|, as in `allclose`."""
def isdtype(dtype: ArrayLike | DTypeLike, kind: str | DTypeLike | tuple[Any, ...]) -> builtins.bool:
    """Return whether a dtype is one, or of a kind: bool, integral, real floating, numeric ...; or of several."""
def isfinite(x: ArrayLike, /) -> Tensor:
    """Return whether x is neither infinite nor nan."""
def isin(x: ArrayLike, values: ArrayLike, invert: builtins.bool = False) -> Tensor:
    """Return for each element of x whether it is one of the values, or is none if invert; nan is none."""
def isinf(x: ArrayLike, /) -> Tensor:
    """Return whether x is inf or -inf."""
def isnan(x: ArrayLike, /) -> Tensor:
    """Return whether x is nan."""
def jacfwd(
        f: Callable[..., Any], argnums: int | Sequence[int] | None = None, layout: str = "array", *,
        argnames: str | Sequence[str] | None = None, holomorphic: builtins.bool = False,
) -> Callable[..., Any]:
    """Return a function that gives f's Jacobian by forward passes: `jacobian` with mode="fwd"."""
@overload
def jacobian(f: Callable[Concatenate[Tensor, ...], Tensor], argnums: Literal[0] | None = None,
             mode: _Mode = "auto", layout: _Layout = "array", *,
             argnames: None = None,
             holomorphic: builtins.bool = False) -> Callable[..., Tensor]:
    """Return a function that gives f's Jacobian."""
@overload
def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, mode: _Mode = "auto",
             layout: _Layout = "array", *, argnames: _Names = None,
             holomorphic: builtins.bool = False) -> Callable[..., Any]: ...
def jacrev(
        f: Callable[..., Any], argnums: int | Sequence[int] | None = None, layout: str = "array", *,
        argnames: str | Sequence[str] | None = None, holomorphic: builtins.bool = False,
) -> Callable[..., Any]:
    """Return a function that gives f's Jacobian by backward passes: `jacobian` with mode="rev"."""
@overload
def jvp(f: Callable[..., _Value], xs: Sequence[Any], ts: Sequence[Any],
        has_aux: Literal[False] = False) -> tuple[_Value, _Value]:
    """Return (y, t): f(*xs) and its derivative along the tangents ts, in one forward pass."""
@overload
def jvp(f: Callable[..., tuple[_Value, _Aux]], xs: Sequence[Any], ts: Sequence[Any],
        has_aux: Literal[True]) -> tuple[_Value, _Value, _Aux]: ...
def kron(x: ArrayLike, y: ArrayLike) -> Tensor:
    """Return the Kronecker product: copies of y, each times one element of x, in the places of x's elements."""
def layer_norm(
        x: ArrayLike, axis: Axis = -1, weight: ArrayLike | None = None, bias: ArrayLike | None = None,
        eps: float = 1e-05, *, dim: Axis = -1,
) -> Tensor:
    """Return (x - mean) / sqrt(variance + eps) over axes, times weight plus bias."""
def leaky_relu(x: ArrayLike, /, *, slope: float = 0.01) -> Tensor:
    """Return x where it is positive, slope * x elsewhere; its derivative at 0 is slope."""
def left_shift(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x with its bits moved up by y places."""
def less(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether x < y."""
def less_equal(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether x <= y."""
def linearize(f: Callable[..., _Value], *xs: Any) -> tuple[_Value, Callable[..., _Value]]:
    """Return (y, push): f(*xs), and the linear map from tangents, one for each x, to the tangent of y."""
def linspace(
        start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: builtins.bool = True,
        dtype: DTypeLike | None = None, requires_grad: builtins.bool = False,
) -> Tensor:
    """Return num equally spaced values from start to stop; gradients flow to either if it is a Tensor."""
def log(x: ArrayLike, /) -> Tensor:
    """Return the natural logarithm."""
def log10(x: ArrayLike, /) -> Tensor:
    """Return the logarithm to base 10."""
def log1p(x: ArrayLike, /) -> Tensor:
    """Return log(1 + x), accurate near 0."""
def log2(x: ArrayLike, /) -> Tensor:
    """Return the logarithm to base 2."""
def log_softmax(x: ArrayLike, axis: int = -1, *, dim: int = -1) -> Tensor:
    """Return the logarithm of softmax along an axis, without overflow: x's shape, a float."""
def logaddexp(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return log(exp(x) + exp(y)) without overflow; the partials of (-inf, -inf) are 1/2 each."""
def logical_and(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether neither x nor y is zero."""
def logical_not(x: ArrayLike, /) -> Tensor:
    """Return whether x is zero."""
def logical_or(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether x or y, or both, are not zero."""
def logical_xor(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether just one of x and y is zero."""
def logsumexp(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return log(sum(exp(x))) over axes (None: all), without overflow, a float; -inf of no element."""
def matmul(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Return the matrix product a @ b."""
def matrix_power(a: ArrayLike, n: int) -> Tensor:
    """Return the matrix product of n factors a: the identity for n = 0, the inverse's power for n < 0."""
def matrix_transpose(x: ArrayLike) -> Tensor:
    """Return a view of x with its last two axes exchanged. x: (..., n, m). Raises ShapeError for fewer."""
def max(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the largest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
def max_pool2d(
        x: ArrayLike, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0, dilation: int | Sequence[int] = 1, ceil_mode: builtins.bool = False,
) -> Tensor:
    """Return the largest element of each window of x, nan if there is one."""
def maximum(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the larger of x and y, nan if one is nan; 0 is above -0. At a tie each has derivative 1/2. Complex numbers have the order of `sort`."""
def mean(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the mean of x over axes (None: all), a float; nan where there is nothing to average."""
def min(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the smallest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
def minimum(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the smaller of x and y, nan if one is nan; -0 is below 0. At a tie each has derivative 1/2. Complex numbers have the order of `sort`."""
def mod(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x - y * floor(x / y), which has the sign of y; at its jumps the derivatives are those of the right side."""
def moveaxis(x: ArrayLike, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Tensor:
    """Return a view of x with some axes moved to other places; the others keep their order."""
def mse(x: ArrayLike, y: ArrayLike, reduction: str = "mean") -> Tensor:
    """Return the mean (or "sum", or "none": each) of the squared differences of x and y, which broadcast."""
def multiply(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x * y; the operands broadcast."""
def negative(x: ArrayLike, /) -> Tensor:
    """Return -x."""
def nonzero(x: ArrayLike) -> tuple[Tensor, ...]:
    """Return the places of the elements that are not zero: a tuple with an int64 Tensor for each axis."""
def norm(
        x: ArrayLike, ord: float | str | None = None, axis: Axis = None, keepdims: builtins.bool = False, *,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return a norm of x over axes: of vectors over one, of matrices over two, of all elements by default."""
def not_equal(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return whether x != y."""
def ones(
        *shape: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False, order: str = "C",
) -> Tensor:
    """Return ones: ones((2, 3)) or ones(2, 3). dtype: default float64. Raises ShapeError, DtypeError."""
def ones_like(x: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False) -> Tensor:
    """Return ones with the shape of x and, if none is given, its dtype. Raises DtypeError."""
@overload
def op(name: str, *, kernel: _Rule, out: _Rule | None = None, vjp: _Rule | Sequence[_Rule | None] = (),
       vjp_of: _Rule | None = None, vjp_all: _Rule | None = None, linear: builtins.bool = False,
       multilinear: Sequence[int] = (), keep: str = "xz", discrete: builtins.bool = False, view: _Rule | None = None,
       write: _Rule | None = None, like: _Rule | str | None = None, cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: builtins.bool | None = None, family: str | None = None, private: builtins.bool = False) -> _Op[..., Tensor]:
    """Declare a structured op and enter it in the op table."""
@overload
def op(name: str, *, kernel: _Rule, results: Callable[..., _Result_co], out: _Rule | None = None,
       vjp: _Rule | Sequence[_Rule | None] = (), vjp_of: _Rule | None = None, vjp_all: _Rule | None = None,
       linear: builtins.bool = False, multilinear: Sequence[int] = (), keep: str = "xz", discrete: builtins.bool = False,
       view: _Rule | None = None, write: _Rule | None = None, like: _Rule | str | None = None,
       cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: builtins.bool | None = None, family: str | None = None,
       private: builtins.bool = False) -> _Op[..., _Result_co]: ...
@overload
def op(name: None = None, *, kernel: _Rule | None = None, out: _Rule | None = None,
       vjp: _Rule | Sequence[_Rule | None] = (), vjp_of: _Rule | None = None, vjp_all: _Rule | None = None,
       linear: builtins.bool = False, multilinear: Sequence[int] = (), keep: str = "xz", discrete: builtins.bool = False,
       view: _Rule | None = None, write: _Rule | None = None, like: _Rule | str | None = None,
       cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: builtins.bool | None = None, family: str | None = None,
       private: builtins.bool = False) -> Callable[[Callable[_Arguments, Any]], _Op[_Arguments, Tensor]]: ...
@overload
def op(name: None = None, *, results: Callable[..., _Result_co], kernel: _Rule | None = None,
       out: _Rule | None = None, vjp: _Rule | Sequence[_Rule | None] = (), vjp_of: _Rule | None = None,
       vjp_all: _Rule | None = None, linear: builtins.bool = False, multilinear: Sequence[int] = (), keep: str = "xz",
       discrete: builtins.bool = False, view: _Rule | None = None, write: _Rule | None = None,
       like: _Rule | str | None = None, cases: Sequence[Any] = (),
       on_complex: str | None = None, planned: builtins.bool | None = None,
       family: str | None = None,
       private: builtins.bool = False) -> Callable[[Callable[_Arguments, Any]], _Op[_Arguments, _Result_co]]: ...
def outer(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Return all products of an element of a with one of b. a: n elements, b: m, in any shape -> (n, m)."""
def pad(
        x: ArrayLike, pad_width: ArrayLike, mode: str = "constant", constant_values: ArrayLike = 0,
) -> Tensor:
    """Return x between borders before and after each of its axes."""
def permute_dims(x: ArrayLike, axes: Sequence[int] | None = None) -> Tensor:
    """Return a view of x with its axes in another order, by default reversed."""
def positive(x: ArrayLike, /) -> Tensor:
    """Return x."""
def pow(x: ArrayLike, y: ArrayLike) -> Tensor:
    """Return x to the power y; the operands broadcast."""
def power(x: ArrayLike, y: ArrayLike) -> Tensor:
    """Return x to the power y; the operands broadcast."""
def prod(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the product of x over axes (None: all); derivatives are exact also where factors are zero."""
def rand(*shape: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False) -> Tensor:
    """Return uniform numbers in [0, 1) from NumPy's global generator. dtype: default float64."""
def randn(*shape: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False) -> Tensor:
    """Return standard normal numbers from NumPy's global generator. dtype: default float64."""
def ravel(x: ArrayLike, order: str = "C") -> Tensor:
    """Return x's elements with one axis: a view if they lie so in memory, else a copy. x: any shape."""
def reciprocal(x: ArrayLike, /) -> Tensor:
    """Return 1 / x, a float also for integers."""
def relu(x: ArrayLike, /) -> Tensor:
    """Return max(x, 0); its derivative at 0 is 0."""
def remainder(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x - y * floor(x / y), which has the sign of y; at its jumps the derivatives are those of the right side."""
def repeat(
        x: ArrayLike, repeats: ArrayLike, axis: int | None = None, *, dim: int | None = None,
) -> Tensor:
    """Return x with each element along an axis repeated, one copy after the other; None: x is in C order."""
def reshape(x: ArrayLike, shape: Shape, order: str = "C") -> Tensor:
    """Return x's elements in another shape: a view of x, or a copy where NumPy makes one."""
def result_type(*operands: ArrayLike | DTypeLike) -> np.dtype[Any]:
    """Return the dtype that operands promote to, as in NumPy."""
def right_shift(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x with its bits moved down by y places."""
def rint(x: ArrayLike, /) -> Tensor:
    """Return the nearest integer, ties to even."""
def roll(x: ArrayLike, shift: ArrayLike, axis: Axis = None, *, dim: Axis = None) -> Tensor:
    """Return x with its elements moved on by shift places; those that leave at the end come in at the front."""
def round(x: ArrayLike, decimals: int = 0) -> Tensor:
    """Return x rounded to a number of decimals, ties to even; its derivative is taken as 0."""
def scatter_add(x: ArrayLike, index: Index, v: ArrayLike) -> Tensor:
    """Return x with v added at x[index]; where that names a place twice, values add up, as in numpy.add.at."""
def searchsorted(
        x: ArrayLike, v: ArrayLike, side: str = "left", sorter: ArrayLike | None = None,
) -> Tensor:
    """Return where the elements of v belong in x: x[i - 1] < v <= x[i], or x[i - 1] <= v < x[i] if right."""
def setitem(x: ArrayLike, index: Index, v: ArrayLike) -> Tensor:
    """Return what x is after x[index] = v. Of several values written to one place the last stays."""
def sigmoid(x: ArrayLike, /) -> Tensor:
    """Return 1 / (1 + exp(-x)) without overflow."""
def sign(x: ArrayLike, /) -> Tensor:
    """Return -1, 0 or 1, and nan of nan; its derivative is taken as 0. Of complex x it is x / |x|, with that function's derivative, and 0 with derivative 0 at 0."""
def signbit(x: ArrayLike, /) -> Tensor:
    """Return whether the sign of x is minus, of -0 too."""
def silu(x: ArrayLike, /) -> Tensor:
    """Return x * sigmoid(x)."""
def sin(x: ArrayLike, /) -> Tensor:
    """Return the sine of an angle in radians."""
def sinh(x: ArrayLike, /) -> Tensor:
    """Return the hyperbolic sine."""
def sliding_window_view(
        x: ArrayLike, window_shape: int | Sequence[int], axis: int | Sequence[int] | None = None, *,
        subok: builtins.bool = False, writeable: builtins.bool = False, dim: Axis = None,
) -> Tensor:
    """Return all windows of x: its axes, shorter by a window less one, and behind them the windows' axes."""
def slogdet(a: ArrayLike) -> Slogdet:
    """Return the sign and the logarithm of the absolute value of the determinant, without overflow."""
def softmax(x: ArrayLike, axis: int = -1, *, dim: int = -1) -> Tensor:
    """Return exp(x) over its sum along an axis, without overflow: x's shape, a float."""
def softplus(x: ArrayLike, /, *, beta: float = 1.0) -> Tensor:
    """Return log(1 + exp(beta * x)) / beta without overflow."""
def softsign(x: ArrayLike, /) -> Tensor:
    """Return x / (1 + |x|)."""
def solve(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Return the solution z of the linear equations a @ z = b."""
def solve_triangular(
        a: ArrayLike, b: ArrayLike, trans: int | str = 0, lower: builtins.bool = False, unit_diagonal: builtins.bool = False,
        *, upper: builtins.bool | None = None,
) -> Tensor:
    """Return the solution z of a @ z = b with a triangular matrix a."""
def sort(
        x: ArrayLike, axis: int | None = -1, descending: builtins.bool = False, stable: builtins.bool = True, *,
        dim: int | None = -1,
) -> Tensor:
    """Return the elements of x in rising order along an axis (None: in C order), nan last."""
def split(x: ArrayLike, sections: ArrayLike, axis: int = 0, *, dim: int = 0) -> list[Tensor]:
    """Return a list of pieces of x, views of it, along an axis."""
def sqrt(x: ArrayLike, /) -> Tensor:
    """Return the square root; its derivative at 0 is inf."""
def square(x: ArrayLike, /) -> Tensor:
    """Return x * x."""
def squeeze(x: ArrayLike, axis: Axis = None, *, dim: Axis = None) -> Tensor:
    """Return a view of x without the given axes of length 1, by default without all of them."""
def stack(*arrays: ArrayLike, axis: Axis = 0, dim: Axis = 0) -> Tensor:
    """Return arrays joined along a new axis of the result: stack([x, y, ...], axis=0)."""
def std(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, correction: float = 0,
        ddof: float | None = None, *, where: ArrayLike = True, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the standard deviation, the square root of `var`, also where that overflows or underflows."""
def stop_gradient(x: _Value) -> _Value:
    """Return x (or a tree) as a constant: no derivative of any order goes through it."""
def subtract(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x - y."""
def sum(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
        initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the sum of x over axes (None: all), of x's float dtype; of integers and booleans in 64 bits."""
@overload
def svd(a: ArrayLike, full_matrices: builtins.bool = True, compute_uv: Literal[True] = True) -> SVDResult:
    """Return the singular value decomposition a = U @ diag(S) @ Vh of matrices."""
@overload
def svd(a: ArrayLike, full_matrices: builtins.bool, compute_uv: Literal[False]) -> Tensor: ...
@overload
def svd(a: ArrayLike, full_matrices: builtins.bool = True, *, compute_uv: Literal[False]) -> Tensor: ...
def svdvals(a: ArrayLike) -> Tensor:
    """Return the singular values of matrices, falling."""
def swapaxes(x: ArrayLike, axis1: int, axis2: int) -> Tensor:
    """Return a view of x with two axes exchanged. x: any shape. Raises AxisError."""
def take(x: ArrayLike, indices: ArrayLike, axis: int | None = None, *, dim: int | None = None) -> Tensor:
    """Return the elements of x at the indices along an axis, or of x read in C order if axis is None."""
def take_along_axis(
        x: ArrayLike, indices: ArrayLike, axis: int | None = -1, *, dim: int | None = -1,
) -> Tensor:
    """Return the elements of x at the places along an axis that argsort and argmax give, one index for each."""
def tan(x: ArrayLike, /) -> Tensor:
    """Return the tangent of an angle in radians."""
def tanh(x: ArrayLike, /) -> Tensor:
    """Return the hyperbolic tangent."""
def tensor(data: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False) -> Tensor:
    """Return data, copied, as a Tensor; the arguments and errors of `asarray`."""
def tensordot(a: ArrayLike, b: ArrayLike, axes: int | Sequence[Any] = 2) -> Tensor:
    """Return the sums of products over several axes; the result has the other axes of a, then those of b."""
def tile(x: ArrayLike, reps: Shape) -> Tensor:
    """Return copies of x side by side: reps[a] of them along axis a, counted from the last axis."""
def trace(
        x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DTypeLike | None = None,
) -> Tensor:
    """Return the sums of `diagonal`, in x's dtype if that is a float, else in 64-bit integers, or in dtype."""
def transpose(x: ArrayLike, axes: Sequence[int] | None = None) -> Tensor:
    """Return a view of x with its axes in another order, by default reversed."""
def tril(x: ArrayLike, k: int = 0) -> Tensor:
    """Return x with zeros above the k-th diagonal of its last two axes. x: (..., n, m). Raises ShapeError."""
def triu(x: ArrayLike, k: int = 0) -> Tensor:
    """Return x with zeros below the k-th diagonal of its last two axes. x: (..., n, m). Raises ShapeError."""
def true_divide(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x / y, a float also for integers."""
def trunc(x: ArrayLike, /) -> Tensor:
    """Return x without its fraction."""
def unique_all(x: ArrayLike) -> UniqueAll:
    """Return x's different values, rising, where each stands first, which one each element is, and counts."""
def unique_counts(x: ArrayLike) -> UniqueCounts:
    """Return x's different values, rising, and how often each occurs, as `unique_all` does."""
def unique_inverse(x: ArrayLike) -> UniqueInverse:
    """Return x's different values, rising, and which one each element is, as `unique_all` does."""
def unique_values(x: ArrayLike) -> Tensor:
    """Return x's different values, rising, as `unique_all` does."""
@overload
def value_and_grad(f: Callable[Concatenate[_Tree, ...], Any], argnums: Literal[0] | None = None,
                   has_aux: Literal[False] = False, *,
                   argnames: None = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[Tensor, _Tree]]:
    """Return a function that gives f's value and its gradient, (value, gradient)."""
@overload
def value_and_grad(f: Callable[..., Any], argnums: Sequence[int], has_aux: Literal[False] = False, *,
                   argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[Tensor, tuple[Any, ...]]]: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: int | None = None, has_aux: Literal[False] = False, *,
                   argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[Tensor, Any]]: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] | None = None, *,
                   has_aux: Literal[True],
                   argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[tuple[Tensor, Any], Any]]: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] | None, has_aux: Literal[True], *,
                   argnames: _Names = None, holomorphic: builtins.bool = False) -> Callable[..., tuple[tuple[Tensor, Any], Any]]: ...
def var(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, correction: float = 0,
        ddof: float | None = None, *, where: ArrayLike = True, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the variance of x over axes (None: all): squared deviations summed, over count - correction."""
def vecdot(a: ArrayLike, b: ArrayLike, axis: int = -1, *, dim: int = -1) -> Tensor:
    """Return the dot products of the vectors along one axis; the other axes broadcast."""
@overload
def vjp(f: Callable[..., _Value], *xs: Any,
        has_aux: Literal[False] = False) -> tuple[_Value, Callable[[Any], tuple[Any, ...]]]:
    """Return (y, pullback): f(*xs), and the map from a cotangent of y to a tuple of those of the xs."""
@overload
def vjp(f: Callable[..., tuple[_Value, _Aux]], *xs: Any,
        has_aux: Literal[True]) -> tuple[_Value, Callable[[Any], tuple[Any, ...]], _Aux]: ...
def vstack(arrays: Sequence[ArrayLike]) -> Tensor:
    """Return arrays joined along the first axis, 1-d ones as rows. Raises ShapeError."""
def where(condition: ArrayLike, x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x where the condition holds, y elsewhere; the three operands broadcast."""
def zeros(
        *shape: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False, order: str = "C",
) -> Tensor:
    """Return zeros: zeros((2, 3)) or zeros(2, 3). dtype: default float64. Raises ShapeError, DtypeError."""
def zeros_like(x: ArrayLike, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False) -> Tensor:
    """Return zeros with the shape of x and, if none is given, its dtype. Raises DtypeError."""
def ediff1d(x: ArrayLike, to_end: ArrayLike | None = None, to_begin: ArrayLike | None = None) -> Tensor:
    """Return the differences of neighbours of x read in C order, between what is put before and behind them."""
def gradient(
        f: ArrayLike, *spacings: ArrayLike, axis: Axis = None, edge_order: int = 1, dim: Axis = None,
) -> Tensor | tuple[Tensor, ...]:
    """Return the derivative of samples along an axis, or a tuple of those along several, by differences."""
def interp(
        x: ArrayLike, xp: ArrayLike, fp: ArrayLike, left: ArrayLike | None = None,
        right: ArrayLike | None = None, period: ArrayLike | None = None,
) -> Tensor:
    """Return the values at x of the line through the points (xp, fp), float64 as NumPy's, or complex128."""
def trapezoid(
        y: ArrayLike, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1, *, dim: int = -1,
) -> Tensor:
    """Return the integral of samples along an axis by the trapezoidal rule."""
def unwrap(
        p: ArrayLike, discont: float | None = None, axis: int = -1, period: ArrayLike = 6.283185307179586, *,
        dim: int = -1,
) -> Tensor:
    """Return phases with jumps along an axis made less than half a period, by adding multiples of the period."""
def apply_along_axis(
        func1d: Callable[..., Any], axis: int, arr: ArrayLike, *args: Any, **kwargs: Any,
) -> Tensor:
    """Return what a function gives of each line of arr along an axis, in the place of the line."""
def apply_over_axes(func: Callable[..., Any], a: ArrayLike, axes: int | Sequence[int]) -> Tensor:
    """Return what is left of a when a function has been called for each of the axes, which stay."""
def fromfunction(
        function: Callable[..., Any], shape: Shape, *, dtype: DTypeLike = ..., **kwargs: Any,
) -> Any:
    """Return what a function gives of the coordinates of a shape's places, one array for each axis."""
def vectorize(pyfunc: Callable[..., Any], otypes: Any = None) -> Callable[..., Any]:
    """Return a function of arrays that calls one of numbers for every element: a loop in Python."""
def iscomplex(x: ArrayLike) -> Tensor:
    """Return where x has an imaginary part that is not 0."""
def iscomplexobj(x: ArrayLike) -> builtins.bool:
    """Return whether x has a complex dtype."""
def isreal(x: ArrayLike) -> Tensor:
    """Return where x has no imaginary part, or one of 0."""
def isrealobj(x: ArrayLike) -> builtins.bool:
    """Return whether x has a dtype that is not complex."""
def real_if_close(a: ArrayLike, tol: float = 100) -> Tensor:
    """Return the real part of a complex a whose imaginary parts are all less than a tolerance, else a."""
def bincount(x: ArrayLike, /, weights: ArrayLike | None = None, minlength: int = 0) -> Tensor:
    """Return how often each integer from 0 up to the largest of x occurs, or the sums of weights instead."""
def digitize(x: ArrayLike, bins: Any, right: builtins.bool = False) -> Tensor:
    """Return the number of each element's bin: i where bins[i - 1] <= x < bins[i], as in `searchsorted`."""
def histogram(
        a: ArrayLike, bins: Any = 10, range: Any = None, density: builtins.bool | None = None,
        weights: ArrayLike | None = None,
) -> tuple[Tensor, Tensor]:
    """Return how many elements are in each bin, or the sums of their weights, and the edges of the bins."""
def histogram2d(
        x: ArrayLike, y: ArrayLike, bins: Any = 10, range: Any = None, density: builtins.bool | None = None,
        weights: ArrayLike | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return how many points are in each box of a plane's grid, and its edges along both axes."""
def histogram_bin_edges(
        a: ArrayLike, bins: Any = 10, range: Any = None, weights: ArrayLike | None = None,
) -> Tensor:
    """Return the edges of the bins that `histogram` counts in."""
def histogramdd(
        sample: Any, bins: Any = 10, range: Any = None, density: builtins.bool | None = None,
        weights: ArrayLike | None = None,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return how many points are in each box of a grid, or the sums of their weights, and its edges."""
def i0(x: ArrayLike) -> Tensor:
    """Return the modified Bessel function of the first kind and order 0."""
def logaddexp2(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return log2(2 ** x + 2 ** y) without overflow."""
def sinc(x: ArrayLike, /) -> Tensor:
    """Return sin(pi x) / (pi x), 1 at 0."""
def broadcast_arrays(*arrays: ArrayLike) -> tuple[Tensor, ...]:
    """Return the arrays in the shape that they broadcast to together."""
def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """Return the shape that arrays of these shapes broadcast to. No derivative. Raises ShapeError."""
def geomspace(
        start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: builtins.bool = True,
        dtype: DTypeLike | None = None, axis: int = 0, *, dim: int = 0,
) -> Tensor:
    """Return num values from start to stop, each the one before times one factor."""
def indices(dimensions: Sequence[int], dtype: DTypeLike = ..., sparse: builtins.bool = False) -> Any:
    """Return the indices of every place of a shape: (len(dimensions), *dimensions)."""
def logspace(
        start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: builtins.bool = True, base: ArrayLike = 10.0,
        dtype: DTypeLike | None = None, axis: int = 0, *, dim: int = 0,
) -> Tensor:
    """Return num powers of a base, whose exponents are spaced equally from start to stop."""
def meshgrid(
        *xi: ArrayLike, copy: builtins.bool = True, sparse: builtins.bool = False, indexing: str = "xy",
) -> tuple[Tensor, ...]:
    """Return a grid's coordinates from those along each axis, one Tensor for each."""
def unstack(x: ArrayLike, /, *, axis: int = 0, dim: int = 0) -> tuple[Tensor, ...]:
    """Return the parts of x along an axis, without it."""
def fill_diagonal(a: ArrayLike, val: ArrayLike, wrap: builtins.bool = False) -> None:
    """Write val to the diagonal of a, in place."""
def place(arr: ArrayLike, mask: ArrayLike, vals: ArrayLike) -> None:
    """Write the elements of vals, one after the other, to arr where a mask holds, in place."""
def put(a: ArrayLike, ind: ArrayLike, v: ArrayLike, mode: str = "raise") -> None:
    """Write v to places of a that are counted in C order, in place. Of equal places the last value stays."""
def put_along_axis(
        arr: ArrayLike, indices: ArrayLike, values: ArrayLike, axis: int | None, *, dim: int | None,
) -> None:
    """Write values to the places along an axis that argsort and argmax give, in place."""
def putmask(a: ArrayLike, mask: ArrayLike, values: ArrayLike) -> None:
    """Write values to a where a mask holds, each at its own place, in place."""
def append(x: ArrayLike, values: ArrayLike, axis: int | None = None, *, dim: int | None = None) -> Tensor:
    """Return x with values behind it along an axis, or both read in C order if axis is None."""
def delete(x: ArrayLike, places: ArrayLike, axis: int | None = None, *, dim: int | None = None) -> Tensor:
    """Return x without some places of an axis, or of x read in C order if axis is None."""
def insert(
        x: ArrayLike, places: ArrayLike, values: ArrayLike, axis: int | None = None, *,
        dim: int | None = None,
) -> Tensor:
    """Return x with values put before some places of an axis, or of x read in C order if axis is None."""
def resize(x: ArrayLike, shape: Shape) -> Tensor:
    """Return the elements of x in C order in another shape, from the first on again where they end too soon."""
def array_split(x: ArrayLike, sections: ArrayLike, axis: int = 0, *, dim: int = 0) -> list[Tensor]:
    """Return a list of pieces of x along an axis as `split` does, of which the last may be shorter by one."""
def atleast_1d(*arrays: ArrayLike) -> Tensor | tuple[Tensor, ...]:
    """Return views of arrays in shapes of at least one axis: of one array a Tensor, of several a tuple."""
def atleast_2d(*arrays: ArrayLike) -> Tensor | tuple[Tensor, ...]:
    """Return views of arrays in shapes of at least two axes: of one array a Tensor, of several a tuple."""
def atleast_3d(*arrays: ArrayLike) -> Tensor | tuple[Tensor, ...]:
    """Return views of arrays in shapes of at least three axes: of one array a Tensor, of several a tuple."""
def block(arrays: ArrayLike) -> Tensor:
    """Return the array made of blocks in nested lists: the innermost are joined along the last axis."""
def column_stack(arrays: Sequence[ArrayLike]) -> Tensor:
    """Return arrays joined along the second axis, vectors as columns."""
def diagflat(x: ArrayLike, k: int = 0) -> Tensor:
    """Return the square matrix that has the elements of x, read in C order, on its k-th diagonal."""
def dsplit(x: ArrayLike, sections: ArrayLike) -> list[Tensor]:
    """Return a list of pieces of x along the third axis, as `split` does."""
def dstack(arrays: Sequence[ArrayLike]) -> Tensor:
    """Return arrays joined along the third axis, in the shapes that `atleast_3d` gives them."""
def fliplr(x: ArrayLike) -> Tensor:
    """Return a view of x with its columns in reversed order. x: at least two axes. Raises ShapeError."""
def flipud(x: ArrayLike) -> Tensor:
    """Return a view of x with its rows in reversed order. x: at least one axis. Raises ShapeError."""
def hsplit(x: ArrayLike, sections: ArrayLike) -> list[Tensor]:
    """Return a list of pieces of x along the second axis, or the first of a vector, as `split` does."""
def rollaxis(x: ArrayLike, axis: int, start: int = 0, *, dim: int) -> Tensor:
    """Return a view of x with an axis moved before another. `moveaxis` says it more plainly."""
def rot90(x: ArrayLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Return a view of x turned k quarters of a circle in the plane of two axes, from the first to the other."""
def select(
        conditions: Sequence[ArrayLike], choices: Sequence[ArrayLike], default: ArrayLike = 0,
) -> Tensor:
    """Return for each place the element of the first of choices whose condition is true, or the default."""
def vander(x: ArrayLike, N: int | None = None, increasing: builtins.bool = False) -> Tensor:
    """Return the matrix of the powers of x from N - 1 down to 0, or up to it: a row for each element."""
def vsplit(x: ArrayLike, sections: ArrayLike) -> list[Tensor]:
    """Return a list of pieces of x along the first axis, as `split` does."""
def polyfit(
        x: ArrayLike, y: ArrayLike, deg: int, rcond: float | None = None, full: builtins.bool = False,
        w: ArrayLike | None = None, cov: builtins.bool | str = False,
) -> Any:
    """Return the coefficients of the polynomial of a degree that fits points best in the sense of squares."""
def logm(a: ArrayLike) -> Tensor:
    """Return the logarithm of matrices: the z with expm(z) = a, eigenvalues' imaginary parts within pi."""
def solve_sylvester(a: ArrayLike, b: ArrayLike, q: ArrayLike) -> Tensor:
    """Return the solution z of a @ z + z @ b = q."""
def sqrtm(a: ArrayLike) -> Tensor:
    """Return the square root of matrices: the z with z @ z = a whose eigenvalues have positive real parts."""
def nancumprod(
        x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, dim: int | None = None,
) -> Tensor:
    """Return `cumprod` with 1 in the place of nan."""
def nancumsum(
        x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, dim: int | None = None,
) -> Tensor:
    """Return `cumsum` with 0 in the place of nan."""
def nanmax(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the largest element that is not nan, over axes (None: all); nan where there is none."""
def nanmean(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the mean of the elements that are not nan, over axes (None: all); nan where there is none."""
def nanmin(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the smallest element that is not nan, over axes (None: all); nan where there is none."""
def nanprod(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the product of the elements that are not nan, over axes (None: all); 1 where there is none."""
def nanstd(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, correction: float = 0,
        ddof: float | None = None, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the standard deviation of the elements that are not nan; nan where there is none."""
def nansum(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the `sum` of the elements that are not nan, over axes (None: all); 0 where there is none."""
def nanvar(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, correction: float = 0,
        ddof: float | None = None, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the variance of the elements that are not nan, over axes (None: all); nan where there is none."""
def angle(x: ArrayLike, deg: builtins.bool = False) -> Tensor:
    """Return the angle of complex numbers from the real axis, in radians, or degrees if `deg`."""
def copysign(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x with the sign of y."""
def deg2rad(x: ArrayLike, /) -> Tensor:
    """Return angles in radians, of x in degrees."""
def degrees(x: ArrayLike, /) -> Tensor:
    """Return angles in degrees, of x in radians."""
def fabs(x: ArrayLike, /) -> Tensor:
    """Return the absolute value of x, a float."""
def float_power(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x to the power of y, in float64, or complex128."""
def fmax(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the larger of x and y, the other where one is nan."""
def fmin(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the smaller of x and y, the other where one is nan."""
def heaviside(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return 0 where x < 0, 1 where x > 0, y where x is 0, and nan where it is nan."""
def nan_to_num(
        x: ArrayLike, copy: builtins.bool = True, nan: ArrayLike = 0.0, posinf: ArrayLike | None = None,
        neginf: ArrayLike | None = None,
) -> Tensor:
    """Return x with numbers in the places of nan and both infinities, by default 0 and the greatest."""
def polyval(p: ArrayLike, x: ArrayLike) -> Tensor:
    """Return the polynomial of coefficients p, the highest power's first, at x."""
def rad2deg(x: ArrayLike, /) -> Tensor:
    """Return angles in degrees, of x in radians."""
def radians(x: ArrayLike, /) -> Tensor:
    """Return angles in radians, of x in degrees."""
def bitwise_count(x: ArrayLike, /) -> Tensor:
    """Return how many bits of |x| are 1, as uint8. x: integers, any shape. No derivative. Raises DtypeError."""
def divmod(x: ArrayLike, y: ArrayLike, /) -> tuple[Tensor, Tensor]:
    """Return `floor_divide` and `remainder` of x and y."""
def fmod(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return x - y * trunc(x / y), which has the sign of x."""
def frexp(x: ArrayLike, /) -> tuple[Tensor, Tensor]:
    """Return m and n with x = m * 2 ** n and 0.5 <= |m| < 1; of 0, infinities and nan themselves and 0."""
def gcd(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the greatest common divisor of integers. x, y: shapes that broadcast. No derivative."""
def isneginf(x: ArrayLike, /) -> Tensor:
    """Return whether x is -inf. x: any shape. No derivative. Raises DtypeError."""
def isposinf(x: ArrayLike, /) -> Tensor:
    """Return whether x is inf. x: any shape. No derivative. Raises DtypeError."""
def lcm(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the least common multiple of integers. x, y: shapes that broadcast. No derivative."""
def ldexp(x: ArrayLike, n: ArrayLike, /) -> Tensor:
    """Return x * 2 ** n, rounded once, or more often where the result is not normal."""
def modf(x: ArrayLike, /) -> tuple[Tensor, Tensor]:
    """Return the fraction of x and its integer, both with the sign of x."""
def nextafter(x: ArrayLike, y: ArrayLike, /) -> Tensor:
    """Return the float next to x in the direction of y; y where they are equal."""
def spacing(x: ArrayLike, /) -> Tensor:
    """Return the distance of x from the next float away from 0, with the sign of x."""
def poly(seq_of_zeros: ArrayLike) -> Tensor:
    """Return the coefficients of the polynomial with given roots, whose highest power has coefficient 1."""
def polyadd(a1: ArrayLike, a2: ArrayLike) -> Tensor:
    """Return the sum of two polynomials."""
def polyder(p: ArrayLike, m: int = 1) -> Tensor:
    """Return the m-th derivative of a polynomial."""
def polydiv(u: ArrayLike, v: ArrayLike) -> tuple[Tensor, Tensor]:
    """Return the quotient and the remainder of two polynomials, as NumPy's: float64 or float32."""
def polyint(p: ArrayLike, m: int = 1, k: ArrayLike | None = None) -> Tensor:
    """Return the m-th antiderivative of a polynomial."""
def polymul(a1: ArrayLike, a2: ArrayLike) -> Tensor:
    """Return the product of two polynomials, as NumPy without their zeros in front."""
def polysub(a1: ArrayLike, a2: ArrayLike) -> Tensor:
    """Return the difference of two polynomials."""
def roots(p: ArrayLike) -> Tensor:
    """Return the roots of a polynomial, complex also where all are real, in NumPy's order."""
def diag_indices(n: int, ndim: int = 2) -> tuple[Tensor, ...]:
    """Return the places of the diagonal of an array of ndim axes of length n. No derivative."""
def diag_indices_from(arr: ArrayLike) -> tuple[Tensor, ...]:
    """Return `diag_indices` of an array's shape. arr: two axes or more, of one length. No derivative."""
def identity(n: int, dtype: DTypeLike | None = None) -> Tensor:
    """Return the (n, n) matrix with ones on its diagonal. dtype: default float64. No derivative."""
def ix_(*args: Any) -> tuple[Tensor, ...]:
    """Return places along each axis in shapes that broadcast to all of their combinations: x[nb.ix_(i, j)]."""
def mask_indices(n: int, mask_func: Callable[..., Any], k: Any = 0) -> tuple[Tensor, ...]:
    """Return the places of an (n, n) matrix that a function such as `triu` leaves."""
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Tensor:
    """Return the numbers, counted in C order, of elements that are given axis by axis."""
def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = ...) -> Tensor:
    """Return the (N, M) matrix with ones on and below its k-th diagonal, M = N by default. No derivative."""
def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, ...]:
    """Return the places of an (n, m) matrix on and below its k-th diagonal, m = n by default."""
def tril_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Tensor, ...]:
    """Return `tril_indices` of a matrix's shape. arr: (n, m). k: as there. No derivative. Raises ShapeError."""
def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, ...]:
    """Return the places of an (n, m) matrix on and above its k-th diagonal, m = n by default."""
def triu_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Tensor, ...]:
    """Return `triu_indices` of a matrix's shape. arr: (n, m). k: as there. No derivative. Raises ShapeError."""
def unravel_index(indices: ArrayLike, shape: Shape, order: str = "C") -> tuple[Tensor, ...]:
    """Return the places, axis by axis, of elements that are counted in C order, or in order "F"."""
def cross(
        a: ArrayLike, b: ArrayLike, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Axis = None, *,
        dim: Axis = None,
) -> Tensor:
    """Return the cross product of vectors of three elements."""
def matvec(x1: ArrayLike, x2: ArrayLike, /) -> Tensor:
    """Return the products of matrices with vectors: x1 @ x2, with batch axes in front that broadcast."""
def vdot(a: ArrayLike, b: ArrayLike, /) -> Tensor:
    """Return the dot product of all elements of a and b, read in C order; of complex a its conjugates."""
def vecmat(x1: ArrayLike, x2: ArrayLike, /) -> Tensor:
    """Return the products of vectors with matrices: x1 @ x2, with batch axes in front that broadcast."""
def argpartition(
        a: ArrayLike, kth: int | Sequence[int], axis: int | None = -1, kind: str = "introselect", *,
        dim: int | None = -1,
) -> Tensor:
    """Return the indices that sort a along an axis (None: in C order), which part it at every place."""
def argwhere(a: ArrayLike) -> Tensor:
    """Return the places of the elements of a that are not zero, a row for each."""
def choose(a: ArrayLike, choices: Any, mode: str = "raise") -> Tensor:
    """Return for each place the element of the one of choices that a names there."""
def compress(
        condition: ArrayLike, a: ArrayLike, axis: int | None = None, *, dim: int | None = None,
) -> Tensor:
    """Return the parts of a along an axis, or of a read in C order, where a condition holds."""
def extract(condition: ArrayLike, arr: ArrayLike) -> Tensor:
    """Return the elements of arr, read in C order, where a condition holds."""
def flatnonzero(a: ArrayLike) -> Tensor:
    """Return the places of the elements of a, read in C order, that are not zero."""
def lexsort(keys: Any, axis: int = -1, *, dim: int = -1) -> Tensor:
    """Return the indices that sort by several keys along an axis: by the last one, where that ties the next."""
def nanargmax(
        a: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, dim: int | None = None,
        keepdim: builtins.bool = False,
) -> Tensor:
    """Return the index of the first largest element that is not nan, along an axis or of a in C order."""
def nanargmin(
        a: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, dim: int | None = None,
        keepdim: builtins.bool = False,
) -> Tensor:
    """Return the index of the first smallest element that is not nan, along an axis or of a in C order."""
def partition(
        a: ArrayLike, kth: int | Sequence[int], axis: int | None = -1, kind: str = "introselect", *,
        dim: int | None = -1,
) -> Tensor:
    """Return a in rising order along an axis (None: in C order), which parts it at every place."""
def piecewise(
        x: ArrayLike, condlist: Any, funclist: Sequence[ArrayLike], *args: Any, **kw: Any,
) -> Tensor:
    """Return, in x's dtype, what the function of the last condition that holds gives, or else 0."""
def trim_zeros(filt: ArrayLike, trim: str = "fb", axis: Axis = None, *, dim: Axis = None) -> Tensor:
    """Return filt without the zeros at the front, the back, or both."""
def corrcoef(
        x: ArrayLike, y: ArrayLike | None = None, rowvar: builtins.bool = True, dtype: DTypeLike | None = None,
) -> Tensor:
    """Return the coefficients of correlation of variables: `cov`, divided by both standard deviations."""
def cov(
        m: ArrayLike, y: ArrayLike | None = None, rowvar: builtins.bool = True, bias: builtins.bool = False,
        ddof: float | None = None, fweights: ArrayLike | None = None, aweights: ArrayLike | None = None,
        dtype: DTypeLike | None = None,
) -> Tensor:
    """Return the covariances of variables, (n, n), a number for one; float64 or of dtype."""
def median(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the median over axes (None: all), a float: the mean of the two middle elements of an even count."""
def nanmedian(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return `median` of the elements that are not nan, over axes (None: all); nan where there is none."""
def nanpercentile(
        x: ArrayLike, q: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, method: str = "linear", *,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return `percentile` of the elements that are not nan; nan where there is none."""
def nanquantile(
        x: ArrayLike, q: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, method: str = "linear", *,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return `quantile` of the elements that are not nan; nan where there is none."""
def percentile(
        x: ArrayLike, q: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, method: str = "linear", *,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the q-th percentiles over axes (None: all): `quantile` of q / 100."""
def ptp(
        x: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the largest element less the smallest, over axes (None: all); nan if there is one."""
def quantile(
        x: ArrayLike, q: ArrayLike, axis: Axis = None, keepdims: builtins.bool = False, method: str = "linear", *,
        dim: Axis = None, keepdim: builtins.bool = False,
) -> Tensor:
    """Return the q-th quantiles over axes (None: all), those of each q along first axes as q has them."""
def intersect1d(
        ar1: ArrayLike, ar2: ArrayLike, assume_unique: builtins.bool = False, return_indices: builtins.bool = False,
) -> Any:
    """Return the values that both arrays have, rising; with return_indices where they stand first in each."""
def setdiff1d(ar1: ArrayLike, ar2: ArrayLike, assume_unique: builtins.bool = False) -> Tensor:
    """Return the different values of ar1, rising, that ar2 does not have."""
def setxor1d(ar1: ArrayLike, ar2: ArrayLike, assume_unique: builtins.bool = False) -> Tensor:
    """Return the values that just one of two arrays has, rising."""
def union1d(ar1: ArrayLike, ar2: ArrayLike) -> Tensor:
    """Return the different values of both arrays, rising."""
def unique(
        ar: ArrayLike, return_index: builtins.bool = False, return_inverse: builtins.bool = False, return_counts: builtins.bool = False,
        axis: int | None = None, *, equal_nan: builtins.bool = True, sorted: builtins.bool = True, dim: int | None = None,
) -> Any:
    """Return the different values of ar, rising, or its different parts along an axis; and what is asked for."""
