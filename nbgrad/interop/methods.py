"""Operators, methods and protocols of Tensor: ops of the table under an operator or their usual name."""

from __future__ import annotations

import weakref
from _weakref import getweakrefcount
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nbgrad.arrays import devices, foreign, memory
from nbgrad.define.broadcast import astype
from nbgrad.define.documentation import extended, of_method
from nbgrad.define.operands import FLOATS
from nbgrad.define.scalar import Elementwise, add, multiply
from nbgrad.engine.backward import backward
from nbgrad.engine.graph import TAPE, apply, watch
from nbgrad.engine.tensor import Tensor, living, raw, tensor
from nbgrad.engine.transforms import stop_gradient
from nbgrad.engine.views import array, is_leaf, write
from nbgrad.errors import protocol_errors, shape_errors, trace_errors, value_errors
from nbgrad.interop import numbers
from nbgrad.ops import (
    activations,
    arrange,
    compare,
    contract,
    cumulative,
    diagonal,
    elementwise,
    exponential,
    index,
    norms,
    powers,
    reduce,
    search,
    shape,
    transfer,
    triangles,
)

_TAKEN = (Tensor, int, float, bool, np.ndarray, np.generic, list, tuple, complex)


def _taken(y: Any) -> bool:
    """Whether an operator of a Tensor knows what to do with y, the other operand."""
    return isinstance(y, _TAKEN) or foreign.library(y) is not None


