"""Sums and products of all elements up to each, and the differences that undo sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import count, named_dim, one
from nbgrad.ops.compare import not_equal
from nbgrad.ops.index import getitem
from nbgrad.ops.reduce import whole
from nbgrad.ops.shape import concat, ravel

op: Any = family("cumulative")

_WHOLE, _REST, _FRONT = slice(None), slice(1, None), slice(None, -1)
_BOTH: list[Any] = [((5,),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1}), ((2, 3, 4), {"axis": -1}),
                    ((2, 3),), ((),), ((0, 3), {"axis": 0}), ((0, 3), {"axis": 1}), ((3, 37), {"axis": 1}),
                    ((3, 11), {"axis": 0})]


def _part(x: Any, axis: int, part: slice) -> Tensor:
    """A part of an axis."""
    return apply(getitem, (x,), {"index": (_WHOLE,) * axis + (part, ...)})


def _line(x: Tensor, axis: int, value: int) -> Tensor:
    """One value, as an array of x's shape but for length 1 of the axis."""
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1:])
    return broadcast_to(wrap(devices.full((), value, x.dtype, devices.of(raw(x)))), shape)


def _bind(name: str, x: Any, axis: Any, dtype: Any) -> tuple[Tensor, int]:
    """x in the dtype of the result, read in C order where no axis is given; and the axis."""
    x = as_tensor(x)
    x = ravel(x) if axis is None or x.ndim == 0 else x
    dtype = whole(x.dtype) if dtype is None else devices.supported(dtype)
    if dtype.kind == "b":
        raise value_errors.bad_operands(name, (dtype,))
    return x if x.dtype == dtype else astype(x, dtype), 0 if axis is None else one(name, axis, x.ndim)


def _like(x: Any, *_: Any, **__: Any) -> tuple[tuple[int, ...], np.dtype]:
    return x.shape, x.dtype


# --------------------------------------------------------------------------------------- sums, products
@op(out=_like, linear=True, keep="", like=np.cumsum, cases=_BOTH, vjp=lambda g, z, x, axis, reverse:
    apply(cumsum, (g,), {"axis": axis, "reverse": not reverse}))
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the sums of the elements of x up to each along an axis; None: of x read in C order.

    x: any shape and dtype. dtype: default x's if that is a float, else 64-bit integers. float32 is added in
    float64. Raises AxisError, DtypeError.

    >>> nb.cumsum([1.0, 2.0, 3.0])
    tensor([1., 3., 6.])
    """
    x, axis = _bind("cumsum", x, axis, dtype)
    return (x,), {"axis": axis, "reverse": False}


def _prod_vjp(g: Tensor, z: Tensor, x: Tensor, axis: int) -> Tensor:
    """The product before an element, times what later ones pass back: nothing divides, so zeros are exact."""
    later = apply(recurrence, (x, g), {"axis": axis, "reverse": True})
    return multiply(concat([_line(z, axis, 1), _part(z, axis, _FRONT)], axis), later)


@op(out=_like, vjp=_prod_vjp, like=np.cumprod, on_complex="same",
    cases=[*_BOTH, (np.array([2.0, 0.0, 3.0, 0.0, 4.0]),), (np.array([[0.0, 2.0], [0.5, 0.0]]), {"axis": 1})])
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the products of the elements of x up to each along an axis; None: of x read in C order.

    x: any shape and dtype. dtype: default x's if that is a float, else 64-bit integers. Derivatives are exact
    also where elements are zero. Raises AxisError, DtypeError.

    >>> nb.cumprod([1.0, 2.0, 3.0])
    tensor([1., 2., 6.])
    """
    x, axis = _bind("cumprod", x, axis, dtype)
    return (x,), {"axis": axis}


def _cumulative(x: Any, scan: Any, name: str, axis: Any, dtype: Any, initial: int | None) -> Tensor:
    x = as_tensor(x)
    if axis is None and x.ndim > 1:
        raise shape_errors.bad_shape(name, x.shape, "needs an axis where there are several")
    z = scan(x, axis, dtype)
    axis = 0 if axis is None else one(name, axis, z.ndim)
    return z if initial is None else concat([_line(z, axis, initial), z], axis)


@named_dim
def cumulative_sum(x: Any, *, axis: int | None = None, dtype: Any = None,
                   include_initial: bool = False) -> Tensor:
    """Return `cumsum` along an axis, which only a 1-d x may go without.

    include_initial: a zero comes first, and the axis is one longer. Raises ShapeError, AxisError, DtypeError.
    x: any shape and dtype. dtype: as in `cumsum`, and so is the derivative.

    >>> nb.cumulative_sum([1.0, 2.0, 3.0], include_initial=True)
    tensor([0., 1., 3., 6.])
    """
    return _cumulative(x, cumsum, "cumulative_sum", axis, dtype, 0 if include_initial else None)


@named_dim
def cumulative_prod(x: Any, *, axis: int | None = None, dtype: Any = None,
                    include_initial: bool = False) -> Tensor:
    """Return `cumprod` along an axis, which only a 1-d x may go without.

    include_initial: a one comes first, and the axis is one longer. Raises ShapeError, AxisError, DtypeError.
    x: any shape and dtype. dtype: as in `cumprod`, and so is the derivative.

    >>> nb.cumulative_prod([1.0, 2.0, 3.0], include_initial=True)
    tensor([1., 1., 2., 6.])
    """
    return _cumulative(x, cumprod, "cumulative_prod", axis, dtype, 1 if include_initial else None)


