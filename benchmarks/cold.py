"""The first minute: whole programs in fresh processes, imports included, beside HIPS autograd.

    python benchmarks/cold.py                   # every program of work/firsts.py, five rounds
    python benchmarks/cold.py greeks --rounds 9

Each program is run by HIPS autograd, by nbgrad with an empty cache of kernels, and by nbgrad with a full one,
by turns, on one processor. Printed are medians in seconds and of the ratios to autograd's time, and how many
kernels were compiled with the empty cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from work.firsts import PROGRAMS

HERE = Path(__file__).parent


def run(library: str, program: str, cache: str, tier: str = "auto") -> tuple[float, int]:
    """Seconds that a process took for a program, and how many kernels it compiled."""
    around = {**os.environ, "NBGRAD_CACHE_DIR": cache, "NBGRAD_TIER": tier, "NBGRAD_QUIET": "1",
              "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent)}
    for setting in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        around.pop(setting, None)
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "work.firsts", library, program], env=around, cwd=HERE,
                          capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(done.stdout.split()[0])


def measured(program: str, rounds: int) -> str:
    """The line of a program."""
    times: list[list[float]] = []
    compiled: list[int] = []
    with tempfile.TemporaryDirectory() as full:
        run("nbgrad", program, full, "compiled")
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as empty:
                autograd, _ = run("autograd", program, empty)
                cold, kernels = run("nbgrad", program, empty)
                warm, _ = run("nbgrad", program, full)
            times.append([autograd, cold, warm])
            compiled.append(kernels)
    seconds = [median(column) for column in zip(*times, strict=True)]
    ratios = [median([each[i] / each[0] for each in times]) for i in (1, 2)]
    return (f"{program:8} {seconds[0]:9.2f} {seconds[1]:9.2f} {ratios[0]:7.2f} {seconds[2]:9.2f} "
            f"{ratios[1]:7.2f} {max(compiled):8}")


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("programs", nargs="*", metavar="program", help=f"{', '.join(PROGRAMS)}; default: all")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    if unknown := set(chosen.programs) - PROGRAMS.keys():
        parser.error(f"there is no program {', '.join(sorted(unknown))}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for library in ("autograd", "nbgrad"):
        run(library, "mlp", "")           # files are read from disk
    print(f"{'program':8} {'autograd':>9} {'cold':>9} {'ratio':>7} {'warm':>9} {'ratio':>7} {'kernels':>8}")
    for program in chosen.programs or PROGRAMS:
        print(measured(program, chosen.rounds), flush=True)


if __name__ == "__main__":
    main()
