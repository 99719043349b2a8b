"""The clock of all benchmarks: functions take turns, so that a noisy machine disturbs all of them alike."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Run = Callable[[], Any]


def once(run: Run) -> tuple[float, Any]:
    """(seconds, result) of one call."""
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def mean_time(run: Run, count: int) -> float:
    """Seconds of one of so many calls. Garbage is collected meanwhile, as it is in a user's program."""
    start = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - start) / count


def samples(runs: Mapping[str, Run], guesses: Mapping[str, float], seconds: float = 0.3,
            quick: bool = False) -> dict[str, list[float]]:
    """Seconds of a call of each function, by name, once for each round; in a round each has its turn.

    guesses : about how long a call takes: short ones are repeated within a round, for a millisecond
    seconds : how long the slowest is timed, if that is between 7 rounds (5 of slow functions) and 150
    quick   : two rounds of one call each: that all runs
    """
    counts = {name: 1 if quick else max(1, math.ceil(1e-3 / max(guesses[name], 1e-9))) for name in runs}
    longest = max(guesses[name] * counts[name] for name in runs)
    rounds = 2 if quick else min(150, max(7 if longest < 0.05 else 5, math.ceil(seconds / longest)))
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(mean_time(run, counts[name]))
    return found


def medians(found: Mapping[str, list[float]]) -> dict[str, float]:
    """The median of each list. Minima of few runs are less steady than medians on a busy machine."""
    return {name: float(np.median(times)) for name, times in found.items()}


def peak(run: Run) -> int:
    """Bytes by which one call raises the peak of the memory that Python and NumPy allocate."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = run()
        highest = tracemalloc.get_traced_memory()[1]
        del result
        return highest - before
    finally:
        if not tracing:
            tracemalloc.stop()


def amount(value: float, unit: str = "s") -> str:
    """A duration or a size in few digits, as 1.23 ms or 4.56 MB."""
    times, sizes = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")), ((1e6, "MB"), (1e3, "kB"), (1.0, "B"))
    steps = times if unit == "s" else sizes
    scale, name = next((step for step in steps if abs(value) >= step[0]), steps[-1])
    return f"{value / scale:.{0 if name == 'B' else 2}f} {name}"
