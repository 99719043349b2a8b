"""Indices along one axis, in PyTorch's manner: parts of a Tensor that are read, written and added to."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.broadcast import broadcast_to
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors
from nbgrad.ops import elementwise, index
from nbgrad.ops.axes import one

_WHOLE = slice(None)


def _part(x: Tensor, dim: int, part: Any, name: str) -> tuple[Any, ...]:
    return (_WHOLE,) * one(name, dim, x.ndim) + (part,)


def select(x: Tensor, dim: int, place: int) -> Tensor:
    """Return the slice of an axis, dim, at a place, without the axis. Raises AxisError, IndexError.

    >>> nb.asarray([[1.0, 2.0], [3.0, 4.0]]).select(1, 0)
    tensor([1., 3.])
    """
    return index.getitem(x, _part(x, dim, place, "select"))


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a piece of an axis, dim: so many elements, length, from a start.

    Raises AxisError, IndexError for elements that the axis does not have.

    >>> nb.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    n = x.shape[one("narrow", dim, x.ndim)]
    first = start + n if start < 0 else start
    if not 0 <= first <= first + length <= n:
        raise shape_errors.bad_index("narrow", x.shape, f"{length} elements from {start} leave axis {dim}")
    return index.getitem(x, _part(x, dim, slice(first, first + length), "narrow"))


def index_select(x: Tensor, dim: int, places: Any) -> Tensor:
    """Return the slices of an axis, dim, at these places. Raises AxisError, IndexError, DtypeError.

    >>> nb.asarray([10.0, 20.0, 30.0]).index_select(0, [2, 0])
    tensor([30., 10.])
    """
    return index.take(x, places, dim)


def index_add(x: Tensor, dim: int, places: Any, source: Any, *, alpha: float = 1) -> Tensor:
    """Return x with the source, times alpha, added at these places of an axis, dim.

    Raises AxisError, IndexError, ShapeError if the source does not fit.

    >>> nb.zeros(2).index_add(0, [0, 0], [1.0, 2.0])
    tensor([3., 0.])
    """
    source = source if alpha == 1 else elementwise.multiply(source, alpha)
    return index.scatter_add(x, _part(x, dim, places, "index_add"), source)


def index_copy(x: Tensor, dim: int, places: Any, source: Any) -> Tensor:
    """Return x with the source written at these places of an axis, dim.

    Raises AxisError, IndexError, ShapeError if the source does not fit.

    >>> nb.zeros(3).index_copy(0, [2, 0], [1.0, 2.0])
    tensor([2., 0., 1.])
    """
    return index.setitem(x, _part(x, dim, places, "index_copy"), source)


def index_put(x: Tensor, places: Any, values: Any, accumulate: bool = False) -> Tensor:
    """Return x with values written, or if accumulate added, at x[places].

    Raises IndexError, ShapeError if the values do not fit.

    >>> nb.zeros(3).index_put(([2, 0],), [1.0, 2.0])
    tensor([2., 0., 1.])
    """
    return (index.scatter_add if accumulate else index.setitem)(x, tuple(places), values)


def masked_select(x: Tensor, mask: Any) -> Tensor:
    """Return the elements where the mask, broadcast against x, holds, with one axis.

    Raises ShapeError for a mask that does not fit, IndexError for one that is not of booleans or integers.

    >>> nb.asarray([1.0, 2.0, 3.0]).masked_select([True, False, True])
    tensor([1., 3.])
    """
    mask = as_tensor(mask)
    try:
        form = np.broadcast_shapes(x.shape, mask.shape)
    except ValueError as error:
        raise shape_errors.no_broadcast("masked_select", [x.shape, mask.shape]) from error
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
    """Return x's elements at places of an axis: z[i, j] = x[places[i, j], j] for dim=0.

    Raises ShapeError for places with other axes, IndexError, DtypeError.

    >>> nb.asarray([[1.0, 2.0], [3.0, 4.0]]).gather(0, [[1, 0]])
    tensor([[3., 2.]])
    """
    return index.getitem(x, _mesh(x, dim, places, "gather")[0])


def scatter(x: Tensor, dim: int, places: Any, source: Any) -> Tensor:
    """Return x with x[places[i, j], j] = source[i, j] written, for dim=0; of several the last stays.

    Raises ShapeError for places with other axes, IndexError, DtypeError.

    >>> nb.zeros((2, 2)).scatter(0, [[1, 0]], [[5.0, 6.0]])
    tensor([[0., 6.],
            [5., 0.]])
    """
    grid, form = _mesh(x, dim, places, "scatter")
    return index.setitem(x, grid, _source(source, form))


def scatter_add(x: Tensor, first: Any, second: Any, *source: Any) -> Tensor:
    """Return x with values added: scatter_add(index, v) as nb.scatter_add, or (dim, places, source).

    first, second : an index and values; or dim and places, and then a source

    Raises ShapeError for what does not fit, IndexError, DtypeError.

    >>> nb.zeros((2, 2)).scatter_add(0, [[1, 0]], [[5.0, 6.0]])
    tensor([[0., 6.],
            [5., 0.]])
    """
    if not source:
        return index.scatter_add(x, first, second)
    grid, form = _mesh(x, first, second, "scatter_add")
    return index.scatter_add(x, grid, _source(source[0], form))
