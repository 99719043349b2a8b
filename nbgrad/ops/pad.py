"""Borders around an array: constant, or repeating what they surround."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad import errors
from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype, broadcast_to
from nbgrad.define.structured import family
from nbgrad.engine.graph import apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, wrap
from nbgrad.errors import shape_errors, value_errors
from nbgrad.ops.create import asarray
from nbgrad.ops.index import getitem, integers, scatter, setitem

op: Any = family("pad")

Widths = tuple[tuple[int, int], ...]

_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
_CASES: list[Any] = [((3, 4), {"widths": ((1, 2), (2, 0)), "mode": mode}) for mode in _MODES[1:]] + [
    ((2,), {"widths": ((5, 4),), "mode": mode}) for mode in _MODES[1:]] + [
    ((1, 3), {"widths": ((2, 1), (7, 8)), "mode": mode}) for mode in _MODES[1:]] + [
    ((4, 0, 2), {"widths": ((1, 1), (0, 0), (0, 1)), "mode": "wrap"}),
    ((2, 3, 3), {"widths": ((0, 0), (1, 1), (2, 2)), "mode": "reflect"})]


def _padded(shape: tuple[int, ...], widths: Widths) -> tuple[int, ...]:
    return tuple([before + n + after for n, (before, after) in zip(shape, widths, strict=True)])


def _numpys(x: np.ndarray, widths: Widths, mode: Any) -> np.ndarray:
    return np.pad(x, widths, mode)


@op(out=lambda x, widths, mode: (_padded(x.shape, widths), x.dtype), linear=True, keep="",
    vjp=lambda g, z, x, widths, mode: apply(fold_edges, (g,), {"widths": widths, "mode": mode}),
    like=_numpys, cases=_CASES, private=True)
def pad_edges(x: Any, widths: Widths, mode: str) -> Any:
    """Return x between borders that repeat it, of these widths before and after each axis."""
    return (as_tensor(x),), {"widths": widths, "mode": mode}


def _folded(g: np.ndarray, widths: Widths, mode: str) -> np.ndarray:
    """Each element of g added to that which pad puts in its place."""
    shape = tuple([n - before - after for n, (before, after) in zip(g.shape, widths, strict=True)])
    z = np.zeros(shape, g.dtype)
    np.add.at(z.reshape(-1), _numpys(np.arange(z.size).reshape(shape), widths, mode), g)
    return z


@op(linear=True, keep="", like=_folded,
    vjp=lambda c, z, g, widths, mode: apply(pad_edges, (c,), {"widths": widths, "mode": mode}),
    cases=[((5, 6), {"widths": ((1, 1), (2, 0)), "mode": mode}) for mode in _MODES[1:]] + [
        ((12,), {"widths": ((4, 5),), "mode": mode}) for mode in _MODES[1:]], private=True)
def fold_edges(g: Any, widths: Widths, mode: str) -> Any:
    """Return g without its borders, each added to what it repeats: the transpose of `pad_edges`."""
    return (as_tensor(g),), {"widths": widths, "mode": mode}


def _not_pairs(what: str, shape: tuple[int, ...], ndim: int) -> errors.ShapeError:
    return shape_errors.bad_shape("pad", shape,
                                  f"{what} must be one number, a pair, or {ndim} pairs, one for each axis")


def _widths(given: Any, ndim: int) -> Widths:
    """A pair of widths for each axis. Raises ShapeError, ValueRangeError, DtypeError."""
    found = integers("pad", given, "pad_width")
    if found.size and found.min() < 0:
        raise value_errors.bad_value("pad", f"pad_width {found.tolist()} cannot be negative")
    try:
        pairs = np.broadcast_to(found, (ndim, 2)).tolist()
    except ValueError as error:
        raise _not_pairs("pad_width", found.shape, ndim) from error
    return tuple([(before, after) for before, after in pairs])


def _framed(x: Tensor, widths: Widths, values: Tensor) -> Tensor:
    """x among constants: those of a later axis cover those of an earlier one."""
    shape = _padded(x.shape, widths)
    middle = [slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True)]
    if values.ndim == 0 and values.trace is None and not raw(values):
        return apply(scatter, (x,), {"index": (*middle, ...), "shape": shape})
    if values.ndim == 0:
        return setitem(broadcast_to(astype(values, x.dtype), shape), (*middle, ...), x)
    try:
        values = broadcast_to(values, (x.ndim, 2))
    except errors.ShapeError as error:
        raise _not_pairs("constant_values", values.shape, x.ndim) from error
    z = broadcast_to(wrap(devices.full((), 0, x.dtype, devices.of(raw(x)))), shape)
    for axis, (n, (before, after)) in enumerate(zip(shape, widths, strict=True)):
        for side, part in enumerate((slice(0, before), slice(n - after, n))):
            z = setitem(z, (*[slice(None)] * axis, part), getitem(values, (axis, side)))
    return setitem(z, (*middle, ...), x)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """Return x between borders before and after each of its axes.

    x         : any shape and dtype
    pad_width : elements before and after: one int, a pair for all axes, or a pair for each axis
    mode      : "constant": constant_values, given like pad_width, which may be Tensors with gradients;
        "edge": the last element; "reflect" and "symmetric": a mirror at the last element, or behind it;
        "wrap": x from its other end
    Gradients of borders go to the elements that they repeat. Raises ValueRangeError, ShapeError, DtypeError.

    >>> print(nb.pad(np.array([1.0, 2.0]), 1, mode="edge"))
    tensor([1., 1., 2., 2.])
    """
    x = as_tensor(x)
    if mode not in _MODES:
        raise value_errors.bad_choice("pad", "mode", mode, _MODES)
    widths = _widths(pad_width, x.ndim)
    if mode == "constant":
        return _framed(x, widths, asarray(constant_values))
    for n, pair in zip(x.shape, widths, strict=True):
        if n == 0 and any(pair):
            raise shape_errors.bad_shape("pad", x.shape,
                                         f"mode {mode!r} has nothing to repeat along an empty axis")
    return apply(pad_edges, (x,), {"widths": widths, "mode": mode})
