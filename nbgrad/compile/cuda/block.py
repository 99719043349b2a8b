"""What the threads of a block find out together."""

from __future__ import annotations

from typing import Any

from nbgrad.compile.cuda.language import lane, shared, sync, threads


def better(v: Any, j: Any, w: Any, k: Any, *, largest: bool) -> bool:
    """Whether v at place j is better than w at k: of equal ones the first is best, and nan than all else."""
    if v == w or (v != v and w != w):
        return j < k
    if v != v or w != w:
        return v != v
    return v > w if largest else v < w


def foremost(v: Any, j: Any, *, largest: bool) -> tuple[Any, Any]:
    """The best of what all threads of a block have, and its place; all threads call this."""
    tops, places = shared(v), shared(j)
    me, half = lane(), threads() // 2
    tops[me], places[me] = v, j
    sync()
    while half > 0:
        if me < half:
            other = me + half
            if better(tops[other], places[other], tops[me], places[me], largest=largest):
                tops[me], places[me] = tops[other], places[other]
        sync()
        half = half // 2
    top, place = tops[0], places[0]
    sync()
    return top, place
