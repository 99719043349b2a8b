"""Elements moved round, and repeated: roll, repeat, tile and the Kronecker product."""

from __future__ import annotations

import operator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.define.broadcast import broadcast_to
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import listed, one
from nbgrad.ops.index import integers, scatter
from nbgrad.ops.reduce import sum
from nbgrad.ops.shape import ravel, refit, reshape

op: Any = family("arrange")


# --------------------------------------------------------------------------------------------- roll
def _back(g: Tensor, z: Any, x: Any, shifts: tuple[int, ...], axes: tuple[int, ...] | None) -> Tensor:
    sizes = (prod(x.shape),) if axes is None else [x.shape[a] for a in axes]
    rest = tuple([(n - s) % n if n else 0 for n, s in zip(sizes, shifts, strict=True)])
    return apply(roll, (g,), {"shifts": rest, "axes": axes})


@op(out=lambda x, **_: (x.shape, x.dtype), vjp=_back, linear=True, keep="", like=np.roll,
    cases=[((5,), {"shift": 2}), ((3, 4), {"shift": -5}), ((3, 4), {"shift": 1, "axis": 0}),
           ((2, 3, 4), {"shift": (1, -2), "axis": (0, -1)}), ((3, 4), {"shift": (1, 1), "axis": (0, 0)}),
           ((3, 4), {"shift": 1, "axis": (0, 1)}), ((0, 3), {"shift": 2}), ((), {"shift": 1}),
           ((0, 3), {"shift": 1, "axis": 0}), ((4,), {"shift": 0, "axis": 0})])
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Return x with its elements moved on by shift places; those that leave at the end come in at the front.

    x: any shape. shift: an int, or one for each axis. axis: an int or several; None: x is read in C order.
    Raises AxisError, ValueRangeError where shifts and axes are of different numbers.

    >>> print(nb.roll(np.array([1.0, 2.0, 3.0]), 1))
    tensor([3., 1., 2.])
    """
    x = as_tensor(x)
    shifts = [operator.index(raw(s)) for s in listed(shift)]
    if axis is None:
        if len(shifts) > 1:
            raise value_errors.bad_value("roll", f"{len(shifts)} shifts need as many axes. Give axis too")
        size = prod(x.shape)
        return (x,), {"shifts": (shifts[0] % size if size else 0,), "axes": None}
    axes = [one("roll", a, x.ndim) for a in listed(axis)]
    count = max(len(shifts), len(axes)) if shifts and axes else 0
    if len({1, count, len(shifts), len(axes)}) > 2:
        raise value_errors.bad_value("roll", f"{len(shifts)} shifts do not fit {len(axes)} axes")
    total: dict[int, int] = {}
    for a, s in zip(*[(xs * count)[:count] for xs in (axes, shifts)], strict=True):
        total[a] = total.get(a, 0) + s
    places = {a: s % x.shape[a] if x.shape[a] else 0 for a, s in total.items()}
    return (x,), {"shifts": tuple(places.values()), "axes": tuple(places)}


# ------------------------------------------------------------------------------------------- repeat
def _gathered(g: Tensor, z: Any, x: Any, counts: int | np.ndarray, axis: int) -> Tensor:
    """The sum over the copies of each element."""
    if isinstance(counts, int):
        return sum(refit(g, (*x.shape[:axis + 1], counts, *x.shape[axis + 1:])), axis + 1)
    places = np.repeat(np.arange(x.shape[axis]), counts)
    return apply(scatter, (g,), {"index": (slice(None),) * axis + (places,), "shape": x.shape})


@op(vjp=_gathered, linear=True, keep="", like=np.repeat,
    cases=[((3,), {"repeats": 2}), ((2, 3), {"repeats": 3}), ((2, 3), {"repeats": 2, "axis": 0}),
           ((2, 3, 2), {"repeats": 2, "axis": -2}), ((3, 2), {"repeats": [2, 0, 1], "axis": 0}),
           ((2, 3), {"repeats": np.array([1, 3, 2]), "axis": 1}), ((), {"repeats": 3}),
           ((2, 2), {"repeats": 0, "axis": 1}), ((0, 2), {"repeats": 2, "axis": 0}),
           ((3,), {"repeats": [2]})])
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return x with each element along an axis repeated, one copy after the other; None: x is in C order.

    x: any shape. repeats: an int, or one for each element of the axis, not negative. Raises ValueRangeError,
    ShapeError, AxisError, DtypeError for counts that are not integers.

    >>> print(nb.repeat(np.array([1.0, 2.0]), 2))
    tensor([1., 1., 2., 2.])
    """
    x, counts = as_tensor(x), integers("repeat", repeats, "repeats")
    if axis is None or x.ndim == 0:
        x = ravel(x)
    axis = 0 if axis is None else one("repeat", axis, x.ndim)
    n = x.shape[axis]
    if counts.ndim > 1 or (counts.size != 1 and counts.size != n):
        need = f"repeats, one for each of {n} elements of axis {axis}, or one for all, need another shape"
        raise shape_errors.bad_shape("repeat", counts.shape, need)
    if counts.size and counts.min() < 0:
        raise value_errors.bad_value("repeat", f"repeats {counts.tolist()} cannot be negative")
    return (x,), {"counts": int(counts.item()) if counts.size == 1 else counts, "axis": axis}


# --------------------------------------------------------------------------------------------- tiles
def tile(x: Any, reps: Any) -> Tensor:
    """Return copies of x side by side: reps[a] of them along axis a, counted from the last axis.

    x: any shape. reps: an int or several, not negative; where they are more than x's axes, x gets more in
    front. Raises ValueRangeError.

    >>> print(nb.tile(np.array([1.0, 2.0]), 2))
    tensor([1., 2., 1., 2.])
    """
    x = as_tensor(x)
    given = reps if isinstance(reps, (tuple, list)) else np.atleast_1d(raw(reps)).tolist()
    counts = [operator.index(raw(n)) for n in given]
    if min(counts, default=0) < 0:
        raise value_errors.bad_value("tile", f"reps {tuple(counts)} cannot be negative")
    ndim = max(x.ndim, len(counts))
    shape = (1,) * (ndim - x.ndim) + x.shape
    counts = [1] * (ndim - len(counts)) + counts
    pairs = list(zip(counts, shape, strict=True))
    parted = reshape(x, tuple([m for _, n in pairs for m in (1, n)]))
    repeated = broadcast_to(parted, tuple([m for pair in pairs for m in pair]))
    return wrap(reshape(repeated, tuple([k * n for k, n in pairs])))


def kron(x: Any, y: Any) -> Tensor:
    """Return the Kronecker product: copies of y, each times one element of x, in the places of x's elements.

    x, y: any shapes; the one with fewer axes gets more in front. Sizes multiply axis by axis.

    >>> print(nb.kron(np.array([1.0, 10.0]), np.array([1.0, 2.0])))
    tensor([ 1.,  2., 10., 20.])
    """
    x, y = as_tensor(x), as_tensor(y)
    left, right, whole = _kron_shapes(x.shape, y.shape)
    return reshape(multiply(reshape(x, left), reshape(y, right)), whole)


@lru_cache(maxsize=1024)
def _kron_shapes(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Shapes in which arrays of shapes a and b have each axis beside one of length 1, and the product's."""
    ndim = max(len(a), len(b))
    a, b = [(1,) * (ndim - len(shape)) + shape for shape in (a, b)]
    left, right = tuple([m for n in a for m in (n, 1)]), tuple([m for n in b for m in (1, n)])
    return left, right, tuple([n * m for n, m in zip(a, b, strict=True)])
