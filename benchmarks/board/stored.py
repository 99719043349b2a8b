"""Result files that asv wrote, read with care: what is corrupt or of no known commit is left out by name."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_KEYS = {"commit_hash", "env_name", "date", "params", "result_columns", "results"}


@dataclass
class Commit:
    """One commit of the branch: its place in the history, when it was made, and its subject."""

    sha: str
    place: int
    date: int
    subject: str


@dataclass
class Stored:
    """A tree of results.

    benchmarks : what asv knows of each benchmark, by name
    machines   : what is known of each machine, by name
    runs       : the sound result files, (path, contents), in the order of their commits
    commits    : the commits that there are results of, in order
    problems   : what was left out, and why
    """

    benchmarks: dict[str, Any] = field(default_factory=dict)
    machines: dict[str, Any] = field(default_factory=dict)
    runs: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class NoResultsError(Exception):
    """There is nothing that a page could show."""


def has_branch(repository: Path, name: str) -> bool:
    """Whether git knows a commit by this name."""
    command = ["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]
    return subprocess.run(command, cwd=repository, capture_output=True, check=False).returncode == 0


def history(repository: Path, branch: str) -> dict[str, Commit]:
    """The commits of a branch, by hash. Raises NoResultsError if there is no such branch."""
    command = ["git", "log", "--reverse", "--topo-order", "--format=%H%x09%ct%x09%s", branch, "--"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoResultsError(f"{repository} has no branch {branch}: {done.stderr.strip()}")
    lines = [line.split("\t", 2) for line in done.stdout.splitlines()]
    return {sha: Commit(sha, place, int(date), subject) for place, (sha, date, subject) in enumerate(lines)}


def read(folder: Path, known: dict[str, Commit]) -> Stored:
    """All sound results below a folder. Raises NoResultsError if there are none, or no list of benchmarks."""
    found = Stored()
    if not folder.is_dir():
        raise NoResultsError(f"there is no folder {folder}")
    listed = _json(folder / "benchmarks.json")
    if isinstance(listed, str):
        raise NoResultsError(f"{folder / 'benchmarks.json'} {listed}; "
                             "`asv run --bench just-discover` writes it")
    found.benchmarks = {name: b for name, b in listed.items() if isinstance(b, dict) and "params" in b}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        machine = _json(place / "machine.json")
        if isinstance(machine, str) or machine.get("machine") != place.name:
            why = machine if isinstance(machine, str) else f"names the machine {machine.get('machine')!r}"
            found.problems.append(f"{place.name}/machine.json {why}: the folder is left out")
            continue
        found.machines[place.name] = machine
        for path in sorted(place.glob("*.json")):
            if path.name != "machine.json":
                _take(path, place.name, known, found)
    if not found.runs:
        raise NoResultsError("; ".join([f"{folder} holds no results of this branch", *found.problems]))
    found.problems += _doubled(found.runs)
    found.runs.sort(key=lambda run: known[run[1]["commit_hash"]].place)
    hashes = {contents["commit_hash"] for _, contents in found.runs}
    found.commits = sorted([known[sha] for sha in hashes], key=lambda commit: commit.place)
    return found


def _json(path: Path) -> Any:
    """The object in a file, or what is wrong with it, as text."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError) as error:
        return f"cannot be read ({type(error).__name__}: {str(error)[:80]})"
    return found if isinstance(found, dict) else "holds no object"


def _take(path: Path, machine: str, known: dict[str, Commit], found: Stored) -> None:
    """Add a result file, or the reason for leaving it out."""
    contents = _json(path)
    why = contents if isinstance(contents, str) else fault(contents, machine)
    if not why and contents["commit_hash"] not in known:
        why = f"is of the commit {contents['commit_hash'][:8]}, which is not on the branch"
    if why:
        found.problems.append(f"{machine}/{path.name} {why}: left out")
    else:
        found.runs.append((path, contents))


def _doubled(runs: list[tuple[Path, dict[str, Any]]]) -> list[str]:
    """Of which commits a machine has results from several environments: the last one is shown."""
    seen: dict[tuple[str, str], int] = {}
    for _, contents in runs:
        key = contents["params"]["machine"], contents["commit_hash"][:8]
        seen[key] = seen.get(key, 0) + 1
    return [f"{machine} has results of {sha} from {count} environments: where they overlap the last is shown"
            for (machine, sha), count in seen.items() if count > 1]


def fault(contents: dict[str, Any], machine: str) -> str:
    """What is wrong with a result file's contents; nothing if they are sound."""
    if lost := _KEYS - contents.keys():
        return f"lacks {', '.join(sorted(lost))}"
    if not isinstance(contents["params"], dict) or contents["params"].get("machine") != machine:
        return "is of another machine"
    if not isinstance(contents["commit_hash"], str) or not isinstance(contents["results"], dict):
        return "has no commit or no table of results"
    columns = contents["result_columns"]
    for name, row in contents["results"].items():
        if row is None:                       # a benchmark that failed
            continue
        if not isinstance(row, list) or len(row) > len(columns):
            return f"has a row of {name} that does not fit its columns"
        cells = dict(zip(columns, row, strict=False))
        values, params = cells.get("result"), cells.get("params") or []
        if values is None:
            continue
        if not isinstance(values, list) or len(values) != math.prod(map(len, params)):
            return f"has as many values of {name} as do not fit its parameters"
        if not all(v is None or isinstance(v, (int, float)) for v in values):
            return f"has a value of {name} that is no number"
    return ""
