"""The dashboard's reading of results: gaps, corrupt files, what is slower since when, what got worse."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import sample_history as sample

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from board import findings, steps, vendor
from board.series import Series, series
from board.stored import NoResultsError, fault, history, read

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def tree(tmp_path):
    hashes = sample.write(tmp_path)
    return tmp_path, tmp_path / "benchmarks" / "results", hashes


def stored(tree):
    return read(tree[1], history(tree[0], "main"))


def named(found, name, n="10"):
    return next(one for one in found if one.name == name and one.parameters.get("n", n) == n)


def test_all_sound_results_are_read_in_the_order_of_commits(tree):
    found = stored(tree)
    built = [sha for k, sha in enumerate(tree[2]) if k != sample.FAILED]
    assert [commit.sha for commit in found.commits] == built
    assert not found.problems and set(found.machines) == {"sample"}
    assert found.commits[5].subject == "Softmax takes a second pass"


def test_an_op_that_an_old_commit_lacks_leaves_a_gap(tree):
    found = series(stored(tree))
    assert named(found, "ops.Tanh.time_forward").values[:2] == [None, None]
    assert None not in named(found, "ops.Softmax.time_forward").values


DAMAGE = {
    "cut short": (lambda text: text[:200], "cannot be read"),
    "no object": (lambda text: "[1, 2]", "holds no object"),
    "without results": (lambda text: text.replace('"results"', '"other"'), "lacks results"),
    "of another machine": (lambda text: text.replace('"sample"', '"mine"'), "is of another machine"),
    "text for a number": (lambda text: text.replace("0.75", '"0.75"'), "is no number"),
    "too few values": (lambda text: text.replace("[0.75, 1.5]", "[0.75]"), "do not fit its parameters"),
    "too many columns": (lambda text: text.replace(', "duration"', ""), "does not fit its columns"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_corrupt_file_is_named_and_left_out(tree, name):
    damage, words = DAMAGE[name]
    path = tree[1] / "sample" / f"{tree[2][3][:8]}-virtualenv-py3.11.json"
    path.write_text(damage(path.read_text()))
    found = stored(tree)
    assert len(found.commits) == sample.COMMITS - 2
    assert len(found.problems) == 1 and path.name in found.problems[0] and words in found.problems[0]


def test_a_commit_that_is_not_on_the_branch_is_named_and_left_out(tree):
    place = tree[1] / "sample" / "0123456789-virtualenv-py3.11.json"
    place.write_text(json.dumps(sample.results("0" * 40, 3)))
    assert "00000000, which is not on the branch" in stored(tree).problems[0]


def test_a_folder_without_its_machine_is_named_and_left_out(tree):
    (tree[1] / "other").mkdir()
    assert stored(tree).problems == ["other/machine.json is missing: the folder is left out"]
    (tree[1] / "sample" / "machine.json").write_text('{"machine": "else"}')
    with pytest.raises(NoResultsError, match=r"no results of this branch.*names the machine 'else'"):
        stored(tree)


def test_two_environments_of_a_commit_are_named(tree):
    path = tree[1] / "sample" / f"{tree[2][0][:8]}-virtualenv-py3.12.json"
    path.write_text(json.dumps(sample.results(tree[2][0], 0)))
    assert "from 2 environments" in stored(tree).problems[0]


def test_nothing_to_show_is_an_error_that_says_what_is_missing(tree):
    (tree[1] / "benchmarks.json").unlink()
    with pytest.raises(NoResultsError, match=r"benchmarks.json is missing; .*just-discover"):
        stored(tree)
    with pytest.raises(NoResultsError, match="has no branch trunk"):
        history(tree[0], "trunk")


def test_a_benchmark_that_failed_or_was_skipped_is_no_fault():
    contents = sample.results("0" * 40, 3)
    contents["results"]["ops.Tanh.time_forward"] = None
    contents["results"]["ops.Softmax.time_forward"] = [[float("nan"), None], [sample.SIZES], "1"]
    assert fault(contents, "sample") == ""


def test_a_benchmark_with_another_version_is_another_benchmark(tree):
    listed = sample.listed()
    listed["ops.Tanh.time_forward"]["version"] = "2"
    (tree[1] / "benchmarks.json").write_text(json.dumps(listed))
    assert not any(one.name == "ops.Tanh.time_forward" for one in series(stored(tree)))


def test_series_know_what_they_measure(tree):
    found = series(stored(tree))
    for name, role, backward in [("ops.Tanh.time_forward", "time", False),
                                 ("accuracy.Tanh.track_max_ulp", "ulp", False),
                                 ("ratio.Tanh.track_vs_numpy", "numpy", False),
                                 ("ratio.Tanh.track_vs_torch", "torch", False),
                                 ("instructions.Tanh.track_vjp", "instructions", True),
                                 (sample.FIRST, "compile", False)]:
        one = named(found, name)
        assert (one.role, one.backward) == (role, backward), name
        assert one.of_op == (one.suite != "compile")
        assert one.subject == ("tanh" if one.of_op else "latency")


def test_since_which_commit_an_op_is_slower():
    assert findings.since([0.9, 1.2, 1.3], 1.05) == 1
    assert findings.since([0.9, 1.2, 1.3], 1.25) == 2
    assert findings.since([1.2, 0.9, 1.0], 1.05) is None
    assert findings.since([1.2, None, 1.3], 1.05) == 0
    assert findings.since([0.9, 1.2, None], 1.05) == 1
    assert findings.since([None], 1.05) is None


def test_a_figure_that_repeats_regresses_where_it_grew_for_good():
    assert steps.grown([100.0, 100.0, 110.0, 110.0], 1.03) == (2, 100.0, 110.0)
    assert steps.grown([100.0, 110.0, 100.0], 1.03) is None
    assert steps.grown([100.0, 101.0, 102.0], 1.03) is None
    assert steps.grown([None, 100.0, None, 150.0, 149.0], 1.03) == (3, 100.0, 149.0)
    assert steps.grown([100.0, 150.0, 104.0], 1.03) == (1, 100.0, 104.0)


def test_a_time_regresses_where_values_on_both_sides_say_so():
    assert steps.risen([1.0, None, 1.1, 2.0, 2.2], 1.5) == (3, 1.05, 2.1)
    assert steps.risen([1.0, 1.1, 1.0, 2.0, 2.2, 2.1], 1.5)[0] == 3
    assert steps.risen([5.0, 5.0, 1.0, 1.0, 2.0, 2.0], 1.5)[0] == 4
    assert steps.risen([1.0, 1.0, 1.0, 2.0], 1.5) is None
    assert steps.risen([None, 1.0, 2.0, 2.0], 1.5) is None
    assert steps.risen([1.0, 1.0, 2.0, 2.0, 1.0, 1.0], 1.5) is None
    assert steps.risen([1.0, 1.0, 2.0, 2.0], 2.5) is None


def made(values, what="vs_numpy", role="numpy", subject="tanh"):
    """A series of an op."""
    name = f"ratio.{subject}.{what}"
    return Series(name, "ratio", subject, what, what, role, "", True, False, "sample", {}, list(values))


QUIET = [1.0, 1.01, 1.0, 1.01, 1.0, 1.01, 1.0, 1.01]
NOISY = [1.0, 1.2, 0.9, 1.15, 0.95, 1.2, 1.0, 1.25]


def test_a_limit_is_as_wide_as_the_noise():
    """A step of 8 % is one where figures shake by 1 %, and none where they shake by 20 %."""
    quiet, noisy, counts = made(QUIET), made(NOISY, "small"), made(NOISY, "count", "instructions")
    narrow, wide, fixed = steps.limits([quiet, noisy, counts])
    assert steps.LEAST <= narrow < 1.07 and wide > 1.5 and fixed == 1.03
    for one, limit, found in ((quiet, narrow, True), (noisy, wide, False)):
        later = made(one.values + [1.08 * v for v in one.values], one.what)
        assert bool(steps.worse(later, limit)) == found
    doubled = made(NOISY + [2.5 * v for v in NOISY], "small")
    assert steps.worse(doubled, steps.limits([doubled])[0])[0] == len(NOISY)


def test_noise_is_that_of_other_ops_where_a_series_says_too_little():
    kin = [made(NOISY, subject=name) for name in ("sin", "cos", "tan")]
    short, calm = made([1.0, 1.3]), made([1.0, 1.0, 1.0, 1.0], subject="exp")
    bounds = steps.limits([*kin, short, calm])
    assert bounds[0] == bounds[3] == bounds[4] > 1.5
    assert steps.limits([short]) == [steps.LEAST]
    wild = made([1.0, 90.0, 2.0, 150.0], subject="log")
    assert steps.limits([*kin, wild])[3] == pytest.approx(bounds[0] ** 2)


def test_a_few_steps_do_not_make_a_series_noisy():
    assert steps.spread([*QUIET, *[2 * v for v in QUIET]]) == pytest.approx(steps.spread(QUIET))
    assert steps.spread([1.0, 2.0, None, 3.0]) is None


@pytest.mark.parametrize("cost, error, count, trades", [
    ([100.0, 100.0, 130.0], [2.0, 2.0, 1.0], 1, True),            # slower and more accurate
    ([130.0, 130.0, 100.0], [1.0, 1.0, 2.0], 1, True),            # faster and less accurate
    ([100.0, 100.0, 130.0], [2.0, 1.0, 1.0], 1, False),           # at another commit
    ([100.0, 100.0, 130.0], [2.0, 2.0, 1.95], 1, False),          # by too little
    ([100.0, 100.0, 130.0], [1.0, 1.0, 2.0], 2, False),           # both got worse
    ([100.0, 100.0, 130.0], [None, None, 1.0], 1, False),         # nobody knows
])
def test_what_got_worse_while_its_counterpart_got_better_is_a_trade(cost, error, count, trades):
    both = [made(cost, "forward", "instructions"), made(error, "max_ulp", "ulp")]
    found = findings.regressions(both)
    assert len(found) == count and all((one.trade is not None) == trades for one in found)
    assert len(findings.plain(found)) == (0 if trades else count)
    for one in found if trades else ():
        assert {one.series, one.trade.series} == {0, 1} and one.place == 2
        assert one.after > one.before and one.trade.after < one.trade.before
    if trades:
        other = made([1.0, 1.0, 3.0] if error[0] > 1 else [1.0, 1.0, 2.0], "second", "ulp")
        mixed = findings.regressions([*both, other])
        assert all(one.trade is None for one in mixed if both[0].values[0] < both[0].values[2])
    elsewhere = [both[0], made(error, "max_ulp", "ulp", "sin")]
    assert all(one.trade is None for one in findings.regressions(elsewhere))


def test_the_planted_changes_are_found_with_their_commits(tree):
    found = series(stored(tree))
    worse = findings.regressions(found, {"softmax_vjp"})
    named = [(found[r.series].name, r.place) for r in worse if r.counted and r in findings.plain(worse)]
    assert named == [("instructions.Softmax.track_forward", 5)] * 2
    assert {(found[r.series].subject, r.place) for r in findings.plain(worse)} == {
        ("softmax", 5), ("cumsum", 3), ("latency", 4)}
    assert {found[r.series].subject for r in worse if r.private} == {"softmax_vjp"}
    trades = [r for r in worse if r.trade]
    assert {(found[r.series].name, r.place) for r in trades} == {("instructions.Erf.track_forward", 7)}
    assert {found[r.trade.series].name for r in trades} == {"accuracy.Erf.track_max_ulp"}
    assert all(r.trade.after == r.trade.before / 2 for r in trades)


def test_ops_are_slower_since_their_first_slow_commit(tree):
    lines = {line["name"]: line for line in findings.ops(series(stored(tree)), {"softmax_vjp"})}
    assert lines.keys() == {"atanh", "cumsum", "erf", "softmax", "softmax_vjp", "tanh"}
    assert [name for name, line in lines.items() if line["private"]] == ["softmax_vjp"]
    assert lines["cumsum"]["since"] == {"numpy": 3}
    assert lines["softmax"]["since"] == {"numpy": 5, "torch": 5}
    assert lines["tanh"]["since"] == {}


def test_a_library_that_is_not_what_it_was_is_refused(tmp_path):
    (tmp_path / "jquery-3.3.1.tgz").write_bytes(b"something else")
    with pytest.raises(vendor.NotVendoredError, match=r"jquery-3.3.1 .* is not what it was"):
        vendor.archive("jquery-3.3.1", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_page_with_an_unknown_library_is_refused(tmp_path):
    with pytest.raises(vendor.NotVendoredError, match="does not know"):
        vendor.vendored('<script src="https://example.com/new.js"></script>', tmp_path, tmp_path / "v")


def test_a_registry_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(vendor, "REGISTRY", "http://127.0.0.1:9")
    with pytest.raises(vendor.NotVendoredError, match="cannot be fetched"):
        vendor.archive("flot-0.8.3", tmp_path)


def test_the_command_says_what_is_missing(tree, capsys):
    dashboard = pytest.importorskip("dashboard", reason="asv or asv-tachyon is not installed")
    given = ["--repository", str(tree[0])]
    (tree[1] / "benchmarks.json").write_text("[")
    assert dashboard.main(given) == 1
    assert "benchmarks.json cannot be read" in capsys.readouterr().err
    assert dashboard.main([*given, "--results", str(tree[0] / "none")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    (tree[0] / "asv.conf.json").unlink()
    assert dashboard.main(given) == 1
    assert "has no asv.conf.json" in capsys.readouterr().err
