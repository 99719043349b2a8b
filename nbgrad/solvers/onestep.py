"""Runge-Kutta methods for initial value problems: explicit ones, and Radau IIA for stiff equations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import polynomial

from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import solver_errors
from nbgrad.ops.contract import matmul
from nbgrad.ops.elementwise import add, multiply, subtract
from nbgrad.ops.index import getitem
from nbgrad.ops.shape import reshape, stack
from nbgrad.solvers.implicit import host, solution
from nbgrad.solvers.steps import (
    MOST,
    Control,
    Field,
    Piece,
    Step,
    Taken,
    combined,
    first_length,
    long_enough,
    newton,
    size,
    standing,
)


class Tableau(NamedTuple):
    """An explicit method: the coefficients of SciPy's class of its name.

    a, b, c : of the stages; the slopes at the new state are one more
    error : the size of the error of stages by a scale, both without the step's length
    dense : (p, all stages), the coefficients of the powers of the states during a step
    more : those of the stages that only dense needs, (a, c) for each
    order : of the error; order + 1 is the power of the step's length that it goes with
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    error: Callable[[np.ndarray], float]
    dense: np.ndarray
    more: list[tuple[np.ndarray, float]]
    order: int


@cache
def _tableau(name: str) -> Tableau:
    known = getattr(import_module("scipy.integrate"), name)
    if name == "DOP853":
        later = enumerate(zip(known.A_EXTRA, known.C_EXTRA, strict=True), len(known.B) + 1)
        more = [(a[:count], float(c)) for count, (a, c) in later]
        return Tableau(known.A, known.B, known.C, lambda ks: _two_errors(known.E5 @ ks, known.E3 @ ks),
                       _nested(known.B, known.D), more, known.error_estimator_order)
    return Tableau(known.A, known.B, known.C, lambda ks: size(known.E @ ks), known.P.T, [],
                   known.error_estimator_order)


def _two_errors(fifth: np.ndarray, third: np.ndarray) -> float:
    """The error of DOP853. Source: Hairer, Norsett and Wanner, 1993, section II.10."""
    both = size(fifth) ** 2 + 0.01 * size(third) ** 2
    return size(fifth) ** 2 / np.sqrt(both) if both > 0 else 0.0


