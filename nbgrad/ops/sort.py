"""Order: sorted values, and the places that sort them."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.ops.along import add_along_axis
from nbgrad.ops.axes import flag, one
from nbgrad.ops.shape import ravel

op: Any = family("sort")

_ORDERS: list[Any] = [((5,),), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1}), ((0,),),
                      ((0, 3), {"axis": 1}), ((3, 4), {"axis": None}), ((7,), {"descending": True}),
                      ((), {"axis": None})]


def _bind(name: str, x: Any, axis: int | None, descending: bool, stable: bool) -> Any:
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    return (x,), {"axis": one(name, axis, x.ndim), "descending": flag(name, "descending", descending),
                  "stable": flag(name, "stable", stable)}


def _order(x: np.ndarray, axis: int | None = -1, descending: bool = False) -> np.ndarray:
    return np.argsort(-x if descending else x, axis=axis, stable=True)


@op(discrete=True, like=_order, cases=_ORDERS, on_complex="same")
def argsort(x: Any, axis: int | None = -1, descending: bool = False, stable: bool = True) -> Any:
    """Return the indices that sort x along an axis (None: in C order), nan last (first if descending).

    stable : equal elements keep their order
    take_along_axis(x, argsort(x), -1) gives the sorted values, with their gradient. Raises AxisError.

    >>> nb.argsort([3.0, 1.0, 2.0])
    tensor([1, 2, 0])
    """
    return _bind("argsort", x, axis, descending, stable)


def _sort_vjp(g: Tensor, z: Any, x: Tensor, axis: int, descending: bool, stable: bool) -> Tensor:
    """Each cotangent goes back to where its value came from."""
    places = raw(apply(argsort, (x,), {"axis": axis, "descending": descending, "stable": True}))
    return apply(add_along_axis, (g,), {"places": places, "axis": axis, "n": x.shape[axis]})


def _sorted(x: np.ndarray, axis: int | None = -1, descending: bool = False) -> np.ndarray:
    return -np.sort(-x, axis=axis) if descending else np.sort(x, axis=axis)


@op(vjp=_sort_vjp, keep="x", like=_sorted, cases=_ORDERS, on_complex="same")
def sort(x: Any, axis: int | None = -1, descending: bool = False, stable: bool = True) -> Any:
    """Return the elements of x in rising order along an axis (None: in C order), nan last.

    descending : in falling order, nan first
    stable : equal elements keep their order, and the cotangents go back to them in it (always)
    Derivative: linear in x in the order found: a tangent is sorted as x was.
    Complex numbers are in the order of their real parts, and of the imaginary ones where those are equal.
    The tensor x itself is not changed, by the method of this name neither. Raises AxisError.

    >>> nb.sort([3.0, 1.0, 2.0])
    tensor([1., 2., 3.])
    """
    return _bind("sort", x, axis, descending, stable)
