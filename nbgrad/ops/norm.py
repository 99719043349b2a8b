"""Layer normalisation: one kernel forwards and one backwards, with a weight and a bias or without."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.compile.rowprogram import SCALES
from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import multiply
from nbgrad.define.structured import family
from nbgrad.engine.graph import Graph, apply, pull
from nbgrad.engine.tensor import Tensor, as_tensor, unwrap, wrap
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.axes import several
from nbgrad.ops.compare import isfinite
from nbgrad.ops.create import ones, zeros
from nbgrad.ops.elementwise import reciprocal, sqrt, square, where
from nbgrad.ops.reduce import Axis, centred, floating, mean, sum
from nbgrad.ops.shape import reshape

op: Any = family("norm")


def _like(x: np.ndarray, axis: Any = -1, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    axes = tuple(sorted(a % x.ndim for a in (axis if isinstance(axis, (tuple, list)) else (axis,))))
    d = x - x.mean(axes, keepdims=True)
    z = d / np.sqrt((d * d).mean(axes, keepdims=True) + x.dtype.type(eps))
    shape = [n if a in axes else 1 for a, n in enumerate(x.shape)]
    if weight is not None:
        z = z * weight.reshape(shape)
    return z if bias is None else z + bias.reshape(shape)


def _like_vjp(g: np.ndarray, x: np.ndarray, weight: Any = None, *, axis: tuple[int, ...], eps: float) -> Any:
    def average(y: np.ndarray) -> Any:
        return y.mean(axis, keepdims=True)

    shape = [n if a in axis else 1 for a, n in enumerate(x.shape)]
    d = x - average(x)
    r = 1 / np.sqrt(average(d * d) + x.dtype.type(eps))
    c = g if weight is None else g * weight.reshape(shape)
    dx = r * (c - average(c) - d * r * average(c * d * r))
    others = tuple(a for a in range(x.ndim) if a not in axis)
    return dx if weight is None else (dx, (g * d * r).sum(others), g.sum(others))


def _composite(axis: tuple[int, ...], eps: float, g: Tensor, x: Tensor, *weight: Tensor) -> Any:
    """layer_norm_vjp in other ops, to be differentiated."""
    d = centred(x, axis)
    u = where(isfinite(mean(square(d), axis, True)), 1.0, SCALES[x.dtype.name]["down"])
    d = d * u                                 # squares beyond the range are taken of smaller numbers
    r = reciprocal(sqrt(mean(square(d), axis, True) + eps * square(u)))
    y, c = d * r, g
    if weight:
        c = g * reshape(weight[0], tuple([n if a in axis else 1 for a, n in enumerate(x.shape)]))
    dx = r * u * (c - mean(c, axis, True) - y * mean(c * y, axis, True))
    others = tuple([a for a in range(x.ndim) if a not in axis])
    return (dx, sum(multiply(g, y), others), sum(g, others)) if weight else (dx,)


def _vjp_of_vjp(c: Any, z: Any, *xs: Tensor, wanted: tuple[bool, ...], axis: tuple[int, ...],
                eps: float) -> list[Any]:
    trace = Graph()
    leaves = [trace.leaf(unwrap(x)) if want else x for x, want in zip(xs, wanted, strict=True)]
    ends = [leaf.mark for leaf in leaves]
    outs = _composite(axis, eps, *leaves)
    cotangents = c if type(c) is tuple else (c,)
    found = pull([(out.mark, unwrap(g)) for out, g in zip(outs, cotangents, strict=True)
                  if g is not None and out.trace is trace])
    return [wrap(found[end]) if want and end in found else None
            for end, want in zip(ends, wanted, strict=True)]


@op(vjp_all=_vjp_of_vjp, keep="x", like=_like_vjp, cases=[
    ((3, 4), (3, 4), {"axis": (1,), "eps": 1e-3}), ((3, 4), (3, 4), {"axis": (0,), "eps": 1e-3}),
    ((2, 3, 4), (2, 3, 4), (3,), {"axis": (1,), "eps": 1e-3}),
    ((3, 2, 3), (3, 2, 3), (2, 3), {"axis": (1, 2), "eps": 1e-3}),
    ((0, 3), (0, 3), (3,), {"axis": (1,), "eps": 1e-3})], private=True)
def layer_norm_vjp(g: Any, x: Any, *weight: Any, axis: tuple[int, ...], eps: float) -> Any:
    """Return the cotangent of x in layer_norm from that of the result; with a weight also its and bias's."""
    return (as_tensor(g), as_tensor(x), *map(as_tensor, weight)), {"axis": axis, "eps": eps}


def _norm_vjp(g: Tensor, z: Any, x: Tensor, *affine: Any, wanted: Any, **params: Any) -> tuple[Any, ...]:
    found = apply(layer_norm_vjp, (g, x, *affine[:1]), params)
    return found if affine else (found,)


@op(out=lambda x, *affine, **_: (x.shape, x.dtype), vjp_all=_norm_vjp, keep="x", like=_like, cases=[
    ((3, 4), {}), ((3, 4), {"axis": 0}), ((2, 3, 4), {"axis": 1, "eps": 0.1}),
    ((2, 3, 4), {"axis": (0, 2)}), ((5, 70),), ((3, 5, 4), -1, (4,), (4,)), ((3, 4, 2), 1, (4,), (4,)),
    ((70, 9), -1, (9,), (9,)), ((3, 2, 4), lambda _: (0, 2), (3, 4), (3, 4)), ((4, 300), 0, (4,), (4,)),
    ((0, 3), -1, (3,), (3,)), ((2, 3), {"axis": (0, 1)})])
def layer_norm(x: Any, axis: Axis = -1, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Return (x - mean) / sqrt(variance + eps) over axes, times weight plus bias.

    x    : any shape with the axes; a float (integers become float64)
    axis : one or several, numbered as everywhere; for PyTorch's normalized_shape of length k the last k
    weight, bias : the shape of x's normalised axes in their order, or None

    The variance divides by the count. Source: Ba, Kiros and Hinton, Layer normalization, 2016. Raises
    ShapeError if weight or bias do not fit or x is 0-d, AxisError, ValueRangeError for a negative eps.

    >>> print(nb.layer_norm(np.array([1.0, 3.0]), eps=0.0))
    tensor([-1.,  1.])
    """
    x = as_tensor(x)
    axes = several("layer_norm", axis, x.ndim)
    if not axes:
        raise shape_errors.bad_shape("layer_norm", x.shape, "needs at least one axis to normalise over")
    if not eps >= 0:
        raise value_errors.bad_value("layer_norm", f"eps must not be negative, got {eps}")
    affine = [None if a is None else as_tensor(a) for a in (weight, bias)]
    shape = tuple([x.shape[a] for a in axes])
    for name, a in zip(("weight", "bias"), affine, strict=True):
        if a is not None and a.shape != shape:
            need = f"{name} needs shape {shape}, that of x's axes {axes}"
            raise shape_errors.bad_shape("layer_norm", a.shape, need)
    dtype = floating(np.result_type(x.dtype, *[a.dtype for a in affine if a is not None]))
    params = {"axis": axes, "eps": float(eps)}
    if weight is None and bias is None:
        return (x if x.dtype == dtype else astype(x, dtype),), params
    w, b = affine
    w, b = ones(shape, dtype=dtype) if w is None else w, zeros(shape, dtype=dtype) if b is None else b
    return tuple([a if a.dtype == dtype else astype(a, dtype) for a in (x, w, b)]), params
