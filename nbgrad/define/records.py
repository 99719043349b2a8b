"""What those share who fill records that compiled code reads objects by."""

from __future__ import annotations

import ctypes
import os
import sysconfig
import threading
from functools import cache
from typing import Any

from nbgrad.arrays.config import settings
from nbgrad.arrays.memory import keep
from nbgrad.compile.cpu.objects import PyObject, known
from nbgrad.compile.record import CELL

learning: Any = threading.RLock()         # held by who writes to such a record
if hasattr(os, "register_at_fork"):       # a child process starts with no record half written
    os.register_at_fork(before=learning.acquire, after_in_parent=learning.release,
                        after_in_child=learning.release)


@cache
def readable() -> bool:
    """Whether compiled code can read objects: it is made for a CPython with the GIL, of 64 bits."""
    without = sysconfig.get_config_var("Py_GIL_DISABLED") or ctypes.sizeof(ctypes.c_void_p) != CELL
    return not without and settings.compiled and known()


def holds(kind: type[PyObject], sample: Any, **slots: Any) -> bool:
    """Whether sample keeps these objects where the record of its class says."""
    return all(getattr(kind(id(sample)), name) == id(value) for name, value in slots.items())


def at(x: Any) -> PyObject:
    """The record of an object, which stays there."""
    return PyObject(id(keep(x)))
