"""The site: asv's published tree, asv-tachyon's page and asv's own on it, and our front page."""

from __future__ import annotations

import html
import importlib.metadata
import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import asv_tachyon
from asv.config import Config

from board import asv_files, findings, vendor
from board.series import Series, series
from board.steps import limits
from board.stored import Commit, NoResultsError, Stored, has_branch, history, read

_HERE = Path(__file__).parent
_OPTIONAL = {"profiles.json": {}, "regressions-ignore.json": []}


class PublishError(Exception):
    """asv did not publish."""


def configuration(repository: Path) -> dict[str, Any]:
    """The repository's asv.conf.json, with absolute paths."""
    if not (repository / "asv.conf.json").exists():
        raise NoResultsError(f"{repository} has no asv.conf.json")
    conf = dict(vars(Config.load(str(repository / "asv.conf.json"))))
    return conf | {"repo": str(repository), "version": Config.api_version}


def build(repository: Path, results: Path, site: Path, kept: Path, fetch: bool = True) -> list[str]:
    """Make the site in a folder, which is emptied first. Return what was left out, and why.

    repository : whose commits the results are of
    results : the tree that asv wrote
    kept : a folder for what is fetched or made on the way
    fetch : whether asv's own page may fetch its libraries; without them it is left out

    Raises NoResultsError if there is nothing to show, PublishError if asv refuses.
    """
    conf = configuration(repository)
    named = conf["branches"][0] or "HEAD"
    branch = named if has_branch(repository, named) else "HEAD"      # a checkout of one commit has no branch
    known = history(repository, branch)
    stored = read(results, known)
    if branch != named:
        stored.problems.append(f"{repository} has no branch {named}: the history of HEAD is shown")
        conf["branches"] = [branch]
    conf |= {"results_dir": str(_copied(stored, results, kept / "results")), "html_dir": str(site)}
    _publish(conf, kept)
    problems = list(stored.problems)
    legacy = _legacy(site, kept, problems, fetch)
    _tachyon(site, known)
    found, private = series(stored), private_ops()
    worse = findings.regressions(found, private)
    asv_files.write(site, stored, found, findings.plain(worse), conf)
    page = front(stored, found, worse, private, conf, legacy)
    (site / "index.html").write_text(page, encoding="utf-8")
    return problems


def _copied(stored: Stored, results: Path, into: Path) -> Path:
    """A copy of the sound files alone, for asv."""
    shutil.rmtree(into, ignore_errors=True)
    machines = [results / machine / "machine.json" for machine in stored.machines]
    for path in [results / "benchmarks.json", *machines, *[path for path, _ in stored.runs]]:
        target = into / path.relative_to(results)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return into


def _publish(conf: dict[str, Any], kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / "asv.conf.json"
    path.write_text(json.dumps(conf, indent=1))
    done = subprocess.run([sys.executable, "-m", "asv", "publish", "--no-pull", "--config", str(path)],
                          capture_output=True, text=True, check=False)
    if done.returncode or not (Path(conf["html_dir"]) / "index.json").exists():
        raise PublishError(f"asv publish failed:\n{done.stdout}{done.stderr}")


def _legacy(site: Path, kept: Path, problems: list[str], fetch: bool) -> bool:
    """Keep asv's own page as legacy.html, if its libraries are to be had."""
    page = (site / "index.html").read_text(encoding="utf-8")
    (site / "error.html").unlink()
    try:
        page = vendor.vendored(page, kept / "packages", site / "vendor", fetch)
    except vendor.NotVendoredError as error:
        problems.append(f"legacy.html, asv's own page: {error}: left out")
        return False
    (site / "legacy.html").write_text(page, encoding="utf-8")
    return True


def _tachyon(site: Path, known: dict[str, Commit]) -> None:
    """Put asv-tachyon's page beside ours, with the subjects of commits.

    It asks for files that we have nothing for, samples among them: empty ones spare its readers errors.
    """
    static = Path(asv_tachyon.__file__).parent / "static"
    shutil.copytree(static / "assets", site / "assets")
    shutil.copyfile(static / "favicon.svg", site / "favicon.svg")
    shutil.copyfile(static / "index.html", site / "tachyon.html")
    subjects = {sha: commit.subject for sha, commit in known.items()}
    for name, content in {"commits.json": subjects, **_OPTIONAL}.items():
        (site / name).write_text(json.dumps(content))
    for graph in (site / "graphs").rglob("*.json"):
        sample = site / "samples" / graph.relative_to(site / "graphs")
        sample.parent.mkdir(parents=True, exist_ok=True)
        sample.write_text("{}")


def private_ops() -> set[str]:
    """The ops of nbgrad's table that lists for users leave out."""
    return {name for name, row in import_module("nbgrad.define.registry").OPS.items() if row.private}


def front(stored: Stored, found: list[Series], worse: list[findings.Regression], private: set[str],
          conf: dict[str, Any], legacy: bool) -> str:
    """Our front page: one file, with its figures, style and program inside."""
    data = {
        "project": conf["project"], "legacy": legacy,
        "made": f"asv {importlib.metadata.version('asv')}",
        "machines": [{k: m.get(k, "") for k in ("machine", "cpu", "num_cpu", "os", "ram")}
                     for m in stored.machines.values()],
        "commits": [asdict(commit) for commit in stored.commits],
        "series": [_compact(one, limit) for one, limit in zip(found, limits(found), strict=True)],
        "ops": findings.ops(found, private),
        "regressions": [asdict(one) for one in worse],
        "problems": stored.problems,
    }
    page = (_HERE / "front.html").read_text(encoding="utf-8")
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    files = {"style": "front.css", "charts": "charts.js", "program": "front.js"}
    parts = {name: (_HERE / file).read_text(encoding="utf-8") for name, file in files.items()}
    for name, content in {**parts, "project": html.escape(conf["project"]), "data": text}.items():
        page = page.replace(f"{{{{{name}}}}}", content)
    return page


def _compact(one: Series, limit: float) -> dict[str, Any]:
    """A series with its values in five digits, and the factor beyond which it is changed."""
    return {**asdict(one), "change": findings.change(one.values), "limit": round(limit, 4),
            "values": [None if v is None else float(f"{v:.5g}") for v in one.values]}