# ----------------------------------------------------------------------------------------- recurrences
def _coefficients(g: Tensor, z: Tensor, a: Tensor, axis: int, reverse: bool) -> Tensor:
    """The cotangent of a recurrence's coefficients: what comes back, times the result before it."""
    back = apply(recurrence, (a, g), {"axis": axis, "reverse": not reverse})
    before, after = (back, z) if reverse else (z, back)
    if a.shape[axis] == 0:
        return back
    moved = multiply(_part(before, axis, _FRONT), _part(after, axis, _REST))
    return concat([_line(z, axis, 0), moved], axis)


def _recurred(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
    z = np.moveaxis(b.copy(), axis, 0)
    for k in range(1, len(z)):
        z[k] += np.moveaxis(a, axis, 0)[k] * z[k - 1]
    return np.moveaxis(z, 0, axis)


@op(out=lambda a, b, axis, reverse: (b.shape, b.dtype), multilinear=(1,), like=_recurred, on_complex="same",
    vjp=(lambda g, z, a, b, axis, reverse: _coefficients(g, z, a, axis, reverse),
         lambda g, z, a, b, axis, reverse: apply(recurrence, (a, g), {"axis": axis, "reverse": not reverse})),
    cases=[((5,), (5,)), ((3, 4), (3, 4)), ((4, 9), (4, 9), {"axis": 0}), ((2, 3, 2), (2, 3, 2), {"axis": 1}),
           ((1,), (1,)), ((0, 2), (0, 2), {"axis": 0})], private=True)
def recurrence(a: Any, b: Any, axis: int = -1) -> Any:
    """Return z with z[0] = b[0] and then z[k] = b[k] + a[k] * z[k - 1] along an axis.

    a, b: one shape, floats of one dtype; a[0] is not used. Raises ShapeError, AxisError, DtypeError.
    """
    a, b = as_tensor(a), as_tensor(b)
    if a.shape != b.shape:
        raise shape_errors.bad_shape("recurrence", b.shape, f"b must have the shape of a, {a.shape}")
    if a.dtype != b.dtype or a.dtype.kind != "f":
        raise value_errors.bad_operands("recurrence", (a.dtype, b.dtype))
    return (a, b), {"axis": one("recurrence", axis, a.ndim), "reverse": False}


# ----------------------------------------------------------------------------------------- differences
def _shorter(x: Any, axis: int) -> tuple[tuple[int, ...], np.dtype]:
    return (*x.shape[:axis], max(x.shape[axis] - 1, 0), *x.shape[axis + 1:]), x.dtype


@op(out=_shorter, linear=True, keep="", like=lambda x, axis: np.diff(x, axis=axis),
    vjp=lambda g, z, x, axis: apply(gather_differences, (g,), {"axis": axis, "n": x.shape[axis]}),
    cases=[((5,), {"axis": 0}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1}), ((1,), {"axis": 0}),
           ((2, 0), {"axis": 1})], private=True)
def difference(x: Any, axis: int) -> Any:
    """Return each element of x along an axis less the one before it: (..., n, ...) -> (..., n - 1, ...)."""
    x = as_tensor(x)
    return (x,), {"axis": one("difference", axis, x.ndim)}


@op(out=lambda g, axis, n: ((*g.shape[:axis], n, *g.shape[axis + 1:]), g.dtype), linear=True, keep="",
    vjp=lambda c, z, g, axis, n: apply(difference, (c,), {"axis": axis}),
    like=lambda g, axis, n: -np.diff(np.insert(g, [0, g.shape[axis]], 0, axis), axis=axis),
    cases=[((4,), {"axis": 0, "n": 5}), ((2, 3), {"axis": 1, "n": 4}), ((0, 3), {"axis": 0, "n": 1})],
    private=True)
def gather_differences(g: Any, axis: int, n: int) -> Any:
    """Return `difference`'s transpose: each element of g taken from one place of n and added to the next."""
    return (as_tensor(g),), {"axis": axis, "n": n}


def _joined(x: Tensor, ends: tuple[Any, Any], axis: int) -> Tensor:
    """x between what is prepended and appended (None: nothing); a scalar is a line of its value."""
    before, after = [
        [] if end is None else
        [broadcast_to(end, (*x.shape[:axis], 1, *x.shape[axis + 1:])) if end.ndim == 0 else end]
        for end in [None if end is None else as_tensor(end) for end in ends]]
    return concat([*before, x, *after], axis) if before or after else x


@named_dim
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Return the n-th differences of x along an axis: of booleans, whether neighbours differ.

    x: at least one axis, any dtype. prepend, append: arrays that are joined to x first, or scalars, one line
    each. Raises ValueRangeError for a negative n, ShapeError, AxisError.
    n: how often. Derivative: linear in x, prepend and append.

    >>> nb.diff([1.0, 4.0, 9.0])
    tensor([3., 5.])
    """
    x, n = as_tensor(x), count("diff", "n", n)
    if n == 0:
        return x.astype(x.dtype)
    if x.ndim == 0:
        raise shape_errors.bad_shape("diff", (), "needs at least one axis")
    axis = one("diff", axis, x.ndim)
    x = _joined(x, (prepend, append), axis)
    for _ in range(n):
        bits = x.dtype.kind == "b"
        x = (not_equal(_part(x, axis, _REST), _part(x, axis, _FRONT)) if bits else
             apply(difference, (x,), {"axis": axis}))
    return x
