"""Compare the working tree's speed with that of the commit it branched from: `nox -s bench-compare`.

    python benchmarks/compare.py                     # with the merge base of main: eight minutes at most
    python benchmarks/compare.py --base HEAD~3       # with another commit
    python benchmarks/compare.py --only 'tanh|sum'   # these ops alone

Counted: instructions of every op, forward and VJP, and of the tape, by callgrind. They may grow by 3 %: they
repeat to half a percent. Timed: the ratio of every op to NumPy, of least times, by turns in one process. It
may grow to 1.5 times, and counts as grown only if it has in two more measurements, longer ones.
Kernels of both trees are compiled for a plain processor (AVX2), and kept in .asv/compare.

Exit status: 1 if an op or the tape got slower, or has no figure any more; 2 if nothing could be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

from work.counting import counts, missing
from work.verdicts import Grown, compared, grown, lost, op, still

ROOT = Path(__file__).parents[1]
COUNTS, RATIOS = 1.03, 1.5                # what is allowed
LOOKS = 2                                 # more at what grew beyond it
Figures = dict[str, float]
Measure = Callable[[Collection[str]], tuple[Figures, Figures]]


class ImpossibleError(Exception):
    """There is nothing to compare with."""


def git(*arguments: str) -> bytes:
    """What git says in this repository. Raises ImpossibleError if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise ImpossibleError(f"git {' '.join(arguments)}: {done.stderr.decode().strip()}")
    return done.stdout


def base_commit(wanted: str | None) -> str:
    """The commit to compare with: a given one, or the last one that this branch shares with main."""
    if wanted is not None:
        return git("rev-parse", "--verify", f"{wanted}^{{commit}}").decode().strip()
    for main in ("origin/main", "main"):
        try:
            return git("merge-base", "HEAD", main).decode().strip()
        except ImpossibleError:
            continue
    raise ImpossibleError("there is neither a branch origin/main nor main; choose a commit with --base")


def lay_out(commit: str, folder: Path) -> dict[str, Path]:
    """Two copies of the package, of a commit and of the working tree, in folders whose names are as long."""
    trees = {name: folder / name for name in ("base", "head")}
    with tarfile.open(fileobj=BytesIO(git("archive", commit, "nbgrad"))) as tar:
        tar.extractall(trees["base"], filter="data")
    shutil.copytree(ROOT / "nbgrad", trees["head"] / "nbgrad", ignore=shutil.ignore_patterns("__pycache__"))
    return trees


def environment(tree: Path, cache: Path, figures: Collection[str], pattern: str) -> dict[str, str]:
    """What a process that measures a tree, or some figures of it, needs to know."""
    wanted = "^(" + "|".join(sorted(map(op, figures))) + ")$" if figures else pattern
    return {"PYTHONPATH": str(tree), "NBGRAD_CACHE_DIR": str(cache), "NBGRAD_BENCH": "",
            "NBGRAD_BENCH_OPS": wanted, "NBGRAD_TIER": "compiled", "NBGRAD_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


def ratios(around: dict[str, str], budget: float, figures: Collection[str]) -> Figures:
    """Ratios to NumPy of one tree, all or some, from its own process. Raises RuntimeError if that fails."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ratios"
        options = ["--plain", "--budget", str(budget), "--json", str(file)]
        command = [sys.executable, "-m", "work.ratios", *options, *figures]
        done = subprocess.run(command, env={**os.environ, **around}, cwd=ROOT / "benchmarks",
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"ratios failed:\n{done.stderr[-2000:]}")
        return {name: float(value) for name, value in json.loads(file.read_text()).items()}


def medians(several: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return {name: sorted(found[name] for found in several)[len(several) // 2]
            for name in set.intersection(*map(set, several))}


def judge(what: str, factor: float, measure: Measure, again: Measure) -> tuple[int, list[Grown], list[str]]:
    """(how many were compared, what grew and does in each further look, what is gone)."""
    start = time.perf_counter()
    base, head = measure(())
    suspects, gone = grown(base, head, factor), lost(base, head)
    number = compared(base, head)
    print(f"{what}: {number} compared in {time.perf_counter() - start:.0f} s, {len(suspects)} above "
          f"x{factor}, {len(gone)} gone", flush=True)
    for _ in range(LOOKS if suspects else 0):
        for g in suspects:
            print(f"  measured again: {g.line()}", flush=True)
        suspects = still(suspects, grown(*again([g.name for g in suspects]), factor))
        if not suspects:
            break
    return number, suspects, gone


def main(arguments: Sequence[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--base", help="commit; default: the merge base of main")
    parser.add_argument("--only", default="", metavar="PATTERN", help="ops; default: all")
    chosen = parser.parse_args(arguments)
    try:
        commit = base_commit(chosen.base)
        print(f"the working tree beside {commit[:8]}", flush=True)
        return compare(commit, chosen.only)
    except (ImpossibleError, RuntimeError) as error:
        print(f"cannot compare: {error}")
        return 2


def compare(commit: str, pattern: str) -> int:
    """Print what got slower since a commit; the exit status."""
    start = time.perf_counter()
    cache = ROOT / ".asv" / "compare"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        trees, unknown = lay_out(commit, Path(folder)), set[str]()

        def around(figures: Collection[str]) -> list[dict[str, str]]:
            return [environment(trees[name], cache, figures, pattern) for name in ("base", "head")]

        def counted(figures: Collection[str]) -> tuple[Figures, Figures]:
            both = list(pool.map(lambda e: counts(environment=e, unknown=unknown), around(figures)))
            base, head = [{n: count for n, count in found.items() if op(n) not in unknown} for found in both]
            return base, head

        def timed(figures: Collection[str]) -> tuple[Figures, Figures]:
            base, head = pool.map(lambda e: ratios(e, 0.02, figures), around(figures))
            return base, head

        def timed_again(figures: Collection[str]) -> tuple[Figures, Figures]:
            pairs = [[ratios(e, 0.1, figures) for e in around(figures)] for _ in range(3)]
            base, head = map(medians, zip(*pairs, strict=True))
            return base, head

        if reason := missing():
            print(reason)
        found = [] if reason else [judge("instructions", COUNTS, counted, counted)]
        found.append(judge("ratios to NumPy", RATIOS, timed, timed_again))
    return report(found, time.perf_counter() - start)


def report(found: Sequence[tuple[int, list[Grown], list[str]]], seconds: float) -> int:
    """Print the verdict; the exit status."""
    number = sum(n for n, _, _ in found)
    slower = [g for _, suspects, _ in found for g in suspects]
    gone = [name for _, _, names in found for name in names]
    for g in slower:
        print(f"SLOWER {g.line()}")
    for name in gone:
        print(f"GONE   {name}: a figure at the base, none in the working tree")
    print(f"{number} figures compared in {seconds:.0f} s: {len(slower)} slower, {len(gone)} gone")
    return 2 if not number else int(bool(slower or gone))


if __name__ == "__main__":
    sys.exit(main())
