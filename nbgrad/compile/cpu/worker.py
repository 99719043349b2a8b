"""`python -m nbgrad.compile.cpu.worker`: a process that compiles kernels for another (compile/workers.py).

Requests and answers are pickles on standard input and output. They are read and written in threads of their
own, so that who asks never waits to be read. An answer is None where the kernel cannot be compiled: who
asked tries it, and gets the error.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from nbgrad.compile import cache
from nbgrad.compile.cpu import compiler


def _read(source: BinaryIO, requests: SimpleQueue[Any]) -> None:
    """Pass requests on. The process ends with the one that asks."""
    try:
        while True:
            requests.put(pickle.load(source))
    finally:
        os._exit(0)


def _write(answers: SimpleQueue[Any], target: BinaryIO) -> None:
    while True:
        pickle.dump(answers.get(), target)
        target.flush()


def _answer(foundation: str, *kernel: Any) -> Any:
    """What `compiler.build` returns, if both processes compile alike; else None, as for an error."""
    try:
        return compiler.build(*kernel) if foundation == cache.foundation() else None
    except Exception:
        return None


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)          # it is for the one who asks
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)                         # what is printed is no answer
    requests, answers = SimpleQueue[Any](), SimpleQueue[Any]()
    Thread(target=_read, args=(sys.stdin.buffer, requests), daemon=True).start()
    Thread(target=_write, args=(answers, target), daemon=True).start()
    while True:
        answers.put(_answer(*requests.get()))


if __name__ == "__main__":
    main()
