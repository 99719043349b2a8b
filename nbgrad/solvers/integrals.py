"""Integrals over an interval, by SciPy's adaptive quadrature, and their derivatives, by the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine import modes
from nbgrad.engine.arguments import is_float
from nbgrad.engine.graph import Op, apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor, unwrap, wrap
from nbgrad.engine.transforms import check_function, jvp, vjp
from nbgrad.engine.tree import flatten
from nbgrad.errors import gradient_errors, solver_errors, value_errors
from nbgrad.ops.create import asarray
from nbgrad.ops.elementwise import add, cos, divide, multiply, negative, sin, subtract
from nbgrad.ops.reduce import sum
from nbgrad.ops.shape import reshape
from nbgrad.solvers.implicit import State, all_args, held, host, refuse

_WAVES = {"cos": cos, "sin": sin}
_ENDS = ("alg", "alg-loga", "alg-logb", "alg-log")           # weights that the limits are part of
_WEIGHTS = (*_WAVES, *_ENDS, "cauchy")
_NOT_OFFERED = {"full_output": ": the integral alone is returned. Leave it out.",
                "wopts": ": moments are computed anew. Leave it out.",
                "complex_func": ". Integrate nb.real(f) and nb.imag(f) each by itself."}
Integrand = Callable[..., Tensor]             # of a number and arrays -> a vector


class _Integral(Op):
    """The integral of a vector from the first input to the second; the others are those of the integrand.

    Its derivatives are integrals of derivatives of the integrand, each as exact as the tolerances say, and of
    the same weight.
    """

    def __init__(self, f: Integrand, count: int, options: dict[str, Any], name: str) -> None:
        self.f, self.count, self.options, self.name = f, count, options, name

    def run(self, *xs: Any, **params: Any) -> Any:
        inputs, known = list(map(tensor, xs[2:])), dict[float, np.ndarray]()

        def at(t: float) -> np.ndarray:
            if t not in known:
                found = self.f(as_tensor(t), *inputs)
                if found.trace is not None:
                    raise gradient_errors.not_an_argument(self.name)
                known[t] = host(found)
            return known[t]

        a, b = [float(host(x)) for x in xs[:2]]
        quadrature = import_module("scipy.integrate").quad
        found = [_checked(self.name, quadrature(lambda t, k=k: at(t)[k], a, b, full_output=1, **self.options))
                 for k in range(self.count)]
        return raw(as_tensor(np.array(found)))

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        return xs, wanted

    def _end(self, place: int, xs: Sequence[Any]) -> Tensor:
        """The derivative by a limit."""
        if not np.isfinite(host(xs[place])):
            raise solver_errors.infinite_limit(self.name)
        t = astype(wrap(xs[place]), np.float64)
        z = multiply(self.f(t, *map(wrap, xs[2:])), _weight(self.name, t, self.options))
        return negative(z) if place == 0 else z

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, wanted = memo
        found: list[Any] = [unwrap(astype(sum(multiply(wrap(g), self._end(i, xs))), xs[i].dtype))
                            if want else None for i, want in enumerate(wanted[:2])] + [None] * (len(xs) - 2)
        moving = [i for i, want in enumerate(wanted[2:]) if want]
        if not moving:
            return found
        state = State(self.name, [wrap(xs[i + 2]) for i in moving])

        def slopes(t: Tensor, g: Tensor, *inputs: Tensor) -> Tensor:
            along = held(functools.partial(self.f, t), inputs, moving)
            return state.vector(vjp(along, *[inputs[i] for i in moving])[1](g))

        op = _Integral(slopes, state.size, self.options, self.name)
        z = apply(op, [wrap(x) for x in (*xs[:2], g, *xs[2:])])
        for i, c in zip(moving, state.tree(z), strict=True):
            found[i + 2] = unwrap(c)
        return found

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        parts = [multiply(astype(wrap(ts[i]), np.float64), self._end(i, xs)) for i in (0, 1)
                 if ts[i] is not None]
        moving, count = [i for i, t in enumerate(ts[2:]) if t is not None], len(xs) - 2
        if moving:
            def slopes(t: Tensor, *both: Tensor) -> Tensor:
                along = held(functools.partial(self.f, t), both[:count], moving)
                return jvp(along, [both[i] for i in moving], both[count:])[1]

            op = _Integral(slopes, self.count, self.options, self.name)
            parts.append(apply(op, [*map(wrap, xs), *[wrap(ts[i + 2]) for i in moving]]))
        return unwrap(functools.reduce(add, parts))


def _checked(what: str, found: tuple[Any, ...]) -> float:
    """The value of a quadrature. Raises ConvergenceError with SciPy's message if there is one."""
    if len(found) > 3:
        raise solver_errors.not_converged(what, found[3])
    return float(found[0])


