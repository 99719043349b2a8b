"""Sampled functions: integrals, derivatives, interpolation, phases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import astype
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.tensor import Tensor, as_tensor, raw
from nbgrad.errors import protocol_errors, shape_errors, value_errors
from nbgrad.ops.axes import named_dim, one, ordered
from nbgrad.ops.compare import equal, greater_equal, less, logical_and
from nbgrad.ops.cumulative import cumsum, diff
from nbgrad.ops.elementwise import abs, divide, negative, remainder, subtract, where
from nbgrad.ops.index import getitem, take
from nbgrad.ops.reduce import floating, sum
from nbgrad.ops.search import searchsorted
from nbgrad.ops.shape import concat, ravel, reshape
from nbgrad.ops.sort import argsort

_WHOLE = slice(None)


def _part(x: Tensor, axis: int, start: int | None, stop: int | None) -> Tensor:
    """A part of an axis."""
    found: Tensor = getitem(x, (_WHOLE,) * axis + (slice(start, stop), ...))
    return found


def _along(x: Tensor, axis: int, ndim: int) -> Tensor:
    """A vector, along an axis of ndim."""
    return reshape(x, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


@named_dim
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Return the integral of samples along an axis by the trapezoidal rule.

    y: (..., n, ...). x: the places of the samples, (n,) or y's shape; None: they are dx apart, a number or
    what broadcasts to the n - 1 gaps. axis: that of the samples.
    Derivative: linear in y, and in x or dx. Raises ShapeError, AxisError.

    >>> nb.trapezoid([1.0, 2.0, 4.0])
    tensor(4.5)
    """
    y = as_tensor(y)
    axis = one("trapezoid", axis, y.ndim)
    if x is not None:
        x = as_tensor(x)
        dx = _along(diff(x), axis, y.ndim) if x.ndim == 1 else diff(x, axis=axis - y.ndim)
    pairs = add(_part(y, axis, 1, None), _part(y, axis, None, -1))
    return sum(divide(multiply(dx, pairs), 2.0), axis)


# ------------------------------------------------------------------------------------------- derivatives
def _gaps(spacings: tuple[Any, ...], x: Tensor, axes: tuple[int, ...]) -> list[Tensor]:
    """For each axis the distance of samples, or those between them, (n - 1,)."""
    given = [as_tensor(s) for s in spacings] or [as_tensor(1.0)]
    if len(given) == 1 and given[0].ndim == 0:
        given *= len(axes)
    if len(given) != len(axes):
        raise value_errors.bad_value("gradient", f"{len(given)} spacings do not fit {len(axes)} axes. Give "
                                                 f"none, one number for all, or one for each axis")
    for s, axis in zip(given, axes, strict=True):
        if s.ndim and s.shape != (x.shape[axis],):
            raise shape_errors.bad_shape("gradient", s.shape, f"a spacing is a number, or the coordinates of "
                                                              f"the {x.shape[axis]} samples of axis {axis}")
    return [diff(astype(s, floating(s.dtype))) if s.ndim else s for s in given]


def _combined(x: Tensor, axis: int, places: tuple[Any, ...], factors: tuple[Any, ...]) -> Tensor:
    """The sum of parts of an axis, each times its factor."""
    terms = [multiply(factor, _part(x, axis, *place)) for factor, place in zip(factors, places, strict=True)]
    return terms[0] + terms[1] if len(terms) == 2 else terms[0] + terms[1] + terms[2]


def _derivative(x: Tensor, h: Tensor, axis: int, order: int) -> Tensor:
    """x's derivative along an axis: of parabolas through neighbours, and of lines or parabolas at ends."""
    if h.ndim:
        h = _along(h, axis, x.ndim)
        before, after = _part(h, axis, None, -1), _part(h, axis, 1, None)
        ends = [_part(h, axis, k, k + 1 or None) for k in (0, 1, -2, -1)] if h.shape[axis] > 1 else [h] * 4
    else:
        before, after, ends = h, h, [h] * 4
    both = add(before, after)
    inner = _combined(x, axis, ((None, -2), (1, -1), (2, None)),
                      (negative(divide(after, multiply(before, both))),
                       divide(subtract(after, before), multiply(before, after)),
                       divide(before, multiply(after, both))))
    if order == 1:
        first = divide(subtract(_part(x, axis, 1, 2), _part(x, axis, 0, 1)), ends[0])
        last = divide(subtract(_part(x, axis, -1, None), _part(x, axis, -2, -1)), ends[3])
    else:
        first = _one_sided(x, axis, ((0, 1), (1, 2), (2, 3)), ends[0], ends[1])
        last = negative(_one_sided(x, axis, ((-1, None), (-2, -1), (-3, -2)), ends[3], ends[2]))
    return concat([first, inner, last], axis)


def _one_sided(x: Tensor, axis: int, places: Any, near: Tensor, far: Tensor) -> Tensor:
    """The derivative of a parabola through three samples at the first, which is near to the second."""
    both = add(near, far)
    return _combined(x, axis, places, (
        negative(divide(add(both, near), multiply(near, both))),
        divide(both, multiply(near, far)), negative(divide(near, multiply(far, both)))))


