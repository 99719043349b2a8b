"""Roots, fixed points and minima: found by SciPy, differentiated as the solutions of their equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.engine.transforms import check_function, grad, no_grad
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.errors import gradient_errors, solver_errors, value_errors
from nbgrad.ops.elementwise import subtract
from nbgrad.ops.shape import reshape
from nbgrad.solvers.implicit import Equation, State, host, slopes, solution

_WITH_SLOPES = ("hybr", "lm")                 # methods of SciPy's root that take a Jacobian
_BY_VALUES = ("nelder-mead", "powell", "cobyla")              # methods of its minimize that take no gradient
_BY_HESSIAN = ("newton-cg", "dogleg", "trust-ncg", "trust-krylov", "trust-exact")
_METHODS = ("cg", "bfgs", "l-bfgs-b", "tnc", *_BY_VALUES, *_BY_HESSIAN)


def _constant(tree: Any) -> Any:
    """A tree of values alone: what is found does not depend on where the search began."""
    return map_leaves(lambda x: tensor(raw(x)) if type(x) is Tensor else x, tree)


def _on_arrays(f: Equation) -> Callable[[np.ndarray], np.ndarray]:
    """An equation as SciPy takes it, on arrays; nothing is recorded."""
    quiet = no_grad()(f)
    return lambda x: host(quiet(as_tensor(np.array(x, np.float64))))


def root(f: Callable[..., Any], x0: Any, *args: Any, method: str = "hybr", tol: float | None = None,
         options: Mapping[str, Any] | None = None) -> Any:
    """Return x where f(x, *args) = 0, as scipy.optimize.root finds it from x0, with its derivatives.

    f : returns as many numbers as x has; trees are taken
    x0 : where the search begins, a tree of floats, which the result has the form of
    args : what else f is called with. x has derivatives of any order, in both modes, in them and in all that
        f closes over: those of the equation, dx = -solve(df/dx, df/dargs dargs), whatever the search did
    method, tol, options : SciPy's. "hybr" and "lm" get f's Jacobian by nbgrad
    Derivatives are as exact as the root is. Raises ConvergenceError with SciPy's message, SingularError where
    the Jacobian at the root is singular and a derivative is being taken, ShapeError for another number of
    results, DtypeError where f is no function.

    >>> nb.root(lambda x, a: x**2 - a, 1.0, 2.0)
    tensor(1.41421356)
    >>> nb.grad(lambda a: nb.root(lambda x: x**2 - a, 1.0))(4.0)
    tensor(0.25)
    """
    check_function("root", f)
    x0 = _constant(x0)
    state = State("root", x0)

    def equation(x: Tensor) -> Tensor:
        return _residual("root", f(state.tree(x), *args), state)

    values = _on_arrays(equation)
    jac = (lambda x: slopes(equation, as_tensor(np.array(x)))) if method in _WITH_SLOPES else None
    search = import_module("scipy.optimize").root
    found = search(values, host(state.vector(x0)), jac=jac, method=method, tol=tol,
                   options=dict(options or {}))
    if not found.success:
        raise solver_errors.not_converged("root", str(found.message))
    return state.tree(solution("root", equation, _as_vector(found.x, state)))


def _as_vector(x: Any, state: State) -> Tensor:
    return as_tensor(np.array(x, np.float64).reshape(state.size))


def _residual(what: str, found: Any, state: State) -> Tensor:
    """What f returned, a tree, as a vector. Raises ShapeError for another number of elements."""
    own = State(what, found)
    if own.size != state.size:
        raise solver_errors.other_size(what, own.size, state.size)
    return own.vector(found)


def fixed_point(f: Callable[..., Any], x0: Any, *args: Any, method: str = "del2", xtol: float = 1e-8,
                maxiter: int = 500) -> Any:
    """Return x where f(x, *args) = x, as scipy.optimize.fixed_point finds it from x0, with its derivatives.

    f : of x and args, returns a tree of x's form
    x0 : where the iteration begins, a tree of floats, which the result has the form of
    args : what else f is called with. x has derivatives of any order, in both modes, in them and in all that
        f closes over: those of x - f(x, *args) = 0, not of the iteration
    method, xtol, maxiter : SciPy's; "iteration" is not accelerated
    Derivatives are as exact as x is. Raises ConvergenceError with SciPy's message, SingularError where
    1 - df/dx is singular and a derivative is being taken, ShapeError, DtypeError where f is no function.

    >>> nb.fixed_point(nb.cos, 1.0)
    tensor(0.73908513)
    >>> nb.grad(lambda a: nb.fixed_point(lambda x: nb.cos(a * x), 1.0))(1.0)
    tensor(-0.2974743...)
    """
    check_function("fixed_point", f)
    x0 = _constant(x0)
    state = State("fixed_point", x0)

    def following(x: Tensor) -> Tensor:
        return _residual("fixed_point", f(state.tree(x), *args), state)

    def equation(x: Tensor) -> Tensor:
        return subtract(x, following(x))

    search = import_module("scipy.optimize").fixed_point
    try:
        found = search(_on_arrays(following), host(state.vector(x0)), xtol=xtol, maxiter=maxiter,
                       method=method)
    except RuntimeError as error:
        raise solver_errors.not_converged("fixed_point", str(error)) from error
    return state.tree(solution("fixed_point", equation, _as_vector(found, state)))


def minimize(f: Callable[..., Any], x0: Any, *args: Any, method: str = "BFGS", tol: float | None = None,
             options: Mapping[str, Any] | None = None) -> Any:
    """Return x where f(x, *args) has a local minimum, as scipy.optimize.minimize finds it, with derivatives.

    f : returns a scalar
    x0 : where the search begins, a tree of floats, which the result has the form of
    args : what else f is called with. x has derivatives of any order, in both modes, in them and in all that
        f closes over: those of the equation that the gradient is 0
    method, tol, options : SciPy's; of the methods without bounds and constraints. They get f's gradient by
        nbgrad, and its Hessian where they take one ("trust-exact", "Newton-CG", ...)
    Derivatives are as exact as the gradient is near 0: give tol. Raises ConvergenceError with SciPy's
    message, SingularError where the Hessian at the minimum is singular and a derivative is being taken,
    GradientError if f gives no floating-point scalar, ValueRangeError for another method.

    >>> nb.minimize(lambda x, a: nb.sum((x - a) ** 2), np.zeros(2), np.array([1.0, 2.0]), tol=1e-9)
    tensor([1., 2.])
    >>> nb.grad(lambda a: nb.minimize(lambda x: x**4 / 4 - a * x, 1.0, tol=1e-9))(8.0)
    tensor(0.08333333)
    """
    check_function("minimize", f)
    if method.lower() not in _METHODS:
        raise value_errors.bad_choice("minimize", "method", method, _METHODS)
    x0 = _constant(x0)
    state = State("minimize", x0)

    def objective(x: Tensor) -> Any:
        value = f(state.tree(x), *args)
        if len(flatten(value)[0]) != 1 or as_tensor(value).shape != ():
            raise gradient_errors.not_scalar("minimize", getattr(value, "shape", ()))
        return value

    gradient = grad(objective)
    name = method.lower()
    found = import_module("scipy.optimize").minimize(
        lambda x: float(_on_arrays(lambda v: reshape(objective(v), (1,)))(x)[0]), host(state.vector(x0)),
        jac=None if name in _BY_VALUES else _on_arrays(gradient),
        hess=(lambda x: slopes(gradient, as_tensor(np.array(x)))) if name in _BY_HESSIAN else None,
        method=method, tol=tol, options=dict(options or {}))
    if not found.success:
        raise solver_errors.not_converged("minimize", str(found.message))
    return state.tree(solution("minimize", gradient, _as_vector(found.x, state)))
