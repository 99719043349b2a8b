"""What distributions have in common: how they are called, moved and stretched, and where they end.

Outside the support of a distribution its formulas are evaluated at a number that does no harm, and what
they give is not taken: so derivatives are 0 there. Where a parameter is not right, value and derivatives
are nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import stop_gradient
from nbgrad.errors import value_errors
from nbgrad.ops.compare import equal, floor, isfinite, isinf, less, logical_and, logical_not, logical_or
from nbgrad.ops.elementwise import exp, expm1, log, log1p, where

Formula = Callable[..., Any]

_HARMLESS = 0.5                       # is in every support, and right for every parameter
_METHODS = ("pdf", "logpdf", "pmf", "logpmf", "cdf", "sf", "logcdf", "logsf", "ppf")
_LIMITS = {"cdf": (0.0, 1.0), "sf": (1.0, 0.0), "logcdf": (-math.inf, 0.0), "logsf": (0.0, -math.inf)}


def floats(*arrays: Any) -> list[Tensor]:
    """Numbers in the float dtype of those that are arrays of floats, else in float64."""
    kinds = [x.dtype for x in arrays if hasattr(x, "dtype") and x.dtype.kind in "fc"]
    dtype = np.result_type(*kinds) if kinds else np.dtype(np.float64)
    return [astype(as_tensor(x), dtype) for x in arrays]


def all_of(*conditions: Any) -> Any:
    found = conditions[0]
    for each in conditions[1:]:
        found = logical_and(found, each)
    return found


def log_of(p: Tensor, rest: Tensor) -> Tensor:
    """log(p) of a probability, by that of the contrary where that is smaller; -inf where p underflows."""
    small, none = less(p, 0.5), equal(p, 0)
    found = where(small, log(where(logical_or(none, logical_not(small)), 0.5, p)),
                  log1p(-where(small, 0.5, rest)))
    return where(none, -math.inf, found)


def log_of_rest(u: Tensor) -> Tensor:
    """log(1 - exp(-u)) for positive u."""
    near = less(u, math.log(2))
    return where(near, log(-expm1(-where(near, u, 0.5))), log1p(-exp(-where(near, 1.0, u))))


def either(like: Tensor, condition: Any, one: float, other: float) -> Tensor:
    """One of two numbers, in the dtype of an array."""
    return where(condition, like.dtype.type(one), other)


def taken(right: Any, *conditions: Any) -> Any:
    """Where a formula is taken: where all conditions hold, and where something is not right, so that its
    derivatives become nan.
    """
    return logical_or(logical_not(right), all_of(*conditions))


def marked(z: Tensor, right: Any) -> Tensor:
    """z, and nan with nan for derivatives where something is not right."""
    return z * either(z, right, 1.0, math.nan)


class Distribution:
    """A distribution under its name in scipy.stats: `logpdf(x, shape parameters, loc=0, scale=1)` ..."""

    density: str = "pdf"
    name: str
    shapes: tuple[str, ...]
    right: Formula
    logdensity: Formula
    formulas: dict[str, Formula]
    moved: tuple[str, ...]
    call: str
    cdf: Callable[..., Tensor]
    sf: Callable[..., Tensor]
    logcdf: Callable[..., Tensor]
    logsf: Callable[..., Tensor]

    def __init__(self, name: str, shapes: str, doc: str, example: str, right: Formula, logdensity: Formula,
                 moved: tuple[str, ...], **formulas: Formula) -> None:
        self.name, self.__module__ = name, "nbgrad.stats"
        self.shapes = tuple(shapes.split())
        self.right, self.logdensity, self.formulas = right, logdensity, formulas
        self.moved = moved
        for method in self.methods():
            setattr(self, method, partial(self._call, method))
        call = "".join([f", {each}" for each in self.shapes] + [f", {each}={self._default(each)}"
                                                                for each in moved])
        self.call = f"(x{call})"
        self.__doc__ = (
            f"{doc}\n\nMethods, called as {self.density}{self.call}: {', '.join(self.methods())}. All "
            f"arguments broadcast.\n{self._derivatives()} Raises ShapeError, DtypeError; AttributeError for "
            f"a method that is not there.\n\n>>> nb.stats.{name}.{example.replace(' -> ', chr(10))}")

    @staticmethod
    def _default(name: str) -> int:
        return 1 if name == "scale" else 0

    def _derivatives(self) -> str:
        return ("Derivatives: in all arguments; 0 outside the support, nan where the value is nan, at the "
                "edge of a density those from within.")

    def methods(self) -> list[str]:
        """The names of the functions that the distribution has."""
        return [self.density, f"log{self.density}", *_LIMITS, *["ppf"] * ("ppf" in self.formulas)]

    def __repr__(self) -> str:
        return f"nb.stats.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def __getattr__(self, method: str) -> Any:
        raise AttributeError(f"nb.stats.{vars(self).get('name')} has no {method!r}; it has "
                             f"{', '.join(name for name in vars(self) if name in _METHODS)}")

    def _call(self, method: str, x: Any, *args: Any, **kwargs: Any) -> Tensor:
        x, *given = floats(x, *self._arguments(method, args, kwargs))
        return self._value(method, x, given[:len(self.shapes)], *given[len(self.shapes):])

    def _arguments(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The parameters in their order. Raises DtypeError for a call that does not give them."""
        names = (*self.shapes, *self.moved)
        given = dict(zip(names, args, strict=False))
        wrong = [name for name in kwargs if name in given or name not in names]
        given |= kwargs
        missing = [name for name in self.shapes if name not in given]
        if len(args) > len(names) or wrong or missing:
            why = (f"got {len(args)} parameters for {len(names)}" if len(args) > len(names) else
                   f"{wrong[0]}= is given twice or is none of its parameters" if wrong else
                   f"{missing[0]} is missing")
            raise value_errors.bad_call(f"stats.{self.name}.{method}", why, self.call)
        return [given.get(name, self._default(name)) for name in names]

    def _value(self, method: str, x: Tensor, shapes: list[Tensor], *moved: Tensor) -> Tensor:
        raise NotImplementedError

    def _probability(self, method: str, y: Tensor, inside: Any, shapes: list[Tensor], below: Any) -> Tensor:
        """cdf, sf, logcdf or logsf: by their formula inside, by their limits at and beyond the edges."""
        low, high = _LIMITS[method]
        if method in self.formulas:
            found = self.formulas[method](y, *shapes)
        else:
            parts = [self.formulas[each](y, *shapes) for each in ("cdf", "sf")]
            found = log_of(*(parts if method == "logcdf" else parts[::-1]))
        return where(inside, found, either(y, below, low, high))


