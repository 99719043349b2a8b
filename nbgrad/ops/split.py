"""Arrays parted along an axis: the pieces are views."""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.compile import layout
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.engine.views import link
from nbgrad.errors import value_errors
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat

op: Any = family("shape")


def _joined(g: tuple[Tensor | None, ...], z: tuple[Any, ...], x: Any, places: Any, axis: int) -> Tensor:
    """One cotangent from those of the pieces, without a zero array of full size for each."""
    pairs = zip(g, z, strict=True)
    return concat([wrap(devices.zeros_like(part)) if c is None else c for c, part in pairs], axis)


def _pieces(made: Any, z: tuple[Tensor, ...], x: Tensor, params: dict[str, Any]) -> tuple[Tensor, ...]:
    """The pieces as views of x, each by the slice that it is."""
    for piece, index in zip(z, _indices(x.shape[params["axis"]], **params), strict=True):
        link(getitem, piece, x, index)
    return z


@lru_cache(maxsize=1024)
def _indices(n: int, places: tuple[int, ...], axis: int) -> list[dict[str, Any]]:
    """The parameters of `getitem` for each piece, which nobody changes."""
    return [{"index": (*index, ...)} for index in layout.pieces(n, places, axis)]


@op(vjp=_joined, keep="", view=_pieces, on_complex="same",
    like=lambda x, places, axis=0: tuple(np.split(x, places, axis)),
    cases=[((5, 2), {"places": (2, 3)}), ((2, 6), {"places": (0, 4), "axis": -1}), ((3,), {"places": ()})],
    private=True)
def split_at(x: Any, places: Any, axis: int = 0) -> Any:
    """Return a tuple of the pieces of x, views of it, between some places of an axis.

    x: (..., n, ...). places: ints from 0 to n that do not fall, where each piece but the first starts. Raises
    AxisError, ValueRangeError.
    """
    x = as_tensor(x)
    axis = one("split_at", axis, x.ndim)
    places = tuple(map(operator.index, places))
    if list(places) != sorted(places) or (places and not 0 <= places[0] <= places[-1] <= x.shape[axis]):
        why = f"places {places} must rise from 0 to {x.shape[axis]}, the length of axis {axis}"
        raise value_errors.bad_value("split_at", why)
    return (x,), {"places": places, "axis": axis}


@named_dim
def split(x: Any, sections: Any, axis: int = 0) -> list[Tensor]:
    """Return a list of pieces of x, views of it, along an axis.

    x: (..., n, ...). sections: the number of pieces, all of one length; or the places where each piece but
    the first starts, as numpy.split counts them. Raises ValueRangeError if n is no multiple of the number or
    places fall, AxisError.
    Derivative: linear in x.

    >>> nb.split([1.0, 2.0, 3.0, 4.0], 2)
    [tensor([1., 2.]), tensor([3., 4.])]
    """
    x = as_tensor(x)
    axis = one("split", axis, x.ndim)
    n = x.shape[axis]
    if not isinstance(sections, (tuple, list, np.ndarray, Tensor)):
        count = operator.index(sections)
        if count < 1 or n % count:
            why = f"{n} elements of axis {axis} do not make {count} equal pieces. Give the places instead"
            raise value_errors.bad_value("split", why)
        places = list(range(n // count, n, n // count)) if n else [0] * (count - 1)
    else:
        # as NumPy's slices do: counted from the end if negative, then moved into the array
        places = [slice(operator.index(p), None).indices(n)[0] for p in np.asarray(raw(sections)).tolist()]
    return list(split_at(x, tuple(places), axis))
