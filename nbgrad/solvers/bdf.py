"""Backward differentiation, of orders 1 to 5, for stiff initial value problems.

The state of the method are the differences of the last states, equally far apart; a new length of steps is a
new set of differences of the same polynomial. Source: Shampine and Reichelt, The MATLAB ODE suite, 1997.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.polynomial import polynomial

from nbgrad.engine.tensor import Tensor, as_tensor
from nbgrad.errors import solver_errors
from nbgrad.ops.elementwise import add, multiply, subtract
from nbgrad.ops.index import getitem
from nbgrad.solvers.implicit import host, solution
from nbgrad.solvers.steps import (
    MOST,
    Control,
    Field,
    Piece,
    Taken,
    combined,
    first_length,
    long_enough,
    newton,
    size,
    standing,
)

_HIGHEST = 5
_SAFE = 0.75                                  # of the length that the error allows
_KAPPA = np.array([0.0, -0.1850, -1 / 9, -0.0823, -0.0415, 0.0])
_GAMMA = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, _HIGHEST + 1))])
_ALPHA = (1 - _KAPPA) * _GAMMA
_ERROR = _KAPPA * _GAMMA + 1 / np.arange(1, _HIGHEST + 2)


def _newton_form(order: int) -> np.ndarray:
    """(order, order): the powers of x, from the first on, of x (x + 1) ... (x + j - 1) / j! for each j."""
    found, basis = np.zeros((order, order)), np.array([1.0])
    for j in range(order):
        basis = polynomial.polymul(basis, [j / (j + 1), 1 / (j + 1)])
        found[:j + 1, j] = basis[1:]
    return found


def _differences(order: int, factor: float) -> np.ndarray:
    """(order + 1, order + 1): of the values at 0, -factor, -2 factor, ..., by differences of length 1."""
    i, j = np.indices((order + 1, order + 1))
    ratios = np.divide(i - 1 - factor * j, i, out=np.ones(i.shape), where=i > 0)
    return np.cumprod(ratios, 0)


def _rescaled(d: list[Tensor], order: int, factor: float) -> list[Tensor]:
    """The differences for steps that are longer by a factor."""
    change = (_differences(order, factor) @ _differences(order, 1.0)).T
    rows = combined(change, d[:order + 1])
    return [*[getitem(rows, i) for i in range(order + 1)], *d[order + 1:]]


def bdf(f: Field, y: Tensor, start: Tensor, stop: Tensor, control: Control,
        length: float | None) -> Iterator[Taken]:
    """The accepted steps from start to stop. Their lengths are parts of the interval."""
    span, k, n = subtract(stop, start), f(start, y), y.shape[0]
    whole, t, done, order, equal, inside = float(host(span)), start, 0.0, 1, 0, None
    if whole == 0:
        yield standing(start, stop, y, k)
        return
    part = min(first_length(f, start, y, k, whole, 1, control) / abs(whole), 1.0)
    zero, factor = as_tensor(np.zeros(n, y.dtype)), 1.0
    d = [y, multiply(multiply(span, part), k), *[zero] * (_HIGHEST + 1)]
    for _ in range(MOST):
        factor = min(factor, control.longest / abs(whole) / part, (1 - done) / part)
        if factor != 1:
            d, part, equal, factor = _rescaled(d, order, factor), part * factor, 0, 1.0
        last = part > (1 - done) * (1 - 1e-12)
        part = 1 - done if last else part
        long_enough(part * abs(whole), t, control)
        ahead, along = stop if last else add(start, multiply(span, done + part)), multiply(span, part)
        guess, fresh = combined(np.ones(order + 1), d[:order + 1]), inside is None
        inside = control.slopes(f, ahead, guess) if inside is None else inside
        change = _correction(f, ahead, guess, along, d, order, control, inside)
        if change is None:
            inside, factor = None, 0.5 if fresh else 1.0
            continue
        y_new = add(guess, change)
        weight = control.scale(y_new)
        error = size(_ERROR[order] * host(change) / weight)
        if not error <= 1:                    # also where it is nan
            factor = max(0.2, _SAFE * error ** (-1 / (order + 1))) if np.isfinite(error) else 0.2
            continue
        done, t, equal, d = done + part, ahead, equal + 1, _advanced(d, order, change)
        yield Taken(t, d[0], part * abs(whole), _piece(t, along, d, order))
        if last:
            return
        if equal > order:
            (order, factor), equal = _next_order(d, order, error, weight), 0
    raise solver_errors.too_many_steps(control.name, MOST, float(host(t)))


def _correction(f: Field, t: Tensor, guess: Tensor, h: Tensor, d: list[Tensor], order: int, control: Control,
                inside: np.ndarray) -> Tensor | None:
    """What the state at t is beyond the guess, by the method's equation; None: that is not found."""
    c, n = multiply(h, float(1 / _ALPHA[order])), guess.shape[0]
    past = combined(_GAMMA[1:order + 1] / _ALPHA[order], d[1:order + 1])

    def equation(z: Tensor) -> Tensor:
        return subtract(add(z, past), multiply(c, f(t, add(guess, z))))

    found = newton(equation, np.eye(n) - float(host(c)) * inside, control.scale(guess))
    if found is None:
        return None
    return solution(control.name, equation, as_tensor(found.astype(guess.dtype)), True)


def _advanced(d: list[Tensor], order: int, change: Tensor) -> list[Tensor]:
    """The differences one step on."""
    d = d[:]
    d[order + 2], d[order + 1] = subtract(change, d[order + 1]), change
    for i in range(order, -1, -1):
        d[i] = add(d[i], d[i + 1])
    return d


def _piece(t: Tensor, h: Tensor, d: list[Tensor], order: int) -> Piece:
    return Piece(t, h, d[0], lambda: combined(_newton_form(order), d[1:order + 1]))


def _next_order(d: list[Tensor], order: int, error: float, weight: np.ndarray) -> tuple[int, float]:
    """The order with which the next steps can be longest, and the factor that they can be longer by."""
    errors = {order: error}
    if order > 1:
        errors[order - 1] = size(_ERROR[order - 1] * host(d[order]) / weight)
    if order < _HIGHEST:
        errors[order + 1] = size(_ERROR[order + 1] * host(d[order + 2]) / weight)
    growths = {k: _SAFE * e ** (-1 / (k + 1)) if e > 0 else 10.0 for k, e in errors.items()}
    best = max(growths, key=lambda k: growths[k])
    return best, min(10.0, growths[best])
