"""Values for what looks at them: counts, places, sets, edges. Gradients do not flow through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbgrad.arrays import devices
from nbgrad.engine.tensor import as_tensor, raw


def values(x: Any) -> np.ndarray:
    """The elements of an array in the memory of the CPU, also where a gradient is taken through it."""
    return np.asarray(devices.host(raw(as_tensor(x))))
