"""What NumPy's arrays have, in NumPy's manner: the order of arguments, sizes, orders, elements."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import takewhile
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define import complex
from nbgrad.define.broadcast import astype
from nbgrad.define.documentation import extended
from nbgrad.define.plans import numpy_names
from nbgrad.engine.tensor import Tensor, raw
from nbgrad.errors import protocol_errors, shape_errors, trace_errors, value_errors
from nbgrad.interop.methods import copy, like, named, rebind
from nbgrad.interop.numbers import taken
from nbgrad.interop.numpy_spellings import FUNCTIONS
from nbgrad.ops import create, shape

Method = Callable[..., Any]
# The names of parameters that our ops have.
_OURS = frozenset(["axis", "keepdims", "dim", "keepdim", "ddof", "correction", "descending", "stable", "min",
                   "max", "decimals", "indices"])
_NAMES = {"a_min": "min", "a_max": "max"}     # NumPy's, of its parameters


def ordered(op: Method, function: Method, alike: int = 1) -> Method:
    """A method with the parameters of NumPy's function, of which so many come first in the op too.

    A truth value after these is PyTorch's: keepdim, of argsort descending. What only NumPy's function has
    (dtype, where) is for that; out is refused by its name.
    """
    def method(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) <= alike:
            return op(x, *args)
        torchs = len(args) == alike + 1 and type(args[-1]) is bool
        if (len(args) <= alike or torchs) and _OURS.issuperset(kwargs):
            return op(x, *args, **kwargs)
        return function(x, *args, **numpy_names(function.__name__, kwargs))

    vars(method)["__signature__"] = _signature(op, function)
    named(method, op)
    known = inspect.signature(op).parameters
    if more := [name for name in vars(method)["__signature__"].parameters if name not in known]:
        extended(method, f"{', '.join(more)}: as in NumPy's method.")
    return method


def _signature(op: Method, function: Method) -> inspect.Signature:
    """The parameters of an op, and NumPy's that it has too: by place those that come first in NumPy."""
    theirs = inspect.signature(function).parameters
    more = inspect.signature(FUNCTIONS.get(function, op)).parameters
    known = {name: p for name, p in more.items() if name in theirs} | dict(inspect.signature(op).parameters)
    places = ["x", *[_NAMES.get(p.name, p.name) for p in theirs.values() if p.kind is not p.KEYWORD_ONLY][1:]]
    first = [known.pop(name) for name in takewhile(known.__contains__, places)]
    rest = [p.replace(kind=p.KEYWORD_ONLY) for p in known.values()]
    return inspect.Signature([*first, *rest], return_annotation="Tensor")


# --------------------------------------------------------------------------------------------------- sizes
def itemsize(x: Tensor) -> int:
    """Bytes of one element.

    >>> nb.ones(2).itemsize
    8
    """
    return int(x.dtype.itemsize)


def strides(x: Tensor) -> tuple[int, ...]:
    """The steps from element to element along each axis, in bytes.

    >>> nb.ones((2, 3)).strides
    (24, 8)
    """
    return tuple(raw(x).strides)


def itself(x: Tensor) -> Tensor:
    """x: where elements lie is nbgrad's own, and none is kept as the opposite or conjugate of another.

    >>> nb.ones(2).contiguous()
    tensor([1., 1.])
    """
    return x


def real(x: Tensor) -> Tensor:
    """The real part, a copy: x itself where x is real.

    >>> nb.asarray([1 + 2j]).real
    tensor([1.])
    """
    return complex.real(x)


def imag(x: Tensor) -> Tensor:
    """The imaginary part, a copy: zeros where x is real.

    >>> nb.asarray([1 + 2j]).imag
    tensor([2.])
    """
    return complex.imag(x)


def adjoint(x: Tensor) -> Tensor:
    """The conjugate of x with its last two axes exchanged. x: (..., n, m). Raises ShapeError for fewer axes.

    >>> nb.asarray([[1.0, 2.0j]]).mH
    tensor([[1.-0.j],
            [0.-2.j]])
    """
    return complex.conj(shape.matrix_transpose(x))


