"""Errors of special functions and of their first derivatives, in units of the last place.

`python benchmarks/accuracy.py --special` prints them. The truth is that of tests/special_references.py, in
mpmath, at the arguments there, which are hard, and at some that are drawn as in tests. Values are SciPy's.
"""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import derivatives
import numpy as np
from mpmath import mp, mpf

import nbgrad as nb
import nbgrad.special
from nbgrad.define.inputs import draw
from nbgrad.define.registry import OPS, Row

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from special_references import CASES, differences

FEW = 12                                  # arguments that are drawn
DIGITS = 100
Point = tuple[Any, ...]


def rows() -> dict[str, Row]:
    """Special functions of which there is a truth, by their names in nb.special."""
    return {name: OPS[f"special.{name}"] for name in sorted(CASES)}


def points(name: str, row: Row, dtype: Any) -> list[Point]:
    """Arguments in a dtype, but for those that are given by value; none that it rounds to an integer."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    count = len(signature(row.op).parameters)
    given = row.cases[0][:count - len(row.op.vjp)]
    spans = row.at if isinstance(row.at[0], tuple) else [row.at] * (count - len(given))
    drawn = [(*given, *[float(draw(rng, span, (), dtype)) for span in spans]) for _ in range(FEW)]
    with np.errstate(over="ignore"):
        found = [(*p[:len(given)], *map(dtype, p[len(given):])) for p in [*CASES[name][1], *drawn]]
    return [p for p, q in zip(found, [*CASES[name][1], *drawn], strict=True)
            if all(np.isfinite(x) and float(x).is_integer() == float(y).is_integer()
                   for x, y in zip(p, q, strict=True))]


def truths(name: str, at: Point, places: range) -> list[mpf] | None:
    """The value and the first derivatives; None at a pole."""
    f, exact = CASES[name][0], [mpf(float(x)) for x in at]

    def along(i: int, t: mpf) -> Any:
        return f(*exact[:i], t, *exact[i + 1:])

    try:
        return [mp.re(f(*exact)), *[differences(lambda t, i=i: along(i, t), exact[i])[0] for i in places]]
    except (ArithmeticError, ValueError):
        return None


def errors(name: str, dtype: Any) -> dict[str, list[tuple[float, Point]]]:
    """Errors of the value, and of the derivative in each operand, each with its argument."""
    row, info = rows()[name], np.finfo(dtype)
    names = list(signature(row.op).parameters)
    places = range(len(names) - len(row.op.vjp), len(names))
    slopes = nb.value_and_grad(row.op, tuple(places))
    found: dict[str, list[tuple[float, Point]]] = {}
    for at in points(name, row, dtype):
        with mp.workdps(DIGITS), np.errstate(all="ignore"):
            want = truths(name, at, places)
            value, partials = slopes(*at)
            for what, got, exact in zip(["value", *[f"d{names[i]}" for i in places]], [value, *partials],
                                        want or [], strict=want is not None):
                if mp.isfinite(exact):
                    error = derivatives.distance(float(got), exact, info)
                    found.setdefault(what, []).append((error, at))
    return found


def largest(name: str, dtype: Any) -> list[float]:
    """The largest errors of the value and of the first derivatives."""
    found = {what: max(error for error, _ in each) for what, each in errors(name, dtype).items()}
    return [found.pop("value"), max(found.values())]


def measure(name: str, dtype: Any) -> Iterator[tuple[str, bool]]:
    """A line for the value and each derivative, and whether it is a number wherever it should be."""
    for what, each in errors(name, dtype).items():
        worst, at = max(each, key=lambda pair: pair[0])
        mean = np.mean([error for error, _ in each if math.isfinite(error)])
        good = math.isfinite(worst)
        yield (f"{name:16s} {what:8s} {np.dtype(dtype).name}  max {worst:9.2f}  mean {mean:8.2f}  "
               f"{'    ' if good else 'FAIL'}  at {', '.join(repr(float(x)) for x in at)}"), good
