"""Tensors from data, and tensors from nothing.

All take requires_grad=True, which makes a leaf that backward() fills the .grad of; only floating-point
tensors can be one.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nbgrad.arrays import devices, dlpack
from nbgrad.arrays.dtypes import real_of
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.define.scalar import add, multiply
from nbgrad.engine import convert
from nbgrad.engine.graph import watch
from nbgrad.engine.tensor import Spec, Tensor, as_tensor, raw, wrap
from nbgrad.engine.views import array as array_of
from nbgrad.errors import gradient_errors, protocol_errors, shape_errors, trace_errors, value_errors
from nbgrad.ops.compare import floor
from nbgrad.ops.shape import stack

Shape = int | tuple[int, ...]


def _leaf(name: str, x: Any, requires_grad: bool) -> Tensor:
    """A raw value or a Tensor as a Tensor, a leaf if asked for."""
    if not requires_grad:
        return array_of(x if type(x) is Tensor else wrap(x))
    if type(x) is Tensor and x.trace is not None:
        raise gradient_errors.no_new_leaf(name)
    if x.dtype.kind not in "fc":
        raise value_errors.needs_floats(name, x.dtype)
    return watch(raw(x))


# ------------------------------------------------------------------------------------------ from data
def asarray(data: Any, dtype: Any = None, requires_grad: bool = False, copy: bool | None = True) -> Tensor:
    """Return data as a Tensor.

    data  : a Tensor, an array, a scalar, or nested lists of these; gradients flow through Tensors
    dtype : default: that of the data, float64 for Python floats
    copy  : False or None shares an array's memory, which becomes read-only for all, and returns a Tensor that
        needs no conversion itself; False raises ValueRangeError where an array needs one. Otherwise the
        result is a Tensor of its own: what is written to it does not reach the data.

    Raises DtypeError for a dtype that nbgrad does not take, or requires_grad without floats; ShapeError for
    lists of unequal lengths; GradientError for a new leaf from a Tensor with a gradient.
    requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.asarray([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    if type(data) is not Tensor and not _holds_tensor(data):
        return _leaf("asarray", convert.array(data, dtype, copy), requires_grad)
    found = data if type(data) is Tensor else _gathered(data)
    target = found.dtype if dtype is None else devices.supported(dtype)
    if target != found.dtype or (copy and found is data):
        found = astype(found, target)
    return _leaf("asarray", found, requires_grad)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return data, copied, as a Tensor; the arguments and errors of `asarray`.

    data: anything that `asarray` takes. dtype: default that of the data. requires_grad: make a leaf, to whose
    .grad backward() adds. Raises DtypeError, ShapeError, GradientError.

    >>> w = nb.tensor([1.0, 2.0], requires_grad=True)
    >>> nb.sum(w * w).backward()
    >>> w.grad
    tensor([2., 4.])
    """
    return asarray(data, dtype, requires_grad)


def array(data: Any, dtype: Any = None, requires_grad: bool = False, *, order: str = "K") -> Tensor:
    """Return data, copied, as a Tensor; the arguments and errors of `asarray`, and an order as of `zeros`.

    data: anything that `asarray` takes. dtype: default that of the data. requires_grad: make a leaf, to whose
    .grad backward() adds. order: on which no result depends. Raises DtypeError, ShapeError, GradientError as
    `asarray`, ProtocolError for another layout.

    >>> nb.array([1, 2])
    tensor([1, 2])
    >>> nb.array([1, 2], dtype=nb.float32)
    tensor([1., 2.], dtype=float32)
    """
    _laid("array", order)
    return asarray(data, dtype, requires_grad)


def copy(a: Any, order: str = "K") -> Tensor:
    """Return a as a Tensor of its own.

    a: anything that `asarray` takes. order: "C", "A" or "K", on which no result depends. Derivative: linear
    in a. Raises ProtocolError for another order, DtypeError.

    >>> nb.copy([1.0, 2.0])
    tensor([1., 2.])
    """
    _laid("copy", order)
    return asarray(a)


def _laid(name: str, order: str) -> None:
    """Raises ProtocolError for a layout in memory of the caller's choice."""
    if order not in ("C", "A", "K"):
        raise protocol_errors.layout(name, order)


def from_numpy(x: np.ndarray) -> Tensor:
    """Return a Tensor that shares the memory of x, which becomes read-only, with what x is a view of.

    x: an array; one of foreign byte order is copied instead. Raises DtypeError for anything else.

    >>> nb.from_numpy(np.array([1.0, 2.0]))
    tensor([1., 2.])
    """
    if not isinstance(x, np.ndarray):
        raise value_errors.bad_argument("from_numpy", x, "a NumPy array")
    return asarray(x, copy=None)


def from_dlpack(x: Any, copy: bool | None = None) -> Tensor:
    """Return a Tensor with what another library's array holds; its gradients do not come along.

    x: has the methods __dlpack__ and __dlpack_device__, and lives on the CPU, or on the CUDA device where
    arrays are made. copy: False shares memory of the CPU, which nobody may write to any more; default: a
    copy. Raises DtypeError for anything else, or a dtype that nbgrad does not take; DeviceError for values on
    CUDA where arrays are made on the CPU.

    >>> nb.from_dlpack(np.array([1.0, 2.0]))
    tensor([1., 2.])
    """
    if not hasattr(x, "__dlpack__"):
        raise value_errors.bad_argument("from_dlpack", x, "an array with the method __dlpack__")
    if hasattr(x, "__dlpack_device__") and x.__dlpack_device__()[0] in dlpack.ON_CUDA:
        return wrap(convert.from_dlpack(x, copy))
    return asarray(np.from_dlpack(x), copy=copy is not False)


def _holds_tensor(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and any(type(d) is Tensor or _holds_tensor(d) for d in data)


def _gathered(data: Any) -> Tensor:
    """Nested lists with Tensors in them as one Tensor. Raises ShapeError where the shapes differ."""
    parts = [_gathered(d) if _holds_tensor(d) else as_tensor(d) for d in data]
    if len({p.shape for p in parts}) > 1:
        raise value_errors.ragged()
    return stack(parts)


# --------------------------------------------------------------------------------------- of one value
def _spec(name: str, sizes: tuple[Any, ...], dtype: Any) -> Spec:
    """Shape and dtype from ((2, 3)), (2, 3), (()) or ((2, 3), dtype). Raises ShapeError, DtypeError."""
    if len(sizes) > 1 and (isinstance(sizes[-1], (type, str, np.dtype)) or sizes[-1] is None):
        sizes, dtype = sizes[:-1], sizes[-1]
    found = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    try:
        shape = tuple([n if type(n) is int else operator.index(raw(n)) for n in found])
    except TypeError as error:
        raise value_errors.bad_argument(name, found, "a shape: ints, or one tuple of them") from error
    if min(shape, default=0) < 0:
        raise shape_errors.bad_shape(name, shape, "sizes cannot be negative")
    return Spec(shape, devices.supported(np.float64 if dtype is None else dtype), devices.kind())


def _spec_like(x: Any, dtype: Any) -> Spec:
    x = as_tensor(x)
    return Spec(x.shape, x.dtype if dtype is None else devices.supported(dtype), devices.of(raw(x)))


def zeros(*shape: Any, dtype: Any = None, requires_grad: bool = False, order: str = "C") -> Tensor:
    """Return zeros: zeros((2, 3)) or zeros(2, 3). dtype: default float64. Raises ShapeError, DtypeError.

    order: "C", or NumPy's "A" or "K"; another layout in memory raises ProtocolError.
    shape: the lengths of the axes. requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    _laid("zeros", order)
    return _leaf("zeros", devices.zeros_like(_spec("zeros", shape, dtype)), requires_grad)


def ones(*shape: Any, dtype: Any = None, requires_grad: bool = False, order: str = "C") -> Tensor:
    """Return ones: ones((2, 3)) or ones(2, 3). dtype: default float64. Raises ShapeError, DtypeError.

    order: "C", or NumPy's "A" or "K"; another layout in memory raises ProtocolError.
    shape: the lengths of the axes. requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.ones(2, 3)
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    """
    _laid("ones", order)
    return _leaf("ones", devices.ones_like(_spec("ones", shape, dtype)), requires_grad)


def empty(*shape: Any, dtype: Any = None, requires_grad: bool = False, order: str = "C") -> Tensor:
    """Return a Tensor whose values are arbitrary. dtype: default float64. order: as of `zeros`. Raises
    ShapeError, DtypeError, ProtocolError.
    shape: empty((2, 3)) or empty(2, 3). requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.empty(2, 3).shape
    (2, 3)
    """
    _laid("empty", order)
    like = _spec("empty", shape, dtype)
    return _leaf("empty", devices.empty(like.shape, like.dtype), requires_grad)


def full(shape: Shape, fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a Tensor filled with one value; if that is a Tensor, gradients flow to it.

    fill_value: a scalar, or any shape that broadcasts to `shape`. dtype: default that of fill_value. Raises
    ShapeError, DtypeError.
    requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.full((2, 2), 7.0)
    tensor([[7., 7.],
            [7., 7.]])
    """
    like = _spec("full", (shape,), dtype)
    x = asarray(fill_value, like.dtype if dtype is not None else None)
    if x.trace is None and x.ndim == 0:
        return _leaf("full", devices.full(like.shape, raw(x), x.dtype), requires_grad)
    return _leaf("full", wrap(broadcast_to(x, like.shape)), requires_grad)


def zeros_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros with the shape of x and, if none is given, its dtype. Raises DtypeError.

    x: an array or a Tensor. requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.zeros_like(np.array([3, 4]))
    tensor([0, 0])
    """
    return _leaf("zeros_like", devices.zeros_like(_spec_like(x, dtype)), requires_grad)


def ones_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones with the shape of x and, if none is given, its dtype. Raises DtypeError.

    x: an array or a Tensor. requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.ones_like(np.array([3, 4]))
    tensor([1, 1])
    """
    return _leaf("ones_like", devices.ones_like(_spec_like(x, dtype)), requires_grad)


def empty_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return arbitrary values with the shape of x and, if none is given, its dtype. Raises DtypeError.

    x: an array or a Tensor. requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.empty_like(np.zeros((2, 3))).shape
    (2, 3)
    """
    like = _spec_like(x, dtype)
    return _leaf("empty_like", devices.empty(like.shape, like.dtype), requires_grad)


def full_like(x: Any, fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return `full` with the shape of x and, if none is given, its dtype. Raises DtypeError, ShapeError.

    x: an array or a Tensor. fill_value: as in `full`. requires_grad: make a leaf, to whose .grad backward()
    adds.

    >>> nb.full_like(np.zeros(2), 7.0)
    tensor([7., 7.])
    """
    like = _spec_like(x, dtype)
    return full(like.shape, fill_value, like.dtype, requires_grad)


# ---------------------------------------------------------------------------------- ranges, identity
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None,
           requires_grad: bool = False) -> Tensor:
    """Return start, start + step, ... up to but without stop; arange(stop) starts at 0.

    start, stop, step: real scalars; constants, as the length depends on them. dtype: default int64 or
    float64. Raises TraceError for a Tensor with a gradient, DtypeError.
    requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.arange(3)
    tensor([0, 1, 2])
    >>> nb.arange(1.0, 2.0, 0.25)
    tensor([1.  , 1.25, 1.5 , 1.75])
    """
    for x in (start, stop, step):
        if type(x) is Tensor and x.trace is not None:
            raise trace_errors.traced_value("arange")
    ends = (0, start) if stop is None else (start, stop)
    given = [devices.host(raw(x)) for x in (*ends, 1 if step is None else step)]
    for x in given:
        if np.shape(x) != () or np.asarray(x).dtype.kind not in "biuf":
            raise value_errors.bad_argument("arange", x,
                                            "real numbers: arange(stop), or arange(start, stop, step)")
    first, last, by = [np.asarray(x).item() for x in given]
    if by == 0:
        raise value_errors.bad_value("arange", "its step is 0")
    if not math.isfinite((last - first) / by):
        raise value_errors.bad_value("arange", f"there is no range from {first} to {last} by {by}")
    values = np.arange(*given, dtype=None if dtype is None else devices.supported(dtype))
    return _leaf("arange", convert.array(values, copy=None), requires_grad)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None,
             requires_grad: bool = False) -> Tensor:
    """Return num equally spaced values from start to stop; gradients flow to either if it is a Tensor.

    start, stop: scalars, or shapes that broadcast to s; the result is (num, *s). endpoint False: stop is left
    out. dtype: default float64, or the floating-point dtype of the Tensors; integers are rounded down, and
    constants. Raises ShapeError, ValueRangeError for a negative num.
    requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.linspace(0.0, 1.0, 5)
    tensor([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    num = operator.index(num)
    if num < 0:
        raise value_errors.bad_value("linspace", f"num={num} cannot be negative")
    if dtype is not None and devices.supported(dtype).kind not in "fc":
        start, stop = [devices.host(raw(x)) if type(x) is Tensor else x for x in (start, stop)]
    if type(start) is not Tensor and type(stop) is not Tensor:
        values = np.linspace(start, stop, num, endpoint, dtype=dtype and devices.supported(dtype))
        return _leaf("linspace", convert.array(values, copy=None), requires_grad)
    weak = (int, float, complex)
    found = np.result_type(*[x if isinstance(x, weak) else as_tensor(x).dtype for x in (start, stop)])
    found = found if found.kind in "fc" else np.dtype(np.float64)
    ends = [astype(x, found) for x in (start, stop)]
    after = np.linspace(0, 1, num, endpoint).astype(real_of(found))
    tail = (1,) * max(x.ndim for x in ends)
    weights = [wrap(convert.array(w.reshape(num, *tail), copy=None)) for w in (1 - after, after)]
    # a weighted mean meets both ends exactly, which start + i * step does not
    z = add(*[multiply(x, w) for x, w in zip(ends, weights, strict=True)])
    if dtype is not None:
        dtype = devices.supported(dtype)
        z = astype(floor(z) if dtype.kind in "iu" else z, dtype)
    return _leaf("linspace", z, requires_grad)


def eye(n: int, m: int | None = None, k: int = 0, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return an (n, m) matrix, m = n by default, with ones on its k-th diagonal.

    dtype: default float64. Raises DtypeError.
    requires_grad: make a leaf, to whose .grad backward() adds.

    >>> nb.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    >>> nb.eye(2, 3, k=1)
    tensor([[0., 1., 0.],
            [0., 0., 1.]])
    """
    like = _spec("eye", (n, n if m is None else m), dtype)
    rows, columns = like.shape
    matrix = np.eye(rows, columns, operator.index(k), like.dtype)
    return _leaf("eye", convert.array(matrix, copy=None), requires_grad)


# --------------------------------------------------------------------------------------------- random
def randn(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return standard normal numbers from NumPy's global generator. dtype: default float64.

    shape: randn((2, 3)) or randn(2, 3). requires_grad: make a leaf, to whose .grad backward() adds. Raises
    ShapeError, DtypeError.

    >>> nb.randn(2, 3).shape
    (2, 3)
    """
    like = _spec("randn", shape, dtype)
    values = np.random.standard_normal(like.shape)
    return _leaf("randn", convert.array(values, like.dtype, copy=None), requires_grad)


def rand(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return uniform numbers in [0, 1) from NumPy's global generator. dtype: default float64.

    shape: rand((2, 3)) or rand(2, 3). requires_grad: make a leaf, to whose .grad backward() adds. Raises
    ShapeError, DtypeError.

    >>> nb.rand(2, 3).shape
    (2, 3)
    """
    like = _spec("rand", shape, dtype)
    values = np.random.random_sample(like.shape)
    return _leaf("rand", convert.array(values, like.dtype, copy=None), requires_grad)
