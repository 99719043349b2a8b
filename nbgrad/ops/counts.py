"""Counts of values, and which bin they are in: steps in what is counted, linear in its weights."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays.dtypes import is_complex
from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import shape_errors, trace_errors, value_errors
from nbgrad.ops import host
from nbgrad.ops.create import linspace, zeros
from nbgrad.ops.cumulative import diff
from nbgrad.ops.elementwise import divide, subtract
from nbgrad.ops.index import scatter_add, take
from nbgrad.ops.reduce import max, min, sum
from nbgrad.ops.search import searchsorted
from nbgrad.ops.shape import flip, ravel, reshape, stack


def _plain(x: Any) -> Any:
    """A parameter with values for Tensors."""
    if isinstance(x, (tuple, list)):
        return type(x)([_plain(each) for each in x])
    return host.values(x) if type(x) is Tensor else x


def _range(name: str, x: Any) -> Any:
    """A range's values. Raises TraceError if a gradient is taken through an end."""
    for end in x if isinstance(x, (tuple, list)) else (x,):
        if type(end) is Tensor and end.trace is not None:
            raise trace_errors.traced_parameter(name, "range")
    return _plain(x)


def _edges(name: str, function: Any, *args: Any, **params: Any) -> Any:
    """What NumPy makes of bins, its errors in our words."""
    for x in args:
        if is_complex(x):
            raise value_errors.no_complex(name, [x.dtype])
    try:
        return function(*args, **params)
    except ValueError as error:
        raise value_errors.bad_value(name, str(error).rstrip(".")) from error


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Tensor:
    """Return how often each integer from 0 up to the largest of x occurs, or the sums of weights instead.

    x: (n,), integers that are not negative. weights: (n,), summed in float64. minlength: the result is not
    shorter. Derivative: linear in the weights. Raises DtypeError, ShapeError, ValueRangeError for a negative
    integer.

    >>> nb.bincount([0, 2, 2], weights=[0.5, 1.0, 1.0])
    tensor([0.5, 0. , 2. ])
    """
    places, least = host.values(x), operator.index(minlength)
    if places.ndim != 1:
        raise shape_errors.bad_shape("bincount", places.shape, "needs one axis")
    if places.size and places.dtype.kind not in "iub":
        raise value_errors.needs_integers("bincount", "x", places.dtype)
    if least < 0 or (places.size and places.min() < 0):
        raise value_errors.bad_value("bincount", "integers, and minlength, cannot be negative")
    places = places.astype(np.int64)
    if weights is None:
        return as_tensor(np.bincount(places, minlength=least))
    weights = as_tensor(weights)
    if weights.shape != places.shape:
        raise shape_errors.bad_shape("bincount", weights.shape, f"weights need the shape {places.shape} of x")
    size = int(np.maximum(least, places.max() + 1 if places.size else 0))
    found: Tensor = scatter_add(zeros(size), places, astype(weights, np.float64))
    return found


def digitize(x: Any, bins: Any, right: bool = False) -> Tensor:
    """Return the number of each element's bin: i where bins[i - 1] <= x < bins[i], as in `searchsorted`.

    x: any shape. bins: (n,), rising or falling. right: bins hold their right end instead of their left one.
    int64, which has no derivative. Raises ShapeError, ValueRangeError for bins in no order.

    >>> nb.digitize([0.5, 1.0, 7.0], [0.0, 1.0, 2.0])
    tensor([1, 2, 3])
    """
    x, bins, side = as_tensor(x), as_tensor(bins), "left" if right else "right"
    if is_complex(x) or is_complex(bins):
        raise value_errors.no_complex("digitize", (x.dtype, bins.dtype))
    if bins.ndim != 1:
        raise shape_errors.bad_shape("digitize", bins.shape, "the bins must have one axis")
    steps = np.diff(host.values(bins))
    if np.all(steps >= 0):
        return searchsorted(bins, x, side)
    if not np.all(steps <= 0):
        raise value_errors.bad_value("digitize", "the bins must rise or fall")
    falling: Tensor = subtract(bins.shape[0], searchsorted(flip(bins), x, side))
    return falling


# ---------------------------------------------------------------------------------------------- histograms
def _ends(x: Tensor, edges: np.ndarray, bins: Any, range: Any) -> Tensor:
    """The edges, which are those that were given, or move with the extremes of what is counted."""
    if type(bins) is Tensor and bins.ndim:
        found: Tensor = astype(bins, edges.dtype)
        return found
    given = range is not None or not (isinstance(bins, str) or np.ndim(bins) == 0)
    if given or x.trace is None or x.dtype.kind != "f" or not x.size:
        return as_tensor(edges)
    line = astype(linspace(min(x), max(x), len(edges)), edges.dtype)
    found = subtract(edges, subtract(stop_gradient(line), line))
    return found


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Tensor:
    """Return the edges of the bins that `histogram` counts in.

    a, bins, range, weights: as there. Derivative: as `linspace` between the extremes of a; 0 where edges
    or a range are given. Raises ValueRangeError, TraceError for a range with a gradient.

    >>> nb.histogram_bin_edges([0.0, 1.0, 4.0], 2)
    tensor([0., 2., 4.])
    """
    name = "histogram_bin_edges"
    weights = None if weights is None else host.values(weights)
    range = _range(name, range)
    edges = _edges(name, np.histogram_bin_edges, host.values(a), _plain(bins), range, weights)
    return _ends(as_tensor(a), edges, bins, range)


