"""Schedules of learning rates: functions of the number of steps made before, which optimisers take as lr.

Rates may be Tensors, to which gradients flow. Schedules can be pickled.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from nbgrad.errors import value_errors

Schedule = Callable[[int], Any]


def constant(rate: Any) -> Schedule:
    """Return the schedule that is rate at every step.

    >>> nb.optim.constant(0.1)(7)
    0.1
    """
    return partial(_constant, rate)


def step_decay(rate: Any, every: int, factor: float = 0.1) -> Schedule:
    """Return the schedule rate * factor**(step // every): a fall after every so many steps.

    Raises ValueRangeError if every is below 1.

    >>> schedule = nb.optim.step_decay(8.0, every=10, factor=0.5)
    >>> [schedule(step) for step in (0, 9, 10, 20)]
    [8.0, 8.0, 4.0, 2.0]
    """
    _positive("step_decay", "every", every)
    return partial(_step, rate, every, factor)


def exponential_decay(rate: Any, factor: float) -> Schedule:
    """Return the schedule rate * factor**step.

    >>> [nb.optim.exponential_decay(8.0, 0.5)(step) for step in (0, 1, 2)]
    [8.0, 4.0, 2.0]
    """
    return partial(_step, rate, 1, factor)


def cosine_decay(rate: Any, steps: int, least: Any = 0.0) -> Schedule:
    """Return the schedule that falls from rate to least in so many steps, as half a wave; then it stays.

    Source: Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017, equation 5.

    Raises ValueRangeError if steps is below 1.

    >>> schedule = nb.optim.cosine_decay(1.0, steps=10, least=0.2)
    >>> [round(schedule(step), 3) for step in (0, 5, 10, 50)]
    [1.0, 0.6, 0.2, 0.2]
    """
    _positive("cosine_decay", "steps", steps)
    return partial(_cosine, rate, steps, least)


def linear_warmup(then: Any, steps: int, start: Any = 0.0) -> Schedule:
    """Return the schedule that rises from start in so many steps on a line, and goes on as `then` from its 0.

    then : a schedule, or a rate

    Raises ValueRangeError if steps is below 1.

    >>> schedule = nb.optim.linear_warmup(nb.optim.exponential_decay(8.0, 0.5), steps=4)
    >>> [schedule(step) for step in (0, 1, 2, 4, 5)]
    [0.0, 2.0, 4.0, 8.0, 4.0]
    """
    _positive("linear_warmup", "steps", steps)
    return partial(_warmup, then if callable(then) else constant(then), steps, start)


def _positive(what: str, name: str, steps: int) -> None:
    if not steps >= 1:
        raise value_errors.bad_value(what, f"{name} must be 1 or more, got {steps}")


def _constant(rate: Any, step: int) -> Any:
    return rate


def _step(rate: Any, every: int, factor: float, step: int) -> Any:
    return rate * factor ** (step // every)


def _cosine(rate: Any, steps: int, least: Any, step: int) -> Any:
    return least + (rate - least) * ((1 + math.cos(math.pi * min(step, steps) / steps)) / 2)


def _warmup(then: Schedule, steps: int, start: Any, step: int) -> Any:
    return then(step - steps) if step >= steps else start + (then(0) - start) * (step / steps)