# ------------------------------------------------------------------------------------------------ shapes
def sizes(name: str, given: tuple[Any, ...]) -> Any:
    """Sizes that were given one by one, or in one tuple. Raises DtypeError for a dtype in their place."""
    if len(given) != 1 or type(given[0]) is int or isinstance(given[0], np.integer):
        return given
    if isinstance(given[0], (str, type, np.dtype)):
        raise value_errors.bad_argument(name, given[0], "sizes. x.astype(dtype) converts the elements")
    return given[0]


def reshape(x: Tensor, *wanted: Any, order: str = "C") -> Tensor:
    """Return x in another shape: reshape(2, 3) or reshape((2, 3)).

    wanted : the lengths of the axes, one of which may be -1
    order : as in `nb.reshape`

    Raises ShapeError if the number of elements differs, ValueRangeError for another order.

    >>> nb.arange(4).reshape(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    form = wanted if len(wanted) > 1 else sizes("reshape", wanted)
    found: Tensor = shape.reshape(x, form) if order == "C" else shape.reshape(x, form, order)
    return found


def flatten(x: Tensor, start: Any = 0, end: int = -1, **names: Any) -> Tensor:
    """Return x with one axis: flatten(order), as in NumPy; or with only the axes from start_dim to end_dim
    made one: flatten(start_dim, end_dim), as in PyTorch.

    start : the order, or the first axis, also by the name start_dim
    end : the last of the axes, also by the name end_dim
    names : order, start_dim, end_dim

    Raises AxisError, ProtocolError for another name.

    >>> nb.ones((2, 3, 4)).flatten(1).shape
    (2, 12)
    """
    start, end = names.pop("start_dim", start), names.pop("end_dim", end)
    order = names.pop("order", "C")
    if names:
        raise protocol_errors.numpy_argument("flatten", min(names))
    if isinstance(start, str):
        start, order = 0, start
    first, last = [n + x.ndim if n < 0 else n for n in (start, end)]
    if x.ndim == 0 or (first, last + 1) == (0, x.ndim):
        return copy(shape.ravel(x, order))
    if not 0 <= first <= last < x.ndim:
        raise shape_errors.bad_axis("flatten", f"{start} to {end}", x.ndim)
    return copy(shape.reshape(x, (*x.shape[:first], prod(x.shape[first:last + 1]), *x.shape[last + 1:])))


# ---------------------------------------------------------------------------------------------- elements
def converted(x: Tensor, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True,
              copy: bool = True) -> Tensor:
    """Return x converted to a dtype; with copy=False x itself if it has that dtype.

    order, casting, subok : NumPy's, of which only the defaults are taken

    Raises DtypeError for a dtype that nbgrad does not take, ProtocolError for what is not the default.

    >>> nb.asarray([1.7, -1.7]).astype(nb.int64)
    tensor([ 1, -1])
    """
    for name, value in (("order", order == "K"), ("casting", casting == "unsafe"), ("subok", subok)):
        if not value:
            raise protocol_errors.numpy_argument("astype", name)
    return x if not copy and x.dtype == devices.supported(dtype) else astype(x, dtype)


def copied(x: Tensor, order: str = "C") -> Tensor:
    """Return x computed again, a Tensor of its own, to which gradients flow.

    order : "C", "A" or "K", a layout in memory, on which no result depends. Raises ProtocolError for another.

    >>> nb.asarray([1.0, 2.0]).copy()
    tensor([1., 2.])
    """
    if order not in ("C", "A", "K"):
        raise protocol_errors.layout("copy", order)
    return copy(x)


def item(x: Tensor, *place: Any) -> Any:
    """Return an element as a Python number: the only one, item(), or one at a place, item(i), item(i, j).

    Raises TraceError inside a transform, ValueRangeError for several elements and no place, IndexError for a
    place that x does not have.

    >>> nb.asarray([[1.0, 2.0]]).item(0, 1)
    2.0
    """
    value = taken(x, "item()")
    if not place and value.size != 1:
        raise trace_errors.several_elements(value.shape, "item()")
    try:
        return value.item(*place)
    except (IndexError, ValueError, TypeError) as error:
        raise shape_errors.bad_index("item", value.shape, str(error)) from error


def tolist(x: Tensor) -> Any:
    """Return the elements as nested lists of Python numbers. Raises TraceError inside a transform.

    >>> nb.asarray([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """
    return taken(x, "tolist()").tolist()


def tobytes(x: Tensor, order: Any = "C") -> bytes:
    """Return the elements' bytes in an order, "C", "F" or "A". Raises TraceError inside a transform.

    >>> nb.asarray([1, 2], dtype=nb.int8).tobytes()
    b'\\x01\\x02'
    """
    return bytes(taken(x, "tobytes()").tobytes(order))


def fill(x: Tensor, value: Any) -> None:
    """Make every element one value: a scalar, or a 0-d Tensor, to which the gradient flows.

    Raises GradientError for a leaf that is recorded, OverflowError for a Python integer that x's dtype does
    not hold.

    >>> x = nb.zeros(2)
    >>> x.fill(3)
    >>> x
    tensor([3., 3.])
    """
    rebind(x, create.full_like(x, value), "fill")


def diagonal(op: Method) -> Method:
    """`diagonal` by NumPy's names of its axes, or PyTorch's, dim1 and dim2."""
    def method(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return op(x, *args, **{{"dim1": "axis1", "dim2": "axis2"}.get(k, k): v for k, v in kwargs.items()})

    return like(method, op)


# ------------------------------------------------------------------------------------- questions, likenesses
def ndim(x: Tensor) -> int:
    """Return the number of axes.

    >>> nb.ones((2, 3)).dim()
    2
    """
    return x.ndim


def numel(x: Tensor) -> int:
    """Return the number of elements.

    >>> nb.ones((2, 3)).numel()
    6
    """
    return int(x.size)


def is_floating_point(x: Tensor) -> bool:
    """Return whether x's dtype is float32 or float64.

    >>> nb.arange(2).is_floating_point()
    False
    """
    return x.dtype.kind == "f"


def is_signed(x: Tensor) -> bool:
    """Return whether x's dtype has negative numbers.

    >>> nb.arange(2).is_signed()
    True
    """
    return x.dtype.kind in "ifc"


def is_complex(x: Tensor) -> bool:
    """Return whether x's dtype is complex64 or complex128.

    >>> nb.ones(2).is_complex()
    False
    """
    return x.dtype.kind == "c"


def never(x: Tensor) -> bool:
    """Return False: no number is kept as the opposite or conjugate of another.

    >>> nb.ones(2).is_conj()
    False
    """
    return False


def is_same_size(x: Tensor, y: Any) -> bool:
    """Return whether x and y have one shape.

    >>> nb.ones(2).is_same_size(nb.zeros(2))
    True
    """
    return bool(x.shape == y.shape)


def is_cuda(x: Tensor) -> bool:
    """Whether x's elements are on a CUDA device.

    >>> nb.ones(2).is_cuda == (nb.ones(2).device != "cpu")
    True
    """
    return devices.of(raw(x)) == "cuda"


def is_cpu(x: Tensor) -> bool:
    """Whether x's elements are in the memory of the CPU.

    >>> nb.ones(2).is_cpu == (nb.ones(2).device == "cpu")
    True
    """
    return devices.of(raw(x)) == "cpu"


def reshape_as(x: Tensor, y: Any) -> Tensor:
    """Return x in the shape of y. Raises ShapeError if the number of elements differs.

    >>> nb.arange(4).reshape_as(nb.ones((2, 2)))
    tensor([[0, 1],
            [2, 3]])
    """
    found: Tensor = shape.reshape(x, y.shape)
    return found
