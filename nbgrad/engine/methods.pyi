# python tools/stubs.py writes this file.

import builtins
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias, overload
from types import EllipsisType, ModuleType

import numpy as np
from numpy.typing import DTypeLike

from nbgrad.engine.tensor import Tensor
from nbgrad.ops.linalg import Slogdet

class SupportsArray(Protocol):
    def __array__(self, dtype: Any = None, copy: bool | None = None, /) -> np.ndarray[Any, Any]: ...

ArrayLike: TypeAlias = (
    Tensor | np.ndarray[Any, Any] | np.generic | float | list[Any] | tuple[Any, ...] | range | SupportsArray)
Axis: TypeAlias = int | tuple[int, ...] | None
Shape: TypeAlias = int | Sequence[int]
Index: TypeAlias = ArrayLike | slice | EllipsisType | None

class Methods:
    """The operators, methods and properties of Tensor."""
    def __hash__(self) -> builtins.int: ...
    @property
    def T(self) -> Tensor:
        """Return a view of x with its axes in another order, by default reversed."""
    def __abs__(self) -> Tensor:
        """Return |x|; its derivative at 0 is 0."""
    def __add__(self, y: ArrayLike) -> Tensor: ...
    def __and__(self, y: ArrayLike) -> Tensor: ...
    def __array__(
            self, dtype: DTypeLike | None = None, copy: builtins.bool | None = None,
    ) -> np.ndarray[Any, Any]: ...
    def __array_function__(
            self, function: Any, types: Any, args: Sequence[ArrayLike], kwargs: dict[str, Any],
    ) -> Any: ...
    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType:
        """The array API standard's functions. Raises ValueRangeError for a version that is not known."""
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any: ...
    def __bool__(self) -> Tensor: ...
    def __ceil__(self) -> Tensor: ...
    def __complex__(self) -> complex:
        """The single element, for complex(x). Raises TraceError where a transform would lose a gradient by it."""
    def __contains__(self, y: ArrayLike) -> builtins.bool:
        """Whether y, broadcast, equals x somewhere, as in NumPy."""
    def __copy__(self) -> Tensor:
        """Another handle with the same values, which never change; of a leaf a new leaf without .grad."""
    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """x's values on a CUDA device, to be read in order after the stream that is named, while x is there."""
    def __deepcopy__(self, memo: dict[builtins.int, Any]) -> Tensor:
        """As copy; of a leaf a new leaf with the same .grad."""
    def __dir__(self) -> list[str]:
        """What x has, without the names that only say what to do instead."""
    def __divmod__(self, y: ArrayLike) -> tuple[Tensor, Tensor]: ...
    def __dlpack__(
            self, *, stream: Any = None, max_version: tuple[builtins.int, builtins.int] | None = None,
            dl_device: Any = None, copy: builtins.bool | None = None,
    ) -> Any:
        """A DLPack capsule of a copy of x's values; with copy=False of the values themselves, read-only."""
    def __dlpack_device__(self) -> tuple[builtins.int, builtins.int]: ...
    def __eq__(self, y: object) -> Tensor: ...  # type: ignore[override]
    def __float__(self) -> builtins.float:
        """The single element, for float(x), math's functions, and where NumPy writes x into an array of its own."""
    def __floor__(self) -> Tensor: ...
    def __floordiv__(self, y: ArrayLike) -> Tensor: ...
    def __format__(self, spec: str) -> str:
        """The single element in this format, also where a gradient is taken; without a format str(x)."""
    def __ge__(self, y: ArrayLike) -> Tensor: ...
    def __getitem__(self, index: Index) -> Tensor:
        """x[index]: `getitem` without the way there, for the one call that is made of a Tensor everywhere."""
    def __gt__(self, y: ArrayLike) -> Tensor: ...
    def __iadd__(self, y: ArrayLike) -> Tensor: ...
    def __iand__(self, y: ArrayLike) -> Tensor: ...
    def __ifloordiv__(self, y: ArrayLike) -> Tensor: ...
    def __ilshift__(self, y: ArrayLike) -> Tensor: ...
    def __imatmul__(self, y: ArrayLike) -> Tensor: ...
    def __imod__(self, y: ArrayLike) -> Tensor: ...
    def __imul__(self, y: ArrayLike) -> Tensor: ...
    def __index__(self) -> builtins.int: ...
    def __int__(self) -> Tensor: ...
    def __invert__(self) -> Tensor:
        """Return x with all its bits exchanged, -x - 1 of a signed integer; of booleans, not x."""
    def __ior__(self, y: ArrayLike) -> Tensor: ...
    def __ipow__(self, y: ArrayLike) -> Tensor: ...
    def __irshift__(self, y: ArrayLike) -> Tensor: ...
    def __isub__(self, y: ArrayLike) -> Tensor: ...
    def __iter__(self) -> Iterator[Tensor]: ...
    def __itruediv__(self, y: ArrayLike) -> Tensor: ...
    def __ixor__(self, y: ArrayLike) -> Tensor: ...
    def __le__(self, y: ArrayLike) -> Tensor: ...
    def __len__(self) -> builtins.int: ...
    def __lshift__(self, y: ArrayLike) -> Tensor: ...
    def __lt__(self, y: ArrayLike) -> Tensor: ...
    def __matmul__(self, y: ArrayLike) -> Tensor: ...
    def __mod__(self, y: ArrayLike) -> Tensor: ...
    def __mul__(self, y: ArrayLike) -> Tensor: ...
    def __ne__(self, y: object) -> Tensor: ...  # type: ignore[override]
    def __neg__(self) -> Tensor:
        """Return -x."""
    def __or__(self, y: ArrayLike) -> Tensor: ...
    @property
    def __pandas_priority__(self) -> Tensor: ...
    def __pos__(self) -> Tensor:
        """Return x."""
    def __pow__(self, y: ArrayLike) -> Tensor: ...
    def __radd__(self, y: ArrayLike) -> Tensor: ...
    def __rand__(self, y: ArrayLike) -> Tensor: ...
    def __rdivmod__(self, y: ArrayLike) -> tuple[Tensor, Tensor]: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """x for pickle: its values, whether it is a leaf, and its device; not its .grad, as in PyTorch."""
    def __repr__(self) -> str: ...
    def __rfloordiv__(self, y: ArrayLike) -> Tensor: ...
    def __rlshift__(self, y: ArrayLike) -> Tensor: ...
    def __rmatmul__(self, y: ArrayLike) -> Tensor: ...
    def __rmod__(self, y: ArrayLike) -> Tensor: ...
    def __rmul__(self, y: ArrayLike) -> Tensor: ...
    def __ror__(self, y: ArrayLike) -> Tensor: ...
    def __round__(self, digits: builtins.int | None = None) -> Tensor:
        """An int of a 0-d Tensor where no digits are given, as of NumPy's scalars; else nb.round(x, digits)."""
    def __rpow__(self, y: ArrayLike) -> Tensor: ...
    def __rrshift__(self, y: ArrayLike) -> Tensor: ...
    def __rshift__(self, y: ArrayLike) -> Tensor: ...
    def __rsub__(self, y: ArrayLike) -> Tensor: ...
    def __rtruediv__(self, y: ArrayLike) -> Tensor: ...
    def __rxor__(self, y: ArrayLike) -> Tensor: ...
    def __setitem__(self, key: Index, value: ArrayLike) -> None: ...
    def __str__(self) -> str:
        """A 0-d tensor prints as its number in full, as NumPy's do; others as their repr."""
    def __sub__(self, y: ArrayLike) -> Tensor: ...
    def __truediv__(self, y: ArrayLike) -> Tensor: ...
    def __trunc__(self) -> Tensor: ...
    def __xor__(self, y: ArrayLike) -> Tensor: ...
    @property
    def _numba_type_(self) -> Tensor:
        """What Numba asks for the type of an argument: there is none."""
    def abs(self) -> Tensor:
        """Return |x|; its derivative at 0 is 0."""
    def abs_(self) -> Tensor:
        """Make x what x.abs(...) is, and return x."""
    def absolute(self) -> Tensor:
        """Return |x|; its derivative at 0 is 0."""
    def absolute_(self) -> Tensor:
        """Make x what x.absolute(...) is, and return x."""
    def acos(self) -> Tensor:
        """Return the angle in radians whose cosine is x."""
    def acos_(self) -> Tensor:
        """Make x what x.acos(...) is, and return x."""
    def acosh(self) -> Tensor:
        """Return the number whose hyperbolic cosine is x."""
    def acosh_(self) -> Tensor:
        """Make x what x.acosh(...) is, and return x."""
    def add(self, y: ArrayLike, *, alpha: builtins.float = 1) -> Tensor:
        """Return x + y; the operands broadcast."""
    def add_(self, y: ArrayLike, *, alpha: builtins.float = 1) -> Tensor:
        """Make x what x.add(...) is, and return x."""
    def adjoint(self) -> Tensor:
        """The conjugate of x with its last two axes exchanged. x: (..., n, m). Raises ShapeError for fewer axes."""
    @overload
    def all(
            self, axis: Axis = None, *, keepdims: builtins.bool = False, where: ArrayLike = True,
            dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return whether no element is zero, over axes (None: all)."""
    @overload
    def all(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    def allclose(
            self, y: ArrayLike, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08,
            equal_nan: builtins.bool = False,
    ) -> builtins.bool:
        """Return whether every |x - y| is at most atol + rtol * |y|; the operands broadcast."""
    def amax(
            self, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
            initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the largest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
    def amin(
            self, axis: Axis = None, keepdims: builtins.bool = False, *, where: ArrayLike = True,
            initial: ArrayLike | None = None, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the smallest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
    @overload
    def any(
            self, axis: Axis = None, *, keepdims: builtins.bool = False, where: ArrayLike = True,
            dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return whether an element is not zero, over axes (None: all)."""
    @overload
    def any(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    def arccos(self) -> Tensor:
        """Return the angle in radians whose cosine is x."""
    def arccos_(self) -> Tensor:
        """Make x what x.arccos(...) is, and return x."""
    def arccosh(self) -> Tensor:
        """Return the number whose hyperbolic cosine is x."""
    def arccosh_(self) -> Tensor:
        """Make x what x.arccosh(...) is, and return x."""
    def arcsin(self) -> Tensor:
        """Return the angle in radians whose sine is x."""
    def arcsin_(self) -> Tensor:
        """Make x what x.arcsin(...) is, and return x."""
    def arcsinh(self) -> Tensor:
        """Return the number whose hyperbolic sine is x."""
    def arcsinh_(self) -> Tensor:
        """Make x what x.arcsinh(...) is, and return x."""
    def arctan(self) -> Tensor:
        """Return the angle in radians whose tangent is x."""
    def arctan2(self, x: ArrayLike, /) -> Tensor:
        """Return the angle of the point (x, y) from the x axis, in radians; its derivative at (0, 0) is nan."""
    def arctan2_(self, x: ArrayLike, /) -> Tensor:
        """Make x what x.arctan2(...) is, and return x."""
    def arctan_(self) -> Tensor:
        """Make x what x.arctan(...) is, and return x."""
    def arctanh(self) -> Tensor:
        """Return the number whose hyperbolic tangent is x."""
    def arctanh_(self) -> Tensor:
        """Make x what x.arctanh(...) is, and return x."""
    @overload
    def argmax(
            self, axis: builtins.int | None = None, *, keepdims: builtins.bool = False,
            dim: builtins.int | None = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the index of the first largest element along an axis, or of x flattened."""
    @overload
    def argmax(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    @overload
    def argmin(
            self, axis: builtins.int | None = None, *, keepdims: builtins.bool = False,
            dim: builtins.int | None = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the index of the first smallest element along an axis, or of x flattened."""
    @overload
    def argmin(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    @overload
    def argsort(
            self, axis: builtins.int | None = -1, kind: str | None = None, *, stable: builtins.bool = True,
            descending: builtins.bool = False, dim: builtins.int | None = -1,
    ) -> Tensor:
        """Return the indices that sort x along an axis (None: in C order), nan last (first if descending)."""
    @overload
    def argsort(self, dim: Axis, descending: builtins.bool, /) -> Tensor: ...
    def asin(self) -> Tensor:
        """Return the angle in radians whose sine is x."""
    def asin_(self) -> Tensor:
        """Make x what x.asin(...) is, and return x."""
    def asinh(self) -> Tensor:
        """Return the number whose hyperbolic sine is x."""
    def asinh_(self) -> Tensor:
        """Make x what x.asinh(...) is, and return x."""
    def astype(
            self, dtype: DTypeLike, order: str = "K", casting: str = "unsafe", subok: builtins.bool = True,
            copy: builtins.bool = True,
    ) -> Tensor:
        """Return x converted to a dtype; with copy=False x itself if it has that dtype."""
    def atan(self) -> Tensor:
        """Return the angle in radians whose tangent is x."""
    def atan2(self, x: ArrayLike, /) -> Tensor:
        """Return the angle of the point (x, y) from the x axis, in radians; its derivative at (0, 0) is nan."""
    def atan2_(self, x: ArrayLike, /) -> Tensor:
        """Make x what x.atan2(...) is, and return x."""
    def atan_(self) -> Tensor:
        """Make x what x.atan(...) is, and return x."""
    def atanh(self) -> Tensor:
        """Return the number whose hyperbolic tangent is x."""
    def atanh_(self) -> Tensor:
        """Make x what x.atanh(...) is, and return x."""
    def backward(self, v: ArrayLike | None = None, retain_graph: builtins.bool = False) -> None:
        """Add the gradient of <v, y> to .grad of every tensor with requires_grad=True that y was computed from."""
    def bitwise_and(self, y: ArrayLike, /) -> Tensor:
        """Return the bits that x and y both have; of booleans, whether both hold."""
    def bitwise_and_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.bitwise_and(...) is, and return x."""
    def bitwise_left_shift(self, y: ArrayLike, /) -> Tensor:
        """Return x with its bits moved up by y places."""
    def bitwise_left_shift_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.bitwise_left_shift(...) is, and return x."""
    def bitwise_not(self) -> Tensor:
        """Return x with all its bits exchanged, -x - 1 of a signed integer; of booleans, not x."""
    def bitwise_not_(self) -> Tensor:
        """Make x what x.bitwise_not(...) is, and return x."""
    def bitwise_or(self, y: ArrayLike, /) -> Tensor:
        """Return the bits that x or y has, or both; of booleans, whether one holds."""
    def bitwise_or_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.bitwise_or(...) is, and return x."""
    def bitwise_right_shift(self, y: ArrayLike, /) -> Tensor:
        """Return x with its bits moved down by y places."""
    def bitwise_right_shift_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.bitwise_right_shift(...) is, and return x."""
    def bitwise_xor(self, y: ArrayLike, /) -> Tensor:
        """Return the bits that just one of x and y has; of booleans, whether they differ."""
    def bitwise_xor_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.bitwise_xor(...) is, and return x."""
    def bmm(self, b: ArrayLike) -> Tensor:
        """Return the matrix product a @ b."""
    def bool(self) -> Tensor:
        """Return x in bool, as `nb.astype(x, 'bool')`."""
    def broadcast_to(self, shape: Shape) -> Tensor:
        """Return a read-only view of x, its axes of length 1 repeated and axes added in front, of a given shape."""
    def byte(self) -> Tensor:
        """Return x in uint8, as `nb.astype(x, 'uint8')`."""
    def ceil(self) -> Tensor:
        """Return the smallest integer not below x."""
    def ceil_(self) -> Tensor:
        """Make x what x.ceil(...) is, and return x."""
    def char(self) -> Tensor:
        """Return x in int8, as `nb.astype(x, 'int8')`."""
    def cholesky(self, upper: builtins.bool = False) -> Tensor:
        """Return the lower triangular z with z @ z.T = a, or with `upper` the upper triangular z, z.T @ z = a."""
    def clamp(self, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Tensor:
        """Return x limited to the interval from min to max; the operands broadcast, None is no limit."""
    def clamp_(self, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Tensor:
        """Make x what x.clamp(...) is, and return x."""
    def clamp_max(self, max: ArrayLike) -> Tensor:
        """Return x where it is below max, elsewhere max; derivatives and errors are those of `nb.clip`."""
    def clamp_max_(self, max: ArrayLike) -> Tensor:
        """Make x what x.clamp_max(...) is, and return x."""
    def clamp_min(self, min: ArrayLike) -> Tensor:
        """Return x where it is above min, elsewhere min; derivatives and errors are those of `nb.clip`."""
    def clamp_min_(self, min: ArrayLike) -> Tensor:
        """Make x what x.clamp_min(...) is, and return x."""
    def clip(self, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Tensor:
        """Return x limited to the interval from min to max; the operands broadcast, None is no limit."""
    def clip_(self, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Tensor:
        """Make x what x.clip(...) is, and return x."""
    def clone(self) -> Tensor:
        """Return a Tensor of its own with x's values, in C order, to which gradients flow."""
    def conj(self) -> Tensor:
        """Return the complex conjugate: x itself where x is real."""
    def conj_physical(self) -> Tensor:
        """Return the complex conjugate: x itself where x is real."""
    def conj_physical_(self) -> Tensor:
        """Make x what x.conj_physical(...) is, and return x."""
    def conjugate(self) -> Tensor:
        """Return the complex conjugate: x itself where x is real."""
    def contiguous(self) -> Tensor:
        """x: where elements lie is nbgrad's own, and none is kept as the opposite or conjugate of another."""
    def copy(self, order: str = "C") -> Tensor:
        """Return x computed again, a Tensor of its own, to which gradients flow."""
    def copy_(self, source: ArrayLike) -> Tensor:
        """Make x what the source is, broadcast, in x's dtype; return x. Raises ShapeError if it does not fit."""
    def cos(self) -> Tensor:
        """Return the cosine of an angle in radians."""
    def cos_(self) -> Tensor:
        """Make x what x.cos(...) is, and return x."""
    def cosh(self) -> Tensor:
        """Return the hyperbolic cosine."""
    def cosh_(self) -> Tensor:
        """Make x what x.cosh(...) is, and return x."""
    def count_nonzero(
            self, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None,
            keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the number of elements that are not zero, over axes (None: all)."""
    def cpu(self) -> Tensor:
        """Return x in the memory of the CPU, through which gradients flow. See `to`."""
    def cuda(self) -> Tensor:
        """Return x on the CUDA device. Raises DeviceError where there is none."""
    def cumprod(
            self, axis: builtins.int | None = None, dtype: DTypeLike | None = None, *,
            dim: builtins.int | None = None,
    ) -> Tensor:
        """Return the products of the elements of x up to each along an axis; None: of x read in C order."""
    def cumprod_(
            self, axis: builtins.int | None = None, dtype: DTypeLike | None = None, *,
            dim: builtins.int | None = None,
    ) -> Tensor:
        """Make x what x.cumprod(...) is, and return x."""
    def cumsum(
            self, axis: builtins.int | None = None, dtype: DTypeLike | None = None, *,
            dim: builtins.int | None = None,
    ) -> Tensor:
        """Return the sums of the elements of x up to each along an axis; None: of x read in C order."""
    def cumsum_(
            self, axis: builtins.int | None = None, dtype: DTypeLike | None = None, *,
            dim: builtins.int | None = None,
    ) -> Tensor:
        """Make x what x.cumsum(...) is, and return x."""
    def det(self) -> Tensor:
        """Return the determinant of matrices."""
    def detach(self) -> Tensor:
        """Return x (or a tree) as a constant: no derivative of any order goes through it."""
    def detach_(self) -> Tensor:
        """Make x a constant, through which no gradient flows; return x."""
    @property
    def device(self) -> str:
        """The name of the device that x's elements are on: "cpu", "cuda" or "cuda-sim"."""
    def diag(self, k: builtins.int = 0) -> Tensor:
        """Return the k-th diagonal of a matrix, a read-only view; of a vector, the square matrix that has it."""
    def diagonal(
            self, offset: builtins.int = 0, axis1: builtins.int = 0, axis2: builtins.int = 1,
    ) -> Tensor:
        """Return the elements x[i, i + offset] of the matrices in two axes, a read-only view, along a last axis."""
    def diff(
            self, n: builtins.int = 1, axis: builtins.int = -1, prepend: ArrayLike | None = None,
            append: ArrayLike | None = None, *, dim: builtins.int = -1,
    ) -> Tensor:
        """Return the n-th differences of x along an axis: of booleans, whether neighbours differ."""
    def dim(self) -> builtins.int:
        """Return the number of axes."""
    def div(self, y: ArrayLike, *, rounding_mode: str | None = None) -> Tensor:
        """Return x / y; rounding_mode="floor": rounded down, without a derivative."""
    def div_(self, y: ArrayLike, *, rounding_mode: str | None = None) -> Tensor:
        """Make x what x.div(...) is, and return x."""
    def divide(self, y: ArrayLike, *, rounding_mode: str | None = None) -> Tensor:
        """Return x / y; rounding_mode="floor": rounded down, without a derivative."""
    def divide_(self, y: ArrayLike, *, rounding_mode: str | None = None) -> Tensor:
        """Make x what x.divide(...) is, and return x."""
    def dot(self, b: ArrayLike) -> Tensor:
        """Return NumPy's dot product: sums over the last axis of a and the second-last, or only, axis of b."""
    def double(self) -> Tensor:
        """Return x in float64, as `nb.astype(x, 'float64')`."""
    def element_size(self) -> builtins.int:
        """Bytes of one element."""
    def eq(self, y: ArrayLike, /) -> Tensor:
        """Return whether x == y."""
    def eq_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.eq(...) is, and return x."""
    def equal(self, y: ArrayLike) -> builtins.bool:
        """Return whether x and y have one shape and equal elements; x == y compares each element."""
    def erf(self) -> Tensor:
        """Return the error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    def erf_(self) -> Tensor:
        """Make x what x.erf(...) is, and return x."""
    def erfc(self) -> Tensor:
        """Return 1 - erf(x), accurate for large x."""
    def erfc_(self) -> Tensor:
        """Make x what x.erfc(...) is, and return x."""
    def exp(self) -> Tensor:
        """Return e to the power x."""
    def exp2(self) -> Tensor:
        """Return 2 to the power x."""
    def exp2_(self) -> Tensor:
        """Make x what x.exp2(...) is, and return x."""
    def exp_(self) -> Tensor:
        """Make x what x.exp(...) is, and return x."""
    def expand(self, *wanted: Shape) -> Tensor:
        """Return x broadcast to these sizes; -1 keeps the size of an axis."""
    def expand_as(self, y: Tensor) -> Tensor:
        """Return x broadcast to y's shape. Raises ShapeError if it does not fit."""
    def expand_dims(self, axis: Axis = 0, *, dim: Axis = 0) -> Tensor:
        """Return a view of x with an axis of length 1 at each of the given places of the result."""
    def expm1(self) -> Tensor:
        """Return exp(x) - 1, accurate near 0."""
    def expm1_(self) -> Tensor:
        """Make x what x.expm1(...) is, and return x."""
    def fill(self, value: ArrayLike) -> None:
        """Make every element one value: a scalar, or a 0-d Tensor, to which the gradient flows."""
    def fill_(self, value: ArrayLike) -> Tensor:
        """Make every element one value: a scalar, or a 0-d Tensor, to which the gradient flows; return x."""
    def fix(self) -> Tensor:
        """Return x without its fraction."""
    def fix_(self) -> Tensor:
        """Make x what x.fix(...) is, and return x."""
    @overload
    def flatten(self, order: str = "C") -> Tensor:
        """Return x with one axis: flatten(order), as in NumPy; or with only the axes from start_dim to end_dim"""
    @overload
    def flatten(self, start_dim: builtins.int = 0, end_dim: builtins.int = -1, *, order: str = "C") -> Tensor: ...
    @overload
    def flip(self, *axes: builtins.int) -> Tensor:
        """Return x reversed along axes: flip(0, 1), flip((0, 1)), or along all of them. Raises AxisError."""
    @overload
    def flip(self, axis: Axis = None) -> Tensor: ...
    @overload
    def flip(self, *, dim: Axis | list[builtins.int] = None) -> Tensor: ...
    def fliplr(self) -> Tensor:
        """Return a view of x with its columns in reversed order. x: at least two axes. Raises ShapeError."""
    def flipud(self) -> Tensor:
        """Return a view of x with its rows in reversed order. x: at least one axis. Raises ShapeError."""
    def float(self) -> Tensor:
        """Return x in float32, as `nb.astype(x, 'float32')`."""
    def floor(self) -> Tensor:
        """Return the largest integer not above x."""
    def floor_(self) -> Tensor:
        """Make x what x.floor(...) is, and return x."""
    def floor_divide(self, y: ArrayLike, /) -> Tensor:
        """Return the largest integer not above x / y; its derivative is taken as 0."""
    def floor_divide_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.floor_divide(...) is, and return x."""
    def gather(self, dim: builtins.int, places: ArrayLike) -> Tensor:
        """Return x's elements at places of an axis: z[i, j] = x[places[i, j], j] for dim=0."""
    def ge(self, y: ArrayLike, /) -> Tensor:
        """Return whether x >= y."""
    def ge_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.ge(...) is, and return x."""
    def ger(self, b: ArrayLike) -> Tensor:
        """Return all products of an element of a with one of b. a: n elements, b: m, in any shape -> (n, m)."""
    def greater(self, y: ArrayLike, /) -> Tensor:
        """Return whether x > y."""
    def greater_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.greater(...) is, and return x."""
    def greater_equal(self, y: ArrayLike, /) -> Tensor:
        """Return whether x >= y."""
    def greater_equal_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.greater_equal(...) is, and return x."""
    def gt(self, y: ArrayLike, /) -> Tensor:
        """Return whether x > y."""
    def gt_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.gt(...) is, and return x."""
    def hypot(self, y: ArrayLike, /) -> Tensor:
        """Return sqrt(x * x + y * y) without overflow; its derivatives at (0, 0) are 0."""
    def hypot_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.hypot(...) is, and return x."""
    @property
    def imag(self) -> Tensor:
        """The imaginary part, a copy: zeros where x is real."""
    def index_add(
            self, dim: builtins.int, places: ArrayLike, source: ArrayLike, *, alpha: builtins.float = 1,
    ) -> Tensor:
        """Return x with the source, times alpha, added at these places of an axis, dim."""
    def index_add_(
            self, dim: builtins.int, places: ArrayLike, source: ArrayLike, *, alpha: builtins.float = 1,
    ) -> Tensor:
        """Make x what x.index_add(...) is, and return x."""
    def index_copy(self, dim: builtins.int, places: ArrayLike, source: ArrayLike) -> Tensor:
        """Return x with the source written at these places of an axis, dim."""
    def index_copy_(self, dim: builtins.int, places: ArrayLike, source: ArrayLike) -> Tensor:
        """Make x what x.index_copy(...) is, and return x."""
    def index_put(self, places: Index, values: ArrayLike, accumulate: builtins.bool = False) -> Tensor:
        """Return x with values written, or if accumulate added, at x[places]."""
    def index_put_(
            self, places: ArrayLike, values: ArrayLike, accumulate: builtins.bool = False,
    ) -> Tensor:
        """Make x what x.index_put(...) is, and return x."""
    def index_select(self, dim: builtins.int, places: ArrayLike) -> Tensor:
        """Return the slices of an axis, dim, at these places. Raises AxisError, IndexError, DtypeError."""
    def inner(self, b: ArrayLike) -> Tensor:
        """Return the sums of products over the last axes of a and b."""
    def int(self) -> Tensor:
        """Return x in int32, as `nb.astype(x, 'int32')`."""
    def inverse(self) -> Tensor:
        """Return the inverse of matrices."""
    def is_complex(self) -> builtins.bool:
        """Return whether x's dtype is complex64 or complex128."""
    def is_conj(self) -> builtins.bool:
        """Return False: no number is kept as the opposite or conjugate of another."""
    def is_contiguous(self) -> builtins.bool:
        """Return whether the elements lie in C order in memory."""
    @property
    def is_cpu(self) -> builtins.bool:
        """Whether x's elements are in the memory of the CPU."""
    @property
    def is_cuda(self) -> builtins.bool:
        """Whether x's elements are on a CUDA device."""
    def is_floating_point(self) -> builtins.bool:
        """Return whether x's dtype is float32 or float64."""
    @property
    def is_leaf(self) -> builtins.bool:
        """Whether x was not computed from a leaf: made with requires_grad=True, or a constant."""
    def is_neg(self) -> builtins.bool:
        """Return False: no number is kept as the opposite or conjugate of another."""
    def is_nonzero(self) -> builtins.bool:
        """Return whether the only element is not zero. Raises ValueRangeError if there are several."""
    def is_same_size(self, y: Tensor) -> builtins.bool:
        """Return whether x and y have one shape."""
    def is_signed(self) -> builtins.bool:
        """Return whether x's dtype has negative numbers."""
    def isclose(
            self, y: ArrayLike, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08,
            equal_nan: builtins.bool = False,
    ) -> Tensor:
        """Return at every element whether |x - y| is at most atol + rtol * |y|, as in `allclose`."""
    def isfinite(self) -> Tensor:
        """Return whether x is neither infinite nor nan."""
    def isinf(self) -> Tensor:
        """Return whether x is inf or -inf."""
    def isnan(self) -> Tensor:
        """Return whether x is nan."""
    def item(self, *place: builtins.int) -> builtins.float:
        """Return an element as a Python number: the only one, item(), or one at a place, item(i), item(i, j)."""
    @property
    def itemsize(self) -> builtins.int:
        """Bytes of one element."""
    def kron(self, y: ArrayLike) -> Tensor:
        """Return the Kronecker product: copies of y, each times one element of x, in the places of x's elements."""
    def le(self, y: ArrayLike, /) -> Tensor:
        """Return whether x <= y."""
    def le_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.le(...) is, and return x."""
    def less(self, y: ArrayLike, /) -> Tensor:
        """Return whether x < y."""
    def less_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.less(...) is, and return x."""
    def less_equal(self, y: ArrayLike, /) -> Tensor:
        """Return whether x <= y."""
    def less_equal_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.less_equal(...) is, and return x."""
    def log(self) -> Tensor:
        """Return the natural logarithm."""
    def log10(self) -> Tensor:
        """Return the logarithm to base 10."""
    def log10_(self) -> Tensor:
        """Make x what x.log10(...) is, and return x."""
    def log1p(self) -> Tensor:
        """Return log(1 + x), accurate near 0."""
    def log1p_(self) -> Tensor:
        """Make x what x.log1p(...) is, and return x."""
    def log2(self) -> Tensor:
        """Return the logarithm to base 2."""
    def log2_(self) -> Tensor:
        """Make x what x.log2(...) is, and return x."""
    def log_(self) -> Tensor:
        """Make x what x.log(...) is, and return x."""
    def log_softmax(self, axis: builtins.int = -1, *, dim: builtins.int = -1) -> Tensor:
        """Return the logarithm of softmax along an axis, without overflow: x's shape, a float."""
    def logaddexp(self, y: ArrayLike, /) -> Tensor:
        """Return log(exp(x) + exp(y)) without overflow; the partials of (-inf, -inf) are 1/2 each."""
    def logical_and(self, y: ArrayLike, /) -> Tensor:
        """Return whether neither x nor y is zero."""
    def logical_and_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.logical_and(...) is, and return x."""
    def logical_not(self) -> Tensor:
        """Return whether x is zero."""
    def logical_not_(self) -> Tensor:
        """Make x what x.logical_not(...) is, and return x."""
    def logical_or(self, y: ArrayLike, /) -> Tensor:
        """Return whether x or y, or both, are not zero."""
    def logical_or_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.logical_or(...) is, and return x."""
    def logical_xor(self, y: ArrayLike, /) -> Tensor:
        """Return whether just one of x and y is zero."""
    def logical_xor_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.logical_xor(...) is, and return x."""
    def logsumexp(
            self, axis: Axis = None, keepdims: builtins.bool = False, *, dim: Axis = None,
            keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return log(sum(exp(x))) over axes (None: all), without overflow, a float; -inf of no element."""
    def long(self) -> Tensor:
        """Return x in int64, as `nb.astype(x, 'int64')`."""
    def lt(self, y: ArrayLike, /) -> Tensor:
        """Return whether x < y."""
    def lt_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.lt(...) is, and return x."""
    @property
    def mH(self) -> Tensor:
        """The conjugate of x with its last two axes exchanged. x: (..., n, m). Raises ShapeError for fewer axes."""
    @property
    def mT(self) -> Tensor:
        """Return a view of x with its last two axes exchanged. x: (..., n, m). Raises ShapeError for fewer."""
    def masked_fill(self, mask: ArrayLike, value: ArrayLike) -> Tensor:
        """Return x with the value where the mask holds, in x's dtype. Raises DtypeError: floats into integers."""
    def masked_fill_(self, mask: ArrayLike, value: ArrayLike) -> Tensor:
        """Make x what x.masked_fill(...) is, and return x."""
    def masked_select(self, mask: ArrayLike) -> Tensor:
        """Return the elements where the mask, broadcast against x, holds, with one axis."""
    def matmul(self, b: ArrayLike) -> Tensor:
        """Return the matrix product a @ b."""
    def matrix_exp(self) -> Tensor:
        """Return the matrix exponential, the sum of a**k / k! over all k. (np.exp takes that of each element.)"""
    def matrix_power(self, n: builtins.int) -> Tensor:
        """Return the matrix product of n factors a: the identity for n = 0, the inverse's power for n < 0."""
    @overload
    def max(
            self, axis: Axis = None, *, keepdims: builtins.bool = False, initial: ArrayLike | None = None,
            where: ArrayLike = True, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the largest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
    @overload
    def max(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    def maximum(self, y: ArrayLike, /) -> Tensor:
        """Return the larger of x and y, nan if one is nan; 0 is above -0. At a tie each has derivative 1/2. Complex numbers have the order of `sort`."""
    @overload
    def mean(
            self, axis: Axis = None, dtype: DTypeLike | None = None, *, keepdims: builtins.bool = False,
            where: ArrayLike = True, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the mean of x over axes (None: all), a float; nan where there is nothing to average."""
    @overload
    def mean(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    @overload
    def min(
            self, axis: Axis = None, *, keepdims: builtins.bool = False, initial: ArrayLike | None = None,
            where: ArrayLike = True, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the smallest element of x over axes (None: all), nan if there is one; of 0 and -0 either."""
    @overload
    def min(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    def minimum(self, y: ArrayLike, /) -> Tensor:
        """Return the smaller of x and y, nan if one is nan; -0 is below 0. At a tie each has derivative 1/2. Complex numbers have the order of `sort`."""
    def mm(self, b: ArrayLike) -> Tensor:
        """Return the matrix product a @ b."""
    def moveaxis(
            self, source: builtins.int | tuple[builtins.int, ...],
            destination: builtins.int | tuple[builtins.int, ...],
    ) -> Tensor:
        """Return a view of x with some axes moved to other places; the others keep their order."""
    def movedim(
            self, source: builtins.int | tuple[builtins.int, ...],
            destination: builtins.int | tuple[builtins.int, ...],
    ) -> Tensor:
        """Return a view of x with some axes moved to other places; the others keep their order."""
    def mul(self, y: ArrayLike, /) -> Tensor:
        """Return x * y; the operands broadcast."""
    def mul_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.mul(...) is, and return x."""
    def multiply(self, y: ArrayLike, /) -> Tensor:
        """Return x * y; the operands broadcast."""
    def multiply_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.multiply(...) is, and return x."""
    def mv(self, b: ArrayLike) -> Tensor:
        """Return the matrix product a @ b."""
    def narrow(self, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
        """Return a piece of an axis, dim: so many elements, length, from a start."""
    @property
    def nbytes(self) -> builtins.int:
        """Bytes of all elements."""
    def ndimension(self) -> builtins.int:
        """Return the number of axes."""
    def ne(self, y: ArrayLike, /) -> Tensor:
        """Return whether x != y."""
    def ne_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.ne(...) is, and return x."""
    def neg(self) -> Tensor:
        """Return -x."""
    def neg_(self) -> Tensor:
        """Make x what x.neg(...) is, and return x."""
    def negative(self) -> Tensor:
        """Return -x."""
    def negative_(self) -> Tensor:
        """Make x what x.negative(...) is, and return x."""
    def nelement(self) -> builtins.int:
        """Return the number of elements."""
    def new_empty(
            self, *wanted: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False,
    ) -> Tensor:
        """Return nb.empty in x's dtype or another one, on x's device."""
    def new_full(
            self, form: Shape, value: ArrayLike, *, dtype: DTypeLike | None = None,
            requires_grad: builtins.bool = False,
    ) -> Tensor:
        """Return nb.full in x's dtype or another one, on x's device."""
    def new_ones(
            self, *wanted: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False,
    ) -> Tensor:
        """Return nb.ones in x's dtype or another one, on x's device."""
    def new_zeros(
            self, *wanted: Shape, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False,
    ) -> Tensor:
        """Return nb.zeros in x's dtype or another one, on x's device."""
    def nonzero(self) -> tuple[Tensor, ...]:
        """Return the places of the elements that are not zero: a tuple with an int64 Tensor for each axis."""
    def norm(
            self, ord: builtins.float | str | None = None, axis: Axis = None,
            keepdims: builtins.bool = False, *, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return a norm of x over axes: of vectors over one, of matrices over two, of all elements by default."""
    def not_equal(self, y: ArrayLike, /) -> Tensor:
        """Return whether x != y."""
    def not_equal_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.not_equal(...) is, and return x."""
    def numel(self) -> builtins.int:
        """Return the number of elements."""
    def numpy(self) -> np.ndarray[Any, Any]:
        """Return x's values as a read-only array, without a copy where they are on the CPU."""
    def outer(self, b: ArrayLike) -> Tensor:
        """Return all products of an element of a with one of b. a: n elements, b: m, in any shape -> (n, m)."""
    def permute(self, *shape: Shape) -> Tensor:
        """Return a view of x with its axes in another order, by default reversed."""
    def permute_dims(self, *shape: Shape) -> Tensor:
        """Return a view of x with its axes in another order, by default reversed."""
    def positive(self) -> Tensor:
        """Return x."""
    def pow(self, y: ArrayLike) -> Tensor:
        """Return x to the power y; the operands broadcast."""
    def pow_(self, y: ArrayLike) -> Tensor:
        """Make x what x.pow(...) is, and return x."""
    @overload
    def prod(
            self, axis: Axis = None, dtype: DTypeLike | None = None, *, keepdims: builtins.bool = False,
            initial: ArrayLike | None = None, where: ArrayLike = True, dim: Axis = None,
            keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the product of x over axes (None: all); derivatives are exact also where factors are zero."""
    @overload
    def prod(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    def ravel(self, order: str = "C") -> Tensor:
        """Return x's elements with one axis: a view if they lie so in memory, else a copy. x: any shape."""
    @property
    def real(self) -> Tensor:
        """The real part, a copy: x itself where x is real."""
    def reciprocal(self) -> Tensor:
        """Return 1 / x, a float also for integers."""
    def reciprocal_(self) -> Tensor:
        """Make x what x.reciprocal(...) is, and return x."""
    def relu(self) -> Tensor:
        """Return max(x, 0); its derivative at 0 is 0."""
    def relu_(self) -> Tensor:
        """Make x what x.relu(...) is, and return x."""
    def remainder(self, y: ArrayLike, /) -> Tensor:
        """Return x - y * floor(x / y), which has the sign of y; at its jumps the derivatives are those of the right side."""
    def remainder_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.remainder(...) is, and return x."""
    def repeat(
            self, repeats: ArrayLike, axis: builtins.int | None = None, *, dim: builtins.int | None = None,
    ) -> Tensor:
        """Return x with each element along an axis repeated, one copy after the other; None: x is in C order."""
    def repeat_interleave(
            self, repeats: ArrayLike, axis: builtins.int | None = None, *, dim: builtins.int | None = None,
    ) -> Tensor:
        """Return x with each element along an axis repeated, one copy after the other; None: x is in C order."""
    @property
    def requires_grad(self) -> builtins.bool:
        """Whether backward() from x, or through x, reaches a leaf."""
    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None: ...
    def requires_grad_(self, on: builtins.bool = True) -> Tensor:
        """Make x, which no trace watches, a leaf, to whose .grad backward() adds; or a leaf a constant again."""
    def reshape(self, *wanted: Shape, order: str = "C") -> Tensor:
        """Return x in another shape: reshape(2, 3) or reshape((2, 3))."""
    def reshape_as(self, y: Tensor) -> Tensor:
        """Return x in the shape of y. Raises ShapeError if the number of elements differs."""
    def resolve_conj(self) -> Tensor:
        """x: where elements lie is nbgrad's own, and none is kept as the opposite or conjugate of another."""
    def resolve_neg(self) -> Tensor:
        """x: where elements lie is nbgrad's own, and none is kept as the opposite or conjugate of another."""
    def roll(self, shift: ArrayLike, axis: Axis = None, *, dim: Axis = None) -> Tensor:
        """Return x with its elements moved on by shift places; those that leave at the end come in at the front."""
    def round(self, decimals: builtins.int = 0) -> Tensor:
        """Return x rounded to a number of decimals, ties to even; its derivative is taken as 0."""
    def round_(self, decimals: builtins.int = 0) -> Tensor:
        """Make x what x.round(...) is, and return x."""
    def rsqrt(self) -> Tensor:
        """Return 1 / sqrt(x), inf at 0. Derivative: -z**3 / 2 (z is the result)."""
    def rsqrt_(self) -> Tensor:
        """Make x what x.rsqrt(...) is, and return x."""
    def scatter(self, dim: builtins.int, places: ArrayLike, source: ArrayLike) -> Tensor:
        """Return x with x[places[i, j], j] = source[i, j] written, for dim=0; of several the last stays."""
    def scatter_(self, dim: builtins.int, places: ArrayLike, source: ArrayLike) -> Tensor:
        """Make x what x.scatter(...) is, and return x."""
    @overload
    def scatter_add(self, index: Index, v: ArrayLike, /) -> Tensor:
        """Return x with values added: scatter_add(index, v) as nb.scatter_add, or (dim, places, source)."""
    @overload
    def scatter_add(self, dim: builtins.int, places: ArrayLike, source: ArrayLike, /) -> Tensor: ...
    @overload
    def scatter_add_(self, index: Index, v: ArrayLike, /) -> Tensor:
        """Make x what x.scatter_add(...) is, and return x."""
    @overload
    def scatter_add_(self, dim: builtins.int, places: ArrayLike, source: ArrayLike, /) -> Tensor: ...
    def searchsorted(self, v: ArrayLike, side: str = "left", sorter: ArrayLike | None = None) -> Tensor:
        """Return where the elements of v belong in x: x[i - 1] < v <= x[i], or x[i - 1] <= v < x[i] if right."""
    def select(self, dim: builtins.int, place: builtins.int) -> Tensor:
        """Return the slice of an axis, dim, at a place, without the axis. Raises AxisError, IndexError."""
    def sgn(self) -> Tensor:
        """Return -1, 0 or 1, and nan of nan; its derivative is taken as 0. Of complex x it is x / |x|, with that function's derivative, and 0 with derivative 0 at 0."""
    def sgn_(self) -> Tensor:
        """Make x what x.sgn(...) is, and return x."""
    def short(self) -> Tensor:
        """Return x in int16, as `nb.astype(x, 'int16')`."""
    def sigmoid(self) -> Tensor:
        """Return 1 / (1 + exp(-x)) without overflow."""
    def sigmoid_(self) -> Tensor:
        """Make x what x.sigmoid(...) is, and return x."""
    def sign(self) -> Tensor:
        """Return -1, 0 or 1, and nan of nan; its derivative is taken as 0. Of complex x it is x / |x|, with that function's derivative, and 0 with derivative 0 at 0."""
    def sign_(self) -> Tensor:
        """Make x what x.sign(...) is, and return x."""
    def signbit(self) -> Tensor:
        """Return whether the sign of x is minus, of -0 too."""
    def sin(self) -> Tensor:
        """Return the sine of an angle in radians."""
    def sin_(self) -> Tensor:
        """Make x what x.sin(...) is, and return x."""
    def sinh(self) -> Tensor:
        """Return the hyperbolic sine."""
    def sinh_(self) -> Tensor:
        """Make x what x.sinh(...) is, and return x."""
    def slogdet(self) -> Slogdet:
        """Return the sign and the logarithm of the absolute value of the determinant, without overflow."""
    def softmax(self, axis: builtins.int = -1, *, dim: builtins.int = -1) -> Tensor:
        """Return exp(x) over its sum along an axis, without overflow: x's shape, a float."""
    def sqrt(self) -> Tensor:
        """Return the square root; its derivative at 0 is inf."""
    def sqrt_(self) -> Tensor:
        """Make x what x.sqrt(...) is, and return x."""
    def square(self) -> Tensor:
        """Return x * x."""
    def square_(self) -> Tensor:
        """Make x what x.square(...) is, and return x."""
    def squeeze(self, axis: Axis = None, *, dim: Axis = None) -> Tensor:
        """Return a view of x without the given axes of length 1, by default without all of them."""
    @overload
    def std(
            self, axis: Axis = None, dtype: DTypeLike | None = None, *, ddof: builtins.float | None = None,
            keepdims: builtins.bool = False, where: ArrayLike = True, mean: ArrayLike | None = None,
            correction: builtins.float = 0, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the standard deviation, the square root of `var`, also where that overflows or underflows."""
    @overload
    def std(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    @overload
    def stride(self, dim: None = None) -> tuple[builtins.int, ...]:
        """Return the steps from element to element along each axis, or along one, dim, in elements."""
    @overload
    def stride(self, dim: builtins.int) -> builtins.int: ...
    @property
    def strides(self) -> tuple[builtins.int, ...]:
        """The steps from element to element along each axis, in bytes."""
    def sub(self, y: ArrayLike, *, alpha: builtins.float = 1) -> Tensor:
        """Return x - y."""
    def sub_(self, y: ArrayLike, *, alpha: builtins.float = 1) -> Tensor:
        """Make x what x.sub(...) is, and return x."""
    def subtract(self, y: ArrayLike, *, alpha: builtins.float = 1) -> Tensor:
        """Return x - y."""
    def subtract_(self, y: ArrayLike, *, alpha: builtins.float = 1) -> Tensor:
        """Make x what x.subtract(...) is, and return x."""
    @overload
    def sum(
            self, axis: Axis = None, dtype: DTypeLike | None = None, *, keepdims: builtins.bool = False,
            initial: ArrayLike | None = None, where: ArrayLike = True, dim: Axis = None,
            keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the sum of x over axes (None: all), of x's float dtype; of integers and booleans in 64 bits."""
    @overload
    def sum(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    def sum_to_size(self, *wanted: Shape) -> Tensor:
        """Return the sums of x that have these sizes: over the axes that x would be repeated in."""
    def swapaxes(self, axis1: builtins.int, axis2: builtins.int) -> Tensor:
        """Return a view of x with two axes exchanged. x: any shape. Raises AxisError."""
    def swapdims(self, axis1: builtins.int, axis2: builtins.int) -> Tensor:
        """Return a view of x with two axes exchanged. x: any shape. Raises AxisError."""
    def t(self, axes: Sequence[builtins.int] | None = None) -> Tensor:
        """Return a view of x with its axes in another order, by default reversed."""
    def take(
            self, indices: ArrayLike, axis: builtins.int | None = None, *, dim: builtins.int | None = None,
    ) -> Tensor:
        """Return the elements of x at the indices along an axis, or of x read in C order if axis is None."""
    def take_along_dim(
            self, indices: ArrayLike, axis: builtins.int | None = -1, *, dim: builtins.int | None = -1,
    ) -> Tensor:
        """Return the elements of x at the places along an axis that argsort and argmax give, one index for each."""
    def tan(self) -> Tensor:
        """Return the tangent of an angle in radians."""
    def tan_(self) -> Tensor:
        """Make x what x.tan(...) is, and return x."""
    def tanh(self) -> Tensor:
        """Return the hyperbolic tangent."""
    def tanh_(self) -> Tensor:
        """Make x what x.tanh(...) is, and return x."""
    def tile(self, *shape: Shape) -> Tensor:
        """Return copies of x side by side: reps[a] of them along axis a, counted from the last axis."""
    def to(self, *wanted: DTypeLike) -> Tensor:
        """Return x on a device, in a dtype, or both: to("cuda"), to("float32"), to("cpu", float)."""
    def to_device(self, device: str, /, *, stream: Any = None) -> Tensor:
        """Return x on a device, as the array API standard spells it: to_device("cpu")."""
    def tobytes(self, order: str = "C") -> bytes:
        """Return the elements' bytes in an order, "C", "F" or "A". Raises TraceError inside a transform."""
    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers. Raises TraceError inside a transform."""
    def transpose(self, *axes: Shape) -> Tensor:
        """Return a view of x with its axes in another order, by default reversed."""
    def tril(self, k: builtins.int = 0) -> Tensor:
        """Return x with zeros above the k-th diagonal of its last two axes. x: (..., n, m). Raises ShapeError."""
    def tril_(self, k: builtins.int = 0) -> Tensor:
        """Make x what x.tril(...) is, and return x."""
    def triu(self, k: builtins.int = 0) -> Tensor:
        """Return x with zeros below the k-th diagonal of its last two axes. x: (..., n, m). Raises ShapeError."""
    def triu_(self, k: builtins.int = 0) -> Tensor:
        """Make x what x.triu(...) is, and return x."""
    def true_divide(self, y: ArrayLike, /) -> Tensor:
        """Return x / y, a float also for integers."""
    def true_divide_(self, y: ArrayLike, /) -> Tensor:
        """Make x what x.true_divide(...) is, and return x."""
    def trunc(self) -> Tensor:
        """Return x without its fraction."""
    def trunc_(self) -> Tensor:
        """Make x what x.trunc(...) is, and return x."""
    def type_as(self, y: Tensor) -> Tensor:
        """Return x in y's dtype."""
    def unbind(self, dim: builtins.int = 0) -> tuple[Tensor, ...]:
        """Return the slices of x along an axis, dim. Raises AxisError."""
    def unsqueeze(self, axis: Axis = 0, *, dim: Axis = 0) -> Tensor:
        """Return a view of x with an axis of length 1 at each of the given places of the result."""
    @overload
    def var(
            self, axis: Axis = None, dtype: DTypeLike | None = None, *, ddof: builtins.float | None = None,
            keepdims: builtins.bool = False, where: ArrayLike = True, mean: ArrayLike | None = None,
            correction: builtins.float = 0, dim: Axis = None, keepdim: builtins.bool = False,
    ) -> Tensor:
        """Return the variance of x over axes (None: all): squared deviations summed, over count - correction."""
    @overload
    def var(self, dim: Axis, keepdim: builtins.bool, /) -> Tensor: ...
    def vdot(self, b: ArrayLike, /) -> Tensor:
        """Return the dot product of all elements of a and b, read in C order; of complex a its conjugates."""
    def view(self, *wanted: Shape) -> Tensor:
        """Return x in another shape, as in PyTorch; NumPy's view as another dtype is refused."""
    def view_as(self, y: Tensor) -> Tensor:
        """Return x in the shape of y. Raises ShapeError if the number of elements differs."""
    def where(self, condition: ArrayLike, y: ArrayLike) -> Tensor:
        """Return x where the condition holds, elsewhere y, as `nb.where(condition, x, y)`."""
    def zero_(self) -> Tensor:
        """Make every element zero, and return x. Raises GradientError for a leaf that is recorded."""
