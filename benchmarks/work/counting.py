"""Instruction counts of every op and of the tape, from callgrind: the same on a busy machine and an idle one.

A count is of one call, of a kernel compiled for AVX2. It does not see caches, nor how long one takes.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from work.counted import CALLS

_ABOVE = Path(__file__).parents[1]


def missing() -> str:
    """Why nothing can be counted here; empty if it can."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return "instructions are counted on x86-64 Linux alone: skipped"
    return "" if shutil.which("valgrind") else "valgrind is not installed: instruction counts are skipped"


def counts(python: str = sys.executable, environment: dict[str, str] | None = None,
           unknown: set[str] | None = None) -> dict[str, float]:
    """Instructions of one call by name (forward/op/size, vjp/op/size, tape/what). Takes a minute or two.

    environment : may name another tree (PYTHONPATH) and its kernel cache (NBGRAD_CACHE_DIR)
    unknown     : ops with an instruction that valgrind does not know, which are not counted. Those that are
        found are added, and what is left is counted again.
    Raises RuntimeError, with what the program said, if it fails.
    """
    unknown = set() if unknown is None else unknown
    program = [python, "-m", "work.counted"]
    around = {**os.environ, **(environment or {}), "PYTHONHASHSEED": "0", "NBGRAD_NUM_THREADS": "1",
              "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""}
    _run([*program, "fill"], around)
    found = None
    while found is None:
        with tempfile.TemporaryDirectory() as folder:
            valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no",
                        f"--callgrind-out-file={folder}/count"]
            known = sorted(unknown)       # who counts another tree at the same time may add to them
            said = _run([*valgrind, *program, "count", *known], around, allowed=-signal.SIGILL)
            if said is None:
                found = dict(_read(Path(folder)))
            else:
                last = said.split()[-1]
                if last in known:             # what is not an op's: nothing is left to leave out
                    raise RuntimeError(f"valgrind does not know an instruction that runs after {last}")
                unknown.add(last)
                print(f"not counted: {last} has an instruction that valgrind does not know")
    del found["first"]                    # it has the cost of first times
    empty = found.pop("empty")
    return {name: (total - empty) / CALLS for name, total in found.items()}


def _run(command: list[str], environment: dict[str, str], allowed: int = 0) -> str | None:
    """None if a command ends well; what it printed if it ends with the status that is allowed."""
    done = subprocess.run(command, env=environment, cwd=_ABOVE, capture_output=True, text=True, check=False)
    if done.returncode and (done.returncode != allowed or not done.stdout.split()):
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout if done.returncode else None


def _read(folder: Path) -> Iterator[tuple[str, int]]:
    """Names and totals of callgrind's dumps; what was counted outside of cases has no name."""
    for file in folder.glob("count*"):
        text = file.read_text(errors="replace")
        name = re.search(r"^desc: Trigger: Client Request: (\S+)", text, re.MULTILINE)
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
        if name and total:
            yield name[1], int(total[1])
