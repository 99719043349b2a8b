"""Errors of the first and second partial derivatives of every elementwise op, in units of the last place.

`python benchmarks/accuracy.py --derivatives` prints them. First partials are those of reverse mode; second
ones are taken twice, in reverse and in forward mode over reverse mode. The truth is mpmath's (see exact.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import exact
import numpy as np
from mpmath import mp, mpf

import nbgrad as nb
from nbgrad.define.registry import Row

LIMIT = 8.0
# Parameters other than those that the rows have by default
PARAMETERS: dict[str, tuple[dict[str, Any], ...]] = {
    "power": ({"n": 4}, {"n": 7}), "leaky_relu": ({"slope": 0.3},), "elu": ({"alpha": 1.7},),
    "softplus": ({"beta": 0.3},), "gelu": ({"approximate": "tanh"},)}
Place = tuple[int, ...]
# Units other than the last place of a partial, by name and operands: the size that has that unit
_SMALL = "a sum that passes through 0, or a multiple of a subnormal number"
_QUOTIENT = "a multiple of a quotient that is subnormal"
_FEW = "the size of (x, y), subnormal, has few digits; or it overflows"
_EXPONENT = "y - 1 is rounded; or a power is subnormal, or overflows"
_ROUNDED = "the argument of the sigmoid is rounded"
TERMS: dict[tuple[str, Place], tuple[Callable[..., Any], str]] = {
    ("gelu", (0,)): (lambda info, x: abs(x) * max(_density(x), float(info.tiny)), _SMALL),
    ("gelu", (0, 0)): (lambda info, x: max(2 * _density(x), mpf(x) ** 2 * float(info.tiny)), _SMALL),
    ("silu", (0,)): (lambda info, x: max(mp.exp(min(x, 0)) / 2, abs(x) * mpf(float(info.tiny))), _SMALL),
    ("silu", (0, 0)): (lambda info, x: max(mp.exp(-abs(x)), abs(x) * info.tiny), _SMALL),
    ("softplus beta=0.3", (0,)): (lambda info, x: mp.exp(min(0.3 * x, 0)) * (1 + abs(0.3 * x)), _ROUNDED),
    ("softplus beta=0.3", (0, 0)): (lambda info, x: mp.exp(-abs(0.3 * x)) * (0.3 + abs(0.09 * x)), _ROUNDED),
    ("gelu approximate=tanh", (0,)): (lambda info, x: _of_tanh(info, mpf(x), 1), _ROUNDED),
    ("gelu approximate=tanh", (0, 0)): (lambda info, x: _of_tanh(info, mpf(x), 2), _ROUNDED),
    **{(name, (0, 0)): (lambda info, x: 2.3 * abs(x) * mpf(float(info.tiny)), _SMALL)
       for name in ("erf", "erfc")},
    **{(name, (1, 1)): (lambda info, x, y: float(info.tiny) / mpf(y) ** 2 if y else 0, _QUOTIENT)
       for name in ("divide", "ratio")},
    **{("atan2", by): (lambda info, y, x: float(info.tiny) / mp.hypot(x, y) ** 2 if x or y else 0, why)
       for by, why in (((0,), _FEW), ((1,), _FEW), ((0, 0), _QUOTIENT), ((1, 1), _QUOTIENT))},
    **{("hypot", by): (lambda info, x, y, by=by: _of_hypot(info, mp.hypot(x, y), len(by)), _FEW)
       for by in ((0,), (1,), (0, 0), (0, 1), (1, 1))},
    **{("pow", by): (lambda info, x, y, by=by: _of_power(info, abs(mpf(x)), y, by), _EXPONENT)
       for by in ((0,), (1,), (0, 0), (0, 1), (1, 1))},
}


def _density(x: float) -> Any:
    """That of the standard normal distribution."""
    return mp.exp(-mpf(x) ** 2 / 2) / mp.sqrt(2 * mp.pi)


def _of_hypot(info: Any, size: mpf, order: int) -> Any:
    return mp.inf if size > float(info.max) else float(info.tiny) / size ** order if size else 0


def _of_power(info: Any, x: mpf, y: float, by: Place) -> Any:
    """The terms of a partial of x^y, a power of x times what is well conditioned, if y - 1 is rounded."""
    if x == 0:
        return mp.inf
    k, size = by.count(0), abs(mp.log(x))
    power = x ** (y - k)
    if power > float(info.max):
        return mp.inf
    turns = {(0,): abs(y), (1,): size, (0, 0): abs(y * (y - 1)), (0, 1): 1 + abs(y) * size, (1, 1): size**2}
    return max(power, float(info.tiny)) * turns[by] * (1 + k * (1 + abs(y)) * size)


def _of_tanh(info: Any, x: mpf, order: int) -> Any:
    """The terms of a derivative of x sigmoid(u), u = 1.6 x + 0.07 x^3, that a rounded u leaves."""
    u, slope = abs(1.6 * x + 0.0714 * x**3), 1.6 + 0.22 * x**2
    terms = max((1 + u) * mp.exp(-u), float(info.tiny)) * slope ** order * (1 + abs(x))
    return max(terms, 1 if order == 1 and x > 0 else 0)


def partials(f: Callable[..., Any], xs: Sequence[np.ndarray]) -> Iterator[tuple[str, Place, np.ndarray]]:
    """Mode, operands and values of the first and second partials of an elementwise f, by operands in floats.

    Mode: "reverse", and for second ones "reverse twice", or "forward over reverse".
    """
    floats = [i for i, x in enumerate(xs) if x.dtype.kind == "f"]
    one = np.ones_like(xs[floats[0]])

    def first(*ys: Any) -> tuple[Any, ...]:
        return nb.vjp(lambda *moving: f(*_replaced(ys, floats, moving)), *[ys[i] for i in floats])[1](one)

    for i, d in zip(floats, first(*xs), strict=True):
        yield "reverse", (i,), d.numpy()
    for k, i in enumerate(floats):
        pullback = nb.vjp(lambda *moving, k=k: first(*_replaced(xs, floats, moving))[k],
                          *[xs[i] for i in floats])[1]
        for j, d in zip(floats, pullback(one), strict=True):
            yield "reverse twice", (i, j), d.numpy()
        tangents = nb.jvp(lambda x, i=i: first(*_replaced(xs, [i], [x])), (xs[i],), (one,))[1]
        for j, d in zip(floats, tangents, strict=True):
            yield "forward over reverse", (j, i), d.numpy()


def _replaced(xs: Sequence[Any], places: Sequence[int], by: Sequence[Any]) -> list[Any]:
    """xs with others in some places."""
    found = list(xs)
    for i, x in zip(places, by, strict=True):
        found[i] = x
    return found


def truths(name: str, xs: Sequence[np.ndarray], by: Place, params: dict[str, Any]) -> list[mpf | None]:
    """The exact partial at each argument; None where there is none that is finite and real."""
    found: list[mpf | None] = []
    for x in zip(*[x.tolist() for x in xs], strict=True):
        try:
            d = exact.regular(name, [mpf(v) for v in x], by, **params)
        except (ArithmeticError, TypeError, ValueError):      # a pole, or outside of the domain
            d = None
        found.append(d if isinstance(d, mpf) and mp.isfinite(d) else None)
    return found


def distance(got: float, want: mpf, info: Any, size: Any = 0) -> float:
    """|got - want| in units in the last place of want, or of a larger size; inf for a wrong nan or inf.

    Anything is right where that size is beyond the range.
    """
    largest = mpf(float(info.max))
    if size > largest:
        return 0.0
    near = mpf(LIMIT * float(info.eps))
    if abs(want) >= largest * (1 + near) or not math.isfinite(got):
        beside = abs(got) >= largest and abs(want) > largest * (1 - near) and (want > 0) == (got > 0)
        return 0.0 if beside else math.inf
    place = max(mp.frexp(max(abs(want), size))[1] - 1, info.minexp) - info.nmant
    return float(abs(mpf(got) - want) * mpf(2) ** -place)


def errors(row: Row, xs: Sequence[np.ndarray], params: dict[str, Any]) -> dict[Place, dict[str, np.ndarray]]:
    """Errors of each partial at finite arguments, by mode; nan where there is no exact one."""
    info = np.finfo(next(x.dtype for x in xs if x.dtype.kind == "f"))
    known: dict[Place, list[mpf | None]] = {}
    found: dict[Place, dict[str, np.ndarray]] = {}
    with mp.workprec(exact.DIGITS), np.errstate(all="ignore"):
        for mode, by, got in partials(lambda *ys: row.op(*ys, **params), xs):
            place = (min(by), max(by)) if len(by) > 1 else by
            if place not in known:
                known[place] = truths(row.op.name, xs, place, params)
            size = TERMS.get((_named(row, params), place))
            found.setdefault(place, {})[mode if place == by else f"{mode} "] = np.array([
                math.nan if want is None else distance(g, want, info, size[0](info, *x) if size else 0)
                for g, want, *x in zip(got.tolist(), known[place], *[x.tolist() for x in xs], strict=True)])
    return found


def largest(row: Row, xs: Sequence[np.ndarray]) -> tuple[float, float]:
    """The largest errors of the first and of the second partials."""
    found = errors(row, xs, {})
    first, second = [[float(np.nanmax(e, initial=0.0)) for by, modes in found.items() if len(by) == order
                      for e in modes.values()] for order in (1, 2)]
    return max(first), max(second)


def _named(row: Row, params: dict[str, Any]) -> str:
    return row.op.name + "".join(f" {key}={value}" for key, value in params.items())


def measure(row: Row, dtype: Any, xs: Sequence[np.ndarray]) -> Iterator[tuple[str, bool]]:
    """A line for each partial of an op in one dtype, and whether it keeps its limit: of the worst mode."""
    for params in ({}, *PARAMETERS.get(row.op.name, ())):
        name = _named(row, params)
        for by, modes in errors(row, xs, params).items():
            mode, found = max(modes.items(), key=lambda item: np.nanmax(item[1], initial=-1.0))
            some = np.nan_to_num(found, nan=-1.0, posinf=math.inf)
            worst, finite = int(np.argmax(some)), found[np.isfinite(found)]
            good = bool(finite.size and some[worst] <= LIMIT)
            at = ", ".join(repr(x[worst].item()) for x in xs)
            note = f"  [{TERMS[name, by][1]}]" if (name, by) in TERMS else ""
            yield (f"{name:16s} d{''.join('xyz'[i] for i in by):2s} {np.dtype(dtype).name}  "
                   f"max {some[worst]:6.2f}  mean {finite.mean() if finite.size else math.nan:5.2f}  "
                   f"{'    ' if good else 'FAIL'}  at {at}, {mode.strip()}{note}"), good
