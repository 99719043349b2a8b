"""What the methods for initial value problems, y' = f(t, y), share: steps, their error, Newton's method.

A step is written in ops, so what is recorded of it is the step itself: derivatives are exactly those of the
numbers that were computed. Whether it is accepted, and how long the next one is, is decided on values alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.engine.transforms import no_grad, stop_gradient
from nbgrad.errors import solver_errors
from nbgrad.ops.contract import matmul
from nbgrad.ops.elementwise import add, divide, multiply, subtract
from nbgrad.ops.shape import reshape, stack
from nbgrad.solvers.implicit import host, slopes

Field = Callable[[Tensor, Tensor], Tensor]    # a time and a state -> its slopes
MOST = 100_000                                # steps between two times, from which none is taken any more
_NEWTON, _NEAR = 12, 1e-6                     # iterations, and the last correction over the scale


class Control(NamedTuple):
    """How exact a solution is to be, and how it is found.

    name : of the function that the user has called
    first, longest : the length of the first step, None: chosen; and of the longest
    jac : the Jacobian of the field at a time and a state, which Newton's method uses; None: by nbgrad
    """

    name: str
    method: str
    rtol: np.ndarray
    atol: np.ndarray
    first: float | None = None
    longest: float = np.inf
    jac: Callable[[Tensor, Tensor], np.ndarray] | None = None

    def scale(self, *states: Tensor) -> np.ndarray:
        """What errors may be: atol + rtol times the largest of the states."""
        return self.atol + self.rtol * np.max([np.abs(host(y)) for y in states], 0)

    def slopes(self, f: Field, t: Tensor, y: Tensor) -> np.ndarray:
        """The Jacobian of the field, of values."""
        if self.jac is not None:
            return self.jac(tensor(raw(t)), tensor(raw(y)))
        return slopes(lambda z: f(stop_gradient(t), z), y)


class Piece(NamedTuple):
    """The states during a step: base plus a polynomial without constant in (t - origin) / length.

    rows : gives the coefficients of its powers, from the first on, (p, n)
    """

    origin: Tensor
    length: Tensor
    base: Tensor
    rows: Callable[[], Tensor]

    def __call__(self, t: Tensor) -> Tensor:
        """The states at times t (m,), as (m, n)."""
        x, rows = divide(subtract(t, self.origin), self.length), self.rows()
        powers = [x]
        for _ in range(rows.shape[0] - 1):
            powers.append(multiply(powers[-1], x))
        return add(self.base, matmul(stack(powers, -1), rows))

    def values(self) -> Piece:
        """The same piece without derivatives."""
        rows = tensor(raw(no_grad()(self.rows)()))
        origin, length, base = [tensor(raw(x)) for x in (self.origin, self.length, self.base)]
        return Piece(origin, length, base, lambda: rows)


class Taken(NamedTuple):
    """An accepted step: where it ends, the state there, a length for the next one, the states on the way."""

    t: Tensor
    y: Tensor
    length: float
    piece: Piece


def standing(start: Tensor, stop: Tensor, y: Tensor, k: Tensor) -> Taken:
    """The one step over an interval of length 0; k: the slopes, of which derivatives in its ends are made."""
    rows = reshape(k, (1, -1))
    return Taken(stop, add(y, multiply(subtract(stop, start), k)), 0.0,
                 Piece(start, as_tensor(np.ones((), y.dtype)), y, lambda: rows))


class Step(NamedTuple):
    """What a step comes to: the state, the slopes there (None: not known), its error over the scale.

    rows : those of its Piece
    """

    y: Tensor
    slopes: Tensor | None
    error: float
    rows: Callable[[], Tensor]


def size(error: np.ndarray) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(error**2))) if error.size else 0.0


def combined(weights: np.ndarray, parts: Sequence[Tensor]) -> Tensor:
    """The sums of vectors by weights, or by each row of weights."""
    return matmul(as_tensor(weights.astype(parts[0].dtype)), stack(list(parts)))


def newton(equation: Callable[[Tensor], Tensor], matrix: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """The root near 0 of an equation, as values; None if Newton's method does not find it.

    matrix : about its Jacobian; weight : what a correction is measured by
    """
    z, quiet = np.zeros(len(matrix)), no_grad()(equation)
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:             # a shorter step has another matrix
        return None
    with np.errstate(over="ignore", invalid="ignore"):            # where it runs away
        for _ in range(_NEWTON):
            change = inverse @ host(quiet(as_tensor(z)))
            z = z - change
            if not np.all(np.isfinite(z)):
                return None
            if size(change / weight) < _NEAR:
                return z
    return None


def long_enough(length: float, t: Tensor, control: Control) -> None:
    """Raise ConvergenceError for a step that is lost in the rounding of the time."""
    if length < 4 * np.spacing(abs(float(host(t)))):
        raise solver_errors.step_too_small(control.name, float(host(t)))


def first_length(f: Field, t: Tensor, y: Tensor, k: Tensor, span: float, order: int,
                 control: Control) -> float:
    """The length of the first step. Source: Hairer, Norsett and Wanner, 1993, section II.4."""
    if control.first is not None:
        return control.first
    weight = control.scale(y)
    here, slope = size(host(y) / weight), size(host(k) / weight)
    small = min(1e-6 if min(here, slope) < 1e-5 else 0.01 * here / slope, abs(span))
    h = small * np.sign(span)
    with no_grad():
        there = as_tensor(np.asarray(host(t) + h, y.dtype))
        ahead = host(f(there, add(tensor(raw(y)), multiply(tensor(raw(k)), h))))
    bend = size((ahead - host(k)) / weight) / small
    most = max(slope, bend)
    other = max(1e-6, small * 1e-3) if most <= 1e-15 else (0.01 / most) ** (1 / (order + 1))
    return float(min(100 * small, other, abs(span)))
