"""Initial value problems, differentiated through the steps of their solution or by the adjoint equation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine.arguments import is_float
from nbgrad.engine.graph import Op, Tangents, apply
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor, unwrap, wrap
from nbgrad.engine.transforms import check_function, vjp
from nbgrad.engine.tree import flatten, form, map_leaves
from nbgrad.errors import gradient_errors, solver_errors, value_errors
from nbgrad.ops.contract import vecdot
from nbgrad.ops.elementwise import add, multiply, negative, subtract
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat, moveaxis, reshape, stack
from nbgrad.solvers.implicit import State, held, host
from nbgrad.solvers.steps import METHODS, Field, first_length

_GRADIENTS = ("direct", "adjoint")
_MOST = 100_000                               # steps between two times, from which none is taken any more


class _Control(NamedTuple):
    """How exact a solution is to be.

    name : of the function that the user has called
    """

    name: str
    method: str
    rtol: float
    atol: float


def _steps(f: Field, y: Tensor, start: Tensor, stop: Tensor, control: _Control,
           length: float | None) -> Iterator[tuple[Tensor, Tensor, float]]:
    """The time and the state after each accepted step from start to stop, and a length for the next one.

    Steps are parts of the interval, so that they grow with it: the state at its end has its derivative in
    both ends.
    """
    method, rtol, atol = METHODS[control.method], control.rtol, control.atol
    span = subtract(stop, start)
    whole, t, k, done = float(host(span)), start, f(start, y), 0.0
    if whole == 0:
        yield stop, add(y, multiply(span, k)), length or 0.0
        return
    h = length or first_length(f, start, y, k, whole, method.order, rtol, atol)
    for _ in range(_MOST):
        part = min(h / abs(whole), 1 - done)
        last = part > (1 - done) * (1 - 1e-12)
        part = 1 - done if last else part
        if part * abs(whole) < 4 * np.spacing(abs(float(host(t)))):
            raise solver_errors.step_too_small(control.name, float(host(t)))
        found = method.step(f, t, y, multiply(span, part), k, rtol, atol)
        growth = 0.9 * found.error ** (-1 / (method.order + 1)) if found.error > 0 else 10.0
        if not found.error <= 1:              # also where it is nan
            h = part * abs(whole) * min(max(growth, 0.2), 0.9) if np.isfinite(found.error) else h * 0.2
            continue
        done = 1.0 if last else done + part
        t, y = stop if last else add(start, multiply(span, done)), found.y
        taken = part * abs(whole)
        h = max(h, taken) if last and growth >= 1 else taken * min(max(growth, 0.2), 10.0)
        yield t, y, h
        if last:
            return
        k = f(t, y) if found.slopes is None else found.slopes
    raise solver_errors.too_many_steps(control.name, _MOST, float(host(t)))


def _direct(f: Field, y: Tensor, times: Sequence[Tensor], control: _Control) -> Tensor:
    """The states at all times, along the first axis, through the steps that are taken."""
    found: list[Tensor] = [y]
    length = None
    for start, stop in pairwise(times):
        *_, (_, last, length) = _steps(f, found[-1], start, stop, control, length)
        found.append(last)
    return stack(found)


class _Adjoint(Op):
    """The states at all times, as one op of the first state, the times and the field's arguments.

    Nothing of the steps is kept: the way back solves the equation of the cotangents, which is of the same
    kind, and by the same steps.
    """

    def __init__(self, f: Callable[..., Tensor], control: _Control) -> None:
        self.f, self.control, self.name = f, control, control.name

    def _solved(self, y: Tensor, times: Tensor, *xs: Tensor) -> Tensor:
        return _direct(lambda t, y: self.f(t, y, *xs), y, _listed(times), self.control)

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

        listed, rest = _listed(times), as_tensor(np.zeros(0 if state is None else state.size, y0.dtype))
        a, of_times = getitem(g, -1), [multiply(getitem(times, 0), 0.0)] * len(listed)
        for i in range(len(listed) - 1, 0, -1):
            of_times[i] = vecdot(getitem(g, i), self.f(listed[i], getitem(z, i), *inputs))
            ahead = concat([getitem(z, i), a, rest], 0)
            both = getitem(_direct(backward, ahead, [listed[i], listed[i - 1]], self.control), -1)
            a, rest = getitem(both, slice(n, 2 * n)), getitem(both, slice(2 * n, None))
            if i == 1:
                of_times[0] = negative(vecdot(a, self.f(listed[0], y0, *inputs)))
            a = add(a, getitem(g, i - 1))
        found: list[Any] = [a, astype(stack(of_times), times.dtype)] + [None] * len(inputs)
        for i, c in zip(moving, [] if state is None else state.tree(rest), strict=True):
            found[i + 2] = c
        return [unwrap(c) if want and c is not None else None for c, want in zip(found, wanted, strict=True)]


def _listed(times: Tensor) -> list[Tensor]:
    return [getitem(times, i) for i in range(times.shape[0])]


class _Problem:
    """A field on trees as one on vectors."""

    def __init__(self, name: str, f: Callable[..., Any], y0: Any, args: Sequence[Any]) -> None:
        y0 = map_leaves(lambda x: as_tensor(x) if is_float(x) else astype(as_tensor(x), np.float64), y0)
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
        found = as_tensor(call(*xs)) if self.form == "*" else call(*xs)
        shapes = [tuple(as_tensor(x).shape) for x in flatten(found)[0]]
        if form(found) != self.form or shapes != self.state.shapes:
            raise solver_errors.slope_shape(self.name, _shapes(found), _shapes(self.state.tree(y)))
        return self.state.vector(found)

    def at_inputs(self, t: Tensor, y: Tensor) -> Tensor:
        return self.field(t, y, *self.inputs)

    def solved(self, times: Tensor, control: _Control, gradient: str) -> Tensor:
        """The states at all times, as vectors along the first axis."""
        if gradient not in _GRADIENTS:
            raise value_errors.bad_choice(self.name, "gradient", gradient, _GRADIENTS)
        if gradient == "adjoint":
            return apply(_Adjoint(self.field, control), [self.y0, times, *self.inputs])
        return _direct(self.at_inputs, self.y0, _listed(times), control)


def _shapes(tree: Any) -> str:
    return str(map_leaves(lambda x: tuple(as_tensor(x).shape), tree))


def _times(name: str, t: Any, dtype: Any) -> Tensor:
    """Times as a vector. Raises ValueRangeError unless there is one, and they rise or fall."""
    t = as_tensor(t) if not isinstance(t, (list, tuple)) else stack([astype(as_tensor(x), dtype) for x in t])
    values = host(t)
    steps = np.diff(values) if values.ndim == 1 else values
    if values.ndim != 1 or not len(values) or not (np.all(steps >= 0) or np.all(steps <= 0)):
        raise solver_errors.not_in_order(name, f"times must rise, or fall, along one axis, got {values}")
    return t if t.dtype == dtype else astype(t, dtype)


def _checked(control: _Control) -> _Control:
    if control.method not in METHODS:
        raise value_errors.bad_choice(control.name, "method", control.method, METHODS)
    if not (control.rtol >= 0 and control.atol >= 0 and control.rtol + control.atol > 0):
        raise value_errors.bad_value(control.name, f"rtol={control.rtol} and atol={control.atol} must not be "
                                     "negative, nor both 0")
    return control


def odeint(f: Callable[..., Any], y0: Any, t: Any, *args: Any, rtol: float = 1.5e-8, atol: float = 1.5e-8,
           method: str = "RK45", gradient: str = "direct") -> Any:
    """Return y at the times t, where y' = f(y, t, *args) and y is y0 at t[0], with its derivatives.

    f : of the state and the time, in the order of scipy.integrate.odeint; returns a tree of y0's form
    y0 : the state at t[0], a tree of floats; the result has its form, with an axis of times in front
    t : the times, rising or falling
    args : what else f is called with, trees
    rtol, atol : the error of a step, in the mean over the state, is at most atol + rtol * |y|
    method : "RK45", of Dormand and Prince, or "Radau", Radau IIA of order 5, for stiff equations
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
    problem = _Problem("odeint", lambda t, y, *args: f(y, t, *args), y0, args)
    times = _times("odeint", t, problem.state.dtype)
    control = _checked(_Control("odeint", method, rtol, atol))
    return problem.state.tree(problem.solved(times, control, gradient))


