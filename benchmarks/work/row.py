"""A row of the comparison: one piece of work, and how it is timed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from work.libraries import Library, Run

Arrays = Sequence[np.ndarray]
Make = Callable[[Library, Arrays], Run]

_LINE = 64                                # bytes of a line of the processor's cache
# tolerances of the comparison of values, relative to the largest value of an array
EXACT = {np.dtype(np.float32): 1e-3, np.dtype(np.float64): 1e-7}


@dataclass
class Row:
    """One piece of work, done by several libraries.

    work   : its description
    make   : (library, arrays) -> the function that is timed
    inputs : makes the arrays, the same at each call
    limits : name of the peer -> largest ratio allowed
    needs  : functions of nbgrad that it takes; if one is not there the row is missing
    peers  : who else is asked, without a limit
    """

    work: str
    make: Make
    inputs: Callable[[], Arrays]
    limits: dict[str, float]
    needs: Sequence[str] = ()
    peers: Sequence[str] = ("jax",)


@dataclass
class Result:
    """Seconds of a row by library; missing: what nbgrad does not have; limit: of seconds, not of ratios."""

    work: str
    seconds: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    missing: str = ""
    limit: float | None = None
    unit: str = "s"

    def ratios(self) -> dict[str, float]:
        """nbgrad's time over that of each peer."""
        return {peer: self.seconds["nbgrad"] / s for peer, s in self.seconds.items() if peer != "nbgrad"}

    def excess(self) -> float:
        """By how much the worst limit is passed, as a ratio: at most 1 is good; infinite for a missing op."""
        if self.missing:
            return math.inf
        if self.limit is not None:
            return self.seconds["nbgrad"] / self.limit
        ratios = self.ratios()
        return max([ratios[peer] / limit for peer, limit in self.limits.items() if peer in ratios], default=0)


def forward(f: Callable[..., Any]) -> Make:
    """f(library, *arrays) alone."""
    return lambda lib, xs: lib.forward(lambda *ys: f(lib, *ys), [lib.array(x) for x in xs])


def backward(f: Callable[..., Any]) -> Make:
    """The pullback of f(library, *arrays) alone; the last array is the cotangent."""

    def make(lib: Library, xs: Arrays) -> Run:
        *inputs, g = [lib.array(x) for x in xs]
        return lib.backward(lambda *ys: f(lib, *ys), inputs, g)

    return make


def gradient(f: Callable[..., Any], fixed: int = 0) -> Make:
    """Value and gradients of the scalar f(library, *arrays); the last arrays, so many, are constants."""

    def make(lib: Library, xs: Arrays) -> Run:
        ys = [lib.array(x) for x in xs]
        moving = len(ys) - fixed
        return lib.gradient(lambda *zs: f(lib, *zs), ys[:moving], ys[moving:])

    return make


def aligned(x: np.ndarray) -> np.ndarray:
    """A copy of x with its strides, in memory that begins at a line of the cache.

    NumPy's own memory begins at random within a line, which slows a library down or does not. Arrays that
    torch, jax and nbgrad make begin at a line.
    """
    extent = x.itemsize + sum((n - 1) * step for n, step in zip(x.shape, x.strides, strict=True))
    memory = np.empty(extent + _LINE, np.uint8)
    out = np.ndarray(x.shape, x.dtype, memory, -memory.ctypes.data % _LINE, x.strides)
    out[...] = x
    return out


def agree(row: Row, libraries: dict[str, Library], runs: dict[str, Run]) -> dict[str, float]:
    """Seconds of each library's second call. Raises AssertionError if the results of those differ."""
    from nbgrad.bench.clock import once  # the commits that asv measures may lack it

    wanted: list[np.ndarray] = []
    guesses: dict[str, float] = {}
    for name, run in runs.items():
        run()
        guesses[name], result = once(run)
        found = libraries[name].values(result)
        wanted = wanted or found
        assert len(found) == len(wanted), f"{row.work}: {name} gives another number of results"
        for x, y in zip(found, wanted, strict=True):
            tolerance = EXACT.get(y.dtype, 0.0) * float(np.max(np.abs(y), initial=0))
            np.testing.assert_allclose(x, y, rtol=0, atol=tolerance, err_msg=f"{row.work}: {name}")
    return guesses


def measure(row: Row, libraries: dict[str, Library], quick: bool = False) -> Result:
    """Median seconds of each library that is there: they take turns, after their values were compared."""
    from nbgrad.bench.clock import medians, samples

    result = Result(row.work, limits=row.limits)
    lost = [name for name in row.needs if not hasattr(libraries["nbgrad"], name)]
    if lost:
        result.missing = ", ".join(lost)
        return result
    asked = ["nbgrad", *row.limits, *[peer for peer in row.peers if peer not in row.limits]]
    runs = {name: row.make(libraries[name], [aligned(x) for x in row.inputs()])
            for name in asked if name in libraries}
    result.seconds = medians(samples(runs, agree(row, libraries, runs), quick=quick))
    return result
