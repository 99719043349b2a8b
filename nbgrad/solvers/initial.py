"""Initial value problems, differentiated through the steps of their solution or by the adjoint equation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine.arguments import is_float
from nbgrad.engine.graph import Op, Tangents, apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor, unwrap, wrap
from nbgrad.engine.transforms import check_function, vjp
from nbgrad.engine.tree import flatten, form, map_leaves
from nbgrad.errors import gradient_errors, solver_errors, value_errors
from nbgrad.ops.contract import vecdot
from nbgrad.ops.create import asarray
from nbgrad.ops.elementwise import add, multiply, negative
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat, stack
from nbgrad.solvers.implicit import State, held, host, state_tree
from nbgrad.solvers.steps import Control
from nbgrad.solvers.walk import METHODS, states_at

_GRADIENTS = ("direct", "adjoint")


class _Adjoint(Op):
    """The states at all times, as one op of the first state, the times and the field's arguments.

    Nothing of the steps is kept: the way back solves the equation of the cotangents, which is of the same
    kind, and by the same steps.
    """

    def __init__(self, f: Callable[..., Tensor], control: Control) -> None:
        self.f, self.control, self.name = f, control, control.name

    def _solved(self, y: Tensor, times: Tensor, *xs: Tensor) -> Tensor:
        return states_at(lambda t, y: self.f(t, y, *xs), y, listed(times), self.control)

    def run(self, *xs: Any, **params: Any) -> Any:
        z = self._solved(*map(tensor, xs))
        if z.trace is not None:
            raise gradient_errors.not_an_argument(self.name)
        return raw(z)

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        return xs, z, wanted

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        trace = Tangents()
        z = self._solved(*[wrap(x) if t is None else tensor(x, trace, t)
                           for x, t in zip(xs, ts, strict=True)])
        return z.mark if z.trace is trace else None

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, z, wanted = memo
        y0, times, *inputs = map(wrap, xs)
        z, g, n = wrap(z), wrap(g), y0.shape[0]
        moving = [i for i, want in enumerate(wanted[2:]) if want]
        state = State(self.name, [inputs[i] for i in moving]) if moving else None

        def backward(t: Tensor, both: Tensor) -> Tensor:
            y, a = getitem(both, slice(0, n)), getitem(both, slice(n, 2 * n))
            along = held(functools.partial(self.f, t), (y, *inputs), [0, *[i + 1 for i in moving]])
            slope, pullback = vjp(along, y, *[inputs[i] for i in moving])
            of_y, *of_inputs = pullback(a)
            rates = [of_y] if state is None else [of_y, state.vector(of_inputs)]
            return concat([slope, *map(negative, rates)], 0)

        back = self.control._replace(jac=None)                # the user's is of the way there
        every, rest = listed(times), as_tensor(np.zeros(0 if state is None else state.size, y0.dtype))
        a, of_times = getitem(g, -1), [multiply(getitem(times, 0), 0.0)] * len(every)
        for i in range(len(every) - 1, 0, -1):
            of_times[i] = vecdot(getitem(g, i), self.f(every[i], getitem(z, i), *inputs))
            ahead = concat([getitem(z, i), a, rest], 0)
            both = getitem(states_at(backward, ahead, [every[i], every[i - 1]], back), -1)
            a, rest = getitem(both, slice(n, 2 * n)), getitem(both, slice(2 * n, None))
            if i == 1:
                of_times[0] = negative(vecdot(a, self.f(every[0], y0, *inputs)))
            a = add(a, getitem(g, i - 1))
        found: list[Any] = [a, astype(stack(of_times), times.dtype)] + [None] * len(inputs)
        for i, c in zip(moving, [] if state is None else state.tree(rest), strict=True):
            found[i + 2] = c
        return [unwrap(c) if want and c is not None else None for c, want in zip(found, wanted, strict=True)]


def listed(times: Tensor) -> list[Tensor]:
    return [getitem(times, i) for i in range(times.shape[0])]


class Problem:
    """A field on trees as one on vectors."""

    state: State
    name: str
    f: Callable[..., Any]
    y0: Tensor
    form: str
    rebuild: Callable[[list[Any]], Any]
    leaves: list[Any]
    moving: list[int]
    inputs: list[Tensor]

    def __init__(self, name: str, f: Callable[..., Any], y0: Any, args: Sequence[Any]) -> None:
        y0 = state_tree(y0)
        self.state, self.name, self.f = State(name, y0), name, f
        self.y0, self.form = self.state.vector(y0), form(y0)
        leaves, self.rebuild = flatten(tuple(args))
        self.leaves = [wrap(x) if type(x) is Tensor else x for x in leaves]         # what they are now
        self.moving = [k for k, x in enumerate(self.leaves) if is_float(x)]
        self.inputs = [as_tensor(self.leaves[k]) for k in self.moving]

    def field(self, t: Tensor, y: Tensor, *xs: Tensor) -> Tensor:
        """The slopes at a time and a state, for these floats among the arguments."""
        call = held(lambda *every: self.f(t, self.state.tree(y), *self.rebuild(list(every))), self.leaves,
                    self.moving)
        found = asarray(call(*xs), copy=None) if self.form == "*" else call(*xs)
        shapes = [tuple(as_tensor(x).shape) for x in flatten(found)[0]]
        if form(found) != self.form or shapes != self.state.shapes:
            raise solver_errors.slope_shape(self.name, _shapes(found), _shapes(self.state.tree(y)))
        return self.state.vector(found)

    def called(self, g: Callable[..., Any]) -> Callable[[Tensor, Tensor], Any]:
        """A function of time, state and arguments as one of time and vector."""
        return lambda t, y: g(t, self.state.tree(y), *self.rebuild(list(self.leaves)))

    def at_inputs(self, t: Tensor, y: Tensor) -> Tensor:
        return self.field(t, y, *self.inputs)

    def solved(self, times: Tensor, control: Control, gradient: str) -> Tensor:
        """The states at all times, as vectors along the first axis."""
        if gradient == "adjoint":
            return apply(_Adjoint(self.field, control), [self.y0, times, *self.inputs])
        return states_at(self.at_inputs, self.y0, listed(times), control)


def _shapes(tree: Any) -> str:
    return str(map_leaves(lambda x: tuple(as_tensor(x).shape), tree))


def in_order(name: str, t: Any, dtype: Any) -> Tensor:
    """Times as a vector. Raises ValueRangeError unless there is one, and they rise or fall."""
    t = as_tensor(t) if not isinstance(t, (list, tuple)) else stack([astype(as_tensor(x), dtype) for x in t])
    values = host(t)
    steps = np.diff(values) if values.ndim == 1 else values
    if values.ndim != 1 or not len(values) or not (np.all(steps >= 0) or np.all(steps <= 0)):
        raise solver_errors.not_in_order(name, f"times must rise, or fall, along one axis, got {values}")
    return t if t.dtype == dtype else astype(t, dtype)


def checked(control: Control, gradient: str, size: int) -> Control:
    """The control, if a state of that size can be found with it. Raises ValueRangeError if not."""
    if control.method not in METHODS:
        raise value_errors.bad_choice(control.name, "method", control.method, METHODS)
    if gradient not in _GRADIENTS:
        raise value_errors.bad_choice(control.name, "gradient", gradient, _GRADIENTS)
    rtol, atol = np.asarray(control.rtol, np.float64), np.asarray(control.atol, np.float64)
    fit = [()] if gradient == "adjoint" else [(), (size,)]
    if rtol.shape not in fit or atol.shape not in fit:
        raise value_errors.bad_value(control.name, f"rtol and atol, of shapes {rtol.shape} and {atol.shape}, "
                                     f"must have shape {' or '.join(map(str, fit))}")
    if not (np.all(rtol >= 0) and np.all(atol >= 0) and np.all(rtol + atol > 0)):
        raise value_errors.bad_value(control.name, f"rtol={control.rtol} and atol={control.atol} must not be "
                                     "negative, nor both 0")
    return control._replace(rtol=rtol, atol=atol)


def odeint(f: Callable[..., Any], y0: Any, t: Any, *args: Any, rtol: Any = 1.5e-8, atol: Any = 1.5e-8,
           method: str = "RK45", gradient: str = "direct") -> Any:
    """Return y at the times t, where y' = f(y, t, *args) and y is y0 at t[0], with its derivatives.

    f : of the state and the time, in the order of scipy.integrate.odeint; returns a tree of y0's form
    y0 : the state at t[0], a tree of floats; the result has its form, with an axis of times in front. A list
        of numbers is a vector, as in SciPy
    t : the times, rising or falling
    args : what else f is called with, trees
    rtol, atol : the error of a step, in the mean over the state, is at most atol + rtol * |y|; numbers, or
        vectors with one for each element of the state
    method : "RK45", of Dormand and Prince, "RK23", "DOP853"; for stiff equations "Radau", Radau IIA of order
        5, or "BDF", of orders 1 to 5, whose states at the times t are interpolated
    gradient : "direct" differentiates the steps that are taken: exactly the derivative of the numbers that
        are returned, in y0, t, args and all that f closes over, of any order and mode. "adjoint" keeps the
        states at the times t alone, and solves the equation of the cotangents back in time: as exact as the
        tolerances; what f closes over must not be differentiated by, which is refused
    Raises ConvergenceError where steps become too small or too many, ShapeError for slopes that do not fit,
    ValueRangeError for t, method, gradient and tolerances.

    >>> nb.odeint(lambda y, t, k: -k * y, 1.0, [0.0, 1.0], 2.0)
    tensor([1.        , 0.135335...])
    >>> nb.grad(lambda k: nb.odeint(lambda y, t: -k * y, 1.0, [0.0, 1.0])[-1])(2.0)
    tensor(-0.135335...)
    """
    check_function("odeint", f)
    problem = Problem("odeint", lambda t, y, *args: f(y, t, *args), y0, args)
    times = in_order("odeint", t, problem.state.dtype)
    control = checked(Control("odeint", method, rtol, atol), gradient, problem.state.size)
    return problem.state.tree(problem.solved(times, control, gradient))
