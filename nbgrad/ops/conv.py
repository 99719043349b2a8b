"""Convolutions as neural networks know them (correlations): one trilinear form, and three ops that solve it.

The form is sum(g * convolution(x, w)). Each op is its derivative in one of g, x and w, so each op's
derivatives are the two others.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import add
from nbgrad.define.structured import family
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.reduce import floating
from nbgrad.ops.shape import reshape
from nbgrad.ops.windows import Pair, count, pair

op: Any = family("conv")

Shape = tuple[int, ...]
Pads = tuple[Pair, Pair]


# ---------------------------------------------------------------------------------------- references
def _pieces(x: np.ndarray, w: Shape, stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Any:
    """For each place of the kernel (i, j), the elements of the padded x that meet it: (n, group, c, h, w)."""
    high, wide = [(x.shape[a] + sum(padding[a - 2]) - dilation[a - 2] * (w[a] - 1) - 1) // stride[a - 2] + 1
                  for a in (2, 3)]
    padded = np.pad(x, ((0, 0), (0, 0), *padding)) if padding != ((0, 0), (0, 0)) else x
    parts = padded.reshape(x.shape[0], groups, w[1], *padded.shape[2:])
    for i in range(w[2]):
        for j in range(w[3]):
            top, left = i * dilation[0], j * dilation[1]
            yield i, j, parts[..., top:top + stride[0] * (high - 1) + 1:stride[0],
                              left:left + stride[1] * (wide - 1) + 1:stride[1]]


def _like(x: np.ndarray, w: np.ndarray, groups: int, **geometry: Any) -> Any:
    parts = w.reshape(groups, -1, *w.shape[1:])
    z: Any = x.dtype.type(0)
    for i, j, piece in _pieces(x, w.shape, groups=groups, **geometry):
        z = z + np.einsum("ngchw,goc->ngohw", piece, parts[..., i, j])
    return z.reshape(z.shape[0], w.shape[0], *z.shape[3:])


def _like_input(g: np.ndarray, w: np.ndarray, shape: Shape, padding: Pads, groups: int,
                **geometry: Any) -> np.ndarray:
    (top, _), (left, _) = padding
    full = np.zeros([n + sum(p) for n, p in zip(shape, ((0, 0), (0, 0), *padding), strict=True)], g.dtype)
    parts, gs = w.reshape(groups, -1, *w.shape[1:]), g.reshape(g.shape[0], groups, -1, *g.shape[2:])
    for i, j, piece in _pieces(full, w.shape, padding=((0, 0), (0, 0)), groups=groups, **geometry):
        piece += np.einsum("ngohw,goc->ngchw", gs, parts[..., i, j])
    return full[:, :, top:top + shape[2], left:left + shape[3]]


def _like_weight(x: np.ndarray, g: np.ndarray, shape: Shape, groups: int, **geometry: Any) -> np.ndarray:
    w = np.zeros((groups, shape[0] // groups, *shape[1:]), x.dtype)
    gs = g.reshape(g.shape[0], groups, -1, *g.shape[2:])
    for i, j, piece in _pieces(x, shape, groups=groups, **geometry):
        w[..., i, j] = np.einsum("ngchw,ngohw->goc", piece, gs)
    return w.reshape(shape)


# ---------------------------------------------------------------------------------------------- ops
def _geometry(stride: Pair = (1, 1), padding: Pads = ((0, 0), (0, 0)), dilation: Pair = (1, 1),
              groups: int = 1) -> dict[str, Any]:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


_PLAIN = _geometry()
_UNEVEN = _geometry((2, 1), ((1, 0), (2, 1)), (1, 2))
_GROUPS = _geometry((3, 2), ((1, 1), (0, 2)), (2, 1), 2)


def _windows(x: Any, w: Any, stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Any:
    size = [count("convolution", x.shape[a + 2], w.shape[a + 2], stride[a], padding[a], dilation[a])
            for a in (0, 1)]
    return (x.shape[0], w.shape[0], *size), x.dtype


@op(out=_windows, multilinear=(0, 1), keep="x", like=_like,
    vjp=(lambda g, z, x, w, **geometry: convolution_input(g, w, x.shape, **geometry),
         lambda g, z, x, w, **geometry: convolution_weight(x, g, w.shape, **geometry)),
    cases=[((2, 2, 4, 5), (3, 2, 2, 3), _PLAIN), ((2, 1, 5, 4), (2, 1, 3, 2), _UNEVEN),
           ((1, 4, 6, 5), (2, 2, 2, 3), _GROUPS), ((2, 3, 2, 2), (4, 3, 1, 1), _PLAIN),
           ((0, 2, 3, 3), (2, 2, 2, 2), _PLAIN)], private=True)
def convolution(x: Any, w: Any, stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Any:
    """Return `conv2d` without bias for arguments that are known to be good and of one dtype."""
    return (as_tensor(x), as_tensor(w)), _geometry(stride, padding, dilation, groups)


@op(out=lambda g, w, shape, **_: (shape, g.dtype), multilinear=(0, 1), keep="x", like=_like_input,
    vjp=(lambda c, z, g, w, shape, **geometry: convolution(c, w, **geometry),
         lambda c, z, g, w, shape, **geometry: convolution_weight(c, g, w.shape, **geometry)),
    cases=[((2, 3, 3, 3), (3, 2, 2, 3), {"shape": (2, 2, 4, 5), **_PLAIN}),
           ((2, 2, 2, 5), (2, 1, 3, 2), {"shape": (2, 1, 5, 4), **_UNEVEN}),
           ((1, 2, 2, 3), (2, 2, 2, 3), {"shape": (1, 4, 6, 5), **_GROUPS}),
           ((2, 4, 2, 2), (4, 3, 1, 1), {"shape": (2, 3, 2, 2), **_PLAIN})], private=True)
def convolution_input(g: Any, w: Any, shape: Shape, stride: Pair, padding: Pads, dilation: Pair,
                      groups: int) -> Any:
    """Return the cotangent of convolution's x, of that shape, from g, that of its result."""
    return (as_tensor(g), as_tensor(w)), {"shape": shape, **_geometry(stride, padding, dilation, groups)}


