"""NumPy's functions that write into an array: into a Tensor, whose views see it, with exact gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.views import write
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.index import integers, nonzero, setitem, take
from nbgrad.ops.shape import ravel


def _written(function: Callable[..., Any], x: Any, *args: Any) -> bool:
    """Whether x is no Tensor but one of NumPy's arrays, into which NumPy has written what it can.

    Raises TraceError for a value that a gradient is taken through, DtypeError for an x that is no array.
    """
    if type(x) is Tensor:
        return False
    if not isinstance(x, np.ndarray):
        raise value_errors.bad_argument(function.__name__, x, "a Tensor, which is written to in place")
    function(x, *[np.asarray(a) if type(a) is Tensor else a for a in args])
    return True


def _repeated(v: Any, places: np.ndarray) -> Tensor:
    """The values of v read in C order, at places counted round."""
    v = ravel(as_tensor(v))
    return take(v, places % v.shape[0]) if v.shape[0] else v


def _put(x: Tensor, places: np.ndarray, v: Any) -> None:
    """Write v's elements, from the first on again where they end too soon, to places of x in C order."""
    v = _repeated(v, np.arange(places.size))
    if v.shape[0] or not places.size:
        write(x, setitem(x, np.unravel_index(places, x.shape) if x.shape else ..., v if x.shape else v[-1]))


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Write val to the diagonal of a, in place.

    a: a Tensor of two axes, or of more of one length. val: any shape, read in C order, from the first again
    where it ends too soon. wrap: the diagonal of a tall matrix begins again behind an empty row.
    Derivative: linear in a, 0 where it is written over, and in val. Raises ShapeError, DtypeError, and
    GradientError for a leaf.

    >>> x = nb.zeros((2, 2))
    >>> nb.fill_diagonal(x, 3.0)
    >>> x
    tensor([[3., 0.],
            [0., 3.]])
    """
    if _written(np.fill_diagonal, a, val, wrap):
        return
    if a.ndim < 2 or (a.ndim > 2 and len(set(a.shape)) > 1):
        raise shape_errors.bad_shape("fill_diagonal", a.shape, "needs two axes, or more of one length")
    n = a.shape[1]
    step = n + 1 if a.ndim == 2 else 1 + sum([n ** k for k in range(1, a.ndim)])
    end = None if wrap or a.ndim > 2 else n * n
    _put(a, np.arange(a.size)[:end:step], val)


def _bounded(name: str, places: np.ndarray, n: int, mode: str) -> np.ndarray:
    if mode not in ("raise", "wrap", "clip"):
        raise value_errors.bad_choice(name, "mode", mode, ("raise", "wrap", "clip"))
    if mode == "clip":
        return np.clip(places, 0, n - 1)
    if mode == "raise" and places.size and not -n <= places.min() <= places.max() < n:
        raise shape_errors.bad_index(name, (n,), f"an index is out of bounds for {n} elements")
    return places % n if n else places


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Write v to places of a that are counted in C order, in place. Of equal places the last value stays.

    a: a Tensor. ind: integers. v: any shape, from the first element again where it ends too soon. mode:
    "raise", "wrap" or "clip" for places out of range. Derivative: linear in a, 0 where it is written over,
    and in v. Raises IndexError, DtypeError, and GradientError for a leaf.

    >>> x = nb.zeros(3)
    >>> nb.put(x, [0, 2], [1.0, 2.0])
    >>> x
    tensor([1., 0., 2.])
    """
    if not _written(np.put, a, ind, v, mode):
        _put(a, _bounded("put", integers("put", ind).reshape(-1), int(a.size), mode), v)


def _chosen(name: str, a: Tensor, mask: Any) -> np.ndarray:
    """The places of a, in C order, where a mask of as many elements holds."""
    mask = as_tensor(mask)
    if mask.size != a.size:
        raise shape_errors.bad_shape(name, mask.shape, f"the mask needs the shape {a.shape} of the array")
    return integers(name, nonzero(ravel(mask))[0])


def place(arr: Any, mask: Any, vals: Any) -> None:
    """Write the elements of vals, one after the other, to arr where a mask holds, in place.

    arr: a Tensor. mask: arr's shape. vals: from the first again where they end too soon. Derivative: linear
    in arr, 0 where it is written over, and in vals. Raises ShapeError, DtypeError, ValueRangeError for no
    value, and GradientError for a leaf.

    >>> x = nb.zeros(3)
    >>> nb.place(x, [True, False, True], [1.0, 2.0])
    >>> x
    tensor([1., 0., 2.])
    """
    if _written(np.place, arr, mask, vals):
        return
    chosen = _chosen("place", arr, mask)
    if chosen.size and not as_tensor(vals).size:
        raise value_errors.bad_value("place", "there is no value to write. Give at least one")
    _put(arr, chosen, vals)


def putmask(a: Any, mask: Any, values: Any) -> None:
    """Write values to a where a mask holds, each at its own place, in place.

    a: a Tensor. mask: a's shape. values: any shape, from the first again where they end too soon. Derivative:
    linear in a, 0 where it is written over, and in values. Raises ShapeError, DtypeError, and GradientError
    for a leaf.

    >>> x = nb.zeros(3)
    >>> nb.putmask(x, [True, False, True], [1.0, 2.0, 3.0])
    >>> x
    tensor([1., 0., 3.])
    """
    if _written(np.putmask, a, mask, values):
        return
    chosen = _chosen("putmask", a, mask)
    if chosen.size and as_tensor(values).size:
        _put(a, chosen, _repeated(values, chosen))


@named_dim
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Write values to the places along an axis that argsort and argmax give, in place.

    arr: a Tensor. indices: as in `take_along_axis`; axis None: arr is read in C order. values: what
    broadcasts to the shape of indices. Derivative: linear in arr, 0 where it is written over, and in values.
    Raises IndexError, ShapeError, DtypeError, AxisError, and GradientError for a leaf.

    >>> x = nb.zeros((2, 2))
    >>> nb.put_along_axis(x, np.array([[1], [0]]), 5.0, axis=1)
    >>> x
    tensor([[0., 5.],
            [5., 0.]])
    """
    if _written(np.put_along_axis, arr, indices, values, axis):
        return
    places = integers("put_along_axis", indices)
    if axis is None:
        if places.ndim != 1:
            raise shape_errors.bad_shape("put_along_axis", places.shape,
                                         "needs 1-d indices where axis is None")
        bounded = _bounded("put_along_axis", places, int(arr.size), "raise")
        write(arr, setitem(arr, np.unravel_index(bounded, arr.shape), values))
        return
    axis = one("put_along_axis", axis, arr.ndim)
    if places.ndim != arr.ndim:
        raise shape_errors.bad_shape("put_along_axis", places.shape,
                                     f"needs indices with {arr.ndim} axes, as arr has")
    index = list(np.ogrid[tuple([slice(n) for n in arr.shape])])
    index[axis] = places
    write(arr, setitem(arr, tuple(index), values))
