"""The benchmark suites: every op of the table is in them, and they keep to what asv needs. No times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbgrad.registry import OPS

ROOT = Path(__file__).parents[1]
# What asv reads. It ignores other names without a word, so a misspelt one would have no effect.
KEYS = {
    "version", "project", "project_url", "repo", "dvcs", "branches", "show_commit_url", "environment_type",
    "pythons", "matrix", "build_command", "install_command", "uninstall_command", "build_cache_size",
    "benchmark_dir", "env_dir", "results_dir", "html_dir", "hash_length", "install_timeout", "launch_method",
    "default_benchmark_timeout", "regressions_thresholds", "regressions_first_commits",
}
SURVEY = """
import importlib, inspect, json, pkgutil, sys
import suites
found = {}
for info in pkgutil.iter_modules(suites.__path__):
    module = importlib.import_module(f"suites.{info.name}")
    for name, benchmark in vars(module).items():
        if name.startswith("_") or not inspect.isclass(benchmark):
            continue
        for method, function in inspect.getmembers(benchmark, inspect.isfunction):
            found[f"{info.name}.{name}.{method}"] = {
                "less": getattr(function, "less_is_better", None),
                "version": getattr(benchmark, "version", None),
                "setup": any(hasattr(benchmark, word) for word in ("setup", "Setup", "setUp"))}
    stray = [n for n, v in vars(module).items() if inspect.isfunction(v) and not n.startswith("_")]
    assert not stray, f"suites/{info.name}.py: asv would take {stray} for a benchmark or an op"
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def benchmarks():
    """What asv would find: names -> what they say of themselves."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NBGRAD_BENCH", "ASV_"))}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "benchmarks"), str(ROOT)])
    done = subprocess.run([sys.executable, "-c", SURVEY], env=environment, capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout)


def test_asv_knows_every_key_of_its_configuration():
    configuration = json.loads((ROOT / "asv.conf.json").read_text())
    assert set(configuration) <= KEYS
    requirements = configuration["matrix"]["req"]
    assert all(len(versions) == 1 for versions in requirements.values()), "a new version is a new series"


@pytest.mark.parametrize("suite, method", [("ops", "time_{}"), ("instructions", "track_{}")])
def test_every_op_of_the_table_is_measured(benchmarks, suite, method):
    rows = [row for row in OPS.values() if row.where.partition(":")[0].startswith(("ops/", "nbgrad/"))]
    assert len(rows) > 160
    for row in rows:
        for which in ("forward",) if row.op.discrete else ("forward", "vjp"):
            assert f"{suite}.{row.op.name}.{method.format(which)}" in benchmarks


def test_a_track_says_that_less_is_better(benchmarks):
    tracks = [name for name in benchmarks if ".track_" in name]
    assert len(tracks) > 300
    assert [name for name in tracks if benchmarks[name]["less"] is not True] == []


def test_nothing_makes_asv_time_single_calls(benchmarks):
    assert [name for name in benchmarks if ".time_" in name and benchmarks[name]["setup"]] == []


def test_versions_are_written_down(benchmarks):
    assert [name for name, found in benchmarks.items() if not isinstance(found["version"], str)] == []
