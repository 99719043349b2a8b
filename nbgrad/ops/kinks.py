"""Kinks, one row an op: where its derivative jumps, and what it is just beside the kink.

Beside a kink, in a direction u that its operands move in, an op has a derivative: that of abs at 0 is the
sign of u. All that depends on a side is made of these rows: one-sided derivatives, where u is the tangent
itself, and subgradients that are chosen, where u is 1 or -1 in every element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.define.broadcast import fit
from nbgrad.define.registry import OPS
from nbgrad.engine.tensor import Tensor, raw, tensor
from nbgrad.ops.along import take_along_axis
from nbgrad.ops.compare import equal, floor, greater, logical_and, logical_or, sign
from nbgrad.ops.deviation import std
from nbgrad.ops.elementwise import divide, exp, hypot, remainder, subtract, where
from nbgrad.ops.index import getitem
from nbgrad.ops.norms import vector_norm
from nbgrad.ops.pooling import pick_max
from nbgrad.ops.reduce import max, mean, min, sum, with_axes
from nbgrad.ops.sets import isin
from nbgrad.ops.shape import concat
from nbgrad.ops.sort import argsort

Xs = Sequence[Any]
Params = dict[str, Any]


@dataclass(frozen=True)
class Kink:
    """Where an op has a kink or a jump: (xs, z, params) -> a mask of z's shape, on Tensors of raw values."""

    at: Callable[[Xs, Any, Params], Tensor]

    def push(self, us: Xs, ts: Xs, xs: Xs, z: Any, params: Params) -> Any:
        """The tangent of z, at kinks, just beside them in the direction us."""
        raise NotImplementedError

    def pull(self, us: Xs, g: Tensor, xs: Xs, params: Params) -> list[Any]:
        """The cotangents of the operands by cotangents g that are 0 where there is no kink."""
        raise NotImplementedError


@dataclass(frozen=True)
class Slopes(Kink):
    """Of an elementwise op; slopes: (us, xs) -> its partial derivatives, None for 0."""

    slopes: Callable[[Xs, Xs], Sequence[Any]]

    def push(self, us: Xs, ts: Xs, xs: Xs, z: Any, params: Params) -> Any:
        total: Any = 0.0
        for t, d in zip(ts, self.slopes(us, xs), strict=True):
            total = total if t is None or d is None else total + t * d
        return total

    def pull(self, us: Xs, g: Tensor, xs: Xs, params: Params) -> list[Any]:
        return [None if d is None or type(x) is not Tensor else fit(g * d, x)
                for d, x in zip(self.slopes(us, xs), xs, strict=True)]


@dataclass(frozen=True)
class Weights(Kink):
    """Of a reduction; weights: (u, x, params with axes kept) -> its derivative in each element."""

    weights: Callable[[Tensor, Tensor, Params], Tensor]

    def _of(self, u: Tensor, x: Tensor, params: Params) -> Tensor:
        return self.weights(u, x, params | {"keepdims": True})

    def push(self, us: Xs, ts: Xs, xs: Xs, z: Any, params: Params) -> Any:
        return sum(ts[0] * self._of(us[0], xs[0], params), params["axis"], params["keepdims"])

    def pull(self, us: Xs, g: Tensor, xs: Xs, params: Params) -> list[Any]:
        return [with_axes(g, xs[0], params["axis"]) * self._of(us[0], xs[0], params)]


class Order(Kink):
    """Of a sort: equal elements come in the order of their tangents. A chosen side leaves them alone."""

    def push(self, us: Xs, ts: Xs, xs: Xs, z: Any, params: Params) -> Any:
        axis, order = params["axis"], {"axis": params["axis"], "descending": params["descending"]}
        first = argsort(tensor(raw(us[0])), **order)
        second = argsort(take_along_axis(tensor(raw(xs[0])), first, axis), **order)
        return take_along_axis(ts[0], take_along_axis(first, second, axis), axis)


# ------------------------------------------------------------------------------------------- slopes
def _step(u: Any) -> Tensor:
    """1 to the right, 0 to the left, 1/2 where u does not say."""
    return (1 + sign(u)) * 0.5


def _one(x: Any, by: Any) -> Any:
    """x / by, 0 where by is 0."""
    return where(equal(by, 0), 0.0, divide(x, where(equal(by, 0), 1.0, by)))


def _of_hypot(us: Xs, xs: Xs) -> Sequence[Any]:
    size = hypot(*us)
    return _one(us[0], size), _one(us[1], size)


def _of_leaky_relu(us: Xs, xs: Xs) -> Sequence[Any]:
    right, slope = _step(us[0]), _parameter("leaky_relu", "slope", xs)
    return right + (1 - right) * slope, *[None] * (len(xs) - 1)


def _of_elu(us: Xs, xs: Xs) -> Sequence[Any]:
    right, alpha = _step(us[0]), _parameter("elu", "alpha", xs)
    return right + (1 - right) * alpha * exp(xs[0]), *[None] * (len(xs) - 1)


def _parameter(op: str, name: str, xs: Xs) -> Any:
    """The parameter of an activation: its second operand, if it does not have its default."""
    activation: Any = OPS[op].op
    return xs[1] if len(xs) > 1 else activation.defaults[name]


def _larger(sides: float) -> Callable[[Xs, Xs], Sequence[Any]]:
    def slopes(us: Xs, xs: Xs) -> Sequence[Any]:
        first = _step(sides * subtract(us[0], us[1]))
        return first, 1 - first

    return slopes


