"""`solve_ivp`: initial value problems in SciPy's spelling, with events and the states at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from nbgrad.define.broadcast import astype
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import check_function, no_grad
from nbgrad.engine.tree import map_leaves
from nbgrad.errors import solver_errors, value_errors
from nbgrad.ops.create import asarray
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat, moveaxis, reshape, stack
from nbgrad.solvers.events import Event, watched
from nbgrad.solvers.implicit import State, host, refuse
from nbgrad.solvers.initial import Problem, checked, in_order, listed
from nbgrad.solvers.steps import Control, Taken
from nbgrad.solvers.walk import BY_JACOBIAN, Path, walk

_NOT_OFFERED = {"min_step": ": steps are as short as they need to be. Leave it out."} | dict.fromkeys(
    ("jac_sparsity", "lband", "uband"), ": Jacobians are dense here. Leave it out.")


class Dense:
    """The states at any time: `sol` of a Solution.

    ts : the times at which the pieces end that it is made of; t_min, t_max : the first and the last of them
    """

    ts: np.ndarray[Any, Any]
    t_min: float
    t_max: float

    def __init__(self, path: Path, state: State) -> None:
        self._path, self._state, self.ts = path, state, path.ends
        self.t_min, self.t_max = float(np.min(path.ends)), float(np.max(path.ends))

    def __call__(self, t: Any) -> Any:
        """The states at a time, or at times (m,) with their axis behind; outside the span, extrapolated."""
        t = astype(asarray(t, copy=None), self._state.dtype)
        if len(t.shape) > 1:
            raise solver_errors.not_in_order("solve_ivp", f"sol takes a time or a vector of times, got shape "
                                             f"{t.shape}")
        found = self._path(reshape(t, (-1,)))
        if not t.shape:
            return self._state.tree(getitem(found, 0))
        return _behind(self._state, found)


class Solution(NamedTuple):
    """What `solve_ivp` returns.

    t : (m,), the times
    y : the states at them; each leaf has the axis of times behind its own
    sol : with dense_output, a function that gives the states at any times; outside the span it extrapolates
    t_events, y_events : with events, a list with the times of each, and the states then, the axis of times in
        front
    status : 0 at the end of t_span, 1 where an event has ended the solution
    """

    t: Tensor
    y: Any
    sol: Dense | None = None
    t_events: list[Tensor] | None = None
    y_events: list[Any] | None = None
    status: int = 0

    @property
    def success(self) -> bool:
        """True: a solution that fails raises ConvergenceError."""
        return True

    @property
    def message(self) -> str:
        """The status in words."""
        return "An event has ended the solution." if self.status else "The end of t_span is reached."


def solve_ivp(f: Callable[..., Any], t_span: Sequence[Any], y0: Any, method: str = "RK45", t_eval: Any = None,
              dense_output: bool = False, events: Any = None, vectorized: bool = False,
              args: Sequence[Any] | None = None, *, rtol: Any = 1e-3, atol: Any = 1e-6,
              first_step: float | None = None, max_step: float = np.inf, jac: Any = None,
              gradient: str = "direct", **options: Any) -> Solution:
    """Return the solution of y' = f(t, y, *args) with y0 at t_span[0], with its derivatives.

    f : of the time and the state, in the order of scipy.integrate.solve_ivp; returns a tree of y0's form
    t_span : where the solution begins and ends
    y0 : the first state, (n,), or a tree of floats; y has an axis of times behind: (n, m). A list of numbers
        is a vector, as in SciPy
    method : "RK45", "RK23", "DOP853"; for stiff equations "Radau" or "BDF"
    t_eval : the times of the result, from t_span[0] on; None: those of the steps that are taken. They are
        stepped to exactly; with dense_output, events or "BDF" they are interpolated, as SciPy does
    dense_output : whether the result has sol, a function of a time or times, with derivatives in them too
    events : a function of (t, y, *args) that returns a number, or a list of such; a time at which it is 0 has
        the derivatives of the solution of that equation. Its attribute terminal, a bool or a count, ends the
        solution; direction, 1 or -1, counts rising or falling zeros alone
    vectorized : whether f takes and returns states as columns (n, 1), as SciPy calls it
    args, rtol, atol, gradient : as in `odeint`; "adjoint" needs t_eval, and has neither sol nor events
    first_step, max_step : the lengths of the first and of the longest step
    jac : for "Radau" and "BDF": df/dy, (n, n), or a function of (t, y, *args) that returns it, which Newton's
        method uses instead of nbgrad's; derivatives do not
    options : SciPy's min_step, lband, uband and jac_sparsity, which are refused by name
    Returns a named tuple with t, y, sol, t_events, y_events, status, success and message.
    Raises ConvergenceError where steps become too small or too many, ShapeError for slopes that do not fit,
    ValueRangeError for times, method, gradient, steps and tolerances, SingularError for a derivative by an
    event that has slope 0 in time, or jumps.

    >>> found = nb.solve_ivp(lambda t, y: -2 * y, (0.0, 1.0), np.ones(1), t_eval=[0.0, 1.0], rtol=1e-9)
    >>> found.y
    tensor([[1.        , 0.13533...]])
    >>> def half(t, y, k):
    ...     return y[0] - 0.5
    >>> nb.grad(lambda k: nb.solve_ivp(lambda t, y, k: -k * y, (0.0, 1.0), [1.0], args=(k,), events=half,
    ...                                rtol=1e-9, atol=1e-9).t_events[0][0])(2.0)
    tensor(-0.17328...)
    """
    check_function("solve_ivp", f)
    refuse("solve_ivp", options, _NOT_OFFERED)
    args = () if args is None else args
    if not isinstance(args, (tuple, list)):
        raise value_errors.bad_argument("solve_ivp", args, "a tuple as args, (x,) of one argument x")
    problem = Problem("solve_ivp", _by_columns(f) if vectorized else f, y0, args)
    if vectorized and problem.form != "*":
        raise solver_errors.not_offered("solve_ivp", "vectorized", " for a tree. Leave it out.")
    span = in_order("solve_ivp", tuple(t_span), problem.state.dtype)
    if span.shape[0] != 2:
        raise solver_errors.not_in_order("solve_ivp", "t_span is a pair: where to begin and where to end")
    first, longest = None if first_step is None else float(first_step), float(max_step)
    _check_steps(first, longest, float(np.ptp(host(span))))
    control = Control("solve_ivp", method, rtol, atol, first, longest, _jacobian(problem, jac, method))
    control = checked(control, gradient, problem.state.size)
    start, stop = listed(span)
    watches = None if events is None else _events(problem, events)
    times = None if t_eval is None else _inside(t_eval, span, problem.state.dtype)
    if times is not None and not dense_output and watches is None:
        begun = float(host(start)) == host(times)[0]
        every = times if begun else concat([reshape(start, (1,)), times], 0)
        states = problem.solved(every, control, gradient)
        return Solution(times, _behind(problem.state, states if begun else getitem(states, slice(1, None))))
    if gradient != "direct":
        raise solver_errors.not_in_order("solve_ivp", f"gradient={gradient!r} needs t_eval, the times of the "
                                         "result, and has neither dense_output nor events")
    steps = walk(problem.at_inputs, problem.y0, start, stop, control)
    taken = list(watched(steps, watches or [], start, problem.y0))
    return _result(problem, start, taken, times, dense_output, watches)


def _result(problem: Problem, start: Tensor, taken: list[Taken], times: Tensor | None, dense_output: bool,
            watches: list[Event] | None) -> Solution:
    """The solution that has these steps."""
    ends = [float(host(t)) for t in chain([start], (step.t for step in taken))]
    path = Path([step.piece for step in taken], ends)
    if times is None:
        times = stack([start, *[step.t for step in taken]])
        states = stack([problem.y0, *[step.y for step in taken]])
    else:
        times = getitem(times, slice(0, int(np.sum(path.sign * host(times) <= path.sign * ends[-1]))))
        states = path(times)
    dense = Dense(path, problem.state) if dense_output else None
    found = Solution(times, _behind(problem.state, states), dense)
    if watches is None:
        return found
    none = as_tensor(np.zeros(0, problem.state.dtype))
    return found._replace(
        t_events=[stack([t for t, _ in each.found]) if each.found else none for each in watches],
        y_events=[problem.state.tree(stack([y for _, y in each.found]) if each.found
                                     else as_tensor(np.zeros((0, problem.state.size), problem.state.dtype)))
                  for each in watches],
        status=int(any(each.over() for each in watches)))


def _behind(state: State, states: Tensor) -> Any:
    """The tree of states along the first axis, with that axis behind each leaf's own."""
    return map_leaves(lambda leaf: moveaxis(leaf, 0, -1), state.tree(states))


