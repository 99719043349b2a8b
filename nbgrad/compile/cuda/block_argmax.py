"""What the threads of a block find out together."""

from __future__ import annotations

from typing import Any

from nbgrad.compile.cuda.language import lane, shared, sync, threads


def largest(own: Any, where: Any) -> tuple[Any, Any]:
    """The largest own of all threads of a block, and its place; all threads call this.

    nan is above all numbers; of places with the same number it is the first.
    """
    values, places = shared(own), shared(where)
    me, half = lane(), threads() // 2
    values[me], places[me] = own, where
    sync()
    while half > 0:
        if me < half:
            other = values[me + half]
            if other > values[me] or other != other or (
                    other == values[me] and places[me + half] < places[me]):
                values[me], places[me] = other, places[me + half]
        sync()
        half = half // 2
    top, place = values[0], places[0]
    sync()
    return top, place