def _weight(what: str, t: Tensor, options: Mapping[str, Any]) -> Tensor | float:
    """The weight that options say, at a limit."""
    kind, of = options["weight"], options["wvar"]
    if kind is None:
        return 1.0
    if kind == "cauchy":
        return divide(1.0, subtract(t, of))
    if kind in _WAVES:
        return _WAVES[kind](multiply(t, of))
    raise solver_errors.weighted_limit(what, kind)


def _limit(x: Any) -> Tensor:
    """A limit as a Tensor of a float. Raises ShapeError unless it is one number, ValueRangeError for nan."""
    x = as_tensor(x)
    if x.shape != ():
        raise solver_errors.limit_shape("quad", x.shape)
    if np.isnan(host(x)):
        raise value_errors.bad_value("quad", "a limit is nan")
    return x if is_float(x) else astype(x, np.float64)


def _constants(name: str, given: Any) -> Any:
    """What the quadrature is told by numbers. Raises GradientError if a derivative is being taken by them."""
    if given is None:
        return None
    found = asarray(given, copy=None)
    if modes.orders(found):
        raise solver_errors.constant_option("quad", name)
    return host(found).tolist()


def _check(options: Mapping[str, Any], finite: bool) -> None:
    """Raise ValueRangeError for options that do not go together, or with infinite limits."""
    weight, of = options["weight"], options["wvar"]
    if weight not in (None, *_WEIGHTS):
        raise value_errors.bad_choice("quad", "weight", weight, _WEIGHTS)
    if options["points"] is not None and (weight is not None or not finite):
        raise value_errors.bad_value("quad", "points go neither with a weight nor with infinite limits")
    if weight is None and of is not None:
        raise value_errors.bad_value("quad", f"wvar={of} needs a weight")
    if weight is not None and np.shape(of) != ((2,) if weight in _ENDS else ()):
        raise value_errors.bad_value("quad", f"weight={weight!r} needs wvar, "
                                     f"{'a pair of exponents' if weight in _ENDS else 'a number'}, got {of}")
    if weight is not None and weight not in _WAVES and not finite:
        raise value_errors.bad_value("quad", f"weight={weight!r} needs finite limits")


def quad(f: Callable[..., Any], a: Any, b: Any, *more: Any, args: Any = (), epsabs: float = 1.49e-8,
         epsrel: float = 1.49e-8, limit: int = 50, points: Any = None, weight: str | None = None,
         wvar: Any = None, maxp1: int = 50, limlst: int = 50, **others: Any) -> Tensor:
    """Return the integral of f(t, *more, *args) from a to b, by scipy.integrate.quad, with its derivatives.

    f : of one number, returns one number
    a, b : numbers; infinite ones have no derivative
    more, args : what else f is called with, trees, by place or as SciPy's args. The integral has derivatives
        of any order, in both modes, in a, b and the floats of args: by a limit that of f there, by args the
        integral of f's derivative, found to the same tolerances. What f closes over must not be
        differentiated by: that is refused
    epsabs, epsrel, limit, maxp1, limlst : SciPy's
    points, weight, wvar : SciPy's; constants, by which no derivative is taken. With a weight "alg" and its
        kin there is none in a and b
    others : SciPy's full_output, wopts and complex_func, which are refused by name
    Raises ConvergenceError with SciPy's message where it is not sure of the value, ShapeError for an f that
    gives no single number, GradientError for a derivative by an infinite limit, or by what is no argument,
    ValueRangeError for limits, points and weights that SciPy does not take.

    >>> nb.quad(lambda t, k: nb.exp(-k * t), 0.0, np.inf, 2.0)
    tensor(0.5)
    >>> nb.grad(lambda k: nb.quad(lambda t, k: nb.exp(-k * t), 0.0, np.inf, k))(2.0)
    tensor(-0.25)
    """
    check_function("quad", f)
    refuse("quad", others, _NOT_OFFERED)
    leaves, rebuild = flatten(all_args(more, args))
    leaves = [wrap(x) if type(x) is Tensor else x for x in leaves]        # what they are now
    moving = [k for k, x in enumerate(leaves) if is_float(x)]

    def integrand(t: Tensor, *xs: Tensor) -> Tensor:
        z = as_tensor(held(lambda *every: f(t, *rebuild(list(every))), leaves, moving)(*xs))
        if int(np.prod(z.shape)) != 1:
            raise solver_errors.integrand_shape("quad", z.shape)
        return reshape(z, (1,))

    options = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit, "points": _constants("points", points),
               "weight": weight, "wvar": _constants("wvar", wvar), "maxp1": maxp1, "limlst": limlst}
    limits = [_limit(a), _limit(b)]
    _check(options, bool(np.isfinite([host(x) for x in limits]).all()))
    op = _Integral(integrand, 1, options, "quad")
    return reshape(apply(op, [*limits, *[as_tensor(leaves[k]) for k in moving]]), ())
