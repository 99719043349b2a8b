"""Speed and memory of nbgrad beside torch (eager), jax (jit), autograd and PyTensor: ratios of medians.

    python benchmarks/peers.py                       # every row, each beside its limit; about 8 minutes
    python benchmarks/peers.py --only 'matmul|MLP'   # rows in whose description the pattern is found
    python benchmarks/peers.py --quick               # small rows, few repetitions, no limits: that all runs

A ratio is nbgrad's time over the peer's: below 1 nbgrad is faster. After the slash stands the largest ratio
that we allow. Peers that are not installed are named and left out. The candidates of a row take turns in one
process, so that a noisy machine disturbs all of them alike; their values are compared before the clock runs.
Imports, first gradients and peak memory are taken in processes of their own.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from work.libraries import Library
    from work.row import Result

PEERS = ("torch", "jax", "autograd", "pytensor")
# OpenBLAS reads these: nbgrad and NumPy would run with another BLAS kernel than users have
_BLAS_SWITCHES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
# NPROC is what jax counts processors by
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NBGRAD_NUM_THREADS", "NPROC")


def environment(threads: int) -> None:
    """Set the number of threads of all libraries, none of which may have been imported yet."""
    for name in _BLAS_SWITCHES:
        if os.environ.pop(name, None) is not None:
            print(f"{name} was set; it is unset for this run")
    for name in _THREADS:
        os.environ[name] = str(threads)


def present(threads: int) -> dict[str, Library]:
    """The libraries that are installed, by name; the others are named."""
    from work.libraries import NAMES, installed, library

    found = {name: library(name) for name in NAMES if installed(name)}
    for name in NAMES:
        if name not in found:
            print(f"{name} is not installed: left out")
    if "torch" in found:
        found["torch"].set_num_threads(threads)
    return found


def machine(threads: int) -> dict[str, Any]:
    """What a figure has to be read with: processor, commit, versions, threads."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    here = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True,
                            check=False).stdout.strip()
    versions = {}
    for name in ("numpy", "scipy", "numba", *PEERS):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return {"processor": model[1] if model else platform.processor(), "cores": os.cpu_count(),
            "threads": threads, "python": platform.python_version(), "commit": commit or None,
            "versions": versions}


def results(quick: bool, only: str, libraries: dict[str, Library]) -> Iterator[Result]:
    """The results of all rows whose description the pattern is found in."""
    from work import arrays, models, processes
    from work.row import measure

    wanted = re.compile(only)
    for row in itertools.chain(arrays.rows(quick), models.rows(quick)):
        if wanted.search(row.work):
            yield measure(row, libraries, quick)
    yield from processes.results(quick, wanted)


def amount(value: float, unit: str) -> str:
    """A duration or a size, as 1.23 ms or 4.56 MB."""
    if unit == "B":
        return f"{value / 1e6:8.2f} MB"
    scale, name = (1, "s ") if abs(value) >= 1 else (1e3, "ms") if abs(value) >= 1e-3 else (1e6, "us")
    return f"{value * scale:8.2f} {name}"


def verdict(result: Result) -> str:
    """pass, or by how much not."""
    if result.missing:
        return f"missing: {result.missing}"
    if result.limit is None and not result.limits.keys() & result.seconds.keys():
        return "-"
    excess = result.excess()
    return "pass" if excess <= 1 else f"{100 * (excess - 1):.0f}% over"


def line(result: Result, peers: Sequence[str], quick: bool) -> str:
    """One line of the table."""
    own = amount(result.seconds["nbgrad"], result.unit) if result.seconds else "-"
    cells = []
    ratios = result.ratios() if result.seconds else {}
    for peer in peers:
        limit = f"/{result.limits[peer]:.2f}" if peer in result.limits else ""
        cells.append(f"{ratios[peer]:6.2f}{limit:5s}" if peer in ratios else " " * 11)
    end = f" of {amount(result.limit, result.unit).strip()}" if result.limit is not None else ""
    return f"{result.work:62s} {own:>11s} {' '.join(cells)}  {'' if quick else verdict(result)}{end}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--threads", type=int, default=1, help="of every library; default 1")
    parser.add_argument("--only", default="", metavar="PATTERN", help="a regular expression")
    parser.add_argument("--quick", action="store_true", help="that everything runs; no limit counts")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    chosen = parser.parse_args(arguments)
    start = time.perf_counter()
    environment(chosen.threads)
    libraries = present(chosen.threads)
    head = machine(chosen.threads)
    print(", ".join(f"{key} {value}" for key, value in head.items() if key != "versions"))
    print(", ".join(f"{key} {value}" for key, value in head["versions"].items() if value))
    peers = [peer for peer in PEERS if peer in libraries]
    print(f"{'':62s} {'nbgrad':>11s} " + " ".join(f"{peer:>6s}{'':5s}" for peer in peers), flush=True)
    found = []
    for result in results(chosen.quick, chosen.only, libraries):
        found.append(result)
        print(line(result, peers, chosen.quick), flush=True)
    missed = [result for result in found if not chosen.quick and result.excess() > 1]
    print(f"{len(found)} rows in {time.perf_counter() - start:.0f} s"
          + ("" if chosen.quick else f", {len(missed)} beyond their limit"))
    if chosen.json:
        rows = [{"work": r.work, "nbgrad": r.seconds.get("nbgrad"), "unit": r.unit, "all": r.seconds,
                 "limits": r.limits, "limit": r.limit, "missing": r.missing} for r in found]
        Path(chosen.json).write_text(json.dumps({**head, "rows": rows}, indent=1))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
