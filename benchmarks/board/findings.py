"""What a reader asks of the series: which ops are slower than NumPy or torch, since when; what got worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from board.series import Series

SLOWER = 1.05                             # a ratio beyond this counts as slower
# Figures that repeat: by how much one may grow from one commit to the next before it is named
GROWTH = {"instructions": 1.03, "ulp": 1.1}
ENOUGH = 2                                # values on either side of a step in figures that do not repeat


@dataclass
class Regression:
    """A series that got worse at a commit and has stayed so; place is the commit's among those recorded."""

    series: int
    place: int
    before: float
    after: float
    source: str


def since(values: list[float | None], limit: float = SLOWER) -> int | None:
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


def grown(values: list[float | None], factor: float) -> tuple[int, float, float] | None:
    """(place, before, after) of the largest step up that the newest value still shows, or None."""
    there = [(place, v) for place, v in enumerate(values) if v is not None]
    steps = []
    for k in range(1, len(there)):
        before, (place, after) = there[k - 1][1], there[k]
        kept = min(v for _, v in there[k:])
        if before > 0 and after > factor * before and kept > factor * before:
            steps.append((after / before, place, before, after))
    return max(steps)[1:] if steps else None


def regressions(series: list[Series], detected: list[Any], places: dict[int, int]) -> list[Regression]:
    """What got worse: by the repeating figures themselves, and by asv's detection of steps in the others.

    detected : the entries of asv's regressions.json
    places   : asv's number of a commit -> its place among those recorded
    """
    found = []
    for k, one in enumerate(series):
        step = grown(one.values, GROWTH[one.role]) if one.role in GROWTH else None
        if step is not None:
            found.append(Regression(k, *step, "counted"))
    rows: dict[tuple[str, str], int] = {}
    for k, one in enumerate(series):
        rows.setdefault((one.name, _choice(one.parameters)), k)
    for entry, _path, _params, _index, _last, _best, jumps in detected:
        name, _, rest = entry.partition("(")
        k = rows.get((name, rest.removesuffix(")").replace("'", "")))
        jumps = [jump for jump in jumps or () if jump[2] > 0]      # a step up from nothing has no factor
        if k is None or series[k].role in GROWTH or not jumps:
            continue
        _, revision, before, after = max(jumps, key=lambda jump: jump[3] / jump[2])
        if lasting(series[k].values, places[revision]):
            found.append(Regression(k, places[revision], before, after, "step"))
    return sorted(found, key=lambda r: (r.source != "counted", r.before / r.after))


def lasting(values: list[float | None], place: int) -> bool:
    """Whether there are values enough before and after a place to tell a step from a disturbance."""
    before = sum(v is not None for v in values[:place])
    return before >= ENOUGH and sum(v is not None for v in values[place:]) >= ENOUGH


def _choice(parameters: dict[str, str]) -> str:
    return ", ".join(parameters.values())


def compared(one: Series) -> bool:
    """Whether a value above 1 says slower. NumPy has no VJP: ours is measured against its value."""
    return one.role == "torch" or (one.role == "numpy" and not one.backward)


def ops(series: list[Series]) -> list[dict[str, Any]]:
    """A line for each op: its series by role, and since which commit it is slower than NumPy and torch."""
    lines: dict[str, dict[str, Any]] = {}
    for k, one in enumerate(series):
        if not one.of_op:
            continue
        line = lines.setdefault(one.subject, {"name": one.subject, "roles": {}, "since": {}})
        role = f"{one.role}{' vjp' if one.backward else ''}"
        line["roles"].setdefault(role, []).append(k)
        start = since(one.values) if compared(one) else None
        if start is not None:
            line["since"][one.role] = min(start, line["since"].get(one.role, start))
    return sorted(lines.values(), key=lambda line: line["name"])
