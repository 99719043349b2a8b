"""Sets of lanes: a slice where they follow each other, which NumPy reads without copying, sorted indices
otherwise."""

import numpy as np

Where = slice | np.ndarray


def tidy(indices: np.ndarray) -> Where:
    """The set of some sorted lanes."""
    if int(indices[-1]) - int(indices[0]) + 1 == indices.size:
        return slice(int(indices[0]), int(indices[-1]) + 1)
    return indices


def indices(where: Where) -> np.ndarray:
    """The lanes of a set."""
    return np.arange(where.start, where.stop) if isinstance(where, slice) else where


def size(where: Where) -> int:
    """How many lanes a set has."""
    return where.stop - where.start if isinstance(where, slice) else where.size


def select(where: Where, keep: np.ndarray) -> Where | None:
    """The lanes of a set whose flag is up, None if there are none. keep: bool, one for each lane of the
    set."""
    count = int(np.count_nonzero(keep))
    if count == 0:
        return None
    if count == keep.size:
        return where
    found = np.flatnonzero(keep) + where.start if isinstance(where, slice) else where[keep]
    return tidy(found)


def union(one: Where | None, other: Where | None) -> Where | None:
    """The lanes of two sets without common lanes."""
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, slice) and isinstance(other, slice):
        if one.stop == other.start:
            return slice(one.start, other.stop)
        if other.stop == one.start:
            return slice(other.start, one.stop)
    return tidy(np.sort(np.concatenate([indices(one), indices(other)])))


def spread(where: Where, keep: np.ndarray) -> tuple[Where | None, Where | None]:
    """The lanes whose flag is up, and the others."""
    return select(where, keep), select(where, ~keep)
