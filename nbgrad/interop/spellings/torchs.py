"""What only PyTorch's tensors have, in PyTorch's manner: factors in sums, indices along an axis, in place."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to, sum_to
from nbgrad.define.documentation import extended
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import value_errors
from nbgrad.interop.methods import is_leaf, like, named, rebind, requires_grad, set_requires_grad
from nbgrad.interop.spellings.numpys import Method, fill, sizes
from nbgrad.ops import compare, create, elementwise, reduce, shape
from nbgrad.ops.axes import one
from nbgrad.ops.transfer import to

_WHOLE = slice(None)


# ------------------------------------------------------------------------------------------------- values
def scaled(op: Method) -> Method:
    """add and sub, whose second operand is taken alpha times."""
    def method(x: Tensor, y: Any, *, alpha: float = 1) -> Tensor:
        return op(x, y if alpha == 1 else elementwise.multiply(y, alpha))

    return extended(named(method, op), "alpha: what y is multiplied by first.")


def div(x: Tensor, y: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Return x / y; rounding_mode="floor": rounded down, without a derivative.

    Raises ValueRangeError for another rounding_mode.

    >>> nb.asarray([7.0, -7.0]).div(2.0, rounding_mode="floor")
    tensor([ 3., -4.])
    """
    if rounding_mode not in (None, "floor"):
        raise value_errors.bad_choice("div", "rounding_mode", rounding_mode, (None, "floor"))
    return compare.floor_divide(x, y) if rounding_mode else elementwise.divide(x, y)


def rsqrt(x: Tensor) -> Tensor:
    """Return 1 / sqrt(x), inf at 0. Derivative: -z**3 / 2 (z is the result).

    >>> nb.asarray([4.0, 0.25]).rsqrt()
    tensor([0.5, 2. ])
    """
    return elementwise.reciprocal(elementwise.sqrt(x))


def clamp_min(x: Tensor, min: Any) -> Tensor:
    """Return x where it is above min, elsewhere min; derivatives and errors are those of `nb.clip`.

    >>> nb.asarray([-1.0, 2.0]).clamp_min(0.0)
    tensor([0., 2.])
    """
    return elementwise.clip(x, min)


def clamp_max(x: Tensor, max: Any) -> Tensor:
    """Return x where it is below max, elsewhere max; derivatives and errors are those of `nb.clip`.

    >>> nb.asarray([-1.0, 2.0]).clamp_max(0.0)
    tensor([-1.,  0.])
    """
    return elementwise.clip(x, None, max)


def where(x: Tensor, condition: Any, y: Any) -> Tensor:
    """Return x where the condition holds, elsewhere y, as `nb.where(condition, x, y)`.

    >>> nb.asarray([1.0, 2.0]).where([True, False], 0.0)
    tensor([1., 0.])
    """
    return elementwise.where(condition, x, y)


def equal(x: Tensor, y: Any) -> bool:
    """Return whether x and y have one shape and equal elements; x == y compares each element.

    Raises DtypeError for a y that is no array of numbers.

    >>> nb.asarray([1.0, 2.0]).equal([1.0, 2.0])
    True
    """
    y = as_tensor(y)
    return x.shape == y.shape and bool(reduce.all(compare.equal(x, y)))


def masked_fill(x: Tensor, mask: Any, value: Any) -> Tensor:
    """Return x with the value where the mask holds, in x's dtype. Raises DtypeError: floats into integers.

    >>> nb.asarray([1.0, 2.0]).masked_fill([True, False], 0.0)
    tensor([0., 2.])
    """
    z = elementwise.where(mask, value, x)
    if not np.can_cast(z.dtype, x.dtype, "same_kind"):
        raise value_errors.bad_operands("masked_fill", (x.dtype, z.dtype))
    return z if z.dtype == x.dtype else astype(z, x.dtype)


