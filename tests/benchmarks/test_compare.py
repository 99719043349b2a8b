"""The gate on made-up figures, and the form in which results are kept. Nothing is measured."""

import importlib.util
import json
import math
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def load(monkeypatch):
    """Modules of benchmarks/ by name."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))

    def found(name):
        file = ROOT / "benchmarks" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return found


BASE = {"forward/tanh/10": 4000.0, "vjp/tanh/10": 9000.0, "forward/sum/10": 5000.0, "tape/apply": 3000.0}


def judged(compare, base, again=None, **changed):
    """The exit status for a head that differs from the base by factors (None: gone), as the gate finds it."""
    def head(factors):
        found = {name: value * factors.get(name, 1.0) for name, value in base.items()
                 if factors.get(name, 1.0) is not None}
        return base, found

    factors = changed["factors"]
    found = compare.judge("instructions", compare.COUNTS, lambda ops: head(factors),
                          lambda ops: head(factors if again is None else again))
    return compare.report([found], 0.0)


def test_growth_of_five_percent_fails_and_is_named(load, capsys):
    compare = load("compare")
    assert judged(compare, BASE, factors={"vjp/tanh/10": 1.05}) == 1
    assert "SLOWER vjp/tanh/10: 9000 -> 9450, x1.050" in capsys.readouterr().out


def test_growth_of_one_percent_passes(load, capsys):
    compare = load("compare")
    assert judged(compare, BASE, factors=dict.fromkeys(BASE, 1.01)) == 0
    assert "4 figures compared in 0 s: 0 slower, 0 gone" in capsys.readouterr().out


def test_growth_that_is_not_there_again_passes(load):
    assert judged(load("compare"), BASE, factors={"forward/sum/10": 1.4}, again={}) == 0


def test_only_what_grew_is_measured_again(load):
    compare = load("compare")
    asked = []

    def again(ops):
        asked.append(ops)
        return BASE, BASE

    compare.judge("instructions", 1.03, lambda ops: (BASE, {**BASE, "tape/apply": 3300.0}), again)
    assert asked == [["tape/apply"]]


def test_a_figure_that_is_gone_fails_and_is_named(load, capsys):
    compare = load("compare")
    assert judged(compare, BASE, factors={"forward/sum/10": None}) == 1
    assert "GONE   forward/sum/10" in capsys.readouterr().out
    assert judged(compare, BASE, factors={"forward/sum/10": math.nan}) == 1


def test_a_new_op_is_no_matter(load):
    compare = load("compare")
    found = compare.judge("ratios", 1.5, lambda ops: (BASE, {**BASE, "forward/new/10": 9.0}), None)
    assert compare.report([found], 0.0) == 0


def test_nothing_in_common_is_no_comparison(load, capsys, monkeypatch):
    compare = load("compare")
    assert compare.report([(0, [], [])], 0.0) == 2
    assert compare.main(["--base", "no-such-commit"]) == 2
    assert "cannot compare: git rev-parse" in capsys.readouterr().out

    def nothing(*arguments):
        raise compare.ImpossibleError("no")

    monkeypatch.setattr(compare, "git", nothing)
    assert compare.main([]) == 2
    assert "neither a branch origin/main nor main" in capsys.readouterr().out


def test_without_valgrind_counts_are_skipped_by_name(load, monkeypatch):
    from work import counting

    monkeypatch.setenv("PATH", "")
    assert "valgrind is not installed" in counting.missing()


ROWS = {
    "ops.tanh.time_forward": [[1.23456789e-6, math.nan], [["10", "1000"]], "1", 17, 2.5, [1e-6], [2e-6]],
    "ratio.tanh.track_vs_numpy": None,
}
NAMES = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]


def stored(folder, name, text):
    place = folder / "machine" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    return place


def test_results_are_kept_in_four_digits_without_samples(load, tmp_path):
    record = load("record")
    file = stored(tmp_path, "a.json", json.dumps({
        "commit_hash": "abc", "result_columns": NAMES, "results": ROWS, "durations": {"<build>": 9.0}}))
    assert record.compact([file]) == []
    kept = json.loads(file.read_text(), parse_constant=pytest.fail)        # NaN is not JSON
    assert kept["results"] == {"ops.tanh.time_forward": [[1.235e-06, None], [["10", "1000"]], "1"]}
    assert kept["result_columns"] == ["result", "params", "version"]
    text = file.read_text()
    assert record.compact([file]) == []
    assert file.read_text() == text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"results": {}}', '{"results": 3, "result_columns": []}'])
def test_corrupt_results_are_reported_by_name(load, tmp_path, text):
    record = load("record")
    bad = stored(tmp_path, "bad.json", text)
    good = stored(tmp_path, "good.json", json.dumps({"commit_hash": "abc", "result_columns": NAMES,
                                                     "results": ROWS}))
    (line,) = record.compact([bad, good])
    assert line.startswith("machine/bad.json: ")
    assert bad.read_text() == text


def test_a_machine_is_a_class_without_a_name_of_its_own(load):
    import platform

    found = load("record").machine()
    assert platform.node() not in found.values()
    assert found["machine"].replace("-", "").isalnum()


def test_commits_are_recorded_oldest_first(load, tmp_path, monkeypatch):
    record = load("record")
    monkeypatch.setattr(record, "ROOT", tmp_path)
    record.git("init", "-q", "-b", "main")
    for k in range(5):
        record.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", str(k))
    history = record.git("rev-list", "--reverse", "HEAD")
    assert record.chosen_commits(["HEAD", "HEAD~4"], 0) == [history[0], history[4]]
    assert record.chosen_commits([], 0) == [history[4]]
    assert record.chosen_commits([], 3) == [history[0], history[2], history[4]]