@op(out=lambda x, g, shape, **_: (shape, g.dtype), multilinear=(0, 1), keep="x", like=_like_weight,
    vjp=(lambda c, z, x, g, shape, **geometry: convolution_input(g, c, x.shape, **geometry),
         lambda c, z, x, g, shape, **geometry: convolution(x, c, **geometry)),
    cases=[((2, 2, 4, 5), (2, 3, 3, 3), {"shape": (3, 2, 2, 3), **_PLAIN}),
           ((2, 1, 5, 4), (2, 2, 2, 5), {"shape": (2, 1, 3, 2), **_UNEVEN}),
           ((1, 4, 6, 5), (1, 2, 2, 3), {"shape": (2, 2, 2, 3), **_GROUPS}),
           ((2, 3, 2, 2), (2, 4, 2, 2), {"shape": (4, 3, 1, 1), **_PLAIN})], private=True)
def convolution_weight(x: Any, g: Any, shape: Shape, stride: Pair, padding: Pads, dilation: Pair,
                       groups: int) -> Any:
    """Return the cotangent of convolution's w, of that shape, from g, that of its result."""
    return (as_tensor(x), as_tensor(g)), {"shape": shape, **_geometry(stride, padding, dilation, groups)}


# ------------------------------------------------------------------------------------------- public
def _pads(name: str, padding: Any, kernel: Shape, stride: Pair, dilation: Pair) -> Pads:
    """Padding before and behind in both axes. "same": as much as gives one result for each element."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        if stride != (1, 1):
            raise value_errors.bad_value(name, f"padding='same' needs stride 1, got stride {stride}")
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return (total[0] // 2, total[0] - total[0] // 2), (total[1] // 2, total[1] - total[1] // 2)
    if isinstance(padding, str):
        raise value_errors.bad_choice(name, "padding", padding,
                                      ("same", "valid", "an integer", "two integers"))
    high, wide = pair(name, "padding", padding, 0)
    return (high, high), (wide, wide)


def _fitted(name: str, x: Any, weight: Any, bias: Any, groups: int, axes: int) -> tuple[Any, ...]:
    """x, weight and bias as Tensors of one float dtype. Raises ShapeError unless they fit."""
    found = [None if a is None else as_tensor(a) for a in (x, weight, bias)]
    x, weight, bias = found
    if weight.ndim != axes + 2:
        form = "(out, in // groups, height, width)" if axes == 2 else "(out, in // groups, length)"
        raise shape_errors.bad_shape(name, weight.shape, f"weight needs shape {form}")
    if x.ndim not in (axes + 1, axes + 2):
        form = "(batch, in, height, width)" if axes == 2 else "(batch, in, length)"
        raise shape_errors.bad_shape(name, x.shape, f"x needs shape {form}, or that without the batch")
    channels, outs = x.shape[-axes - 1], weight.shape[0]
    if groups < 1 or channels != weight.shape[1] * groups or outs % groups:
        raise shape_errors.bad_channels(name, x.shape, weight.shape, groups)
    if bias is not None and bias.shape != (outs,):
        raise shape_errors.bad_shape(name, bias.shape,
                                     f"bias needs shape ({outs},), one for each output channel")
    dtype = floating(np.result_type(*[a.dtype for a in found if a is not None]))
    return tuple([a if a is None or a.dtype == dtype else astype(a, dtype) for a in found])


def _flat(value: Any, first: int) -> Any:
    """An argument for one axis as one for two, of which the first has a single element."""
    if isinstance(value, str):
        return value
    return (first, *value) if isinstance(value, (tuple, list)) else (first, value)


def conv2d(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Return the two-dimensional cross-correlation of x with weight, plus bias.

    x      : (batch, in, height, width), or (in, height, width)
    weight : (out, in // groups, kernel height, kernel width)
    bias   : (out,) or None
    stride, dilation : an integer, or two for height and width
    padding : zeros on both sides: an integer, two of them, "valid" (none) or "same" (as many as make the
        result as large as x; the odd one is on the right and below)
    groups : channels are split in so many parts, and each part of the output sees one

    The result is (batch, out, *) with (size + padding - dilation * (kernel - 1) - 1) // stride + 1 elements
    for an axis, in the promoted float dtype. Raises ShapeError, ValueRangeError, DtypeError.

    >>> print(nb.conv2d(np.ones((1, 3, 3)), np.ones((1, 1, 2, 2))))
    tensor([[[4., 4.],
             [4., 4.]]])
    """
    return _conv("conv2d", x, weight, bias, stride, padding, dilation, groups, 2)


