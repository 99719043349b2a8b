"""Solutions of initial value problems: the methods by name, and the states at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import concat, reshape, stack
from nbgrad.solvers.bdf import bdf
from nbgrad.solvers.implicit import host
from nbgrad.solvers.onestep import explicit, radau
from nbgrad.solvers.steps import Control, Field, Piece, Taken

METHODS: dict[str, Callable[..., Iterator[Taken]]] = {
    "RK45": explicit("RK45"), "RK23": explicit("RK23"), "DOP853": explicit("DOP853"),
    "Radau": radau, "BDF": bdf}
BY_JACOBIAN = ("Radau", "BDF")
_WITH_PAST = ("BDF",)                         # methods for which each start is a loss


def walk(f: Field, y: Tensor, start: Tensor, stop: Tensor, control: Control,
         length: float | None = None) -> Iterator[Taken]:
    """The accepted steps from start to stop; length: of the first one, if it is known."""
    return METHODS[control.method](f, y, start, stop, control, length)


class Path:
    """The states between the times (at least two, rising or falling) that pieces, one fewer, end at."""

    pieces: Sequence[Piece]
    ends: np.ndarray[Any, Any]
    sign: float

    def __init__(self, pieces: Sequence[Piece], ends: Sequence[float]) -> None:
        self.pieces, self.ends = pieces, np.array(ends)
        self.sign = -1.0 if ends[-1] < ends[0] else 1.0

    def __call__(self, times: Tensor) -> Tensor:
        """The states at times (m,), as (m, n): outside, the first and the last piece go on."""
        inner = self.sign * self.ends[1:-1]
        places = np.searchsorted(inner, self.sign * host(times), side="left")
        order, found = np.argsort(places, kind="stable"), []
        for place in np.unique(places):
            where = as_tensor(np.flatnonzero(places == place))
            found.append(self.pieces[place](getitem(times, where)))
        if not found:
            return self.pieces[0](times)
        return found[0] if len(found) == 1 else getitem(concat(found, 0), as_tensor(np.argsort(order)))


def states_at(f: Field, y: Tensor, times: Sequence[Tensor], control: Control) -> Tensor:
    """The states at all times, along the first axis; y is the one at the first."""
    if control.method in _WITH_PAST and len(times) > 1:
        taken = list(walk(f, y, times[0], times[-1], control))
        ends = [float(host(t)) for t in (times[0], *[step.t for step in taken])]
        later = Path([step.piece for step in taken], ends)(stack(list(times[1:])))
        return concat([reshape(y, (1, -1)), later], 0)
    found, length = [y], None
    for start, stop in pairwise(times):
        *_, (_, last, length, _) = walk(f, found[-1], start, stop, control, length)
        found.append(last)
    return stack(found)
