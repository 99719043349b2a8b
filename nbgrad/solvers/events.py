"""Events of a solution: the times at which functions of it are 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.engine import modes
from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.engine.transforms import no_grad
from nbgrad.errors import solver_errors, value_errors
from nbgrad.ops.create import asarray
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import reshape
from nbgrad.solvers.implicit import host, slopes, solution
from nbgrad.solvers.steps import Piece, Taken

_FLAT = 1e-6                                  # what is no slope, or no jump, over the values at a step's ends
Found = tuple[Tensor, Tensor]                 # a time and the state then


class Event:
    """A function of time and state, and when it has been 0.

    g : of a time and a state as a vector, returns a number
    most : how many times there are before the solution ends; direction : of the changes of sign that count
    """

    name: str
    g: Callable[[Tensor, Tensor], Any]
    direction: float
    most: float
    before: float

    def __init__(self, name: str, g: Callable[[Tensor, Tensor], Any], terminal: Any, direction: Any) -> None:
        self.name, self.g, self.direction = name, g, float(direction)
        terminal = terminal or 0
        if terminal != int(terminal) or terminal < 0:
            raise value_errors.bad_value(name, f"an event's terminal={terminal!r} must be a bool, or how "
                                         "many times it has to occur")
        self.most = int(terminal) or np.inf
        self.found: list[Found] = []
        self.before = 0.0

    def number(self, t: Tensor, y: Tensor) -> Tensor:
        """(1,), what the function gives."""
        z = asarray(self.g(t, y), copy=None)
        if int(np.prod(z.shape)) != 1:
            raise solver_errors.event_shape(self.name, z.shape)
        return reshape(z, (1,))

    def value(self, t: Tensor, y: Tensor) -> float:
        return float(host(no_grad()(self.number)(t, y))[0])

    def crosses(self, t: Tensor, y: Tensor) -> bool:
        """Whether the function has changed its sign since it was last asked."""
        before, self.before = self.before, self.value(t, y)
        up, down = before <= 0 <= self.before, before >= 0 >= self.before
        return (up and self.direction >= 0) or (down and self.direction <= 0)

    def root(self, piece: Piece, start: float, stop: float) -> float:
        """The time between these at which the function is 0."""
        known = piece.values()

        def value(t: float) -> float:
            time = as_tensor(np.array([t], known.base.dtype))
            return self.value(getitem(time, 0), getitem(known(time), 0))

        a, b = value(start), value(stop)
        if a * b >= 0:                        # 0 at an end, or as near to it as rounding lets it
            return start if abs(a) < abs(b) else stop
        near = 4 * np.finfo(np.float64).eps
        return float(import_module("scipy.optimize").brentq(value, start, stop, xtol=near, rtol=near))

    def at(self, piece: Piece, t: float, start: float, stop: float) -> Found:
        """That time and the state then, with their derivatives: those of the solution of the equation.

        Raises SingularError where they are asked for and the function has no slope in time, or jumps.
        """
        def equation(time: Tensor) -> Tensor:
            return self.number(getitem(time, 0), getitem(piece(time), 0))

        def time_at(t: float) -> Tensor:
            return as_tensor(np.array([t], piece.base.dtype))

        time = time_at(t)
        if modes.orders(equation(time)):
            left, before, after = [abs(float(host(no_grad()(equation)(time_at(each)))[0]))
                                   for each in (t, start, stop)]
            rise = abs(slopes(equation, time)[0, 0] * (stop - start))
            least = max(_FLAT, np.sqrt(np.finfo(time.dtype).eps)) * max(before, after)
            if not left <= least < rise:
                raise solver_errors.grazing(self.name, t)
        time = solution(self.name, equation, time)
        return getitem(time, 0), getitem(piece(time), 0)

    def over(self) -> bool:
        """Whether it has occurred as often as ends the solution."""
        return len(self.found) >= self.most


def watched(steps: Iterator[Taken], events: Sequence[Event], t: Tensor, y: Tensor) -> Iterator[Taken]:
    """The steps from a time and a state on; the last one ends where an event ends the solution.

    What is found goes to the events.
    """
    for event in events:
        event.before = event.value(t, y)
    start = float(host(t))
    for step in steps:
        stop = float(host(step.t))
        crossed = [event for event in events if event.crosses(step.t, step.y)]
        roots = [(event.root(step.piece, start, stop), event) for event in crossed]
        for root, event in sorted(roots, key=lambda each: abs(each[0] - start)):
            event.found.append(event.at(step.piece, root, start, stop))
            if event.over():
                yield Taken(*event.found[-1], step.length, step.piece)
                return
        yield step
        start = stop