class Continuous(Distribution):
    """A distribution with a density on an interval, moved by loc and stretched by scale."""

    support: tuple[float, float]
    powers: Formula | None
    pdf: Callable[..., Tensor]
    logpdf: Callable[..., Tensor]
    ppf: Callable[..., Tensor]

    def __init__(self, name: str, shapes: str, doc: str, example: str, logdensity: Formula, *,
                 support: tuple[float, float] = (-math.inf, math.inf), powers: Formula | None = None,
                 right: Formula | None = None, **formulas: Formula) -> None:
        """powers: those with which the density goes near the two ends, of the shape parameters."""
        self.support, self.powers = support, powers
        super().__init__(name, shapes, doc, example, right or _positive, logdensity, ("loc", "scale"),
                         **formulas)

    def _value(self, method: str, x: Tensor, shapes: list[Tensor], *moved: Tensor) -> Tensor:
        loc, scale = moved
        right = all_of(less(0, scale), self.right(*shapes), equal(x, x), equal(loc, loc))
        if method == "ppf":
            return self._quantile(x, right, shapes, loc, scale)
        far = isinf(x)
        y = where(far, stop_gradient(x), (where(far, 0.0, x) - loc) / scale)
        if method in _LIMITS:
            low, high = self.support
            inside = taken(right, less(low, y), less(y, high))
            y_inside = where(inside, y, _HARMLESS)
            return marked(self._probability(method, y_inside, inside, shapes, y <= low), right)
        return marked(self._density(method, y, right, shapes, scale), right)

    def _density(self, method: str, y: Tensor, right: Any, shapes: list[Tensor], scale: Tensor) -> Tensor:
        low, high = self.support
        inside, beyond = taken(right, low <= y, y <= high, isfinite(y)), y.dtype.type(-math.inf)
        for end, power in zip(self.support, self.powers(*shapes) if self.powers else (), strict=False):
            pole = logical_and(equal(y, end), logical_not(equal(power, 0)))
            inside = logical_and(inside, logical_not(pole))
            beyond = where(logical_and(pole, less(power, 0)), math.inf, beyond)
        z = self.logdensity(where(inside, y, _HARMLESS), *shapes) - log(scale)
        if method == "logpdf":
            return where(inside, z, beyond)
        return where(inside, exp(z), exp(as_tensor(beyond)))

    def _quantile(self, q: Tensor, right: Any, shapes: list[Tensor], loc: Tensor, scale: Tensor) -> Tensor:
        right = all_of(right, q >= 0, q <= 1)
        inside = taken(right, less(0, q), less(q, 1))
        low, high = [end if math.isfinite(end) else 0.0 for end in self.support]
        y = self.formulas["ppf"](where(inside, q, _HARMLESS), *shapes)
        z = where(inside, y, either(q, less(q, 0.5), low, high)) * scale + loc
        for end, limit in zip(self.support, (0, 1), strict=True):
            z = where(equal(q, limit), end, z) if math.isinf(end) else z
        return marked(z, right)


class Discrete(Distribution):
    """A distribution of integers from 0 to a last one, moved by loc."""

    density = "pmf"

    def __init__(self, name: str, shapes: str, doc: str, example: str, logdensity: Formula, *, last: Formula,
                 right: Formula, **formulas: Formula) -> None:
        self.last = last
        super().__init__(name, shapes, doc, example, right, logdensity, ("loc",), **formulas)

    def _derivatives(self) -> str:
        return "Derivatives: in the shape parameters, none in x and loc; nan where the value is nan."

    def _value(self, method: str, x: Tensor, shapes: list[Tensor], *moved: Tensor) -> Tensor:
        k = stop_gradient(x - moved[0])
        right = all_of(self.right(*shapes), equal(k, k))
        last = stop_gradient(as_tensor(self.last(*shapes)))
        if method in _LIMITS:
            k = floor(k)
            inside = taken(right, k >= 0, less(k, last))
            k_inside = where(inside, k, 0.0)
            return marked(self._probability(method, k_inside, inside, shapes, less(k, 0)), right)
        inside = taken(right, k >= 0, k <= last, equal(k, floor(k)), isfinite(k))
        k = where(inside, k, 0.0)
        if method == "logpmf":
            return marked(where(inside, self.logdensity(k, *shapes), -math.inf), right)
        mass = self.formulas.get("pmf") or (lambda *given: exp(self.logdensity(*given)))
        return marked(where(inside, mass(k, *shapes), 0.0), right)


def _positive(*shapes: Tensor) -> Any:
    """Whether shape parameters are positive numbers, as most must be."""
    return all_of(True, *[logical_and(less(0, each), isfinite(each)) for each in shapes])
