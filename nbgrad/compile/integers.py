"""Arithmetic of integers in compiled kernels, on every device, as NumPy has it: it wraps and never traps.

The functions take two operands of one type and are compiled by Numba, which widens both to 64 bits; whoever
calls cuts the result to their type again. They have no annotations, which Numba would compare.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_ONE = np.uint64(1)


def _power(x, y):
    """x to a power that is not negative, by repeated squaring; with a sign products wrap as without."""
    factor, left, z = np.uint64(x), np.uint64(y), _ONE
    while left != 0:
        if left & _ONE:
            z *= factor
        factor *= factor
        left >>= _ONE
    return z


def _remainder(x, y):
    """0 for a divisor of 0; and of -1, by which a processor does not divide the least integer."""
    return x - x if y == 0 or y == -1 else x % y


def _floor_divide(x, y):
    """0 for a divisor of 0; for one of -1 the negative, which wraps."""
    return x - x if y == 0 else x - x - x if y == -1 else x // y


# what is not computed in floats for integers
BINARY: dict[str, Any] = {"pow": _power, "remainder": _remainder, "floor_divide": _floor_divide}
