"""Minima: found by SciPy, with bounds or without, differentiated as the solutions of their equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine import modes
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import check_function, grad
from nbgrad.engine.tree import flatten
from nbgrad.errors import gradient_errors, solver_errors, value_errors
from nbgrad.ops.create import asarray
from nbgrad.ops.elementwise import subtract, where
from nbgrad.ops.shape import reshape
from nbgrad.solvers.implicit import Equation, State, all_args, host, refuse, slopes, solution
from nbgrad.solvers.roots import Start, on_arrays

_BY_VALUES = ("nelder-mead", "powell", "cobyla")              # methods of its minimize that take no gradient
_BY_HESSIAN = ("newton-cg", "dogleg", "trust-ncg", "trust-krylov", "trust-exact")
_BOUNDED = ("l-bfgs-b", "tnc", "nelder-mead") # methods that take bounds, and end on them exactly
_METHODS = ("cg", "bfgs", "l-bfgs-b", "tnc", *_BY_VALUES, *_BY_HESSIAN)
_NOT_OFFERED = {
    "constraints": ": a solution would have no derivative here. Solve for what constraints leave free, or "
                   "give nb.root the equations of the Lagrangian.",
    **dict.fromkeys(("jac", "hess", "hessp"), ": nbgrad computes derivatives of f itself. Leave it out."),
}


class _Bounds(NamedTuple):
    """The least and the greatest value of each element, as vectors; infinite ones where there is none."""

    low: Tensor
    high: Tensor

    def held(self, x: np.ndarray) -> np.ndarray:
        """(2, n): whether an element is at its lower, and at its upper bound."""
        near = 4 * np.spacing(np.maximum(np.abs(x), 1e-300))
        return np.array([x - host(self.low) <= near, host(self.high) - x <= near])


def _bounds(bounds: Any, state: State) -> _Bounds:
    """The user's bounds. Raises ShapeError unless they fit, ValueRangeError where nothing is between."""
    ends: list[Any]
    if hasattr(bounds, "lb"):
        ends = [np.broadcast_to(np.asarray(x, np.float64), (state.size,)) for x in (bounds.lb, bounds.ub)]
    else:
        pairs = [tuple(pair) for pair in bounds]
        if len(pairs) != state.size or any(len(pair) != 2 for pair in pairs):
            raise solver_errors.bounds_shape("minimize", f"{len(pairs)} entries", state.size)
        ends = [[none if end is None else end for end in side]
                for side, none in zip(zip(*pairs, strict=True), (-np.inf, np.inf), strict=True)]
    low, high = [astype(asarray(x, copy=None), state.dtype) for x in ends]
    if low.shape != (state.size,) or high.shape != (state.size,):
        raise solver_errors.bounds_shape("minimize", f"of shapes {low.shape} and {high.shape}", state.size)
    if not np.all(host(low) <= host(high)):
        raise value_errors.bad_value("minimize", "a lower bound is above its upper bound, or nan")
    return _Bounds(low, high)


def _bounded(gradient: Equation, x: Tensor, bounds: _Bounds) -> Equation:
    """The equation of a minimum within bounds: elements that a bound holds are there, others have slope 0.

    Raises SingularError if a derivative is asked for where it cannot be told which elements those are: a
    bound has to hold an element by more than the slopes that the search has left of the others.
    """
    values = host(x)
    g, (low, high) = host(gradient(x)), bounds.held(values)
    by_low, by_high = low & (g >= 0), high & (g < 0)
    held = by_low | by_high
    edge = where(as_tensor(by_low), bounds.low, bounds.high)

    def equation(x: Tensor) -> Tensor:
        return where(as_tensor(held), subtract(x, edge), gradient(x))

    if modes.orders(equation(x)):
        least = max(np.max(np.abs(g[~held]), initial=0.0), 1e-8)
        change = np.abs(np.linalg.lstsq(slopes(equation, x), host(equation(x)))[0])
        apart = np.minimum(values - host(bounds.low), host(bounds.high) - values)
        unsure = np.where(held, np.abs(g) <= least, (low | high) | (apart <= change)) & ~(low & high)
        if np.any(unsure):
            raise solver_errors.on_a_bound("minimize", np.flatnonzero(unsure).tolist())
    return equation