@named_dim
def gradient(f: Any, *spacings: Any, axis: Any = None,
             edge_order: int = 1) -> Tensor | tuple[Tensor, ...]:
    """Return the derivative of samples along an axis, or a tuple of those along several, by differences.

    f: any shape, an axis has edge_order + 1 samples at least. spacings: the distance of samples for all axes,
    or for each its distance or its coordinates, (n,). axis: one, several, or None for all. edge_order: 1 or
    2, how exact the differences at both ends are; inside they are of second order.
    Derivative: linear in f; exact in the spacings too. Raises ShapeError, ValueRangeError, AxisError.

    >>> nb.gradient([1.0, 2.0, 4.0])
    tensor([1. , 1.5, 2. ])
    """
    x = as_tensor(f)
    axes = tuple(range(x.ndim)) if axis is None else ordered("gradient", axis, x.ndim, sequence=True)
    if edge_order not in (1, 2):
        raise value_errors.bad_choice("gradient", "edge_order", edge_order, (1, 2))
    for a in axes:
        if x.shape[a] <= edge_order:
            raise shape_errors.bad_shape("gradient", x.shape, f"axis {a} needs at least {edge_order + 1} "
                                                              f"elements for edge_order={edge_order}")
    x = astype(x, floating(x.dtype))
    found = [astype(_derivative(x, h, a, edge_order), x.dtype)
             for h, a in zip(_gaps(spacings, x, axes), axes, strict=True)]
    return found[0] if len(axes) == 1 else tuple(found)


# ----------------------------------------------------------------------------------------- interpolation
def _periodic(x: Tensor, xp: Tensor, fp: Tensor, period: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The places within one period, in order, with one more sample at both ends."""
    if devices.host(raw(as_tensor(period))) == 0:
        raise value_errors.bad_value("interp", "period=0 is none. Leave it out")
    period = abs(astype(period, np.float64))
    x, xp = remainder(x, period), remainder(xp, period)
    order = argsort(xp)
    xp, fp = take(xp, order), take(fp, order)
    return (x, concat([subtract(xp[-1:], period), xp, add(xp[:1], period)]), concat([fp[-1:], fp, fp[:1]]))


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Tensor:
    """Return the values at x of the line through the points (xp, fp), float64 as NumPy's, or complex128.

    x: any shape. xp: (n,), rising, which is not checked. fp: (n,). left, right: the values before the first
    point and after the last, by default theirs. period: that of x and xp, which need not rise then.
    Derivative: in x the slope of the segment, at a point that of the segment to its right, which is 0 at the
    last; in xp and fp that of the segment through x. Raises ShapeError, ValueRangeError, DtypeError.

    >>> nb.interp(2.5, [1.0, 2.0, 3.0], [3.0, 2.0, 0.0])
    tensor(1.)
    """
    x, xp = [astype(as_tensor(each), np.float64) for each in (x, xp)]
    fp = as_tensor(fp)
    fp = astype(fp, np.result_type(fp.dtype, np.float64))
    if xp.ndim != 1 or xp.shape != fp.shape or xp.shape[0] == 0:
        need = f"fp and xp, of shape {xp.shape}, must have one axis, of one length above 0"
        raise shape_errors.bad_shape("interp", fp.shape, need)
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, period)
        left = right = None
    n = xp.shape[0]
    low = np.clip(devices.host(raw(searchsorted(xp, x, "right"))) - 1, 0, max(n - 2, 0))
    high = np.minimum(low + 1, n - 1)
    x0, x1, y0, y1 = take(xp, low), take(xp, high), take(fp, low), take(fp, high)
    gap = subtract(x1, x0)
    slope = divide(subtract(y1, y0), where(equal(gap, 0), 1, gap))
    z = add(y0, multiply(slope, subtract(x, x0)))
    z = where(greater_equal(x, xp[-1]), fp[-1], z)
    if right is not None:
        z = where(less(xp[-1], x), right, z)
    return where(less(x, xp[0]), fp[0] if left is None else left, z)


# --------------------------------------------------------------------------------------------- sequences
def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Tensor:
    """Return the differences of neighbours of x read in C order, between what is put before and behind them.

    x: any shape, numbers. to_begin, to_end: any shapes, read in C order, of dtypes that x's takes.
    Derivative: linear in all. Raises DtypeError.

    >>> nb.ediff1d([1.0, 2.0, 4.0], to_begin=0.0)
    tensor([0., 1., 2.])
    """
    x = ravel(as_tensor(x))
    parts = [subtract(x[1:], x[:-1])]
    for end, place in ((to_begin, 0), (to_end, 2)):
        if end is None:
            continue
        end = ravel(as_tensor(end))
        if not np.can_cast(end.dtype, x.dtype, "same_kind"):
            raise protocol_errors.no_cast("ediff1d", [end.dtype], x.dtype, "same_kind")
        parts.insert(place, astype(end, x.dtype))
    return concat(parts)


@named_dim
def unwrap(p: Any, discont: Any = None, axis: int = -1, period: Any = 2 * math.pi) -> Tensor:
    """Return phases with jumps along an axis made less than half a period, by adding multiples of the period.

    p: (..., n, ...). discont: jumps that are smaller stay, if it is more than half a period. axis: along it.
    period: a number. Derivative: 1 in p, as nothing but multiples of the period is added; in the period,
    their number. Raises AxisError, DtypeError.

    >>> nb.unwrap([0.0, 3.0, 7.0, 1.0], period=6.0)
    tensor([0., 3., 1., 1.])
    """
    p = as_tensor(p)
    axis = one("unwrap", axis, p.ndim)
    dtype = np.result_type(p.dtype, period if isinstance(period, (int, float)) else as_tensor(period).dtype)
    p = p if p.dtype == dtype else astype(p, dtype)
    whole = dtype.kind in "iu"
    half = period // 2 if whole else period / 2
    jumps = diff(p, axis=axis)
    inside = subtract(remainder(add(jumps, half), period), half)
    if not whole or period % 2 == 0:          # of two that are as near, the one in the jump's direction
        inside = where(logical_and(equal(inside, -half), less(0, jumps)), half, inside)
    least = period / 2 if discont is None else discont
    added = cumsum(where(less(abs(jumps), least), 0, subtract(inside, jumps)), axis)
    return concat([_part(p, axis, None, 1), add(_part(p, axis, 1, None), added)], axis)
