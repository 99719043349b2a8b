"""Ratios of two calls that take turns: what slows the machine for a while slows both."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

Run = Callable[[], Any]


def ratio(a: Run, b: Run, inner: float = 3e-4, pairs: tuple[int, int] = (5, 25),
          budget: float = 0.025, least: bool = False) -> float:
    """The median of a's time over b's, of pairs measured one right after the other.

    least : a's least time over b's instead, which others who interrupt both can spoil less
    inner : seconds of one measurement, of as many calls as that takes
    pairs : the least and the largest number of them, as many as fit into the budget of seconds
    """
    counts = [_count(run, inner) for run in (a, b)]
    found: list[tuple[float, float]] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        end = time.perf_counter() + budget
        while len(found) < pairs[0] or (len(found) < pairs[1] and time.perf_counter() < end):
            found.append((_seconds(a, counts[0]), _seconds(b, counts[1])))
    finally:
        if collecting:
            gc.enable()
    if least:
        return min(first for first, _ in found) / min(second for _, second in found)
    return statistics.median(first / second for first, second in found)


def _count(run: Run, seconds: float) -> int:
    """How many calls take about so long; they warm the caches, too."""
    run()
    once = min(_seconds(run, 1) for _ in range(3))
    return max(1, math.ceil(seconds / once))


def _seconds(run: Run, count: int) -> float:
    """Seconds of one of so many calls."""
    start = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - start) / count
