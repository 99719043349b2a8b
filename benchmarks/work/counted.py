"""The program whose instructions are counted: every op, forward and VJP, and the Python cost of the tape.

    python -m work.counted fill     # in benchmarks/: compile the kernels, without valgrind
    valgrind --tool=callgrind --instr-atstart=no python -m work.counted count [op ...]

The ops that are named are left out. Kernels are compiled for a plain processor (see work/processor.py). Each
op is printed before it runs: where valgrind does not know an instruction, the last line names the op.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from work.processor import pretend

CALLS = 4                                 # that are counted together


def cases() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names (forward/op/size, vjp/op/size, tape/what) and calls; what this commit lacks is left out."""
    from work.calls import calls
    from work.table import counted_sizes, rows
    from work.taped import tape

    for name, row in rows().items():
        if name in sys.argv[2:]:
            continue
        print(name, flush=True)
        for n in counted_sizes(row):
            try:
                found = calls(name, n, "float64")
                found.forward()
                if found.vjp is not None:
                    found.vjp()
            except Exception as error:
                print(f"left out: {name} at {n}: {error}", file=sys.stderr)
                continue
            yield f"forward/{name}/{n}", found.forward
            if found.vjp is not None:
                yield f"vjp/{name}/{n}", found.vjp
    for what, run in tape().items():
        yield f"tape/{what}", run


def main() -> None:
    from work.calls import WARM

    pretend()
    todo = [("first", lambda: None), ("empty", lambda: None), *cases()]
    with np.errstate(all="ignore"):
        for _, run in todo:
            for _ in range(WARM):
                run()
        if sys.argv[1] == "fill":
            return
        _count([(run, ctypes.create_string_buffer(name.encode())) for name, run in todo])


def _count(todo: list[Any]) -> None:
    """Have callgrind write the count of each run under its name."""
    from work import valgrind

    assert valgrind.present(), "to count, run this under valgrind"
    gc.collect()
    gc.disable()
    valgrind.start()
    for run, name in todo:
        run()
        valgrind.zero()
        for _ in range(CALLS):
            run()
        valgrind.dump(name)


if __name__ == "__main__":
    main()
