"""Grids and ranges, and arrays of one shape, as NumPy names it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops import host
from nbgrad.ops.axes import listed, named_dim, one
from nbgrad.ops.compare import sign
from nbgrad.ops.create import arange, linspace
from nbgrad.ops.dtypes import result_type
from nbgrad.ops.elementwise import abs, exp, log
from nbgrad.ops.powers import pow
from nbgrad.ops.shape import concat, expand_dims, moveaxis, reshape


# ------------------------------------------------------------------------------------------------ one shape
def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """Return the shape that arrays of these shapes broadcast to. No derivative. Raises ShapeError.

    shapes: tuples, or integers for one axis.

    >>> nb.broadcast_shapes((2, 1), 3)
    (2, 3)
    """
    given = [tuple(map(operator.index, s)) if isinstance(s, (tuple, list)) else (operator.index(s),)
             for s in shapes]
    try:
        return np.broadcast_shapes(*given)
    except ValueError as error:
        raise shape_errors.no_broadcast("broadcast_shapes", given) from error


def broadcast_arrays(*arrays: Any) -> tuple[Tensor, ...]:
    """Return the arrays in the shape that they broadcast to together.

    arrays: shapes that broadcast. Derivative: linear in each. Raises ShapeError.

    >>> nb.broadcast_arrays([1.0, 2.0], 3.0)
    (tensor([1., 2.]), tensor([3., 3.]))
    """
    xs = list(map(as_tensor, arrays))
    shapes = [x.shape for x in xs]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise shape_errors.no_broadcast("broadcast_arrays", shapes) from error
    return tuple([x if x.shape == shape else broadcast_to(x, shape) for x in xs])


@named_dim
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the parts of x along an axis, without it.

    x: at least one axis. Derivative: linear in x. Raises AxisError.

    >>> nb.unstack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    (tensor([1., 3.]), tensor([2., 4.]))
    """
    x, axes = as_tensor(x), listed(axis)
    if len(axes) != 1:
        raise value_errors.bad_argument("unstack", axis, "one axis")
    return tuple(moveaxis(x, one("unstack", axes[0], x.ndim), 0))


