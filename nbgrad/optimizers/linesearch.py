"""A line search for the strong Wolfe conditions, by cubic interpolation, with PyTorch's decisions.

Source: Nocedal and Wright, Numerical optimization, 2006, algorithms 3.5 and 3.6; the bounds of trial steps
are those of minFunc (Schmidt, 2005) and torch.optim.LBFGS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from nbgrad.engine.tensor import Tensor

C1, C2 = 1e-4, 0.9                            # of the decrease, and of the slope
MOST = 25                                     # steps that are tried after the first one


class Point(NamedTuple):
    """Step length, function value, its gradient, and the slope along the line. Not a number counts as inf."""

    step: float
    value: float
    gradient: Tensor
    slope: float


def search(at: Callable[[float], Point], start: Point, step: float, least: float) -> Point:
    """The point at which the strong Wolfe conditions hold, or the lowest one if none is found.

    start : the point of step 0, with a negative slope
    step  : the first one to try
    least : the shortest bracket that is divided further
    """
    before, new, tried = start, at(step), 0
    while tried < MOST:
        if _high(new, start) or (tried > 1 and new.value >= before.value):
            return _zoom(at, start, before, new, tried, least)
        if abs(new.slope) <= -C2 * start.slope:
            return new
        if new.slope >= 0:
            return _zoom(at, start, before, new, tried, least)
        low, high = new.step + 0.01 * (new.step - before.step), 10 * new.step
        before, new = new, at(cubic_minimum(before, new, low, high))
        tried += 1
    return min(start, new, key=lambda p: p.value)


def _high(p: Point, start: Point) -> bool:
    """Whether p is not as low as the first condition demands."""
    return p.value > start.value + C1 * p.step * start.slope


def _zoom(at: Callable[[float], Point], start: Point, one: Point, other: Point, tried: int,
          least: float) -> Point:
    """A point between two, of which the lower one is kept as `low`; or that one, once they are close."""
    low, high = (one, other) if one.value <= other.value else (other, one)
    stuck = False
    while tried < MOST and abs(high.step - low.step) >= least:
        step, stuck = _between(one, other, stuck)
        new = at(step)
        tried += 1
        if _high(new, start) or new.value >= low.value:
            low, high = (low, new) if low.value <= new.value else (new, low)
        elif abs(new.slope) <= -C2 * start.slope:
            return new
        else:
            low, high = new, low if new.slope * (high.step - low.step) >= 0 else high
        one, other = low, high
    return low


def _between(one: Point, other: Point, stuck: bool) -> tuple[float, bool]:
    """The next step between two, and whether it is near an end; the second one there is moved inwards."""
    first, last = sorted((one.step, other.step))
    step = cubic_minimum(one, other, first, last)
    margin = 0.1 * (last - first)
    if min(last - step, step - first) >= margin:
        return step, False
    if stuck or step >= last or step <= first:
        return (last - margin if abs(step - last) < abs(step - first) else first + margin), False
    return step, True


def cubic_minimum(p: Point, q: Point, first: float, last: float) -> float:
    """Where the cubic through two points, by values and slopes, is least in [first, last]; else the middle.

    Source: Nocedal and Wright, equation 3.59.
    """
    middle = (first + last) / 2
    if not math.isfinite(p.value + q.value):
        return middle
    d = p.slope + q.slope - 3 * (p.value - q.value) / (p.step - q.step)
    square = d * d - p.slope * q.slope
    if not square >= 0:
        return middle
    left, right = (p, q) if p.step <= q.step else (q, p)
    root = math.sqrt(square)
    across = right.slope - left.slope + 2 * root
    if not across:
        return middle
    step = right.step - (right.step - left.step) * ((right.slope + root - d) / across)
    return min(max(step, first), last) if math.isfinite(step) else middle
