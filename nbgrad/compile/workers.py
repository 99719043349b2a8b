"""Workers: processes that compile kernels while the program goes on (compile/cpu/worker.py).

A kernel is begun when it has earned its compilation, and taken at a later call that the program alone
determines; who takes it before it is there waits. A process that ends may have done so because of the kernel
that it was at: that one is not tried again unasked. Where no process can be started nothing is begun.

All is called under the lock of the cache.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from nbgrad.arrays.config import settings

_ROOT = Path(__file__).parents[2]
_MODULE = "nbgrad.compile.cpu.worker"
_workers: list[_Worker] = []
_lost: set[str] = set()                   # keys of kernels at which a process ended


class LostError(Exception):
    """The process that compiled a kernel has ended."""


class _Worker:
    """A process, the kernels that it has to compile, keys and names in order, and what it has answered."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(_ROOT), *sys.path])
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, "NBGRAD_DEVICE": "cpu", "PYTHONPATH": path})
        self.ahead: dict[str, str] = {}
        self.answers: dict[str, Any] = {}

    def send(self, key: str, name: str, request: Any) -> None:
        """Have a kernel compiled. Raises OSError if the process has ended."""
        assert self.process.stdin is not None
        pickle.dump(request, self.process.stdin)
        self.process.stdin.flush()
        self.ahead[key] = name

    def receive(self, key: str) -> Any:
        """The answer for a kernel. Raises EOFError or OSError if the process has ended."""
        assert self.process.stdout is not None
        while key not in self.answers:
            answer, first = pickle.load(self.process.stdout), next(iter(self.ahead))
            self.answers[first] = answer
            del self.ahead[first]
        return self.answers.pop(key)

    def end(self) -> None:
        """End the process."""
        _workers.remove(self)
        self.process.kill()
        self.process.communicate()


def begin(key: str, name: str, request: Any) -> bool:
    """Have a worker compile a kernel; whether one does.

    request : the foundation of the cache, and what `compiler.build` takes
    """
    if key in _lost or not settings.workers:
        return False
    try:
        free = min(_workers, key=lambda worker: len(worker.ahead), default=None)
        if free is None or (free.ahead and len(_workers) < settings.workers):
            free = _Worker()
            _workers.append(free)
    except OSError:                       # no process can be started here
        return False
    try:
        free.send(key, name, request)
    except BaseException as error:        # part of the request may have been written
        free.end()
        if isinstance(error, OSError):
            return False
        raise
    return True


def take(key: str) -> Any:
    """What `compiler.build` returned for a kernel that was begun; None if no worker has been able to say.

    Raises LostError if the process has ended at this one.
    """
    worker = next((w for w in _workers if key in w.ahead or key in w.answers), None)
    if worker is None:
        return None
    try:
        return worker.receive(key)
    except (EOFError, OSError):
        worker.end()
        first, name = next(iter(worker.ahead.items()))
        if not (_lost or settings.quiet):
            print(f"nbgrad: the process that compiled {name} has ended. That kernel is interpreted from now "
                  f"on; NBGRAD_WORKERS=0 compiles in this process.", file=sys.stderr)
        _lost.add(first)
        if first == key:
            raise LostError from None
        return None
    except BaseException:                 # an interrupt: part of an answer may have been read
        worker.end()
        raise


def _forget() -> None:
    """In a child process: leave the workers to the parent."""
    for worker in _workers:
        for end in (worker.process.stdin, worker.process.stdout):
            assert end is not None
            end.close()
        worker.process.returncode = 0     # it is no child of this process
    _workers.clear()


@atexit.register
def _end() -> None:
    for worker in list(_workers):
        worker.end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