def _by_columns(f: Callable[..., Any]) -> Callable[..., Any]:
    def of_vector(t: Tensor, y: Tensor, *args: Any) -> Tensor:
        return reshape(asarray(f(t, reshape(y, (-1, 1)), *args), copy=None), (-1,))

    return of_vector


def _inside(t_eval: Any, span: Tensor, dtype: Any) -> Tensor:
    """Times of a result. Raises ValueRangeError unless they are in the span, in its direction."""
    times = in_order("solve_ivp", t_eval, dtype)
    low, high = np.sort(host(span))
    if np.any((host(times) < low) | (host(times) > high)):
        raise solver_errors.not_in_order("solve_ivp", f"t_eval leaves t_span, {low} to {high}")
    if np.any(np.diff(host(times)) * np.diff(host(span)) < 0):
        raise solver_errors.not_in_order("solve_ivp", "t_eval runs against t_span. Turn it round.")
    return times


def _check_steps(first: float | None, longest: float, span: float) -> None:
    if not longest > 0:
        raise value_errors.bad_value("solve_ivp", f"max_step={longest} must be above 0")
    if first is not None and not 0 < first <= span:
        raise value_errors.bad_value("solve_ivp", f"first_step={first} must be above 0 and no longer than "
                                     f"t_span, {span}")


def _events(problem: Problem, events: Any) -> list[Event]:
    every = [events] if callable(events) else list(events)
    for g in every:
        check_function("solve_ivp", g)
    return [Event("solve_ivp", problem.called(g), getattr(g, "terminal", False), getattr(g, "direction", 0))
            for g in every]


def _jacobian(problem: Problem, jac: Any, method: str) -> Callable[[Tensor, Tensor], np.ndarray] | None:
    """What the user gives as df/dy, as a function on values."""
    if jac is None:
        return None
    if method not in BY_JACOBIAN:
        raise solver_errors.no_part("solve_ivp", "jac", method, f"Leave it out: {' and '.join(BY_JACOBIAN)} "
                                    "use it.")
    of = no_grad()(problem.called(jac)) if callable(jac) else lambda t, y: jac

    def values(t: Tensor, y: Tensor) -> np.ndarray:
        matrix = host(asarray(of(t, y)))
        if matrix.shape != (problem.state.size,) * 2:
            raise solver_errors.jacobian_shape("solve_ivp", matrix.shape, problem.state.size)
        return matrix

    return values
