"""Steps of initial value problems, y' = f(t, y): an explicit Runge-Kutta method and an implicit one.

A step is written in ops, so what is recorded of it is the step itself: derivatives are exactly those of the
numbers that were computed. Whether it is accepted, and how long the next one is, is decided on values alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor
from nbgrad.engine.transforms import no_grad, stop_gradient
from nbgrad.ops.contract import matmul
from nbgrad.ops.elementwise import add, multiply, subtract
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import reshape, stack
from nbgrad.solvers.implicit import host, slopes, solution

Field = Callable[[Tensor, Tensor], Tensor]    # a time and a state -> its slopes
Scale = Callable[[np.ndarray], np.ndarray]    # what an error is measured by


class Step(NamedTuple):
    """What a step comes to: the state, the slopes there (None: not known), and its error over the scale."""

    y: Tensor
    slopes: Tensor | None
    error: float


def size(error: np.ndarray) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(error**2))) if error.size else 0.0


def scale(rtol: float, atol: float, *states: Tensor) -> np.ndarray:
    """What errors may be: atol + rtol times the largest of the states."""
    return atol + rtol * np.max([np.abs(host(y)) for y in states], 0)


# Source: Dormand and Prince, A family of embedded Runge-Kutta formulae, 1980.
_NODES = (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_STAGES = [
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
_ERROR = [71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]


def _sum(weights: list[float], parts: list[Tensor]) -> Tensor:
    """The sum of vectors by weights."""
    return matmul(as_tensor(np.array(weights, parts[0].dtype)), stack(parts))


def dormand_prince(f: Field, t: Tensor, y: Tensor, h: Tensor, k: Tensor, rtol: float, atol: float) -> Step:
    """A step of order 5, h long, with an error of order 4; k: the slopes at its beginning."""
    ks = [k]
    for node, weights in zip(_NODES[1:], _STAGES, strict=True):
        z = add(y, multiply(h, _sum(weights, ks)))
        ks.append(f(add(t, multiply(h, node)), z))
    error = host(h) * np.tensordot(_ERROR, [host(each) for each in ks], 1)
    return Step(z, ks[-1], size(error / scale(rtol, atol, y, z)))


# Source: Hairer and Wanner, Solving ordinary differential equations II, 1996, sections IV.5 and IV.8.
_ROOT = 6.0**0.5
_RADAU = np.array([[(88 - 7 * _ROOT) / 360, (296 - 169 * _ROOT) / 1800, (-2 + 3 * _ROOT) / 225],
                   [(296 + 169 * _ROOT) / 1800, (88 + 7 * _ROOT) / 360, (-2 - 3 * _ROOT) / 225],
                   [(16 - _ROOT) / 36, (16 + _ROOT) / 36, 1 / 9]])
_RADAU_NODES = ((4 - _ROOT) / 10, (4 + _ROOT) / 10, 1.0)
_REAL = 1 / (3 + 3.0 ** (2 / 3) - 3.0 ** (1 / 3))             # the real eigenvalue of that matrix
_RADAU_ERROR = np.array([-13 - 7 * _ROOT, -13 + 7 * _ROOT, -1.0]) * (_REAL / 3)
_NEWTON, _NEAR = 12, 1e-6                     # iterations, and the last correction over the scale


def radau(f: Field, t: Tensor, y: Tensor, h: Tensor, k: Tensor, rtol: float, atol: float) -> Step:
    """A step of Radau IIA of order 5, for stiff equations; k: the slopes at its beginning.

    Its three stages are found by Newton's method on values, and differentiated as the solution of their
    equations.
    """
    n = y.shape[0]

    def equation(stages: Tensor) -> Tensor:
        z = reshape(stages, (3, n))
        fs = stack([f(add(t, multiply(h, node)), add(y, getitem(z, i)))
                    for i, node in enumerate(_RADAU_NODES)])
        moved = multiply(h, matmul(as_tensor(_RADAU.astype(y.dtype)), fs))
        return subtract(stages, reshape(moved, (3 * n,)))

    inside = slopes(lambda z: f(stop_gradient(t), z), y)
    length, weight = float(host(h)), scale(rtol, atol, y)
    found = _stages(no_grad()(equation), np.eye(3 * n) - length * np.kron(_RADAU, inside), np.tile(weight, 3))
    if found is None:
        return Step(y, None, np.inf)
    z = reshape(solution("solve_ivp", equation, as_tensor(found.astype(y.dtype)), True), (3, n))
    y1 = add(y, getitem(z, 2))
    error = np.linalg.solve(np.eye(n) - length * _REAL * inside,
                            length * _REAL * host(k) + np.tensordot(_RADAU_ERROR, found.reshape(3, n), 1))
    return Step(y1, None, size(error / scale(rtol, atol, y, y1)))


def _stages(equation: Callable[[Tensor], Tensor], matrix: np.ndarray,
            weight: np.ndarray) -> np.ndarray | None:
    """The stages of a step, as values; None if Newton's method does not find them."""
    z, inverse = np.zeros(len(matrix)), np.linalg.inv(matrix)
    for _ in range(_NEWTON):
        change = inverse @ host(equation(as_tensor(z)))
        z = z - change
        if not np.all(np.isfinite(z)):
            return None
        if size(change / weight) < _NEAR:
            return z
    return None


class Method(NamedTuple):
    """step: takes one; order: of the error; order + 1 is the power of the step's length that it goes with."""

    step: Callable[..., Step]
    order: int


METHODS = {"RK45": Method(dormand_prince, 4), "Radau": Method(radau, 3)}


def first_length(f: Field, t: Tensor, y: Tensor, k: Tensor, span: float, order: int, rtol: float,
                 atol: float) -> float:
    """The length of the first step. Source: Hairer, Norsett and Wanner, 1993, section II.4."""
    weight = scale(rtol, atol, y)
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
