"""Scalar programs: what is computed of one element of each operand, in text, the same on every device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Body:
    """One element's work in text: lines that read the operands a0, a1, ..., and the names of the results."""

    lines: tuple[str, ...]
    results: tuple[str, ...]
    dtypes: tuple[np.dtype, ...]


Kind = Any                  # np.dtype: an array; a type (float, np.float32, ...): a scalar given by value
