"""When a figure counts as changed: beyond its noise, which is read off its own history, and for good.

Figures that repeat, counts and errors, have a narrow limit of their own. Times and ratios of times shake, at
each size and on each machine in another way.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median

from board.series import Series

# Figures that repeat: the factor beyond which one is named
REPEATS = {"instructions": 1.03, "ulp": 1.1, "memory": 1.1}
LEAST = 1.05                              # and the least factor of those that do not
CERTAIN = 4.0                             # how many times its noise such a figure must change
NORMAL = 0.6745 * math.sqrt(2)            # median size of a difference of two normal numbers of spread 1
ENOUGH = 2                                # values on either side of a step in figures that do not repeat
NEAR = 3                                  # values before a step that it is measured from


def spread(values: list[float | None]) -> float | None:
    """The spread of one value around its level, as a logarithm; None if there are too few to tell.

    It is taken from the differences of neighbours, by their median: a few steps do not disturb it.
    """
    logs = [math.log(v) for v in values if v is not None and v > 0]
    if len(logs) < 2 * ENOUGH:
        return None
    return median(abs(b - a) for a, b in pairwise(logs)) / NORMAL


def limits(series: list[Series]) -> list[float]:
    """For each series the factor beyond which it is changed.

    For one that does not repeat: 5 % or four times its noise, whichever is more. Its noise is its own spread,
    but no less than what is usual where the same is measured of other ops, and no more than twice that: a few
    values may agree by chance, and may differ since the op was changed each time.
    """
    own = [spread(one.values) for one in series]
    kin: dict[tuple[str, ...], list[float]] = {}
    for one, noise in zip(series, own, strict=True):
        if noise is not None:
            kin.setdefault(_kind(one), []).append(noise)
    usual = {kind: median(noises) for kind, noises in kin.items()}
    found = []
    for one, noise in zip(series, own, strict=True):
        level = usual.get(_kind(one), 0.0)
        noise = min(max(noise or 0.0, level), 2 * level)
        found.append(REPEATS.get(one.role) or max(LEAST, math.exp(CERTAIN * noise)))
    return found


def _kind(one: Series) -> tuple[str, ...]:
    return one.machine, one.suite, one.what


def worse(one: Series, limit: float) -> tuple[int, float, float] | None:
    """(place, before, after) of the largest step up that the newest value still shows, or None."""
    return (grown if one.role in REPEATS else risen)(one.values, limit)


def grown(values: list[float | None], limit: float) -> tuple[int, float, float] | None:
    """`worse` for a figure that repeats: one value says it. The step is as large as what is left of it."""
    there = _there(values)
    steps = []
    for k in range(1, len(there)):
        before, place = there[k - 1][1], there[k][0]
        kept = min(v for _, v in there[k:])
        if before > 0 and kept > limit * before:
            steps.append((kept / before, place, before, there[-1][1]))
    return max(steps)[1:] if steps else None


def risen(values: list[float | None], limit: float) -> tuple[int, float, float] | None:
    """`worse` for a figure that shakes: medians say whether and by how much, the widest gap nearby where."""
    there = _there(values)
    sides = {k: ([v for _, v in there[max(0, k - NEAR):k]], [v for _, v in there[k:]])
             for k in range(ENOUGH, len(there) - ENOUGH + 1)}
    gap = {k: min(new[:NEAR]) / max(old) for k, (old, new) in sides.items() if min(old) > 0}
    risen = [k for k in gap if _level(sides[k][1]) > limit * median(sides[k][0])]
    if not risen:
        return None
    found = max(risen, key=gap.__getitem__)
    where = max([k for k in gap if abs(k - found) <= NEAR], key=gap.__getitem__)
    return there[where][0], median(sides[where][0]), _level(sides[where][1])


def _level(new: list[float]) -> float:
    """The level that values have reached and kept: of all of them, or of the newest if that is less."""
    return min(median(new), median(new[-ENOUGH:]))


def around(one: Series, place: int) -> tuple[float, float] | None:
    """The level before a place and from it on; None if there are no values enough on both sides."""
    few, near = (1, 1) if one.role in REPEATS else (ENOUGH, NEAR)
    old = [v for v in one.values[:place] if v is not None][-near:]
    new = [v for v in one.values[place:] if v is not None][:near]
    return (median(old), median(new)) if min(len(old), len(new)) >= few else None


def _there(values: list[float | None]) -> list[tuple[int, float]]:
    return [(place, v) for place, v in enumerate(values) if v is not None]
