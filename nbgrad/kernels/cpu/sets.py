"""Sets for the CPU, by NumPy's sorting."""

from __future__ import annotations

import numpy as np


def unique_places(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """First places, the inverse and counts of the different values."""
    found = np.unique_all(x)
    return found.indices, found.inverse_indices, found.counts


def isin(out: np.ndarray, x: np.ndarray, values: np.ndarray, invert: bool) -> None:
    """Membership."""
    out[...] = np.isin(x, values, invert=invert)
