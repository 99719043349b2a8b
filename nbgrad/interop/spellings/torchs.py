"""What only PyTorch's tensors have, in PyTorch's manner: factors in sums, indices along an axis, in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import shape_errors, value_errors
from nbgrad.interop.methods import is_leaf, like, named, rebind, requires_grad, set_requires_grad
from nbgrad.interop.spellings.numpys import Method, fill, sizes
from nbgrad.ops import compare, create, elementwise, index, reduce, shape
from nbgrad.ops.axes import one

_WHOLE = slice(None)


# ------------------------------------------------------------------------------------------------- values
def scaled(op: Method) -> Method:
    """add and sub, whose second operand is taken alpha times."""
    def method(x: Tensor, y: Any, *, alpha: float = 1) -> Tensor:
        return op(x, y if alpha == 1 else elementwise.multiply(y, alpha))

    return named(method, op)


def div(x: Tensor, y: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Return x / y; rounding_mode="floor": rounded down."""
    if rounding_mode not in (None, "floor"):
        raise value_errors.bad_choice("div", "rounding_mode", rounding_mode, (None, "floor"))
    return compare.floor_divide(x, y) if rounding_mode else elementwise.divide(x, y)


def rsqrt(x: Tensor) -> Tensor:
    """Return 1 / sqrt(x)."""
    return elementwise.reciprocal(elementwise.sqrt(x))


def clamp_min(x: Tensor, min: Any) -> Tensor:
    """Return x where it is above min, elsewhere min."""
    return elementwise.clip(x, min)


def clamp_max(x: Tensor, max: Any) -> Tensor:
    """Return x where it is below max, elsewhere max."""
    return elementwise.clip(x, None, max)


def where(x: Tensor, condition: Any, y: Any) -> Tensor:
    """Return x where the condition holds, elsewhere y."""
    return elementwise.where(condition, x, y)


def equal(x: Tensor, y: Any) -> bool:
    """Return whether x and y have one shape and equal elements; x == y compares each element."""
    y = as_tensor(y)
    return x.shape == y.shape and bool(reduce.all(compare.equal(x, y)))


def masked_fill(x: Tensor, mask: Any, value: Any) -> Tensor:
    """Return x with the value where the mask holds, in x's dtype. Raises DtypeError: floats into integers."""
    z = elementwise.where(mask, value, x)
    if not np.can_cast(z.dtype, x.dtype, "same_kind"):
        raise value_errors.bad_operands("masked_fill", (x.dtype, z.dtype))
    return z if z.dtype == x.dtype else astype(z, x.dtype)


def cast(dtype: str) -> Method:
    """float, long and their kin: x in a dtype."""
    def method(x: Tensor) -> Tensor:
        return astype(x, dtype)

    method.__doc__ = f"Return x in {dtype}."
    return method