# ---------------------------------------------------------------------------------------------------- grids
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Return a grid's coordinates from those along each axis, one Tensor for each.

    xi: (n,) each. copy: of no effect. sparse: shapes that broadcast to the grid's. indexing: "xy" has the
    first two axes swapped, "ij" has not. Derivative: linear in each. Raises ValueRangeError for another.

    >>> nb.meshgrid([1.0, 2.0], [3.0, 4.0])[1]
    tensor([[3., 3.],
            [4., 4.]])
    """
    if indexing not in ("xy", "ij"):
        raise value_errors.bad_choice("meshgrid", "indexing", indexing, ("xy", "ij"))
    xs, count = list(map(as_tensor, xi)), len(xi)
    lines = [reshape(x, [1] * i + [-1] + [1] * (count - i - 1)) for i, x in enumerate(xs)]
    grid = tuple(lines) if sparse else broadcast_arrays(*lines)
    return tuple([moveaxis(x, 0, 1) for x in grid]) if indexing == "xy" and count > 1 else grid


def indices(dimensions: Sequence[int], dtype: Any = int, sparse: bool = False) -> Any:
    """Return the indices of every place of a shape: (len(dimensions), *dimensions).

    dimensions: the shape. dtype: default int64. sparse: a tuple of arrays that broadcast to the shape. No
    derivative. Raises DtypeError.

    >>> nb.indices((2, 2))[1]
    tensor([[0, 1],
            [0, 1]])
    """
    found: Any = np.indices(tuple(dimensions), devices.supported(dtype), sparse=sparse)      # type: ignore
    return tuple(map(as_tensor, found)) if sparse else as_tensor(found)


class Grid:
    """What `nb.mgrid` and `nb.ogrid` are: coordinates of a grid, by slices, as NumPy's of these names.

    Raises TraceError for a bound with a gradient. The result has no derivative.

    >>> nb.ogrid[0:2, 0:1:3j]
    (tensor([[0.],
            [1.]]), tensor([[0. , 0.5, 1. ]]))
    """

    def __init__(self, grid: Any) -> None:
        self._grid = grid

    def __getitem__(self, key: Any) -> Any:
        found = self._grid[key]
        return tuple(map(as_tensor, found)) if isinstance(found, tuple) else as_tensor(found)


mgrid: Grid = Grid(np.mgrid)
ogrid: Grid = Grid(np.ogrid)
s_: Any = np.s_


class Joined:
    """What `nb.r_` and `nb.c_` are: arrays, numbers and ranges joined along an axis, written as an index.

    Derivative: linear in each array. Raises ValueRangeError for the words that NumPy takes in an index.

    >>> nb.r_[0:3, 5.0, nb.ones(2)]
    tensor([0., 1., 2., 5., 1., 1.])
    >>> nb.c_[nb.zeros(2), nb.ones(2)]
    tensor([[0., 1.],
            [0., 1.]])
    """

    def __init__(self, name: str, columns: bool) -> None:
        self._name, self._columns = name, columns

    def __getitem__(self, key: Any) -> Tensor:
        items = key if isinstance(key, tuple) else (key,)
        if any(isinstance(item, str) for item in items):
            raise value_errors.bad_value(self._name, "an index of arrays, numbers and slices is taken, no "
                                                     "text. Use concat, stack or column_stack")
        dtype = result_type(*[x if type(x) in (bool, int, float) else as_tensor(x)
                              for x in (_range(i) if isinstance(i, slice) else i for i in items)])
        return concat([self._part(item, dtype) for item in items], -1 if self._columns else 0)

    def _part(self, item: Any, dtype: np.dtype) -> Tensor:
        x = as_tensor(_range(item) if isinstance(item, slice) else item)
        x = x if x.dtype == dtype else astype(x, dtype)
        if self._columns and x.ndim < 2:
            return reshape(x, (-1, 1))
        return reshape(x, (1,)) if x.ndim == 0 else x


def _range(item: slice) -> Tensor:
    start, step = item.start or 0, 1 if item.step is None else item.step
    if isinstance(step, complex):
        return linspace(start, item.stop, int(np.abs(step)))
    return arange(start, item.stop, step)


r_: Joined = Joined("r_", False)
c_: Joined = Joined("c_", True)


# --------------------------------------------------------------------------------------------------- ranges
@named_dim
def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None,
             axis: int = 0) -> Tensor:
    """Return num powers of a base, whose exponents are spaced equally from start to stop.

    start, stop, base: scalars, or shapes that broadcast. num, endpoint, dtype: as in `linspace`. axis: that
    of the powers. Derivative: that of `pow` in the ends and the base. Raises ShapeError, ValueRangeError for
    a negative num.

    >>> nb.logspace(0.0, 2.0, 3)
    tensor([  1.,  10., 100.])
    """
    if not isinstance(base, (int, float)):
        start, stop, base = broadcast_arrays(start, stop, base)
    z = pow(base, linspace(start, stop, num, endpoint))
    return moveaxis(_cast(z, dtype), 0, axis)


def _cast(z: Tensor, dtype: Any) -> Tensor:
    """z in a dtype, integers cut off as NumPy does."""
    if dtype is None:
        return z
    found: Tensor = astype(z, devices.supported(dtype))
    return found


@named_dim
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None,
              axis: int = 0) -> Tensor:
    """Return num values from start to stop, each the one before times one factor.

    start, stop: scalars, or shapes that broadcast, of one sign, or complex, and not 0. num, endpoint, dtype:
    as in `linspace`, default float64 or complex128. axis: that of the values. Derivative: of
    start * (stop / start) ** w, w from 0 to 1, in both. Raises ShapeError, ValueRangeError for 0,
    two signs, or a negative num.

    >>> nb.geomspace(1.0, 8.0, 4)
    tensor([1., 2., 4., 8.])
    """
    start, stop = map(as_tensor, (start, stop))
    found = np.result_type(start.dtype, stop.dtype, np.float64)
    start, stop = broadcast_arrays(*[astype(x, found) for x in (start, stop)])
    for x in (start, stop):
        if np.any(host.values(x) == 0):
            raise value_errors.bad_value("geomspace", "there is no factor that leads from or to 0")
    if found.kind != "c" and np.any(host.values(sign(start)) != host.values(sign(stop))):
        raise value_errors.bad_value("geomspace", "start and stop need one sign: no factor leads through 0")
    turn = sign(start)
    z = turn * exp(linspace(log(abs(start)), log(stop / turn), num, endpoint))
    n = z.shape[0]
    if n:                                     # both ends are what was given, not what is computed of them
        last = endpoint and n > 1
        ends = [expand_dims(start, 0), z[1:n - 1 if last else n], *([expand_dims(stop, 0)] if last else [])]
        z = concat(ends)
    return moveaxis(_cast(z, dtype), 0, axis)
