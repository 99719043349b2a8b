"""Sliding windows over the last axes of an image: their arguments, and how many fit."""

from __future__ import annotations

import operator
from typing import Any

from nbgrad.errors import shape_errors, value_errors

Pair = tuple[int, int]


def pair(op: str, name: str, value: Any, low: int) -> Pair:
    """An integer, or one for each of height and width. Raises DtypeError, ValueRangeError below `low`."""
    values = value if isinstance(value, (tuple, list)) else (value, value)
    try:
        found = tuple([operator.index(v) for v in values])
    except TypeError as error:
        raise value_errors.bad_argument(op, value, f"{name} as an integer or two of them") from error
    if len(found) != 2 or min(found) < low:
        raise value_errors.bad_value(op, f"{name} must be an integer from {low}, or two of them, got {value}")
    return found


def count(op: str, n: int, kernel: int, stride: int, pads: Pair, dilation: int, up: bool = False) -> int:
    """How many windows of `kernel` places, `dilation` apart, fit in n elements and the padding beside them.

    up: one more that reaches beyond the end, if it starts before it. Raises ShapeError if none fits.
    """
    reach = dilation * (kernel - 1) + 1
    room = n + sum(pads) - reach
    if room < 0:
        raise shape_errors.bad_window(op, n, reach, pads)
    found = room // stride + 1
    if up and room % stride and found * stride < n + pads[0]:
        found += 1
    return found