# ---------------------------------------------------------------------------------------------- in place
def in_place(method: Method, name: str) -> Method:
    """PyTorch's method of that name with a _ at its end: x becomes the result."""
    def update(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return rebind(x, method(x, *args, **kwargs), f"{name}_")

    like(update, method)
    update.__name__, update.__doc__ = f"{name}_", f"Make x what x.{name}(...) is, and return x."
    return update


def fill_(x: Tensor, value: Any) -> Tensor:
    """Make every element one value: a scalar, or a 0-d Tensor, to which the gradient flows; return x."""
    fill(x, value)
    return x


def copy_(x: Tensor, source: Any) -> Tensor:
    """Make x what the source is, broadcast, in x's dtype; return x."""
    return rebind(x, astype(broadcast_to(source, x.shape), x.dtype), "copy_")


def detach_(x: Tensor) -> Tensor:
    """Make x a constant, through which no gradient flows; return x."""
    return set_requires_grad(x, False) if is_leaf(x) else rebind(x, stop_gradient(x), "detach_")


# ------------------------------------------------------------------------------------------------ shapes
def view(x: Tensor, *wanted: Any) -> Tensor:
    """Return x in another shape, as in PyTorch; NumPy's view as another dtype is refused."""
    return shape.reshape(x, sizes("view", wanted))


def expand(x: Tensor, *wanted: Any) -> Tensor:
    """Return x broadcast to these sizes; -1 keeps the size of an axis."""
    form = tuple(sizes("expand", wanted))
    own = (1,) * (len(form) - x.ndim) + x.shape
    return broadcast_to(x, [m if n == -1 else n for n, m in zip(form, own, strict=True)]
                        if len(own) == len(form) else form)


def flip(x: Tensor, *axes: Any, **names: Any) -> Tensor:
    """Return x reversed along axes: flip(0, 1), flip((0, 1)), or along all of them."""
    return shape.flip(x, *([axes] if len(axes) > 1 else axes), **names)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return the slices of x along an axis."""
    return tuple(shape.moveaxis(x, dim, 0))


# -------------------------------------------------------------------------------------- parts of one axis
def _part(x: Tensor, dim: int, part: Any, name: str) -> tuple[Any, ...]:
    return (_WHOLE,) * one(name, dim, x.ndim) + (part,)


def select(x: Tensor, dim: int, place: int) -> Tensor:
    """Return one slice of an axis, without the axis."""
    return index.getitem(x, _part(x, dim, place, "select"))


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a piece of an axis."""
    first = start + x.shape[dim] if start < 0 else start
    if not 0 <= first <= first + length <= x.shape[dim]:
        raise shape_errors.bad_index("narrow", x.shape, f"{length} elements from {start} leave axis {dim}")
    return index.getitem(x, _part(x, dim, slice(first, first + length), "narrow"))


def index_select(x: Tensor, dim: int, places: Any) -> Tensor:
    """Return the slices of an axis at these places."""
    return index.take(x, places, dim)


def index_add(x: Tensor, dim: int, places: Any, source: Any, *, alpha: float = 1) -> Tensor:
    """Return x with the source, times alpha, added at these places of an axis."""
    source = source if alpha == 1 else elementwise.multiply(source, alpha)
    return index.scatter_add(x, _part(x, dim, places, "index_add"), source)


def index_copy(x: Tensor, dim: int, places: Any, source: Any) -> Tensor:
    """Return x with the source written at these places of an axis."""
    return index.setitem(x, _part(x, dim, places, "index_copy"), source)


def index_put(x: Tensor, places: Any, values: Any, accumulate: bool = False) -> Tensor:
    """Return x with values written, or added, at x[places]."""
    return (index.scatter_add if accumulate else index.setitem)(x, tuple(places), values)


def masked_select(x: Tensor, mask: Any) -> Tensor:
    """Return the elements where the mask, broadcast against x, holds, with one axis."""
    form = np.broadcast_shapes(x.shape, as_tensor(mask).shape)
    return index.getitem(broadcast_to(x, form), broadcast_to(mask, form))


def _mesh(x: Tensor, dim: int, places: Any, name: str) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The index of gather and scatter as one of NumPy's, and its shape."""
    axis, found = one(name, dim, x.ndim), index.integers(name, places)
    if found.ndim != x.ndim:
        raise shape_errors.bad_shape(name, found.shape, f"the index must have {x.ndim} axes")
    if found.size and found.min() < 0:
        raise shape_errors.bad_index(name, x.shape,
                                     "indices count from the front here, and cannot be negative")
    grid: list[Any] = list(np.ogrid[tuple([slice(n) for n in found.shape])])
    grid[axis] = found
    return tuple(grid), found.shape


def _source(source: Any, form: tuple[int, ...]) -> Tensor:
    """The part of a source that an index of that shape reads."""
    source = as_tensor(source)
    return index.getitem(source, tuple([slice(n) for n in form])) if source.ndim else source


def gather(x: Tensor, dim: int, places: Any) -> Tensor:
    """Return x's elements at places of an axis: z[i, j] = x[places[i, j], j] for dim=0."""
    return index.getitem(x, _mesh(x, dim, places, "gather")[0])


def scatter(x: Tensor, dim: int, places: Any, source: Any) -> Tensor:
    """Return x with x[places[i, j], j] = source[i, j] written, for dim=0; of several the last stays."""
    grid, form = _mesh(x, dim, places, "scatter")
    return index.setitem(x, grid, _source(source, form))


def scatter_add(x: Tensor, first: Any, second: Any, *source: Any) -> Tensor:
    """Return x with values added: scatter_add(index, v) as nb.scatter_add, or (dim, places, source)."""
    if not source:
        return index.scatter_add(x, first, second)
    grid, form = _mesh(x, first, second, "scatter_add")
    return index.scatter_add(x, grid, _source(source[0], form))


# ----------------------------------------------------------------------------------- kinds, places, leaves
def new(name: str) -> Method:
    """new_zeros, new_ones and new_empty: a Tensor of other sizes in x's dtype, on x's device."""
    def method(x: Tensor, *wanted: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        with devices.name_of(raw(x)):
            return getattr(create, name)(*wanted, dtype=x.dtype if dtype is None else dtype,
                                         requires_grad=requires_grad)

    method.__name__, method.__doc__ = f"new_{name}", f"Return nb.{name} in x's dtype, on x's device."
    return method


def new_full(x: Tensor, form: Any, value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return nb.full in x's dtype, on x's device."""
    with devices.name_of(raw(x)):
        return create.full(form, value, x.dtype if dtype is None else dtype, requires_grad)


def stride(x: Tensor, dim: int | None = None) -> Any:
    """Return the steps from element to element along each axis, or along one, in elements."""
    steps = tuple([s // x.dtype.itemsize for s in raw(x).strides])
    return steps if dim is None else steps[dim]


def is_nonzero(x: Tensor) -> bool:
    """Return whether the only element is not zero."""
    return bool(x)


def is_contiguous(x: Tensor) -> bool:
    """Return whether the elements lie in C order in memory."""
    value = raw(x)
    return bool(value.flags.c_contiguous if isinstance(value, np.ndarray) else value.contiguous)


def leaf(x: Tensor) -> bool:
    """Whether x was not computed from a leaf: made with requires_grad=True, or a constant."""
    return is_leaf(x) or not requires_grad(x)
