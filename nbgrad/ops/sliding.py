"""Sliding windows of arrays, and the sums of their products with one array: convolutions, correlations."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.broadcast import alike
from nbgrad.define.complex import conj
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import protocol_errors, shape_errors, value_errors
from nbgrad.kernels.shared.sliding import MODES, widths
from nbgrad.ops.axes import named_dim, one
from nbgrad.ops.index import take
from nbgrad.ops.shape import flip, moveaxis, reshape

op: Any = family("sliding")


@named_dim
def sliding_window_view(x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False,
                        writeable: bool = False) -> Tensor:
    """Return all windows of x: its axes, shorter by a window less one, and behind them the windows' axes.

    x: any shape. window_shape: an integer, or one for each of the axes. axis: one, several (one may come
    more than once), or None for all of x. subok, writeable: False, as the result is a Tensor of its own, in
    which an element of x stands as often as it is in a window.
    Derivative: linear in x. Raises ShapeError for a window that is longer than its axis, AxisError,
    ValueRangeError for one of less than no elements, ProtocolError for subok or writeable.

    >>> nb.sliding_window_view([1.0, 2.0, 3.0, 4.0], 3)
    tensor([[1., 2., 3.],
            [2., 3., 4.]])
    """
    for name, given in (("subok", subok), ("writeable", writeable)):
        if given:
            raise protocol_errors.numpy_argument("sliding_window_view", name)
    x = as_tensor(x)
    sizes = _sizes(window_shape)
    if axis is None:
        axes = list(range(x.ndim))
    else:
        axes = [one("sliding_window_view", a, x.ndim) for a in (axis if np.iterable(axis) else [axis])]
    if len(axes) != len(sizes):
        raise shape_errors.bad_shape("sliding_window_view", x.shape, f"{len(sizes)} windows do not fit "
                                                                     f"{len(axes)} axes. Give one for each")
    for a, size in zip(axes, sizes, strict=True):
        count = x.shape[a] - size + 1
        if count < 1:
            raise shape_errors.bad_shape("sliding_window_view", x.shape,
                                         f"a window of {size} is longer than axis {a}")
        x = moveaxis(take(x, np.arange(count)[:, None] + np.arange(size), a), a + 1, -1)
    return x


def _sizes(window_shape: Any) -> list[int]:
    sizes = [int(n) for n in np.atleast_1d(np.asarray(window_shape, dtype=np.int64))]
    if any(n < 0 for n in sizes):
        text = f"window_shape={window_shape} must not be negative"
        raise value_errors.bad_value("sliding_window_view", text)
    return sizes


# ------------------------------------------------------------------------------------------- convolution
Pads = tuple[tuple[int, int], ...]


def _like(a: np.ndarray, v: np.ndarray, pads: Pads) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(a, pads), v.shape) if a.ndim else a
    return np.tensordot(windows, v, a.ndim)


def _of_array(g: Any, z: Any, a: Any, v: Any, pads: Pads) -> Any:
    """The cotangent of the array: what slides over it, turned round, slides over g."""
    rest = tuple([(m - 1 - before, m - 1 - behind)
                  for m, (before, behind) in zip(v.shape, pads, strict=True)])
    return slide(g, flip(v), rest)


@op(vjp=(_of_array, lambda g, z, a, v, pads: slide(a, g, pads)), multilinear=(0, 1), keep="x", like=_like,
    on_complex="same",
    cases=[((6,), (3,), {"pads": ((0, 0),)}), ((6,), (4,), {"pads": ((2, 1),)}),
           ((6,), (4,), {"pads": ((1, 3),)}), ((5,), (5,), {"pads": ((3, 0),)}),
           ((3, 5), (2, 3), {"pads": ((0, 0), (0, 0))}), ((2, 5), (2, 4), {"pads": ((1, 0), (2, 3))})],
    private=True)
def slide(a: Any, v: Any, pads: Pads) -> Any:
    """Return the sums of a[k + j] * v[j] over j for all k.

    a, v : of as many axes, not empty
    pads : zeros before and behind each axis of a, fewer than v is long; v is nowhere longer than a with them
    """
    return (as_tensor(a), as_tensor(v)), {"pads": pads}


def _sums(a: Tensor, v: Tensor, mode: Any) -> Tensor:
    """The sums of a[k + j] * v[j] over j, for the k of a mode. v is not longer than a."""
    found: Tensor = slide(a, v, (widths(v.shape[0])[mode],))
    return found


def _vectors(name: str, a: Any, v: Any, mode: Any) -> tuple[Tensor, Tensor]:
    """Both of one dtype. Raises ShapeError, ValueRangeError."""
    if mode not in MODES:
        raise value_errors.bad_choice(name, "mode", mode, MODES)
    a, v = as_tensor(a), as_tensor(v)
    for each in (a, v):
        if each.ndim > 1 or each.size == 0:
            raise shape_errors.bad_shape(name, each.shape, "needs vectors of at least one element")
    a, v = [reshape(each, (-1,)) for each in alike(a, v)]
    return a, v


def convolve(a: Any, v: Any, mode: str = "full") -> Tensor:
    """Return the convolution of two vectors: the sums of a[k - j] * v[j] over j.

    a, v: (n,) and (m,), not empty. mode: "full" is n + m - 1 long, "same" the middle of it, as long as the
    longer vector, "valid" where they overlap completely.
    Derivative: linear in a and in v. Raises ShapeError, ValueRangeError for another mode.

    >>> nb.convolve([1.0, 2.0, 3.0], [0.0, 1.0, 0.5])
    tensor([0. , 1. , 2.5, 4. , 1.5])
    """
    a, v = _vectors("convolve", a, v, mode)
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    return _sums(a, flip(v), mode)


def correlate(a: Any, v: Any, mode: str = "valid") -> Tensor:
    """Return the correlation of two vectors: the sums of a[k + j] * v[j] over j, of complex v of its
    conjugates.

    a, v: (n,) and (m,), not empty. mode: as in `convolve`.
    Derivative: linear in a and in v. Raises ShapeError, ValueRangeError for another mode.

    >>> nb.correlate([1.0, 2.0, 3.0], [0.0, 1.0, 0.5])
    tensor([3.5])
    """
    a, v = _vectors("correlate", a, conj(v), mode)
    if v.shape[0] > a.shape[0]:
        return flip(_sums(v, a, mode))
    return _sums(a, v, mode)


