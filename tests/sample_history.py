"""A small repository and the results of its commits, as asv writes them: made up, the same at each call."""

from __future__ import annotations

import json
import os
import subprocess

COMMITS = 10
FAILED = 4                                # this one did not build: it has no results
PLANTED = 6                               # softmax needs 1.5 times the instructions from this commit on
TRADED = 8                                # erf needs 1.2 times as many from this one on, and errs by half
MACHINE = {"machine": "sample", "cpu": "made up", "num_cpu": "2", "os": "Linux", "ram": "8GB",
           "arch": "x86_64"}
FIRST = "compile.latency.track_first_call_warm"
SIZES = ["10", "100000"]
COLUMNS = ["result", "params", "version", "started_at", "duration"]
CONFIGURATION = {"version": 1, "project": "sample", "repo": ".", "dvcs": "git", "branches": ["main"],
                 "results_dir": "benchmarks/results", "html_dir": ".asv/html", "show_commit_url": "#"}


def values(method, op, k):
    """What a benchmark of an op gives at a commit, for each size."""
    slower = 1.5 if op == "Softmax" and k >= PLANTED else 1.0
    traded = op == "Erf" and k >= TRADED
    counted = 1.2 if traded or (op == "SoftmaxVjp" and k >= PLANTED) else slower
    late = 1.4 if op == "Cumsum" and k >= 3 else 0.8
    shake = 1 + 0.01 * ((7 * k) % 5 - 2)
    return {"time_forward": [2e-6 * slower * shake, 3e-4 * slower * shake],
            "track_vs_numpy": [late * slower * shake, 0.6 * late * slower * shake],
            "track_vs_torch": [0.3 * slower * shake, 0.9 * slower * shake],
            "track_forward": [3000.0 * counted, 250_000.0 * counted],
            "track_vjp": [5000.0, 400_000.0],
            "track_max_ulp": [0.375, 0.75] if traded else [0.75, 1.5]}[method]


BENCHMARKS = {"ops": [("time_forward", "seconds")],
              "ratio": [("track_vs_numpy", "time / NumPy's time"), ("track_vs_torch", "time / torch's time")],
              "instructions": [("track_forward", "instructions"), ("track_vjp", "instructions")],
              "accuracy": [("track_max_ulp", "ulp")]}
OPS = ["Atanh", "Cumsum", "Erf", "Softmax", "SoftmaxVjp", "Tanh"]      # SoftmaxVjp is private


def listed():
    """What asv's benchmarks.json says."""
    found = {"version": 2}
    for suite, methods in BENCHMARKS.items():
        for op in OPS:
            for method, unit in methods:
                name = f"{suite}.{op}.{method}"
                found[name] = benchmark(name, unit, ["n"], [SIZES])
    found[FIRST] = benchmark(FIRST, "seconds", [], [])
    return found


def benchmark(name, unit, names, params):
    kind = name.rpartition(".")[2].partition("_")[0]
    return {"name": name, "code": "pass", "param_names": names, "params": params, "type": kind, "unit": unit,
            "version": "1", "timeout": 60.0}


def results(sha, k):
    """A result file of the commit of number k. Tanh came with the third commit."""
    rows = {FIRST: [[0.5 + 0.01 * k], [], "1", 0, 1.0]}
    for suite, methods in BENCHMARKS.items():
        for op in OPS:
            for method, _ in methods:
                lost = op == "Tanh" and k < 2
                given = None if lost else values(method, op, k)
                rows[f"{suite}.{op}.{method}"] = [given, [SIZES], "1", 0, 1.0]
    return {"commit_hash": sha, "env_name": "virtualenv-py3.11", "date": 1_700_000_000_000 + 86_400_000 * k,
            "params": {**{key: MACHINE[key] for key in MACHINE}, "python": "3.11"}, "python": "3.11",
            "requirements": {}, "env_vars": {}, "result_columns": COLUMNS, "results": rows, "durations": {},
            "version": 2}


def git(folder, *command, day=0):
    """Run git there, with the date of a day and no one's settings. Return what it prints."""
    when = f"{1_700_000_000 + 86_400 * day} +0000"
    environment = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when,
                   "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=sample", "-c", "user.email=sample@example.com"]
    done = subprocess.run(["git", *who, *command], cwd=folder, env=environment, check=True, text=True,
                          capture_output=True)
    return done.stdout.strip()


def write(folder):
    """Make the repository and its results in a folder. Return the hashes of its commits."""
    git(folder, "init", "-q", "-b", "main")
    (folder / "asv.conf.json").write_text(json.dumps(CONFIGURATION))
    hashes = []
    for k in range(COMMITS):
        (folder / "work.txt").write_text(f"{k}\n")
        subject = "Softmax takes a second pass" if k == PLANTED else f"Work of day {k}"
        git(folder, "add", "work.txt")
        git(folder, "commit", "-q", "-m", subject, day=k)
        hashes.append(git(folder, "rev-parse", "HEAD"))
    place = folder / "benchmarks" / "results"
    (place / "sample").mkdir(parents=True)
    (place / "benchmarks.json").write_text(json.dumps(listed()))
    (place / "sample" / "machine.json").write_text(json.dumps({**MACHINE, "version": 1}))
    for k, sha in enumerate(hashes):
        if k != FAILED:
            (place / "sample" / f"{sha[:8]}-virtualenv-py3.11.json").write_text(json.dumps(results(sha, k)))
    return hashes