# ---------------------------------------------------------------------------------------- reductions
def _winners(sides: float) -> Callable[[Tensor, Tensor, Params], Tensor]:
    """The largest elements share; of those that are equal, the ones with the largest u."""

    def weights(u: Tensor, x: Tensor, params: Params) -> Tensor:
        axis = params["axis"]
        won = equal(x, sides * max(sides * x, axis, True))
        rank = where(won, sides * u, -math.inf)
        first = logical_and(won, equal(rank, max(rank, axis, True)))
        return divide(first.astype(x.dtype), sum(first, axis, True).astype(x.dtype))

    return weights


def _ties(xs: Xs, z: Tensor, params: Params) -> Tensor:
    """Rows whose largest, or least, element is there more than once."""
    return greater(sum(equal(xs[0], with_axes(z, xs[0], params["axis"])), params["axis"], params["keepdims"]),
                   1)


def _first_ties(extreme: Any, x: Tensor, z: Tensor, params: Params) -> Tensor:
    """Rows that argmax, or argmin, chooses a place in among equals."""
    axes = tuple(range(x.ndim)) if params["axis"] is None else (params["axis"],)
    count = sum(equal(x, extreme(x, axes, True)), axes, params["keepdims"])
    return greater(count, 1)


def _of_std(u: Tensor, x: Tensor, params: Params) -> Tensor:
    count = math.prod([x.shape[a] for a in params["axis"]]) - params["correction"]
    return _one(u - mean(u, params["axis"], True), count * std(u, **params))


def _neighbours(xs: Xs, z: Tensor, params: Params) -> Tensor:
    """Elements of a sorted array that are equal to the next one."""
    axis = params.get("axis", -1) % z.ndim if z.ndim else 0
    n = z.shape[axis] if z.ndim else 1
    if n < 2:
        return equal(z, z) & False
    low, high, last = (getitem(z, (*[slice(None)] * axis, s))
                       for s in (slice(0, n - 1), slice(1, n), slice(n - 1, n)))
    return concat([equal(low, high), equal(last, last) & False], axis)


def _pooled_ties(xs: Xs, z: Tensor, params: Params) -> Tensor:
    """Windows whose largest element is there more than once: the places of the largest have a variance."""
    x = xs[0]
    places = np.broadcast_to(np.arange(float(math.prod(x.shape[-2:]))).reshape(x.shape[-2:]), x.shape)
    place = tensor(devices.to_device_of(places.copy(), raw(x)))
    spread = pick_max(place * place, x, **params) - pick_max(place, x, **params) ** 2
    return greater(spread, 0.2)


# --------------------------------------------------------------------------------------------- rows
def _zero(xs: Xs, z: Any, params: Params) -> Tensor:
    return equal(xs[0], 0)


def _null(xs: Xs, z: Any, params: Params) -> Tensor:
    return equal(z, 0)


def _equal(xs: Xs, z: Any, params: Params) -> Tensor:
    return equal(xs[0], xs[1])


def _repeated(xs: Xs, z: Any, params: Params) -> Tensor:
    values = next(p for p in (z if type(z) is tuple else (z,)) if p.ndim == xs[0].ndim - 1)
    return _neighbours((), values, {})


KINKS: dict[str, Kink] = {
    "abs": Slopes(_zero, lambda us, xs: (sign(us[0]),)),
    "decay": Slopes(_zero, lambda us, xs: (-sign(us[0]),)),
    "maximum": Slopes(_equal, _larger(1.0)),
    "minimum": Slopes(_equal, _larger(-1.0)),
    "hypot": Slopes(_null, _of_hypot),
    "relu": Slopes(_zero, lambda us, xs: (_step(us[0]),)),
    "leaky_relu": Slopes(_zero, _of_leaky_relu),
    "elu": Slopes(_zero, _of_elu),
    "max": Weights(_ties, _winners(1.0)),
    "min": Weights(_ties, _winners(-1.0)),
    "euclidean": Weights(_null, lambda u, x, params: _one(u, vector_norm(u, axis=params["axis"],
                                                                        keepdims=True))),
    "std": Weights(_null, _of_std),
    "sort": Order(_neighbours),
}
# Ops whose derivative beside their kinks or jumps is not known: to one side of them there is none.
UNKNOWN: dict[str, Callable[[Xs, Any, Params], Tensor]] = {
    "even_power": lambda xs, z, params: logical_and(equal(xs[0], 0), xs[1] <= 1),
    "cosine": lambda xs, z, params: equal(xs[2], 0),
    "extremum_vjp": lambda xs, z, params: _ties(xs[2:], xs[1], params | {"keepdims": True}),
    "euclidean_vjp": lambda xs, z, params: equal(xs[1], 0),
    "std_vjp": lambda xs, z, params: equal(xs[1], 0),
    "window_max": _pooled_ties,
    "eigvalsh": _repeated,
    "eigh": _repeated,
    "svdvals": lambda xs, z, params: logical_or(_repeated(xs, z, params), equal(z, 0)),
    "svd_factors": _repeated,
    "remainder": _null,
    "floor": lambda xs, z, params: equal(z, xs[0]),
    "ceil": lambda xs, z, params: equal(z, xs[0]),
    "trunc": lambda xs, z, params: equal(z, xs[0]),
    "rint": lambda xs, z, params: equal(xs[0] - floor(xs[0]), 0.5),
    "floor_divide": lambda xs, z, params: equal(remainder(xs[0], xs[1]), 0),
    "sign": _zero,
    "signbit": _zero,
    "any": lambda xs, z, params: equal(xs[0], 0),
    "all": lambda xs, z, params: equal(xs[0], 0),
    "argmax": lambda xs, z, params: _first_ties(max, xs[0], z, params),
    "argmin": lambda xs, z, params: _first_ties(min, xs[0], z, params),
    "searchsorted": lambda xs, z, params: isin(xs[1], xs[0]),
    "argsort": lambda xs, z, params: _neighbours((), take_along_axis(xs[0], z, params["axis"]), params),
}