class Solution(NamedTuple):
    """What `solve_ivp` returns.

    t : (m,), the times
    y : the states at them; each leaf has the axis of times behind its own
    """

    t: Tensor
    y: Any


def solve_ivp(f: Callable[..., Any], t_span: Sequence[Any], y0: Any, method: str = "RK45", t_eval: Any = None,
              dense_output: bool = False, events: Any = None, args: Sequence[Any] = (), rtol: float = 1e-3,
              atol: float = 1e-6, gradient: str = "direct") -> Solution:
    """Return the solution (t, y) of y' = f(t, y, *args) with y0 at t_span[0], with its derivatives.

    f : of the time and the state, in the order of scipy.integrate.solve_ivp; returns a tree of y0's form
    t_span : where the solution begins and ends
    y0 : the first state, (n,), or a tree of floats; y has an axis of times behind: (n, m)
    method : "RK45" or, for stiff equations, "Radau"
    t_eval : the times of the result, from t_span[0] on, which are stepped to exactly; None: those of the
        steps that are taken
    args, rtol, atol, gradient : as in `odeint`; "adjoint" needs t_eval
    dense_output, events : refused; give t_eval, and find a time by `root` of a function of odeint's end
    Raises ConvergenceError where steps become too small or too many, ShapeError for slopes that do not fit,
    ValueRangeError for times, method, gradient and tolerances.

    >>> found = nb.solve_ivp(lambda t, y: -2 * y, (0.0, 1.0), np.ones(1), t_eval=[0.0, 1.0], rtol=1e-9)
    >>> found.y
    tensor([[1.        , 0.13533...]])
    """
    check_function("solve_ivp", f)
    if dense_output or events is not None:
        name = "events" if events is not None else "dense_output"
        raise solver_errors.not_offered("solve_ivp", name, "Give t_eval; the time of an event is nb.root(g, "
                                        "t0), g a function of the last state of nb.odeint(f, y0, [start, "
                                        "t]).")
    problem = _Problem("solve_ivp", f, y0, args)
    control = _checked(_Control("solve_ivp", method, rtol, atol))
    span = _times("solve_ivp", tuple(t_span), problem.state.dtype)
    if span.shape[0] != 2:
        raise solver_errors.not_in_order("solve_ivp", "t_span is a pair: where to begin and where to end")
    start, stop = _listed(span)
    if t_eval is None:
        if gradient != "direct":
            raise solver_errors.not_in_order("solve_ivp", f"gradient={gradient!r} needs t_eval, the times of "
                                             "the result")
        points = [(start, problem.y0)]
        for t, y, _ in _steps(problem.at_inputs, problem.y0, start, stop, control, None):
            points.append((t, y))
        times, states = [stack(list(each)) for each in zip(*points, strict=True)]
    else:
        times = _times("solve_ivp", t_eval, problem.state.dtype)
        low, high = np.sort(host(span))
        if np.any((host(times) < low) | (host(times) > high)):
            raise solver_errors.not_in_order("solve_ivp", f"t_eval leaves t_span, {low} to {high}")
        begun = float(host(start)) == host(times)[0]
        every = times if begun else concat([reshape(start, (1,)), times], 0)
        states = problem.solved(every, control, gradient)
        states = states if begun else getitem(states, slice(1, None))
    found = problem.state.tree(states)
    return Solution(times, map_leaves(lambda leaf: moveaxis(leaf, 0, -1), found))