def cast(name: str, dtype: str) -> Method:
    """float, long and their kin: x in a dtype."""
    def method(x: Tensor) -> Tensor:
        return astype(x, dtype)

    method.__doc__ = (f"Return x in {dtype}, as `nb.astype(x, {dtype!r})`.\n\n"
                      f">>> nb.asarray([0.0, 1.0]).{name}().dtype\ndtype('{dtype}')")
    return method


def type_as(x: Tensor, y: Any) -> Tensor:
    """Return x in y's dtype.

    >>> nb.asarray([1.7]).type_as(nb.arange(2))
    tensor([1])
    """
    found: Tensor = astype(x, y.dtype)
    return found


def expand_as(x: Tensor, y: Any) -> Tensor:
    """Return x broadcast to y's shape. Raises ShapeError if it does not fit.

    >>> nb.asarray([1.0, 2.0]).expand_as(nb.ones((2, 2)))
    tensor([[1., 2.],
            [1., 2.]])
    """
    found: Tensor = broadcast_to(x, y.shape)
    return found


def sum_to_size(x: Tensor, *wanted: Any) -> Tensor:
    """Return the sums of x that have these sizes: over the axes that x would be repeated in.

    wanted : the sizes, one by one or in one tuple. Raises ShapeError if x has no such sums.

    >>> nb.ones((2, 3)).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    found: Tensor = sum_to(x, sizes("sum_to_size", wanted))
    return found


def cuda(x: Tensor) -> Tensor:
    """Return x on the CUDA device. Raises DeviceError where there is none.

    >>> try:
    ...     where = nb.ones(2).cuda().device
    ... except nb.errors.DeviceError:           # there is none
    ...     where = "cuda"
    >>> where
    'cuda'
    """
    return to(x, "cuda")


# ---------------------------------------------------------------------------------------------- in place
def in_place(method: Method, name: str, example: str) -> Method:
    """PyTorch's method of that name with a _ at its end: x becomes the result.

    example : "x", or "x; other arguments", for its documentation
    """
    def update(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return rebind(x, method(x, *args, **kwargs), f"{name}_")

    like(update, method)
    x, _, rest = example.partition("; ")
    told = inspect.cleandoc(method.__doc__ or "").partition("\n>>> ")[0].rstrip()
    update.__name__ = f"{name}_"
    update.__doc__ = f"""Make x what x.{name}(...) is, and return x.

x.{name}(...): {told}

Raises ShapeError where the result has another shape, DtypeError where x's dtype cannot hold it,
GradientError where x is a leaf that is recorded.

