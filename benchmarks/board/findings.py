"""What a reader asks of the series: which ops are slower than NumPy or torch, since when; what got worse."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from board.series import Series
from board.steps import REPEATS, around, limits, worse

# What an op costs, of which accuracy can be bought
COSTS = ("instructions", "numpy", "torch", "time")


@dataclass
class Change:
    """A series and its levels before and after a commit."""

    series: int
    before: float
    after: float


@dataclass
class Regression(Change):
    """A series that got worse at a commit and has stayed so.

    place : the commit's among those recorded
    counted : whether the figure repeats, so that nothing but the commit can be the cause
    private : whether it is of an op that lists for users leave out
    trade : what got better of the op at that commit: its error if it got slower, its cost if less accurate
    """

    place: int
    counted: bool
    private: bool = False
    trade: Change | None = None


def since(values: list[float | None], limit: float) -> int | None:
    """The first of the commits up to the newest value at all of which the value is beyond the limit."""
    first = None
    for place in reversed(range(len(values))):
        value = values[place]
        if value is None:
            continue
        if value <= limit:
            break
        first = place
    return first


def change(values: list[float | None]) -> float | None:
    """The newest value over the one before it."""
    there = [v for v in values if v is not None]
    return there[-1] / there[-2] if len(there) > 1 and there[-2] else None


def regressions(series: list[Series], private: Container[str] = ()) -> list[Regression]:
    """What got worse, figures that repeat first, then the largest first.

    private : the ops that lists for users leave out
    """
    bounds, found = limits(series), []
    for k, (one, limit) in enumerate(zip(series, bounds, strict=True)):
        if step := worse(one, limit):
            place, before, after = step
            trade = traded(series, bounds, k, place)
            found.append(Regression(k, before, after, place, one.role in REPEATS,
                                    one.of_op and one.subject in private, trade))
    return sorted(found, key=lambda r: (not r.counted, r.before / r.after))


def plain(found: list[Regression]) -> list[Regression]:
    """Those that are counted, on our page and on asv's: of public ops and models, and no trades."""
    return [one for one in found if not one.private and one.trade is None]


def traded(series: list[Series], bounds: list[float], k: int, place: int) -> Change | None:
    """What got better of an op at the commit at which a series of it got worse: its error, or its cost.

    The largest change if there are several; None if there is none, or if anything of that kind got worse too.
    """
    one = series[k]
    kinds = ("ulp",) if one.role in COSTS else COSTS if one.role == "ulp" else ()
    better = []
    for other, (candidate, limit) in enumerate(zip(series, bounds, strict=True)):
        if candidate.role not in kinds or not alike(one, candidate):
            continue
        levels = around(candidate, place)
        if levels is None or not levels[0]:
            continue
        factor = levels[1] / levels[0]
        if factor > limit:
            return None
        if factor < 1 / limit:
            better.append((factor, other, *levels))
    return Change(*min(better)[1:]) if better else None


def alike(one: Series, other: Series) -> bool:
    """Whether two series are of one op, on one machine."""
    return one.of_op and other.of_op and (one.subject, one.machine) == (other.subject, other.machine)


def compared(one: Series) -> bool:
    """Whether a value above 1 says slower. NumPy has no VJP: ours is measured against its value."""
    return one.role == "torch" or (one.role == "numpy" and not one.backward)


def ops(series: list[Series], private: Container[str] = ()) -> list[dict[str, Any]]:
    """A line for each op: its series by role, and since which commit it is slower than NumPy and torch."""
    lines: dict[str, dict[str, Any]] = {}
    for k, (one, limit) in enumerate(zip(series, limits(series), strict=True)):
        if not one.of_op:
            continue
        new = {"name": one.subject, "private": one.subject in private, "roles": {}, "since": {}}
        line = lines.setdefault(one.subject, new)
        role = f"{one.role}{' vjp' if one.backward else ''}"
        line["roles"].setdefault(role, []).append(k)
        start = since(one.values, limit) if compared(one) else None
        if start is not None:
            line["since"][one.role] = min(start, line["since"].get(one.role, start))
    return sorted(lines.values(), key=lambda line: line["name"])
