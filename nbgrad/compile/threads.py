"""Threads: how many a kernel may use, and the OpenMP runtime that starts them.

Kernels are shared out over threads by `share` (compile/cpu/parallel.py). One region runs at a time; a kernel
that is called meanwhile from another Python thread works alone, so Python threads do not multiply ours. A
process made by fork works with one thread: the runtime's threads do not exist in it.
"""

from __future__ import annotations

import ctypes
import os

from nbgrad.arrays.config import settings
from nbgrad.errors import value_errors

_SPINS = "1000"                           # how long an idle worker stays awake: some microseconds
_FUNCTIONS = {"GOMP_parallel": "nbgrad_parallel", "omp_get_thread_num": "nbgrad_thread",
              "omp_get_num_threads": "nbgrad_threads"}


def _runtime() -> ctypes.CDLL | None:
    """The OpenMP runtime of GCC, or None where it is not installed.

    Left to itself it keeps idle workers awake for milliseconds, which the threads of BLAS would pay for.
    """
    ours = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}.isdisjoint(os.environ)
    if ours:
        os.environ["GOMP_SPINCOUNT"] = _SPINS
    try:
        found = ctypes.CDLL("libgomp.so.1")
    except OSError:
        return None
    finally:
        if ours:
            del os.environ["GOMP_SPINCOUNT"]
    return found if all(hasattr(found, name) for name in _FUNCTIONS) else None


def _processors() -> int:
    """Number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Team:
    """What compiled kernels read: two cells, the number of threads and whether a region runs."""

    def __init__(self) -> None:
        self.openmp = _runtime()
        self.most = _processors() if self.openmp else 1
        self.why = f"this process may run on {self.most}" if self.openmp else "libgomp.so.1 is not installed"
        self.cells = (ctypes.c_int64 * 2)(min(settings.threads or self.most, self.most), 0)

    def alone(self) -> None:
        """One thread from now on: after a fork the others are gone, and one that held a region too."""
        self.most, self.why = 1, "this process was made by fork"
        self.cells[:] = [1, 0]


_team = _Team()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_team.alone)


def symbols() -> dict[str, int]:
    """The names by which compiled code knows the runtime and the team, with their addresses.

    Without a runtime the functions are never called, and their names stand for another one.
    """
    found = {"nbgrad_team": ctypes.addressof(_team.cells)}
    for name, ours in _FUNCTIONS.items():
        function = getattr(_team.openmp, name) if _team.openmp else ctypes.pythonapi.PyErr_Clear
        found[ours] = ctypes.cast(function, ctypes.c_void_p).value or 0
    return found


def get_num_threads() -> int:
    """Return the number of threads that one kernel may use.

    >>> print(nb.get_num_threads() >= 1)
    True
    """
    return _team.cells[0]


def set_num_threads(n: int) -> None:
    """Set the number of threads that one kernel may use: 1 to the number of processors.

    At the start it is NBGRAD_NUM_THREADS, else OMP_NUM_THREADS, else the number of processors. After a fork,
    and where there is no OpenMP runtime, it is 1. Matrix products and linear algebra use the threads of BLAS,
    whose number is its own (OPENBLAS_NUM_THREADS).

    Raises ValueRangeError for a number out of range.

    >>> before = nb.get_num_threads()
    >>> nb.set_num_threads(1)
    >>> print(nb.get_num_threads())
    1
    >>> nb.set_num_threads(before)
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _team.most:
        raise value_errors.bad_threads(n, _team.most, _team.why)
    _team.cells[0] = n
