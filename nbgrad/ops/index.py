"""Indexing: reading, adding and writing at an index. All are linear, and each is written in the others.

The index is normalised once, by `_index`, and its arrays are copied: nothing the user does to them later can
change a gradient. The rules hand a normalised index straight to `apply`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.arrays import devices
from nbgrad.define.broadcast import shaped
from nbgrad.define.scalar import choose
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply, no_grad_level
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor, wrap
from nbgrad.engine.views import link, link_shared
from nbgrad.errors import shape_errors, value_errors
from nbgrad.kernels import table
from nbgrad.ops.axes import named_dim, one

op: Any = family("index")

Index = tuple[Any, ...]

_ALONE = frozenset([int, type(None), type(Ellipsis)])
_BOUND = frozenset([int, type(None)])
_ARRAYS = frozenset([np.ndarray, bool])
_NUMBERS = frozenset([int])
_INT64, _BOOL = np.dtype(np.int64), np.dtype(np.bool_)
_WHOLE = slice(None)


def _index(name: str, index: Any, shape: tuple[int, ...], scalar: bool = False) -> Index:
    """An index of our own: a tuple of ints, slices of ints, None, Ellipsis, bools, arrays of int64 or bool.

    Where no array is in it there is an Ellipsis, so that x[index] is a view. scalar: but for the index of one
    element that has none, of which NumPy makes a scalar, a copy. Raises IndexError for anything else, and for
    a second Ellipsis.
    """
    if type(index) is slice:
        return _entry(name, index, shape), Ellipsis
    if type(index) is int:
        return (index,) if scalar and len(shape) == 1 else (index, Ellipsis)
    items = index if isinstance(index, tuple) else (index,)
    found: list[Any] = []
    ints = dots = arrays = 0
    for i in items:
        i = i if type(i) in _ALONE else _entry(name, i, shape)
        found.append(i)
        if type(i) is int:
            ints += 1
        elif i is Ellipsis:
            dots += 1
        elif type(i) in _ARRAYS:
            arrays += 1
    if dots > 1:
        raise shape_errors.bad_index(name, shape, "an index can have only one ellipsis")
    if not (dots or arrays or (scalar and ints == len(found) == len(shape))):
        found.append(Ellipsis)
    return tuple(found)


def _entry(name: str, item: Any, shape: tuple[int, ...]) -> Any:
    """One part of an index, normalised."""
    if type(item) is slice:
        if _bounded(item):
            return item
        try:
            bounds = item.start, item.stop, item.step
            return slice(*[None if b is None else operator.index(raw(b)) for b in bounds])
        except TypeError as error:
            raise shape_errors.bad_index(name, shape,
                                         "the bounds of a slice must be integers or None") from error
    array = _copied(item)
    dtype = array.dtype
    if array.ndim and (dtype is _INT64 or dtype is _BOOL):
        return array
    if dtype.kind not in "biu":
        why = f"an index consists of integers, booleans, slices, None and ..., not of {dtype} values"
        raise shape_errors.bad_index(name, shape, why)
    if array.ndim == 0:
        return array.item()
    return array if dtype.kind == "b" else array.astype(np.int64, copy=False)


def _copied(item: Any) -> np.ndarray:
    """A part of an index as an array of its own; an empty list is one of integers."""
    if type(item) is Tensor:
        item = raw(item)
    if type(item) is np.ndarray:
        return np.array(item, order="C")
    if type(item) is list and _NUMBERS.issuperset(map(type, item)):
        return np.array(item, None if item else np.int64)

    def plain(part: Any) -> Any:
        return [plain(p) for p in part] if isinstance(part, (list, tuple)) else devices.host(raw(part))

    array = np.array(plain(item), order="C")
    return array.astype(np.int64) if array.size == 0 and isinstance(item, (list, tuple)) else array


def _values(v: Any) -> Tensor:
    """Values to be written, without the leading axes of length 1 that NumPy ignores too."""
    v = as_tensor(v)
    shape = v.value.shape
    if not shape or shape[0] != 1:
        return v
    lead = next((a for a, n in enumerate(shape) if n != 1), v.ndim)
    return apply(getitem, (v,), {"index": (0,) * lead + (Ellipsis,)})


# inputs of scatter_add and setitem: x, the index, v
_WRITES: list[Any] = [
    ((5,), np.array([2, 0, 2, -3]), (4,)), ((3, 2), np.array([2, 0, 2, -3]), (4, 2)),
    ((3, 2), np.array([2, 0, 2, -3]), ()), ((3, 2), np.array([2, 0, 2, -3]), (4, 1)),
    ((3,), np.array([[1, 1], [0, 1]]), (2,)), ((3, 2), np.zeros((0,), np.int64), (0, 2)),
    ((2, 3), np.array([[True, False, True], [False, False, True]]), (3,)),
    ((4,), slice(None, None, -2), (1,)), ((), ..., ()),
    ((2, 3), lambda r: ([1, 1, 0], slice(None, 2)), (3, 1)),
    ((2, 3, 2), lambda r: ([1, 1, 0], slice(None), [0, 0, 1]), (3, 3))]


def _read(g: Tensor, index: Index, like: Any) -> Tensor:
    """g at an index, summed to the shape of the values that were broadcast there."""
    return shaped(apply(getitem, (g,), {"index": index}), like)


# ----------------------------------------------------------------------------------- reading, adding
@op(vjp=lambda g, z, x, index: apply(scatter, (g,), {"index": index, "shape": x.shape}), linear=True, keep="",
    view=link_shared, write=lambda x, v, index: apply(setitem, (x, v), {"index": index}),
    like=lambda x, index: x[index],
    cases=[((), {"index": ()}), ((5,), {"index": -2}), ((0, 3), {"index": slice(0, 2)}),
           ((4, 5), {"index": (slice(1, None, 2), slice(None, None, -1))}),
           ((3, 4), {"index": (None, ..., 1)}), ((4, 3), {"index": [2, 0, 2, -1]}),
           ((4, 3), {"index": np.zeros((0,), np.int64)}),
           ((2, 4, 3), {"index": (slice(None), np.array([[1, -1], [1, 0]]))}),
           ((3, 4), {"index": (np.array([0, 2, 0]), np.array([1, -1, 1]))}),
           ((2, 3, 4), {"index": ([0, 1, 1], slice(1, 3), 2)}),
           ((4,), {"index": np.array([True, False, True, True])}),
           ((3, 4), {"index": (1, np.array([True, False, True, True]))}),
           ((2, 3), {"index": np.array([[True, False, True], [False, False, True]])}), ((), {"index": True})])
def getitem(x: Any, index: Any) -> Any:
    """Return x[index]: a view of x for ints, slices, None and Ellipsis, a copy for one element or an array.

    x: any shape and dtype. index: what NumPy takes: ints, slices, None, Ellipsis, masks, arrays, lists or
    Tensors of integers, and tuples of these. An index of ints alone that names one element copies it, as the
    scalar that NumPy makes; x[0, ...] of a 1-d x is a view. Raises IndexError for an index out of range, too
    many of them, or a float.

    >>> nb.getitem([[1.0, 2.0], [3.0, 4.0]], (0, slice(None)))
    tensor([1., 2.])
    """
    x = as_tensor(x)
    return (x,), {"index": _index("getitem", index, x.shape, True)}


def _added(x: np.ndarray, index: Any, v: np.ndarray) -> np.ndarray:
    z = x.copy()
    np.add.at(z, index, np.array(np.broadcast_to(v, x[index].shape)))
    return z


def _scattered(v: np.ndarray, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    return _added(np.zeros(shape, v.dtype), index, v)


@op(vjp=lambda g, z, v, index, shape: _read(g, index, v), linear=True, keep="", like=_scattered,
    cases=[((4,), {"index": [2, 0, 2, -1], "shape": (3,)}), ((2, 3), {"index": [1, 1], "shape": (4, 3)}),
           ((3,), {"index": [1, 1, 0], "shape": (4,)}), ((0, 3), {"index": slice(2, 2), "shape": (4, 3)}),
           ((2, 1, 4), {"index": (slice(None), [0, 2]), "shape": (2, 3, 4)}),
           ((), {"index": (slice(1, 3), 0), "shape": (3, 2)}),
           ((3, 2), {"index": ([0, 2, 0], slice(None), [1, 1, 1]), "shape": (3, 2, 2)}),
           ((2, 3), {"index": ([[0], [1]], [2, 2, -1]), "shape": (2, 4)})], planned=False, private=True)
def scatter(v: Any, index: Any, shape: Any) -> Any:
    """Return zeros of a shape with v added at the index; where that names a place twice, values add up.

    v: any shape that broadcasts to that of zeros[index], any dtype. Raises IndexError, and ShapeError if v
    does not fit.
    """
    shape = tuple(map(operator.index, shape if isinstance(shape, (tuple, list)) else (shape,)))
    return (_values(v),), {"index": _index("scatter", index, shape), "shape": shape}


@op(out=lambda x, v, index: (x.shape, x.dtype), linear=True, keep="",
    vjp=(lambda g, z, x, v, index: g, lambda g, z, x, v, index: _read(g, index, v)), like=_added,
    cases=_WRITES, planned=False)
def scatter_add(x: Any, index: Any, v: Any) -> Any:
    """Return x with v added at x[index]; where that names a place twice, values add up, as in numpy.add.at.

    x: any shape. v: broadcasts to the shape of x[index]; converted to x's dtype. Raises IndexError,
    ShapeError if v does not fit, DtypeError for floats added to integers.

    >>> nb.scatter_add([0.0, 0.0], [0, 0, 1], [1.0, 2.0, 3.0])
    tensor([3., 3.])
    """
    x, v = as_tensor(x), _values(v)
    if not np.can_cast(v.dtype, x.dtype, "same_kind"):
        raise value_errors.bad_operands("scatter_add", (x.dtype, v.dtype))
    return (x, v), {"index": _index("scatter_add", index, x.shape)}


# ------------------------------------------------------------------------------------------ writing
def _recorded(v: Any) -> bool:
    """Whether a gradient is being taken through v."""
    level = no_grad_level.get()
    while type(v) is Tensor:
        if v.trace is not None and v.trace.id > level and not v.trace.discrete:
            return True
        v = v.value
    return False


def _number(v: Any, dtype: np.dtype) -> np.ndarray:
    """A Python number in a dtype, as NumPy assigns it."""
    try:
        return np.array(v, dtype)
    except (OverflowError, ValueError) as error:
        if type(v) is int:
            raise value_errors.integer_result("setitem", v, dtype) from error
        raise value_errors.no_number("setitem", v, dtype) from error


def _kept(g: Tensor, index: Index) -> Tensor:
    """The cotangent of what was there before: zero where it was written over."""
    return apply(setitem, (g, wrap(devices.full((), 0, g.dtype, devices.of(raw(g))))), {"index": index})


def _taken(g: Tensor, v: Any, index: Index) -> Tensor:
    """The cotangent of what was written: zero for values that a later one replaced."""
    stays = table.run("written", "index", None, (), {"index": index, "shape": g.shape})
    found = apply(getitem, (g,), {"index": index})
    return shaped(found if stays is None else choose(devices.to_device_of(stays, raw(g)), found), v)


def _assigned(x: np.ndarray, index: Any, v: np.ndarray) -> np.ndarray:
    z = x.copy()
    z[index] = v
    return z


@op(out=lambda x, v, index: (x.shape, x.dtype), linear=True, keep="",
    vjp=(lambda g, z, x, v, index: _kept(g, index), lambda g, z, x, v, index: _taken(g, v, index)),
    like=_assigned, cases=_WRITES, planned=False)
def setitem(x: Any, index: Any, v: Any) -> Any:
    """Return what x is after x[index] = v. Of several values written to one place the last stays.

    x: any shape. v: broadcasts to the shape of x[index]; converted to x's dtype as NumPy does: 1.7 becomes 1
    in an integer array. Raises IndexError, ShapeError if v does not fit, DtypeError for a v with a gradient
    written into integers, OverflowError or ValueRangeError for a Python number that x's dtype does not hold.

    >>> nb.setitem([1.0, 2.0, 3.0], 0, 9.0)
    tensor([9., 2., 3.])
    """
    x = as_tensor(x)
    exact = type(v) is int or (type(v) is float and x.dtype.kind in "iu")
    v = _values(_number(v, x.dtype) if exact else v)
    if v.dtype.kind == "c" and x.dtype.kind != "c":
        raise value_errors.imaginary_lost("setitem", x.dtype)
    if v.dtype.kind in "fc" and x.dtype.kind not in "fc" and _recorded(v):
        raise value_errors.needs_floats("setitem", x.dtype)
    return (x, v), {"index": _index("setitem", index, x.shape)}


def part(x: Tensor, index: Any) -> Tensor:
    """x[index]: `getitem` without the way there, for the one call that is made of a Tensor everywhere."""
    value = x.value
    if x.trace is None and type(value) is devices.Array:
        plain = _plain(index, len(value.shape))
        if plain is not None:
            try:
                found = value[plain]
            except IndexError:
                pass                          # said below, with the op's name
            else:
                if type(found) is devices.Array:
                    return link(getitem, tensor(found), x, {"index": plain})
                return tensor(np.asarray(found))
    try:
        where = {"index": _index("getitem", index, value.shape, True)}
    except errors.OperandError as error:
        raise error.of("getitem") from None
    return link_shared(getitem, apply(getitem, (x,), where), x, where)


def _plain(index: Any, ndim: int) -> Index | None:
    """What `_index` makes of an int, a slice, None, or a tuple of these, for ndim axes; None of all else."""
    kind = type(index)
    if kind is int:
        return (index,) if ndim == 1 else (index, Ellipsis)
    if kind is slice:
        return (index, Ellipsis) if _bounded(index) else None
    if index is None:
        return None, Ellipsis
    if kind is not tuple:
        return None
    ints = 0
    for i in index:
        if type(i) is int:
            ints += 1
        elif i is not None and not (type(i) is slice and _bounded(i)):
            return None
    return index if ints == ndim == len(index) else (*index, Ellipsis)


def _bounded(item: slice) -> bool:
    """Whether the bounds of a slice are ints or None."""
    return type(item.start) in _BOUND and type(item.stop) in _BOUND and type(item.step) in _BOUND


def is_part(v: Tensor, x: Tensor, index: Any) -> bool:
    """Whether v is the view x[index], as it is where Python writes the result of x[index] += y."""
    nothing: Any = None, None, None
    base, made, where = getattr(v, "_view", nothing)
    if base is not x or made is not getitem or v.trace is not x.trace:
        return False
    ours, theirs = where["index"], _index("setitem", index, x.shape)
    return len(ours) == len(theirs) and all(
        type(i) is type(k) and i == k for i, k in zip(ours, theirs, strict=True))


# -------------------------------------------------------------------------------------- along an axis
def integers(name: str, indices: Any, what: str = "indices") -> np.ndarray:
    """Indices as an array of int64 that nobody else has. Raises DtypeError for others."""
    found = _copied(indices)
    if found.dtype.kind not in "iu":
        raise value_errors.needs_integers(name, what, found.dtype)
    return found.astype(np.int64, copy=False)


@named_dim
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the elements of x at the indices along an axis, or of x read in C order if axis is None.

    x: any shape and dtype. indices: any shape, integers; they take the place of the axis. Raises IndexError
    for one out of range, DtypeError if they are not integers, AxisError.
    Derivative: linear in x; an element that is taken several times gets the sum of the cotangents.

    >>> nb.take([10.0, 20.0, 30.0], [2, 0])
    tensor([30., 10.])
    """
    x, places = as_tensor(x), integers("take", indices)
    if axis is not None:
        return getitem(x, (_WHOLE,) * one("take", axis, x.ndim) + (places,))
    if x.ndim == 1:
        return getitem(x, places)
    size = int(np.prod(x.shape))
    places = np.where(places < 0, places + size, places)
    if ((places < 0) | (places >= size)).any():
        raise shape_errors.bad_index("take", x.shape, f"an index is out of bounds for {size} elements")
    if x.ndim == 0:
        return getitem(x, (None,))[places]
    return getitem(x, np.unravel_index(places, x.shape))


# -------------------------------------------------------------------------------------------- not zero
@op(discrete=True, like=lambda x: x.nonzero(), on_complex="same",
    cases=[(lambda r: r.integers(0, 2, (3, 4)),), (lambda r: r.integers(0, 2, 5) > 0,), ((0, 3),)])
def nonzero(x: Any) -> Any:
    """Return the places of the elements that are not zero: a tuple with an int64 Tensor for each axis.

    x: at least one axis, any dtype. Raises ShapeError for a 0-d x.

    >>> nb.nonzero([0.0, 3.0, 4.0])
    (tensor([1, 2]),)
    """
    x = as_tensor(x)
    if x.ndim == 0:
        raise shape_errors.bad_shape("nonzero", (), "needs at least one axis")
    return (x,), {}