def _binary(op: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An operator and its reflection; NotImplemented for what is no array, so that Python asks it instead."""

    direct = isinstance(op, Elementwise)      # it has nothing to check on Tensors

    def forward(x: Tensor, y: Any) -> Any:
        if direct:
            fast = op.fastpath.forward
            if fast is not None and (z := fast(x, y)) is not None:
                return z
            if type(y) is Tensor:
                return op.pair(x, y) if x.trace is y.trace is None else apply(op, (x, y))
            if type(y) is int and x.dtype in FLOATS:
                return op(x, float(y))
        return op(x, y) if _taken(y) else NotImplemented

    def reflected(x: Tensor, y: Any) -> Any:
        return op(y, x) if _taken(y) else NotImplemented

    return forward, reflected


_OPERATORS = {
    "add": add, "sub": elementwise.subtract, "mul": multiply, "truediv": elementwise.divide,
    "floordiv": compare.floor_divide, "mod": elementwise.remainder, "pow": powers.pow,
    "matmul": contract.matmul,
    "lshift": compare.bitwise_left_shift, "rshift": compare.bitwise_right_shift,
    "and": compare.bitwise_and, "or": compare.bitwise_or, "xor": compare.bitwise_xor,
}
_COMPARISONS = {
    "lt": compare.less, "le": compare.less_equal, "gt": compare.greater, "ge": compare.greater_equal,
    "eq": compare.equal, "ne": compare.not_equal,
}


def _in_place(op: Callable[..., Any]) -> Callable[..., Any]:
    what = f"{getattr(op, '__name__', 'update')} in place"

    def update(x: Tensor, y: Any) -> Any:
        new = op(x, y)
        if not getweakrefcount(x) and not x.value.shape:
            return new                        # a scalar: see nbgrad/engine/views.py
        return rebind(x, new, what)

    return update


def rebind(x: Tensor, new: Tensor, what: str) -> Tensor:
    """Make x, and what shows the same elements, have the values of new; all that was computed stays.

    A leaf with requires_grad=True keeps its place on the tape, and may change only under no_grad.
    """
    if x.shape != new.shape:
        raise shape_errors.bad_shape(what, new.shape, f"the tensor has shape {x.shape}")
    if new.dtype != x.dtype:
        if not np.can_cast(new.dtype, x.dtype, "same_kind"):
            raise value_errors.not_same_kind(what, new.dtype, x.dtype)
        new = astype(new, x.dtype)
    write(x, new)
    return x


# ------------------------------------------------------------------------------------ values taken out
def numpy(x: Tensor) -> np.ndarray:
    """Return x's values as a read-only array, without a copy where they are on the CPU.

    It shows the values that x has now: what is written to x later it does not show. What it is a view of is
    read-only from now on too, as a graph may have saved it. Raises TraceError if a gradient is being taken
    through x: detach first.

    >>> nb.ones(2).numpy()
    array([1., 1.])
    """
    return _constant(x, lambda: trace_errors.traced_value("numpy()"))


def _constant(x: Tensor, lost: Callable[[], Exception]) -> np.ndarray:
    """x's values as a read-only array. Raises the error that is made where a gradient is taken through x."""
    value = numbers.host(x)
    if living(x).trace is not None:
        raise lost()
    memory.seal(value)
    return value.view()


def _array(x: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    return np.array(_constant(x, trace_errors.traced_array), dtype, copy=copy)


def _numba(x: Tensor) -> Any:
    """What Numba asks for the type of an argument: there is none."""
    raise trace_errors.given_to_numba(living(x).trace is not None)


def _len(x: Tensor) -> int:
    if not x.shape:
        raise protocol_errors.unsized("the length, or the elements,")
    return x.shape[0]


def _iter(x: Tensor) -> Iterator[Tensor]:
    return (x[i] for i in range(_len(x)))


def _contains(x: Tensor, y: Any) -> bool:
    """Whether y, broadcast, equals x somewhere, as in NumPy."""
    return bool(reduce.any(compare.equal(x, y)))


def _repr(x: Tensor) -> str:
    value = devices.host(raw(x))
    if not isinstance(value, np.ndarray):
        return f"tensor(<scalar symbol {value.dtype}>)"
    text = np.array2string(value, separator=", ", prefix="tensor(")
    usual = value.size and value.dtype in (np.float64, np.int64, np.bool_, np.complex128)
    dtype = "" if usual else f", dtype={value.dtype}"
    if not value.size:
        text += f", shape={value.shape}"
    return f"tensor({text}{dtype}{_place(x)}{', requires_grad=True' if requires_grad(x) else ''})"


def _place(x: Tensor) -> str:
    where = devices.name_of(raw(x))
    return "" if where == "cpu" else f", device='{where}'"


def _str(x: Tensor) -> str:
    """A 0-d tensor prints as its number in full, as NumPy's do; others as their repr."""
    value = devices.host(raw(x))
    return str(value) if isinstance(value, np.ndarray) and not x.shape else _repr(x)


def device(x: Tensor) -> str:
    """The name of the device that x's elements are on: "cpu", "cuda" or "cuda-sim".

    >>> nb.ones(2).to("cpu").device
    device('cpu')
    """
    return devices.name_of(raw(x))


def nbytes(x: Tensor) -> int:
    """Bytes of all elements.

    >>> nb.ones((2, 3)).nbytes
    48
    """
    return int(raw(x).nbytes)


def cpu(x: Tensor) -> Tensor:
    """Return x in the memory of the CPU, through which gradients flow. See `to`.

    >>> nb.ones(2).cpu()
    tensor([1., 1.])
    """
    return transfer.to(x, "cpu")


# --------------------------------------------------------------------------------------- PyTorch's names
def requires_grad(x: Tensor) -> bool:
    """Whether backward() from x, or through x, reaches a leaf.

    >>> nb.tensor(2.0, requires_grad=True).requires_grad
    True
    """
    while type(x) is Tensor:
        if x.trace is TAPE:
            return True
        x = x.value
    return False


def set_requires_grad(x: Tensor, on: bool = True) -> Tensor:
    """Make x, which no trace watches, a leaf, to whose .grad backward() adds; or a leaf a constant again.

    on : which of the two. Raises DtypeError for an x that is no float, TraceError for False on a result.

    >>> nb.ones(2).requires_grad_()
    tensor([1., 1.], requires_grad=True)
    """
    if on and x.trace is None:
        if x.dtype.kind not in "fc":
            raise value_errors.needs_floats("requires_grad_", x.dtype)
        leaf = watch(x.value)
        leaf.mark.memo = weakref.ref(x)
        x.trace, x.mark = TAPE, leaf.mark
    elif not on and is_leaf(x):
        x.trace = x.mark = None
    elif not on and x.trace is not None:
        raise trace_errors.traced_value("requires_grad_(False)")
    return x


def zero(x: Tensor) -> Tensor:
    """Make every element zero, and return x. Raises GradientError for a leaf that is recorded.

    >>> nb.ones(2).zero_()
    tensor([0., 0.])
    """
    return rebind(x, tensor(devices.zeros_like(raw(x))), "zero_")


def copy(x: Tensor) -> Tensor:
    """Return a Tensor of its own with x's values, in C order, to which gradients flow.

    Values never change: those in C order are shared until one of the two is written to.

    >>> nb.asarray([1.0, 2.0]).clone()
    tensor([1., 2.])
    """
    return array(astype(x if devices.in_order(raw(x)) else shape.reshape(shape.ravel(x), x.shape), x.dtype))


def _one_by_one(op: Callable[..., Any]) -> Callable[..., Any]:
    def method(x: Tensor, *shape: Any) -> Tensor:
        return op(x, shape[0] if len(shape) == 1 and not isinstance(shape[0], (int, np.integer)) else shape)

    method.__doc__ = of_method(op, op.__name__)
    return extended(method, "shape: these numbers, one by one or in a tuple.")


def _transpose(x: Tensor, *axes: Any) -> Tensor:
    """Return a view of x with its axes in another order, by default reversed.

    axes : an axis of x for each of the result, one by one or in a tuple; two axes of an x that has more, or
        fewer, are exchanged, as in PyTorch. Raises ShapeError, AxisError, ValueRangeError.

    >>> nb.ones((2, 3)).transpose().shape
    (3, 2)
    """
    if not axes:
        return shape.permute_dims(x)
    if len(axes) == 2 and x.ndim != 2:
        return shape.swapaxes(x, *axes)       # PyTorch's transpose(dim0, dim1)
    return shape.permute_dims(x, axes[0] if len(axes) == 1 else axes)


def _setitem(x: Tensor, key: Any, value: Any) -> None:
    if not (type(value) is Tensor and getweakrefcount(value) and index.is_part(value, x, key)):
        write(x, index.setitem(x, key, value))


_PROTOCOLS: dict[str, Any] = {
    "__neg__": elementwise.negative, "__pos__": elementwise.positive, "__abs__": elementwise.abs,
    "__invert__": compare.bitwise_invert, "__getitem__": index.part, "__setitem__": _setitem,
    "__len__": _len, "__iter__": _iter, "__contains__": _contains,
    "__array__": _array, "__repr__": _repr, "__str__": _str, **numbers.PROTOCOLS,
}
_METHODS: dict[str, Any] = {
    "numpy": numpy, "backward": backward, "detach": stop_gradient, "requires_grad_": set_requires_grad,
    "zero_": zero, "to": transfer.to, "cpu": cpu, "clone": copy,
    "transpose": _transpose, "t": shape.permute_dims,
    "permute": _one_by_one(shape.permute_dims), "permute_dims": _one_by_one(shape.permute_dims),
    "tile": _one_by_one(arrange.tile),
    "unsqueeze": shape.expand_dims,
}
# ops whose method has the op's own name
_NAMED: dict[Any, tuple[str, ...]] = {
    activations: ("relu", "sigmoid"),
    elementwise: ("abs", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "square", "maximum", "minimum"),
    powers: ("pow",),
    compare: ("floor", "ceil", "sign", "isnan"),
    norms: ("norm",),
    cumulative: ("cumsum", "cumprod", "diff"),
    search: ("searchsorted",),
    arrange: ("repeat", "roll", "kron"),
    diagonal: ("diag",),
    exponential: ("logsumexp", "softmax", "log_softmax"),
    shape: ("ravel", "squeeze", "swapaxes", "moveaxis", "expand_dims"),
    index: ("nonzero",), triangles: ("tril", "triu"),
    contract: ("dot", "matmul"),
}
_T = """A view of x with its axes in reversed order.

>>> nb.ones((2, 3)).T.shape
(3, 2)"""
MATRICES = """A view of x with its last two axes exchanged. Raises ShapeError where x has fewer.

>>> nb.ones((4, 2, 3)).mT.shape
(4, 3, 2)"""
# how to read a property, how to set it if one can, and its documentation where the op's is another
_PROPERTIES: dict[str, tuple[Any, ...]] = {
    "T": (shape.permute_dims, None, None, _T), "mT": (shape.matrix_transpose, None, None, MATRICES),
    "nbytes": (nbytes,), "device": (device,),
    "requires_grad": (requires_grad, set_requires_grad), "_numba_type_": (_numba,),
    "__pandas_priority__": (lambda x: 5000,),  # above a DataFrame's: pandas leaves operators to us
}


def install() -> None:
    """Give Tensor its operators and methods."""
    for name, op in _OPERATORS.items():
        forward, reflected = _binary(op)
        setattr(Tensor, f"__{name}__", forward)
        setattr(Tensor, f"__r{name}__", reflected)
        setattr(Tensor, f"__i{name}__", _in_place(op))
    for name, op in _COMPARISONS.items():
        setattr(Tensor, f"__{name}__", _binary(op)[0])
    named = {name: getattr(module, name) for module, names in _NAMED.items() for name in names}
    for name, value in {**_PROTOCOLS, **_METHODS, **named}.items():
        setattr(Tensor, name, method(value, name))
    for name, parts in _PROPERTIES.items():
        setattr(Tensor, name, property(*parts))


def method(op: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """An op as a method of that name: ops are objects, which Python does not bind by itself."""
    if hasattr(op, "__get__"):
        return op

    def call(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return op(x, *args, **kwargs)

    return like(call, op, name)


def named(made: Callable[..., Any], op: Any, name: str = "") -> Callable[..., Any]:
    """The method with the name and documentation of an op; its documentation shows a call by its own name."""
    made.__name__ = getattr(op, "__name__", "method")
    made.__doc__ = of_method(op, name or made.__name__)
    return made


def like(made: Callable[..., Any], op: Any, name: str = "") -> Callable[..., Any]:
    """The method with the name, documentation and signature of an op."""
    vars(made)["__wrapped__"] = op
    return named(made, op, name)