def conv1d(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Return the one-dimensional cross-correlation of x with weight, plus bias.

    x: (batch, in, length) or (in, length). weight: (out, in // groups, kernel length). All else as `conv2d`.

    >>> print(nb.conv1d(np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([[[1.0, -1.0]]])))
    tensor([[-1., -2., -4.]])
    """
    padding = _flat(padding, 0)
    return _conv("conv1d", x, weight, bias, _flat(stride, 1), padding, _flat(dilation, 1), groups, 1)


def _conv(name: str, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any,
          axes: int) -> Tensor:
    groups = operator.index(groups)
    x, weight, bias = _fitted(name, x, weight, bias, groups, axes)
    batch, line = x.ndim == axes + 2, (1,) * (2 - axes)
    full = reshape(weight, (*weight.shape[:2], *line, *weight.shape[2:])) if line else weight
    if line or not batch:
        lead = x.shape[:-axes] if batch else (1, *x.shape[:-axes])
        x = reshape(x, (*lead, *line, *x.shape[-axes:]))
    stride, dilation = pair(name, "stride", stride, 1), pair(name, "dilation", dilation, 1)
    pads = _pads(name, padding, full.shape[2:], stride, dilation)
    for a in (0, 1):
        count(name, x.shape[a + 2], full.shape[a + 2], stride[a], pads[a], dilation[a])
    z = convolution(x, full, stride, pads, dilation, groups)
    if bias is not None:
        z = add(z, reshape(bias, (-1, 1, 1)))
    if line or not batch:
        z = reshape(z, (*z.shape[:2], *z.shape[4 - axes:])[1 - batch:])
    return z
