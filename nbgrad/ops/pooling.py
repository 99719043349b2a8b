"""Pooling: the largest element, or the mean, of each window of an image.

Both are linear once the largest elements are chosen; each comes with its transpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.reduce import floating
from nbgrad.ops.windows import Pair, count, pair

op: Any = family("pooling")

Shape = tuple[int, ...]


# ---------------------------------------------------------------------------------------- references
def _each(shape: Shape, counts: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Any:
    """For each result its place, and the places of the elements in its window."""
    for y in range(counts[-2]):
        for x in range(counts[-1]):
            rows, columns = [[p for k in range(kernel[a])
                              if 0 <= (p := at * stride[a] - padding[a] + k * dilation[a]) < shape[a - 2]]
                             for a, at in ((0, y), (1, x))]
            yield (..., y, x), (..., np.array(rows, int)[:, None], np.array(columns, int))


def _like_max(x: np.ndarray, counts: Shape, **windows: Any) -> np.ndarray:
    z = np.empty(x.shape[:-2] + counts, x.dtype)
    for place, window in _each(x.shape, counts, **windows):
        z[place] = x[window].max((-2, -1), initial=-np.inf)
    return z


def _shares(x: np.ndarray) -> Any:
    """What each element of windows has of its largest ones."""
    top = x.max((-2, -1), keepdims=True, initial=-np.inf)
    won = (x == top) | np.isnan(top)
    return won / np.maximum(won.sum((-2, -1), keepdims=True), 1)


def _like_spread_max(g: np.ndarray, x: np.ndarray, **windows: Any) -> np.ndarray:
    z = np.zeros(x.shape, g.dtype)
    for place, window in _each(x.shape, g.shape, **windows):
        z[window] += g[place][..., None, None] * _shares(x[window])
    return z


def _like_pick_max(t: np.ndarray, x: np.ndarray, counts: Shape, **windows: Any) -> np.ndarray:
    z = np.empty(x.shape[:-2] + counts, t.dtype)
    for place, window in _each(x.shape, counts, **windows):
        z[place] = (t[window] * _shares(x[window])).sum((-2, -1))
    return z


def _divisors(shape: Shape, counts: Shape, kernel: Pair, stride: Pair, padding: Pair, pads: bool) -> Any:
    """How many elements each window has; pads: with the padding."""
    lines = []
    for a in (0, 1):
        start = np.arange(counts[a - 2]) * stride[a] - padding[a]
        stop = np.minimum(start + kernel[a], shape[a - 2] + padding[a])
        lines.append(stop - start if pads else np.minimum(stop, shape[a - 2]) - np.maximum(start, 0))
    return np.outer(*lines)


def _like_mean(x: np.ndarray, counts: Shape, pads: bool, **windows: Any) -> np.ndarray:
    z = np.empty(x.shape[:-2] + counts, x.dtype)
    for place, window in _each(x.shape, counts, dilation=(1, 1), **windows):
        z[place] = x[window].sum((-2, -1))
    return z / _divisors(x.shape, counts, pads=pads, **windows).astype(x.dtype)


def _like_spread_mean(g: np.ndarray, size: Shape, pads: bool, **windows: Any) -> np.ndarray:
    z = np.zeros(g.shape[:-2] + size, g.dtype)
    g = g / _divisors(size, g.shape, pads=pads, **windows).astype(g.dtype)
    for place, window in _each(size, g.shape, dilation=(1, 1), **windows):
        z[window] += g[place][..., None, None]
    return z


# ---------------------------------------------------------------------------------------------- ops
_TWO: dict[str, Any] = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0)}
_ODD: dict[str, Any] = {"kernel": (3, 2), "stride": (1, 2), "padding": (1, 1)}
_MAX = [{**_TWO, "dilation": (1, 1)}, {**_ODD, "dilation": (2, 1)}]


def _result(x: Any, counts: Shape, **_: Any) -> tuple[Shape, Any]:
    return x.shape[:-2] + counts, x.dtype


@op(out=_result, keep="x", like=_like_max,
    vjp=lambda g, z, x, counts, **windows: spread_max(g, x, **windows),
    cases=[((2, 4, 6), {"counts": (2, 3), **_MAX[0]}), ((2, 2, 5, 4), {"counts": (3, 3), **_MAX[1]}),
           ((0, 4, 4), {"counts": (2, 2), **_MAX[0]})], private=True)
def window_max(x: Any, counts: Shape, **windows: Any) -> Any:
    """Return the largest element of each window: `max_pool2d` for arguments that are known to be good."""
    return (as_tensor(x),), {"counts": counts, **windows}


@op(out=lambda g, x, **_: (x.shape, g.dtype), multilinear=(0,), keep="x", like=_like_spread_max,
    vjp=(lambda c, z, g, x, **windows: pick_max(c, x, counts=g.shape[-2:], **windows),
         lambda c, z, g, x, **windows: None),
    cases=[((2, 2, 3), (2, 4, 6), _MAX[0]), ((2, 3, 3), (2, 5, 4), _MAX[1])], private=True)
def spread_max(g: Any, x: Any, **windows: Any) -> Any:
    """Return g, one for each window of x, given to the largest elements of the window in equal shares."""
    return (as_tensor(g), as_tensor(x)), windows


@op(out=lambda t, x, counts, **_: (x.shape[:-2] + counts, t.dtype), multilinear=(0,), keep="x",
    like=_like_pick_max, vjp=(lambda c, z, t, x, counts, **windows: spread_max(c, x, **windows),
         lambda c, z, t, x, counts, **windows: None),
    cases=[((2, 4, 6), (2, 4, 6), {"counts": (2, 3), **_MAX[0]}),
           ((5, 4), (5, 4), {"counts": (3, 3), **_MAX[1]})], private=True)
def pick_max(t: Any, x: Any, counts: Shape, **windows: Any) -> Any:
    """Return the mean of t at the places where x is largest in each window."""
    return (as_tensor(t), as_tensor(x)), {"counts": counts, **windows}


@op(out=_result, linear=True, keep="", like=_like_mean,
    vjp=lambda g, z, x, counts, **windows: spread_mean(g, size=x.shape[-2:], **windows),
    cases=[((2, 4, 6), {"counts": (2, 3), "pads": True, **_TWO}),
           ((5, 4), {"counts": (5, 3), "pads": True, **_ODD}),
           ((5, 4), {"counts": (5, 3), "pads": False, **_ODD})], private=True)
def window_mean(x: Any, counts: Shape, pads: bool, **windows: Any) -> Any:
    """Return the mean of each window: `avg_pool2d` for arguments that are known to be good."""
    return (as_tensor(x),), {"counts": counts, "pads": pads, **windows}


@op(out=lambda g, size, **_: (g.shape[:-2] + size, g.dtype), linear=True, keep="", like=_like_spread_mean,
    vjp=lambda c, z, g, size, **windows: window_mean(c, counts=g.shape[-2:], **windows),
    cases=[((2, 2, 3), {"size": (4, 6), "pads": True, **_TWO}),
           ((5, 3), {"size": (5, 4), "pads": False, **_ODD})], private=True)
def spread_mean(g: Any, size: Shape, pads: bool, **windows: Any) -> Any:
    """Return g, one for each window, spread over the elements of the window in equal parts."""
    return (as_tensor(g),), {"size": size, "pads": pads, **windows}


# ------------------------------------------------------------------------------------------- public
def _windows(name: str, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
             up: bool) -> tuple[Tensor, dict[str, Any]]:
    """x, a float, and its windows. Raises ShapeError, ValueRangeError, DtypeError."""
    x = as_tensor(x)
    if x.ndim < 2:
        raise shape_errors.bad_shape(name, x.shape, "x needs shape (..., height, width)")
    kernel, pads = pair(name, "kernel_size", kernel_size, 1), pair(name, "padding", padding, 0)
    steps = kernel if stride is None else pair(name, "stride", stride, 1)
    apart = pair(name, "dilation", dilation, 1)
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        why = f"padding {pads} is more than half of kernel_size {kernel}"
        raise value_errors.bad_value(name, why)
    counts = tuple([count(name, x.shape[a - 2], kernel[a], steps[a], (pads[a], pads[a]), apart[a], up)
                 for a in (0, 1)])
    x = x if x.dtype.kind == "f" else astype(x, floating(x.dtype))
    return x, {"counts": counts, "kernel": kernel, "stride": steps, "padding": pads, "dilation": apart}


def max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False) -> Tensor:
    """Return the largest element of each window of x, nan if there is one.

    x : (..., height, width). kernel_size, stride, padding, dilation : an integer, or two for height and
        width; stride None: kernel_size. Padding never wins; at most half of kernel_size.
    ceil_mode : windows may begin inside and end outside

    Equal largest elements share the derivative, as in `max` (PyTorch gives it to the first); a window with
    nan gives nan to all its elements. Raises ShapeError, ValueRangeError, DtypeError.

    >>> print(nb.max_pool2d(nb.reshape(nb.arange(16.0), (1, 4, 4)), 2))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    x, windows = _windows("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    return window_max(x, **windows)


def avg_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """Return the mean of each window of x.

    x : (..., height, width). kernel_size, stride, padding : an integer, or two for height and width; stride
        None: kernel_size. Padding is zeros, at most half of kernel_size.
    ceil_mode : windows may begin inside and end outside
    count_include_pad : whether the padding counts in the mean; what lies beyond it never does

    Raises ShapeError, ValueRangeError, DtypeError.

    >>> print(nb.avg_pool2d(nb.reshape(nb.arange(16.0), (1, 4, 4)), 2))
    tensor([[[ 2.5,  4.5],
             [10.5, 12.5]]])
    """
    x, windows = _windows("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    del windows["dilation"]
    return window_mean(x, pads=bool(count_include_pad), **windows)