>>> x = nb.asarray({x})
>>> x.{name}_({rest.replace("; ", ", ")}) is x
True"""
    return update


def fill_(x: Tensor, value: Any) -> Tensor:
    """Make every element one value: a scalar, or a 0-d Tensor, to which the gradient flows; return x.

    The errors are those of fill: Raises GradientError, OverflowError, ShapeError.

    >>> nb.zeros(2).fill_(3)
    tensor([3., 3.])
    """
    fill(x, value)
    return x


def copy_(x: Tensor, source: Any) -> Tensor:
    """Make x what the source is, broadcast, in x's dtype; return x. Raises ShapeError if it does not fit.

    >>> nb.zeros(2).copy_([1, 2])
    tensor([1., 2.])
    """
    return rebind(x, astype(broadcast_to(source, x.shape), x.dtype), "copy_")


def detach_(x: Tensor) -> Tensor:
    """Make x a constant, through which no gradient flows; return x.

    >>> nb.tensor(2.0, requires_grad=True).detach_().requires_grad
    False
    """
    return set_requires_grad(x, False) if is_leaf(x) else rebind(x, stop_gradient(x), "detach_")


# ------------------------------------------------------------------------------------------------ shapes
def view(x: Tensor, *wanted: Any) -> Tensor:
    """Return x in another shape, as in PyTorch; NumPy's view as another dtype is refused.

    wanted : the lengths of the axes, one of which may be -1. Raises ShapeError, DtypeError for a dtype.

    >>> nb.arange(4).view(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    return shape.reshape(x, sizes("view", wanted))


def expand(x: Tensor, *wanted: Any) -> Tensor:
    """Return x broadcast to these sizes; -1 keeps the size of an axis.

    wanted : the sizes. Raises ShapeError if x does not broadcast to them.

    >>> nb.asarray([[1.0], [2.0]]).expand(-1, 2)
    tensor([[1., 1.],
            [2., 2.]])
    """
    form = tuple(sizes("expand", wanted))
    own = (1,) * (len(form) - x.ndim) + x.shape
    return broadcast_to(x, [m if n == -1 else n for n, m in zip(form, own, strict=True)]
                        if len(own) == len(form) else form)


def flip(x: Tensor, *axes: Any, **names: Any) -> Tensor:
    """Return x reversed along axes: flip(0, 1), flip((0, 1)), or along all of them. Raises AxisError.

    names : axis or dim, in place of axes

    >>> nb.asarray([1.0, 2.0]).flip(0)
    tensor([2., 1.])
    """
    return shape.flip(x, *([axes] if len(axes) > 1 else axes), **names)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return the slices of x along an axis, dim. Raises AxisError.

    >>> nb.asarray([[1.0, 2.0], [3.0, 4.0]]).unbind()
    (tensor([1., 2.]), tensor([3., 4.]))
    """
    return tuple(shape.moveaxis(x, dim, 0))


# ----------------------------------------------------------------------------------- kinds, places, leaves
def new(name: str) -> Method:
    """new_zeros, new_ones and new_empty: a Tensor of other sizes in x's dtype, on x's device."""
    def method(x: Tensor, *wanted: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        with devices.name_of(raw(x)):
            return getattr(create, name)(*wanted, dtype=x.dtype if dtype is None else dtype,
                                         requires_grad=requires_grad)

    method.__name__ = f"new_{name}"
    method.__doc__ = (f"Return nb.{name} in x's dtype or another one, on x's device.\n\n"
                      f"wanted : the sizes. dtype, requires_grad, and the errors : as in `nb.{name}`\n\n"
                      f">>> nb.ones(2).new_{name}(3, 4).shape\n(3, 4)")
    return method


def new_full(x: Tensor, form: Any, value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return nb.full in x's dtype or another one, on x's device.

    form, value : the shape, and what every element is. dtype, requires_grad, and the errors : as in `nb.full`

    >>> nb.ones(2).new_full((3,), 7.0)
    tensor([7., 7., 7.])
    """
    with devices.name_of(raw(x)):
        return create.full(form, value, x.dtype if dtype is None else dtype, requires_grad)


def stride(x: Tensor, dim: int | None = None) -> Any:
    """Return the steps from element to element along each axis, or along one, dim, in elements.

    Raises AxisError.

    >>> nb.ones((2, 3)).stride()
    (3, 1)
    """
    steps = tuple([s // x.dtype.itemsize for s in raw(x).strides])
    return steps if dim is None else steps[one("stride", dim, x.ndim)]


def is_nonzero(x: Tensor) -> bool:
    """Return whether the only element is not zero. Raises ValueRangeError if there are several.

    >>> nb.asarray(2.0).is_nonzero()
    True
    """
    return bool(x)


def is_contiguous(x: Tensor) -> bool:
    """Return whether the elements lie in C order in memory.

    >>> nb.ones((2, 3)).T.is_contiguous()
    False
    """
    value = raw(x)
    return bool(value.flags.c_contiguous if isinstance(value, np.ndarray) else value.contiguous)


def leaf(x: Tensor) -> bool:
    """Whether x was not computed from a leaf: made with requires_grad=True, or a constant.

    >>> w = nb.tensor(2.0, requires_grad=True)
    >>> w.is_leaf, (w * w).is_leaf
    (True, False)
    """
    return is_leaf(x) or not requires_grad(x)
