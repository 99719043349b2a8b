"""Record the speed of commits in benchmarks/results: `nox -s bench-record`.

    python benchmarks/record.py                          # the commit that is checked out
    python benchmarks/record.py v1 HEAD~20 HEAD          # these commits
    python benchmarks/record.py --spread 8 --ops few     # eight over the whole history, 27 ops
    python benchmarks/record.py --install torch          # ratios to PyTorch, too
    python benchmarks/record.py --compact                # results that are there: rewrite them, name bad ones

Each commit is built in an environment of its own in .asv, oldest first; what a commit lacks is a gap, and one
that cannot be built is named. Results are kept without samples, in four digits, under the name of a class of
machines: what the machine is stands in its machine.json. asv must be installed (the extra `bench`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
COLUMNS = ["result", "params", "version"]     # what is kept of a benchmark's row
OTHERS = ("machine.json", "benchmarks.json")
LISTED = ("name", "type", "unit", "version", "param_names", "params", "timeout", "less_is_better")
DIGITS = 4


def machine() -> dict[str, str]:
    """What this machine is, without its name: equal machines continue one series."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    cpu, cores = (model[1] if model else platform.processor() or "unknown").strip(), os.cpu_count() or 1
    widest = next((word for word in ("avx512", "avx2") if word in text), "")
    ram = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 8e9) * 8
    name = re.sub(r"[^a-z0-9]+", "-", f"{cpu} {cores} cores {widest}".lower()).strip("-")
    return {"machine": name, "arch": platform.machine(), "cpu": f"{cpu} {widest}".strip(),
            "num_cpu": str(cores), "os": platform.system(), "ram": f"{ram}GB"}


def asv(*arguments: str, level: str, given: dict[str, str]) -> int:
    """Run asv on the class of this machine; its exit status. asv looks for machines in the home folder."""
    home = ROOT / ".asv" / "home"
    home.mkdir(parents=True, exist_ok=True)
    (home / ".asv-machine.json").write_text(json.dumps({given["machine"]: given, "version": 1}))
    around = {**os.environ, "HOME": str(home), "NBGRAD_BENCH": level}
    return subprocess.run([sys.executable, "-m", "asv", "run", "--machine", given["machine"], *arguments],
                          cwd=ROOT, env=around, check=False).returncode


def git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True,
                          text=True).stdout.split()


def chosen_commits(names: Sequence[str], spread: int) -> list[str]:
    """Full hashes, oldest first: of the names, or of so many commits evenly over the history."""
    history = git("rev-list", "--first-parent", "--reverse", "HEAD")
    if spread:
        step = (len(history) - 1) / max(1, spread - 1)
        return [history[round(k * step)] for k in range(spread)]
    wanted = [git("rev-parse", "--verify", f"{name}^{{commit}}")[0] for name in names or ["HEAD"]]
    return sorted(wanted, key=lambda sha: history.index(sha) if sha in history else len(history))


def rounded(value: Any) -> Any:
    """A result in few digits; None for one that is not a number."""
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if abs(value) < float("inf") else None
    return value


def compacted(contents: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a result file. Raises KeyError, TypeError or ValueError if it is not one."""
    found = {}
    for name, row in sorted(contents["results"].items()):
        if row is not None:
            cells = dict(zip(contents["result_columns"], row, strict=False))
            found[name] = [rounded(cells["result"]), cells.get("params"), cells.get("version")]
    return {**contents, "result_columns": COLUMNS, "results": found, "durations": {},
            "commit_hash": str(contents["commit_hash"])}


def compact(files: Iterable[Path]) -> list[str]:
    """Rewrite result files in compact form, a benchmark in a line; those that cannot be read, by name."""
    bad = []
    for file in files:
        try:
            kept = compacted(json.loads(file.read_text()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            bad.append(f"{file.relative_to(file.parents[1])}: {type(error).__name__}: {error}")
            continue
        rows = kept.pop("results")
        head = json.dumps(kept, sort_keys=True)[:-1]
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
        file.write_text(f'{head}, "results": {{\n{lines}\n}}}}\n')
    return bad


def compact_list(file: Path) -> None:
    """Rewrite asv's list of benchmarks with one in a line, without their source."""
    listed = json.loads(file.read_text())
    rows = [f"{json.dumps(name)}: {json.dumps(row if name == 'version' else _listed(row))}"
            for name, row in sorted(listed.items())]
    file.write_text("{\n" + ",\n".join(rows) + "\n}\n")


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    """What there is to say of a benchmark: the class of an op has no source of its own."""
    return {key: row[key] for key in LISTED if key in row} | {"code": row["name"]}


def result_files() -> list[Path]:
    return sorted(file for file in RESULTS.glob("*/*.json") if file.name not in OTHERS)


def main(arguments: Sequence[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("commits", nargs="*")
    parser.add_argument("--spread", type=int, default=0, metavar="N", help="N commits over the whole history")
    parser.add_argument("--ops", choices=("few", "all", "full"), default="all",
                        help="27 ops; all at two sizes in float64 (default); all at four in both floats")
    parser.add_argument("--suites", default="", metavar="PATTERN", help="of benchmark names")
    parser.add_argument("--install", metavar="PACKAGE", help="into asv's environment, as torch")
    parser.add_argument("--compact", action="store_true", help="run nothing")
    chosen = parser.parse_args(arguments)
    level = {"few": "few", "all": "", "full": "full"}[chosen.ops]
    given, failed = machine(), []
    if chosen.install:
        asv("--bench", "just-discover", level=level, given=given)           # makes the environment
        for python in ROOT.glob(".asv/env/*/bin/python"):
            subprocess.run([str(python), "-m", "pip", "install", "-q", chosen.install], check=True)
    for sha in [] if chosen.compact else chosen_commits(chosen.commits, chosen.spread):
        print(f"== {sha[:8]} on {given['machine']}", flush=True)
        status = asv(*(["-b", chosen.suites] if chosen.suites else []), f"{sha}^!", level=level, given=given)
        if status not in (0, 2):          # 2: some benchmarks have no value, which are gaps
            failed.append(sha[:8])
    if not chosen.compact:                # the list of all benchmarks, not of those of the last run
        asv("--bench", "just-discover", level="", given=given)
    bad = compact(result_files())
    if (RESULTS / "benchmarks.json").exists():
        compact_list(RESULTS / "benchmarks.json")
    for line in bad:
        print(f"left out, cannot be read: {line}")
    for sha in failed:
        print(f"no results: {sha}")
    return int(bool(bad or failed))


if __name__ == "__main__":
    sys.exit(main())
