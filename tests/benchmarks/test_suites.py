"""The benchmark suites: every op of the table is in them, and they keep to what asv needs. No times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nbgrad.fft
import nbgrad.special  # noqa: F401
from nbgrad.define.registry import OPS

ROOT = Path(__file__).parents[2]
# What asv reads. It ignores other names without a word, so a misspelt one would have no effect.
KEYS = {
    "version", "project", "project_url", "repo", "dvcs", "branches", "show_commit_url", "environment_type",
    "pythons", "matrix", "build_command", "install_command", "uninstall_command", "build_cache_size",
    "benchmark_dir", "env_dir", "results_dir", "html_dir", "hash_length", "install_timeout", "launch_method",
    "default_benchmark_timeout", "regressions_thresholds", "regressions_first_commits",
}
SURVEY = """
import builtins, importlib, inspect, json, pkgutil, sys
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
    ops = {n for n, v in vars(module).items() if inspect.isclass(v)} & set(dir(builtins))
    functions = [f for v in vars(module).values() for f in (vars(v).values() if inspect.isclass(v) else [v])]
    used = {n for f in functions if inspect.isfunction(f) for n in f.__code__.co_names}
    assert not ops & used, f"suites/{info.name}.py: {ops & used} are ops there, not Python's own"
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


def test_kernels_of_a_commit_are_its_own(tmp_path):
    """asv names the commit it measures; whatever cache is in use, that of another commit is not."""
    program = "import os, suites; print(os.environ['NBGRAD_CACHE_DIR'])"
    folders = set()
    for commit in ("a" * 40, "b" * 40):
        environment = {**os.environ, "ASV_COMMIT": commit, "ASV_ENV_DIR": str(tmp_path),
                       "NBGRAD_CACHE_DIR": "elsewhere", "PYTHONPATH": str(ROOT / "benchmarks")}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True,
                              text=True, check=True)
        folder = Path(done.stdout.strip())
        assert folder.parent == tmp_path / "kernels"
        assert folder.stat().st_mode & 0o077 == 0
        folders.add(folder)
    assert len(folders) == 2


def test_asv_knows_every_key_of_its_configuration():
    configuration = json.loads((ROOT / "asv.conf.json").read_text())
    assert set(configuration) <= KEYS
    requirements = configuration["matrix"]["req"]
    assert all(len(versions) == 1 for versions in requirements.values()), "a new version is a new series"


@pytest.mark.parametrize("suite, method", [("ops", "time_{}"), ("instructions", "track_{}"),
                                           ("ratio", "track_{}_vs_numpy")])
def test_every_op_of_the_table_is_measured(benchmarks, suite, method):
    rows = [row for row in OPS.values() if row.where.partition(":")[0].startswith(("ops/", "nbgrad/"))]
    assert len(rows) > 250
    for row in rows:
        if suite == "ratio" and row.like is None:
            continue
        for which in ("forward",) if row.op.discrete else ("forward", "vjp"):
            name = f"{row.op.name.replace('.', '_')}.{method.format(which)}"
            assert f"{suite}.{name.replace('track_forward_vs', 'track_vs')}" in benchmarks


def test_every_elementwise_op_has_an_accuracy(benchmarks):
    wanted = {row.op.name for row in OPS.values() if row.kind == "elementwise" and row.like is not None
              and row.where.startswith(("ops/", "nbgrad/")) and int not in _spans(row)}
    assert {name.split(".")[1] for name in benchmarks if name.startswith("accuracy.")} == wanted | {"sums"}


def _spans(row):
    return row.at if isinstance(row.at, tuple) else (row.at,)


def test_all_suites_are_there(benchmarks):
    named = {name.rpartition(".")[0] for name in benchmarks}
    assert {"models.logistic_regression", "models.mlp", "models.transformer", "models.lstm", "models.digits",
            "models.gaussian_process", "memory.peak", "compile.latency", "scaling.exponents",
            "instructions.tape", "small.sums", "small.factors"} <= named
    kinds = ("grad", "jvp", "jacobian", "hessian", "hvp", "checkpoint")
    assert {f"transforms.{kind}" for kind in kinds} <= named


def test_a_track_says_that_less_is_better(benchmarks):
    tracks = [name for name in benchmarks if ".track_" in name]
    assert len(tracks) > 300
    assert [name for name in tracks if benchmarks[name]["less"] is not True] == []


def test_nothing_makes_asv_time_single_calls(benchmarks):
    assert [name for name in benchmarks if ".time_" in name and benchmarks[name]["setup"]] == []


def test_versions_are_written_down(benchmarks):
    assert [name for name, found in benchmarks.items() if not isinstance(found["version"], str)] == []