def _nested(b: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The coefficients of powers of DOP853's states during a step, which are known by x, x (1 - x)...

    Source: Hairer, Norsett and Wanner, 1993, section II.6.
    """
    count = d.shape[1]
    whole, first, last = np.pad(b, (0, count - len(b))), np.eye(count)[0], np.eye(count)[len(b)]
    parts = [whole, first - whole, 2 * whole - first - last, *d]
    found, basis = np.zeros((len(parts), count)), np.array([1.0])
    for i, part in enumerate(parts):
        basis = polynomial.polymul(basis, [1.0, -1.0] if i % 2 else [0.0, 1.0])
        found[:len(basis) - 1] += np.outer(basis[1:], part)
    return found


def _explicit(tableau: Tableau, f: Field, t: Tensor, y: Tensor, h: Tensor, k: Tensor,
              control: Control) -> Step:
    """A step, h long; k: the slopes at its beginning."""
    ks = [k]

    def stage(weights: np.ndarray, node: float, ks: list[Tensor]) -> Tensor:
        return f(add(t, multiply(h, node)), add(y, multiply(h, combined(weights, ks))))

    for i in range(1, len(tableau.c)):
        ks.append(stage(tableau.a[i, :i], float(tableau.c[i]), ks))
    z = add(y, multiply(h, combined(tableau.b, ks)))
    ks.append(f(add(t, h), z))

    def rows() -> Tensor:
        every = ks[:]
        for weights, node in tableau.more:
            every.append(stage(weights, node, every))
        return multiply(h, combined(tableau.dense, every))

    error = abs(float(host(h))) * tableau.error(np.array([host(each) for each in ks]) / control.scale(y, z))
    return Step(z, ks[-1], error, rows)


# Source: Hairer and Wanner, Solving ordinary differential equations II, 1996, sections IV.5 and IV.8.
_ROOT = 6.0**0.5
_RADAU = np.array([[(88 - 7 * _ROOT) / 360, (296 - 169 * _ROOT) / 1800, (-2 + 3 * _ROOT) / 225],
                   [(296 + 169 * _ROOT) / 1800, (88 + 7 * _ROOT) / 360, (-2 - 3 * _ROOT) / 225],
                   [(16 - _ROOT) / 36, (16 + _ROOT) / 36, 1 / 9]])
_RADAU_NODES = ((4 - _ROOT) / 10, (4 + _ROOT) / 10, 1.0)
_REAL = 1 / (3 + 3.0 ** (2 / 3) - 3.0 ** (1 / 3))             # the real eigenvalue of that matrix
_RADAU_ERROR = np.array([-13 - 7 * _ROOT, -13 + 7 * _ROOT, -1.0]) * (_REAL / 3)
_RADAU_DENSE = np.linalg.inv(np.array(_RADAU_NODES)[:, None] ** [1, 2, 3])      # collocation's polynomial


def _radau(f: Field, t: Tensor, y: Tensor, h: Tensor, k: Tensor, control: Control) -> Step:
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

    inside = control.slopes(f, t, y)
    length, weight = float(host(h)), control.scale(y)
    found = newton(equation, np.eye(3 * n) - length * np.kron(_RADAU, inside), np.tile(weight, 3))
    if found is None:
        return Step(y, None, np.inf, lambda: reshape(y, (1, n)))
    z = reshape(solution(control.name, equation, as_tensor(found.astype(y.dtype)), True), (3, n))
    y1 = add(y, getitem(z, 2))
    error = np.linalg.solve(np.eye(n) - length * _REAL * inside,
                            length * _REAL * host(k) + np.tensordot(_RADAU_ERROR, found.reshape(3, n), 1))
    return Step(y1, None, size(error / control.scale(y, y1)),
                lambda: matmul(as_tensor(_RADAU_DENSE.astype(y.dtype)), z))


def explicit(name: str) -> Callable[..., Iterator[Taken]]:
    """The walk by an explicit method."""

    def walk(*problem: Any) -> Iterator[Taken]:
        tableau = _tableau(name)
        return _walk(lambda *step: _explicit(tableau, *step), tableau.order, *problem)

    return walk


def radau(*problem: Any) -> Iterator[Taken]:
    """The walk by Radau's method."""
    return _walk(_radau, 3, *problem)


def _walk(step: Callable[..., Step], order: int, f: Field, y: Tensor, start: Tensor, stop: Tensor,
          control: Control, length: float | None) -> Iterator[Taken]:
    """The accepted steps from start to stop; length: of the first one, if it is known.

    Steps are parts of the interval, so that they grow with it: the state at its end has its derivative in
    both ends.
    """
    span = subtract(stop, start)
    whole, t, k, done = float(host(span)), start, f(start, y), 0.0
    if whole == 0:
        yield standing(start, stop, y, k)._replace(length=length or 0.0)
        return
    h, most = length or first_length(f, start, y, k, whole, order, control), 10.0     # most: growth
    for _ in range(MOST):
        part = min(min(h, control.longest) / abs(whole), 1 - done)
        last = part > (1 - done) * (1 - 1e-12)
        part = 1 - done if last else part
        long_enough(part * abs(whole), t, control)
        along = multiply(span, part)
        found = step(f, t, y, along, k, control)
        growth = 0.9 * found.error ** (-1 / (order + 1)) if found.error > 0 else 10.0
        if not found.error <= 1:              # also where it is nan
            h, most = part * abs(whole) * (max(growth, 0.2) if np.isfinite(found.error) else 0.2), 1.0
            continue
        done = 1.0 if last else done + part
        piece = Piece(t, along, y, found.rows)
        t, y = stop if last else add(start, multiply(span, done)), found.y
        taken = part * abs(whole)
        h = max(h, taken) if last and growth >= 1 else taken * min(max(growth, 0.2), most)
        most = 10.0
        yield Taken(t, y, h, piece)
        if last:
            return
        k = f(t, y) if found.slopes is None else found.slopes
    raise solver_errors.too_many_steps(control.name, MOST, float(host(t)))
