"""Tensor: an array that traces can watch, and the steps between what is watched and what is raw.

An inner value is what a trace works on: raw (an array of a device, a scalar, a symbol), or a Tensor that only
older traces watch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, overload
from weakref import ref

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine import convert
from nbgrad.errors import value_errors

ENDED = 0                                     # the id of a trace that has ended: it records nothing
_new = object.__new__

if TYPE_CHECKING:                             # interop/ gives Tensor these; tools/stubs.py writes the stub
    from nbgrad.engine.methods import Methods
else:
    Methods = object


class Size(int):
    """The number of elements, as NumPy's size; called, as in PyTorch, the shape or the length of an axis."""

    shape: tuple[int, ...]

    @overload
    def __call__(self, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def __call__(self, dim: int) -> int: ...
    def __call__(self, dim: int | None = None) -> tuple[int, ...] | int:
        return self.shape if dim is None else self.shape[dim]

    def __reduce__(self) -> Any:
        return size, (self.shape,)

    def __array_ufunc__(self, ufunc: Any, method: str, *xs: Any, **kwargs: Any) -> Any:
        """As an int, whose own classes NumPy gives a dtype."""
        return getattr(ufunc, method)(*[int(x) if type(x) is Size else x for x in xs], **kwargs)


def size(shape: tuple[int, ...]) -> Size:
    """The size of an array of that shape."""
    found = Size(math.prod(shape))
    found.shape = shape
    return found


class Tensor(Methods):
    """An array that gradients can be taken through, made by `nb.tensor`, `nb.asarray` and every op.

    It has the operators and methods of NumPy's arrays and of PyTorch's tensors. The class itself is not
    called.

    value : raw, or the Tensor one trace further out if several traces watch it
    trace : the latest trace that watches, or None
    mark  : what that trace knows of it: a Node in a Graph, the tangent in Tangents

    These three are the engine's. Who takes a Tensor's values uses numpy() or np.asarray: the raw array may be
    one that a graph has saved, and is read-only only from then on.
    Raises DtypeError where the class is called.
    Of a view, and of what has views, nbgrad/engine/views.py keeps two more slots; others leave them unset.

    >>> x = nb.tensor([1.0, 2.0])
    >>> (2 * x + 1).sum()
    tensor(8.)
    """

    __slots__ = ("__weakref__", "_grad", "_view", "_views", "mark", "trace", "value")

    value: Any
    trace: Any
    mark: Any
    _grad: Tensor | None
    _view: tuple[Tensor, Any, dict[str, Any]]     # its base, and the op and parameters that show it
    _views: Views

    def __init__(self, *_: Any, **__: Any) -> None:
        raise value_errors.not_by_class()

    @property
    def grad(self) -> Tensor | None:
        """On a leaf with requires_grad=True, what backward() has added up; else None.

        >>> w = nb.tensor(3.0, requires_grad=True)
        >>> (w * w).backward()
        >>> w.grad
        tensor(6.)
        """
        return getattr(self, "_grad", None)

    @grad.setter
    def grad(self, value: Any) -> None:
        self._grad = None if value is None else as_tensor(value)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis.

        >>> nb.ones((2, 3)).shape
        (2, 3)
        """
        return self.value.shape               # a Tensor further out asks its own value

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements.

        >>> nb.ones(2).dtype
        dtype('float64')
        """
        return self.value.dtype

    @property
    def ndim(self) -> int:
        """Number of axes.

        >>> nb.ones((2, 3)).ndim
        2
        """
        return len(self.value.shape)

    @property
    def size(self) -> Size:
        """Number of elements; size() is the shape, size(dim) the length of one axis.

        >>> x = nb.ones((2, 3))
        >>> x.size, x.size(), x.size(1)
        (6, (2, 3), 3)
        """
        return size(self.value.shape)


class Views(list[Any]):
    """Weak references to a Tensor's views; some may be dead, so that few are looked at.

    base  : a weak reference to the Tensor itself: one that has none is no view and has no views
    limit : how many there may be until the dead ones are left out
    """

    __slots__ = ("base", "limit")
    base: ref[Tensor]
    limit: int


set_grad: Any = vars(Tensor)["_grad"].__set__     # set_grad(x, gradient), without a step of Python's


def tensor(value: Any, trace: Any = None, mark: Any = None) -> Tensor:
    """A Tensor of a raw value, or of the Tensor one trace further out."""
    t = _new(Tensor)
    t.value, t.trace, t.mark = value, trace, mark
    return t


def wrap(value: Any) -> Tensor:
    """An inner value as a Tensor of its own: what is written to that does not reach who keeps the value."""
    return tensor(value.value, value.trace, value.mark) if type(value) is Tensor else tensor(value)


def as_tensor(x: Any) -> Tensor:
    """x as a Tensor; an array, a scalar or nested lists are copied into a constant."""
    return x if type(x) is Tensor else tensor(convert.array(x))


def operand(x: Any) -> Any:
    """x as a Tensor, or as the Python scalar that a Size is."""
    return int(x) if type(x) is Size else as_tensor(x)


def unwrap(x: Any) -> Any:
    """A Tensor as an inner value, which later writes to x do not reach: raw if no trace watches it."""
    if type(x) is not Tensor:
        return x
    return x.value if x.trace is None else tensor(x.value, x.trace, x.mark)


def raw(x: Any) -> Any:
    """The raw value under all traces."""
    while type(x) is Tensor:
        x = x.value
    return x


def living(x: Any, before: float = math.inf) -> Any:
    """x without the traces around it that have ended, or have that id or a later one."""
    while type(x) is Tensor and x.trace is not None and (x.trace.id == ENDED or x.trace.id >= before):
        x = wrap(x.value)
    return x


class Spec:
    """Shape, dtype and kind of device of a value not kept. It answers for these as the value would."""

    __slots__ = ("dtype", "shape", "where")
    dtype: Any
    shape: tuple[int, ...]
    where: str

    def __init__(self, shape: tuple[int, ...], dtype: Any, where: str = "cpu") -> None:
        self.shape, self.dtype, self.where = shape, dtype, where

    @property
    def ndim(self) -> int:
        return len(self.shape)


def spec(x: Any) -> Any:
    """Shape and dtype of an inner value; a Python scalar stays what it is."""
    if type(x) is not devices.Array:
        x = raw(x)
    return Spec(x.shape, x.dtype, devices.of(x)) if hasattr(x, "dtype") else x
