"""Where Python's and NumPy's objects keep what compiled code reads of them, found by looking at samples."""

from __future__ import annotations

import ctypes
import os
import sysconfig
import threading
from functools import cache
from typing import Any

import numpy as np

from nbgrad.arrays.config import settings
from nbgrad.arrays.memory import keep

DESCR = object.__basicsize__ + 40         # where an ndarray keeps its dtype (a part of NumPy's ABI)
learning = threading.RLock()              # held by who writes to a record that compiled code reads
if hasattr(os, "register_at_fork"):       # a child process starts with no record half written
    os.register_at_fork(before=learning.acquire, after_in_parent=learning.release,
                        after_in_child=learning.release)


def offsets(sample: Any, **slots: Any) -> list[int]:
    """Where sample, whose slots hold these objects, keeps them. Raises LookupError if that is not certain."""
    words = np.frombuffer(ctypes.string_at(id(sample), type(sample).__basicsize__), np.intp)
    found = []
    for value in slots.values():
        places = np.flatnonzero(words == id(value))
        if len(places) != 1:
            raise LookupError
        found.append(8 * int(places[0]))
    return found


def _holds(x: Any, offset: int, value: Any) -> bool:
    """Whether the object x points to value at this offset."""
    return ctypes.c_int64.from_address(id(x) + offset).value == id(value)


@cache
def readable() -> bool:
    """Whether compiled code can read objects: it is made for a CPython with the GIL, of 64 bits."""
    without = sysconfig.get_config_var("Py_GIL_DISABLED") or ctypes.sizeof(ctypes.c_void_p) != 8
    if without or not settings.compiled:
        return False
    pair = object(), object()
    return _holds(np.empty(0), DESCR, np.dtype(np.float64)) and _holds(pair, 24, pair[0])


def at(x: Any) -> int:
    """The address of an object, which stays there."""
    return id(keep(x))