def minimize(f: Callable[..., Any], x0: Any, *more: Any, args: Any = (), method: str | None = None,
             bounds: Any = None, tol: float | None = None, callback: Callable[[Any], Any] | None = None,
             options: Mapping[str, Any] | None = None, **others: Any) -> Any:
    """Return x where f(x, *more, *args) has a minimum, as scipy.optimize.minimize finds it, with derivatives.

    f : returns a scalar
    x0 : where the search begins, a tree of floats, which the result has the form of; a list of numbers is a
        vector
    more, args : what else f is called with, by place or as SciPy's args. x has derivatives of any order, in
        both modes, in them and in all that f closes over: those of the equation that the gradient is 0
    method : of SciPy's without constraints; None: "BFGS", with bounds "L-BFGS-B". They get f's gradient by
        nbgrad, and its Hessian where they take one ("trust-exact", "Newton-CG", ...)
    bounds : a pair (low, high) for each element of x0, None where there is none, or a scipy.optimize.Bounds,
        for "L-BFGS-B", "TNC" and "Nelder-Mead". An element on a bound has the bound's derivative
    callback : called with x after each iteration
    tol, options : SciPy's
    others : SciPy's jac, hess, hessp and constraints, which are refused by name
    Derivatives are as exact as the gradient is near 0: give tol. Raises ConvergenceError with SciPy's
    message, SingularError where a derivative is being taken and the Hessian at the minimum is singular, or
    the solution is on a bound that does not hold it, GradientError if f gives no floating-point scalar,
    ValueRangeError for another method and for bounds, ShapeError for bounds that do not fit.

    >>> nb.minimize(lambda x, a: nb.sum((x - a) ** 2), np.zeros(2), np.array([1.0, 2.0]), tol=1e-9)
    tensor([1., 2.])
    >>> nb.grad(lambda a: nb.minimize(lambda x: x**4 / 4 - a * x, 1.0, tol=1e-9))(8.0)
    tensor(0.08333333)
    >>> nb.grad(lambda high: nb.minimize(lambda x: (x - 3) ** 2, 1.0, bounds=[(None, high)]))(2.0)
    tensor(1.)
    """
    check_function("minimize", f)
    refuse("minimize", others, _NOT_OFFERED)
    known = _METHODS if bounds is None else _BOUNDED
    name = (known[0] if bounds is not None else "bfgs") if method is None else str(method).lower()
    if name not in known:
        what = "method" if bounds is None else "with bounds, method"
        raise value_errors.bad_choice("minimize", what, method, known)
    start = Start("minimize", x0)
    inputs, limits = all_args(more, args), None if bounds is None else _bounds(bounds, start.state)

    def slope(state: State) -> Equation:
        return grad(lambda x: _scalar(f(state.tree(x), *inputs)))

    gradient = slope(start.wide)
    found = import_module("scipy.optimize").minimize(
        lambda x: float(on_arrays(lambda v: reshape(_scalar(f(start.wide.tree(v), *inputs)), (1,)))(x)[0]),
        start.values, jac=None if name in _BY_VALUES else on_arrays(gradient),
        hess=(lambda x: slopes(gradient, as_tensor(np.array(x)))) if name in _BY_HESSIAN else None,
        bounds=None if limits is None else np.stack([host(limits.low), host(limits.high)], 1),
        callback=None if callback is None else lambda x: callback(start.wide.tree(as_tensor(np.array(x)))),
        method=name, tol=tol, options=dict(options or {}))
    if not found.success:
        raise solver_errors.not_converged("minimize", str(found.message))
    x, equation = start.vector(found.x), slope(start.state)
    if limits is not None:
        equation = _bounded(equation, x, limits)
    return start.state.tree(solution("minimize", equation, x))


def _scalar(value: Any) -> Any:
    if len(flatten(value)[0]) != 1 or as_tensor(value).shape != ():
        raise gradient_errors.not_scalar("minimize", getattr(value, "shape", ()))
    return value
