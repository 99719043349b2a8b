"""Rows that take processes of their own: imports, first gradients, peak memory.

    python -m work.processes MODEL LIBRARY    # in benchmarks/: bytes by which steps grow the process
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from work.libraries import installed, library
from work.models import mlp, transformer
from work.row import Result

_FIRST = "import nbgrad as nb; print(nb.grad(lambda x: nb.sum(nb.tanh(x) * x))(nb.asarray([0.5, 1.0])))"
MODELS = {"MLP": lambda: mlp(512, "Adam"), "transformer": transformer}


def results(quick: bool, wanted: re.Pattern[str]) -> Iterator[Result]:
    """Those whose description the pattern is found in."""
    rounds = 1 if quick else 7
    imports = Result("import nbgrad, over import numba", limit=0.15)
    if wanted.search(imports.work):
        # The first of each reads files that the next find in memory.
        pairs = [(_seconds("import nbgrad"), _seconds("import numba")) for _ in range(rounds + 1)][1:]
        imports.seconds["nbgrad"] = statistics.median([ours - numba for ours, numba in pairs])
        yield imports
    cold = Result("first gradient in a process, empty cache", limit=6.0)
    warm = Result("first gradient in a process, warm cache", limit=0.8)
    if wanted.search(cold.work) or wanted.search(warm.work):
        cold.seconds["nbgrad"], warm.seconds["nbgrad"] = _first_gradients(rounds)
        yield from (cold, warm)
    for model in MODELS:
        steps = [Result(f"peak memory of {when}, {model}", limits={"torch": 1.0}, unit="B",
                        missing=_missing(model)) for when in ("the first step", "a later step")]
        if any(wanted.search(step.work) for step in steps):
            for name in ("nbgrad", "torch"):
                if installed(name) and not steps[0].missing:
                    _growth(model, name)      # so that no kernel is compiled in the process that counts
                    for step, growth in zip(steps, _growth(model, name), strict=True):
                        step.seconds[name] = growth
            yield from steps


def _missing(model: str) -> str:
    nbgrad = library("nbgrad")
    return ", ".join(name for name in MODELS[model]().needs if not hasattr(nbgrad, name))


def _seconds(program: str, environment: dict[str, str] | None = None) -> float:
    """Seconds of a new Python process that runs a program."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **(environment or {})}, check=True,
                   capture_output=True)
    return time.perf_counter() - start


def _first_gradients(rounds: int) -> tuple[float, float]:
    """Median seconds with an empty kernel cache and with a warm one."""
    cold, warm = [], []
    for _ in range(max(1, rounds // 2)):
        with tempfile.TemporaryDirectory() as folder:
            environment = {"NBGRAD_CACHE_DIR": folder, "NBGRAD_TIER": "auto"}
            cold.append(_seconds(_FIRST, environment))
            _seconds(_FIRST, {**environment, "NBGRAD_TIER": "compiled"})
            warm += [_seconds(_FIRST, environment) for _ in range(2)]
    return statistics.median(cold), statistics.median(warm)


def _growth(model: str, name: str) -> tuple[float, ...]:
    """Bytes by which the first step, and a later one, raise the peak of a new process.

    The first loads kernels and starts libraries, the later one shows what the arrays take.
    """
    done = subprocess.run([sys.executable, "-m", "work.processes", model, name], check=True, text=True,
                          cwd=Path(__file__).parents[1], capture_output=True)
    return tuple(map(float, done.stdout.split()))


def _status(key: str) -> float:
    """A figure of /proc/self/status, in bytes. (ru_maxrss begins with the peak of the parent process.)"""
    found = re.search(rf"^{key}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found, f"/proc/self/status has no {key}"
    return 1024.0 * int(found[1])


def main() -> None:
    model, name = sys.argv[1:]
    row, lib = MODELS[model](), library(name)
    run = row.make(lib, row.inputs())
    for repetitions in (1, 3):
        Path("/proc/self/clear_refs").write_text("5")       # the peak begins anew
        before = _status("VmRSS")
        for _ in range(repetitions):
            run()
        print(_status("VmHWM") - before)


if __name__ == "__main__":
    main()
