"""Roots and fixed points: found by SciPy, differentiated as the solutions of their equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.engine.transforms import check_function, no_grad
from nbgrad.engine.tree import map_leaves
from nbgrad.errors import solver_errors, value_errors
from nbgrad.ops.elementwise import subtract
from nbgrad.solvers.implicit import Equation, State, all_args, host, refuse, slopes, solution, state_tree

_WITH_SLOPES = ("hybr", "lm")                 # methods of SciPy's root that take a Jacobian
_METHODS = (*_WITH_SLOPES, "broyden1", "broyden2", "anderson", "linearmixing", "diagbroyden",
            "excitingmixing", "krylov", "df-sane")
_NOT_OFFERED = {"jac": ": nbgrad computes the Jacobian. Leave it out.",
                "callback": ": let f say what it is called with."}
_ACCELERATED = ("del2", "iteration")


class Start:
    """Where a search begins: values alone, as what is found does not depend on it.

    state : the form of a solution; wide : the same in float64, in which it is searched for
    """

    state: State
    values: np.ndarray[Any, Any]
    wide: State

    def __init__(self, what: str, x0: Any) -> None:
        tree = state_tree(map_leaves(lambda x: tensor(raw(x)) if type(x) is Tensor else x, x0))
        self.state = State(what, tree)
        self.values = host(self.state.vector(tree))
        self.wide = State(what, map_leaves(lambda x: astype(x, np.float64), tree))

    def vector(self, x: Any) -> Tensor:
        """What was found, as a vector of the solution's dtype."""
        return as_tensor(np.array(x, self.state.dtype).reshape(self.state.size))


def on_arrays(f: Equation) -> Callable[[np.ndarray], np.ndarray]:
    """An equation as SciPy takes it, on arrays; nothing is recorded."""
    quiet = no_grad()(f)
    return lambda x: host(quiet(as_tensor(np.array(x, np.float64))))


def root(f: Callable[..., Any], x0: Any, *more: Any, args: Any = (), method: str = "hybr",
         tol: float | None = None, options: Mapping[str, Any] | None = None, **others: Any) -> Any:
    """Return x where f(x, *more, *args) = 0, as scipy.optimize.root finds it from x0, with its derivatives.

    f : returns as many numbers as x has; trees are taken
    x0 : where the search begins, a tree of floats, which the result has the form of; a list of numbers is a
        vector
    more, args : what else f is called with, by place or as SciPy's args. x has derivatives of any order, in
        both modes, in them and in all that f closes over: those of the equation, dx = -solve(df/dx, df/dargs
        dargs), whatever the search did
    method, tol, options : SciPy's. "hybr" and "lm" get f's Jacobian by nbgrad
    others : SciPy's jac and callback, which are refused by name
    Derivatives are as exact as the root is. Raises ConvergenceError with SciPy's message, SingularError where
    the Jacobian at the root is singular and a derivative is being taken, ShapeError for another number of
    results, ValueRangeError for another method, DtypeError where f is no function.

    >>> nb.root(lambda x, a: x**2 - a, 1.0, 2.0)
    tensor(1.41421356)
    >>> nb.grad(lambda a: nb.root(lambda x: x**2 - a, 1.0))(4.0)
    tensor(0.25)
    """
    check_function("root", f)
    refuse("root", others, _NOT_OFFERED)
    method = str(method).lower()
    if method not in _METHODS:
        raise value_errors.bad_choice("root", "method", method, _METHODS)
    start, inputs = Start("root", x0), all_args(more, args)

    def equation(state: State) -> Equation:
        return lambda x: _residual("root", f(state.tree(x), *inputs), state)

    wide = equation(start.wide)
    jac = (lambda x: slopes(wide, as_tensor(np.array(x)))) if method in _WITH_SLOPES else None
    search = import_module("scipy.optimize").root
    found = search(on_arrays(wide), start.values, jac=jac, method=method, tol=tol,
                   options=dict(options or {}))
    if not found.success:
        raise solver_errors.not_converged("root", str(found.message))
    return start.state.tree(solution("root", equation(start.state), start.vector(found.x)))


def _residual(what: str, found: Any, state: State) -> Tensor:
    """What f returned, a tree, as a vector. Raises ShapeError for another number of elements."""
    own = State(what, found)
    if own.size != state.size:
        raise solver_errors.other_size(what, own.size, state.size)
    return own.vector(found)


def fixed_point(f: Callable[..., Any], x0: Any, *more: Any, args: Any = (), method: str = "del2",
                xtol: float = 1e-8, maxiter: int = 500) -> Any:
    """Return x where f(x, *more, *args) = x, as scipy.optimize.fixed_point finds it, with its derivatives.

    f : of x, more and args, returns a tree of x's form
    x0 : where the iteration begins, a tree of floats, which the result has the form of; a list of numbers is
        a vector
    more, args : what else f is called with, by place or as SciPy's args. x has derivatives of any order, in
        both modes, in them and in all that f closes over: those of x - f(x) = 0, not of the iteration
    method, xtol, maxiter : SciPy's; "iteration" is not accelerated
    Derivatives are as exact as x is. Raises ConvergenceError with SciPy's message, SingularError where
    1 - df/dx is singular and a derivative is being taken, ShapeError, ValueRangeError for another method,
    DtypeError where f is no function.

    >>> nb.fixed_point(nb.cos, 1.0)
    tensor(0.73908513)
    >>> nb.grad(lambda a: nb.fixed_point(lambda x: nb.cos(a * x), 1.0))(1.0)
    tensor(-0.2974743...)
    """
    check_function("fixed_point", f)
    if method not in _ACCELERATED:
        raise value_errors.bad_choice("fixed_point", "method", method, _ACCELERATED)
    start, inputs = Start("fixed_point", x0), all_args(more, args)

    def following(state: State) -> Equation:
        return lambda x: _residual("fixed_point", f(state.tree(x), *inputs), state)

    search = import_module("scipy.optimize").fixed_point
    try:
        found = search(on_arrays(following(start.wide)), start.values, xtol=xtol, maxiter=maxiter,
                       method=method)
    except RuntimeError as error:
        raise solver_errors.not_converged("fixed_point", str(error)) from error
    after = following(start.state)
    return start.state.tree(solution("fixed_point", lambda x: subtract(x, after(x)), start.vector(found)))
