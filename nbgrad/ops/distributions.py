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
from nbgrad.ops.elementwise import exp, expm1, log, log1p, sqrt, square, where
from nbgrad.ops.host import values

Formula = Callable[..., Any]

_HARMLESS = 0.5                       # is in every support, and right for every parameter
_QUANTILES, _MOMENTS = ("ppf", "isf"), ("mean", "var", "std", "entropy")
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
    ppf: Callable[..., Tensor]
    isf: Callable[..., Tensor]
    mean: Callable[..., Tensor]
    var: Callable[..., Tensor]
    std: Callable[..., Tensor]

    def __init__(self, name: str, shapes: str, doc: str, example: str, right: Formula, logdensity: Formula,
                 moved: tuple[str, ...], **formulas: Formula) -> None:
        self.name, self.__module__ = name, "nbgrad.stats"
        self.shapes = tuple(shapes.split())
        self.right, self.logdensity, self.formulas = right, logdensity, formulas
        self.moved = moved
        for method in self.methods():
            setattr(self, method, partial(self._moment if method in _MOMENTS else self._call, method))
        call = "".join([f", {each}" for each in self.shapes] + [f", {each}={self._default(each)}"
                                                                for each in moved])
        self.call = f"({call.removeprefix(', ')})"
        self.__doc__ = (
            f"{doc}\n\nMethods, called as {self.density}(x{call}): {', '.join(self._functions())}; as "
            f"mean{self.call}: {', '.join(self._moments())}. All arguments broadcast.\n"
            f"{self._derivatives()} Raises ShapeError, DtypeError; AttributeError for a method that is not "
            f"there.\n\n>>> nb.stats.{name}.{example.replace(' -> ', chr(10))}")

    @staticmethod
    def _default(name: str) -> int:
        return 1 if name == "scale" else 0

    def _derivatives(self) -> str:
        return ("Derivatives: in all arguments; 0 outside the support, nan where the value is nan, at the "
                "edge of a density those from within.")

    def methods(self) -> list[str]:
        """The names of the functions that the distribution has."""
        return [*self._functions(), *self._moments()]

    def _functions(self) -> list[str]:
        return [self.density, f"log{self.density}", *_LIMITS, *_QUANTILES]

    def _moments(self) -> list[str]:
        return [name for name in _MOMENTS if name in self.formulas or name == "std"]

    def __repr__(self) -> str:
        return f"nb.stats.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def __getattr__(self, method: str) -> Any:
        known = [name for name, found in vars(self).items() if type(found) is partial]
        raise value_errors.no_method(f"stats.{vars(self).get('name')}", method, known)

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
            call = self.call if method in _MOMENTS else f"(x, {self.call[1:]}"
            raise value_errors.bad_call(f"stats.{self.name}.{method}", why, call)
        return [given.get(name, self._default(name)) for name in names]

    def _value(self, method: str, x: Tensor, shapes: list[Tensor], *moved: Tensor) -> Tensor:
        raise NotImplementedError

    def _moment(self, method: str, *args: Any, **kwargs: Any) -> Tensor:
        given = floats(*self._arguments(method, args, kwargs))
        shapes, moved = given[:len(self.shapes)], given[len(self.shapes):]
        z = self.formulas["var" if method == "std" else method](*shapes)
        z = z if type(z) is Tensor else as_tensor(moved[0].dtype.type(z))
        return marked(self._placed(method, sqrt(z) if method == "std" else z, *moved),
                      self._fits(shapes, *moved))

    def _placed(self, method: str, z: Tensor, *moved: Tensor) -> Tensor:
        """A moment of the distribution that is moved, and stretched."""
        raise NotImplementedError

    def _fits(self, shapes: list[Tensor], loc: Tensor, scale: Any = 1.0) -> Any:
        """Whether the parameters are right."""
        return all_of(less(0, scale), self.right(*shapes), equal(loc, loc))

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

    def __init__(self, name: str, shapes: str, doc: str, example: str, logdensity: Formula, *,
                 support: tuple[float, float] = (-math.inf, math.inf), powers: Formula | None = None,
                 right: Formula | None = None, **formulas: Formula) -> None:
        """powers: those with which the density goes near the two ends, of the shape parameters; isf: by
        default that of a distribution that is symmetric about 0.
        """
        self.support, self.powers = support, powers
        formulas.setdefault("isf", lambda q, *shapes: -formulas["ppf"](q, *shapes))
        super().__init__(name, shapes, doc, example, right or _positive, logdensity, ("loc", "scale"),
                         **formulas)

    def _value(self, method: str, x: Tensor, shapes: list[Tensor], *moved: Tensor) -> Tensor:
        loc, scale = moved
        right = all_of(self._fits(shapes, loc, scale), equal(x, x))
        if method in _QUANTILES:
            return self._quantile(method, x, right, shapes, loc, scale)
        far = isinf(x)
        y = where(far, stop_gradient(x), (where(far, 0.0, x) - loc) / scale)
        if method in _LIMITS:
            low, high = self.support
            inside = taken(right, less(low, y), less(y, high))
            y_inside = where(inside, y, _HARMLESS)
            return marked(self._probability(method, y_inside, inside, shapes, y <= low), right)
        return marked(self._density(method, y, right, shapes, scale), right)

    def _placed(self, method: str, z: Tensor, *moved: Tensor) -> Tensor:
        loc, scale = moved
        if method == "entropy":
            return z + log(scale)
        return z * scale + loc if method == "mean" else z * (square(scale) if method == "var" else scale)

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

    def _quantile(self, method: str, q: Tensor, right: Any, shapes: list[Tensor], loc: Tensor,
                  scale: Tensor) -> Tensor:
        right = all_of(right, q >= 0, q <= 1)
        inside = taken(right, less(0, q), less(q, 1))
        ends = self.support if method == "ppf" else self.support[::-1]
        low, high = [end if math.isfinite(end) else 0.0 for end in ends]
        y = self.formulas[method](where(inside, q, _HARMLESS), *shapes)
        z = where(inside, y, either(q, less(q, 0.5), low, high)) * scale + loc
        for end, limit in zip(ends, (0, 1), strict=True):
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
        return ("Derivatives: in the shape parameters, none in x and loc, of quantiles none; nan where the "
                "value is nan.")

    def _value(self, method: str, x: Tensor, shapes: list[Tensor], *moved: Tensor) -> Tensor:
        if method in _QUANTILES:
            return self._quantile(method, *map(stop_gradient, (x, moved[0], *shapes)))
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


    def _placed(self, method: str, z: Tensor, *moved: Tensor) -> Tensor:
        return z + moved[0] if method == "mean" else z

    def _quantile(self, method: str, q: Tensor, loc: Tensor, *shapes: Tensor) -> Tensor:
        """The least integer with at least the probability q up to it, or at most q beyond it."""
        right = all_of(self._fits([*shapes], loc), q >= 0, q <= 1)
        inside, last = all_of(right, less(0, q), less(q, 1)), astype(as_tensor(self.last(*shapes)), q.dtype)
        share = self.formulas["cdf" if method == "ppf" else "sf"]

        def enough(k: np.ndarray) -> np.ndarray:
            known = all_of(inside, less(k, last))
            p = share(where(known, k, 0.0), *shapes)
            return values(logical_or(logical_not(known), q <= p if method == "ppf" else p <= q))

        first, end = (-1.0, last) if method == "ppf" else (last, -1.0)
        z = where(inside, least(enough, q.dtype), where(less(q, 0.5), first, end))
        return marked(z + loc, right)


def least(enough: Callable[[np.ndarray], np.ndarray], dtype: np.dtype) -> np.ndarray:
    """The least natural numbers for which a condition holds that holds for all greater ones, by halves."""
    low, high = dtype.type(-1), dtype.type(0)
    while not np.all(done := enough(high)):
        low, high = np.where(done, low, high), np.where(done, high, 2 * high + 1)
    while np.any((middle := np.ceil((low + high) / 2)) < high):
        done = enough(middle)
        low, high = np.where(done, low, middle), np.where(done, middle, high)
    return np.broadcast_to(high, done.shape)


def _positive(*shapes: Tensor) -> Any:
    """Whether shape parameters are positive numbers, as most must be."""
    return all_of(True, *[logical_and(less(0, each), isfinite(each)) for each in shapes])