def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = None,
              weights: Any = None) -> tuple[Tensor, Tensor]:
    """Return how many elements are in each bin, or the sums of their weights, and the edges of the bins.

    a: any shape. bins: their number, their edges, or the name of one of NumPy's rules. range: the outer
    edges, by default the extremes of a. density: divide by the whole sum and the widths. weights: a's shape.
    Derivative: linear in the weights; 0 of counts in a. The edges move with the extremes of a, unless they or
    a range are given, and a density with them. Raises ValueRangeError, ShapeError, TraceError for a range
    with a gradient.

    >>> nb.histogram([0.0, 1.0, 1.5, 4.0], 2)
    (tensor([3, 1]), tensor([0., 2., 4.]))
    """
    values = host.values(a)
    range = _range("histogram", range)
    if weights is not None:
        weights = as_tensor(weights)
        if weights.shape != values.shape:
            need = f"weights need the shape {values.shape} of a"
            raise shape_errors.bad_shape("histogram", weights.shape, need)
    counts, edges = _edges("histogram", np.histogram, values, _plain(bins), range,
                           weights=None if weights is None else np.zeros(values.shape, weights.dtype))
    if weights is None:
        n = as_tensor(counts)
    else:
        n = _summed(weights, [values.reshape(-1)], [edges], weights.dtype)
    ends = _ends(as_tensor(a), edges, bins, range)
    if density:
        n = divide(divide(n, diff(ends)), sum(n))
    return n, ends


def _summed(weights: Tensor, columns: Sequence[np.ndarray], edges: Sequence[np.ndarray],
            dtype: Any) -> Tensor:
    """The sum of the weights in each bin; the columns are the coordinates of what is counted."""
    places = [np.searchsorted(e, x, "right") - 1 - (x == e[-1]) for x, e in zip(columns, edges, strict=True)]
    shape = tuple([len(e) - 1 for e in edges])
    inside = np.logical_and.reduce([(p >= 0) & (p < n) for p, n in zip(places, shape, strict=True)])
    chosen = np.flatnonzero(inside)
    flat = np.ravel_multi_index(tuple([p[chosen] for p in places]), shape)
    found = scatter_add(zeros(prod(shape), dtype=dtype), flat, astype(take(ravel(weights), chosen), dtype))
    return reshape(found, shape)


def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None,
                weights: Any = None) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return how many points are in each box of a grid, or the sums of their weights, and its edges.

    sample: (n, d), or a list of d arrays, (n,), the coordinates. bins: a number, or for each axis a
    number or edges. range: for each axis the outer edges, or None. density: divide by the whole sum and the
    boxes' volumes. weights: (n,). float64 of shape (bins, ...); the edges as a tuple.
    Derivative: as of `histogram`. Raises ValueRangeError, ShapeError, TraceError.

    >>> nb.histogramdd([[0.0, 1.0], [0.0, 3.0]], 2)[0]
    tensor([[1., 0.],
            [0., 1.]])
    """
    several = isinstance(sample, (tuple, list))
    points = stack([as_tensor(x) for x in sample], -1) if several else as_tensor(sample)
    points = points if points.ndim == 2 else reshape(points, (-1, 1))
    values = host.values(points)
    range = [_range("histogramdd", each) for each in range] if range is not None else None
    counts, edges = _edges("histogramdd", np.histogramdd, values, _plain(bins), range)
    n = as_tensor(counts)
    if weights is not None:
        weights = as_tensor(weights)
        if weights.shape != values.shape[:1]:
            need = f"weights need the shape {values.shape[:1]}, one for each point"
            raise shape_errors.bad_shape("histogramdd", weights.shape, need)
        n = _summed(weights, list(values.T), edges, np.float64)
    dims = len(edges)
    each = bins if isinstance(bins, (tuple, list)) else [bins] * dims
    outer = [None] * dims if range is None else range
    ends = [_ends(points[:, k], e, each[k], outer[k]) for k, e in enumerate(edges)]
    if density:
        total = sum(n)
        for axis, e in enumerate(ends):
            n = divide(n, reshape(diff(e), [-1 if k == axis else 1 for k in np.arange(dims)]))
        n = divide(n, total)
    return n, tuple(ends)


def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = None,
                weights: Any = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return how many points are in each box of a plane's grid, and its edges along both axes.

    x, y: (n,), the coordinates. bins: a number, edges, or two of these. range, density, weights, the
    derivative and errors: as in `histogramdd`. Raises ValueRangeError, ShapeError, TraceError.

    >>> nb.histogram2d([0.0, 1.0], [0.0, 3.0], 2)[0]
    tensor([[1., 0.],
            [0., 1.]])
    """
    edges = isinstance(bins, (np.ndarray, Tensor)) and bins.ndim == 1
    if edges or (isinstance(bins, (tuple, list)) and len(bins) not in (1, 2)):
        bins = [bins, bins]
    n, (first, second) = histogramdd([x, y], bins, range, density, weights)
    return n, first, second
