"""The dashboard in a real browser: pages load without an error and from nowhere else, and answer questions.

Debian's chromium is driven by playwright. What is not installed skips the tests, by name. NBGRAD_HISTORY is a
repository with history, if this tree is a copy without one.
"""

import json
import os
import sys
from pathlib import Path

import pytest
import sample_history as sample

pytest.importorskip("asv", reason="asv is not installed")
pytest.importorskip("asv_tachyon", reason="asv-tachyon is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

publish = pytest.importorskip("board.publish")
real = pytest.importorskip("board.browser")
screenshots = pytest.importorskip("screenshots")
pytestmark = [pytest.mark.skipif(real.CHROMIUM is None, reason="chromium is not installed"),
              pytest.mark.filterwarnings("default")]      # playwright's own

LEAST = 8                                 # commits that a graph must show


@pytest.fixture(scope="module")
def browser():
    with real.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a site on made-up results, its folder, and what was left out of it."""
    folder = tmp_path_factory.mktemp("history")
    sample.write(folder)
    (folder / "benchmarks" / "results" / "sample" / "broken.json").write_text('{"commit_hash": ')
    html = folder / ".asv" / "html"
    kept = Path(os.environ.get("NBGRAD_DASHBOARD_CACHE", folder / ".asv" / "dashboard"))
    problems = publish.build(folder, folder / "benchmarks" / "results", html, kept)
    with real.served(html) as address:
        yield address, html, problems


@pytest.fixture
def page(browser):
    """A page that collects errors of the console and requests to other hosts, of which there may be none."""
    with real.watched(browser, viewport={"width": 1400, "height": 900}) as (found, wrong):
        found.set_default_timeout(20_000)
        yield found
    assert not wrong


def points(page, title):
    """Of how many commits the fullest line of a graph shows a value."""
    figure = page.locator("figure", has=page.get_by_text(title, exact=True)).first
    lines = figure.locator("circle.point").evaluate_all("dots => dots.map(dot => dot.dataset.line)")
    return max(map(lines.count, lines), default=0)


def test_the_front_page_lists_ops_groups_and_the_planted_regression(page, site):
    page.goto(f"{site[0]}/index.html")
    assert page.locator("tr.op").all_text_contents()[1].startswith("cumsum")
    assert page.locator("details[data-suite]").count() == 5
    planted = page.locator("#regression-list tr[data-subject=softmax]")
    assert "1.5×" in planted.inner_text() and "Softmax takes a second pass" in planted.inner_text()
    assert "broken.json cannot be read" in page.locator("#problems").inner_text()


def test_a_trade_shows_both_figures_and_is_no_regression(page, site):
    page.goto(f"{site[0]}/index.html")
    row = page.locator("#trade-table tr[data-subject=erf]").first
    assert "3000 → 3600" in row.inner_text() and "0.75 → 0.375 ulp" in row.inner_text()
    assert page.locator("#regression-list tr[data-subject=erf]").count() == 0
    row.click()
    assert points(page, "instructions") >= LEAST


def test_private_ops_are_folded_away(page, site):
    page.goto(f"{site[0]}/index.html")
    for lines in ("tr.op[data-op=softmax_vjp]", "tr.one[data-subject=softmax_vjp]"):
        assert page.locator(lines).count() == 1 and not page.locator(lines).is_visible()
    assert "softmax_vjp" not in page.locator("#op-table").inner_text()
    page.click("#private-regressions summary")
    assert page.locator("tr.one[data-subject=softmax_vjp]").is_visible()
    page.fill("#filter", "softmax_vjp")
    assert page.locator("tr.op[data-op=softmax_vjp]").is_visible()


def test_one_click_says_since_which_commit_an_op_is_slower(page, site):
    page.goto(f"{site[0]}/index.html")
    page.fill("#filter", "cums")
    assert page.locator("tr.op").count() == 1
    assert "NumPy: 48a207db" in page.locator("tr.op").inner_text()
    assert points(page, "time / NumPy's") >= LEAST
    page.fill("#filter", "")
    page.check("#only-numpy")
    assert [row.split()[0] for row in page.locator("tr.op").all_inner_texts()] == ["cumsum", "softmax"]
    page.check("#only-torch")
    page.click("tr.op button")
    assert points(page, "instructions") >= LEAST
    assert page.locator(".details a[href^='tachyon.html']").count() == 6


def test_cards_count_and_show_what_they_count(page, site):
    page.goto(f"{site[0]}/index.html")
    cards = page.locator("#cards button")
    assert [text.split()[0] for text in cards.all_inner_texts()] == ["2", "1", "11", "590", "1.5"]
    cards.nth(0).click()
    assert page.locator("tr.op").count() == 2
    cards.nth(1).click()
    assert page.locator("tr.op").count() == 1


def test_a_link_opens_an_op_and_a_group_its_series(page, site):
    page.goto(f"{site[0]}/index.html#op=tanh")
    assert page.locator("tr.op button").all_inner_texts() == ["tanh", "atanh"]
    assert page.locator(".details svg.graph").count() == 5
    page.click("details[data-suite=compile] tr.one")
    assert points(page, "compile latency") >= LEAST


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_telephone(page, site, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{site[0]}/index.html#op=softmax")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(252, 252, 250)"
    assert dark == (scheme == "dark")


def test_the_front_page_needs_no_server(page, site):
    page.set_content((site[1] / "index.html").read_text().replace('href="favicon.svg"', 'href="data:,"'))
    assert page.locator("tr.op").count() == len(sample.OPS)


def test_pictures_are_taken(browser, site, tmp_path, capsys):
    for picture in screenshots.take(browser, site[1], "softmax", tmp_path):
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert screenshots.main(["--html", str(tmp_path)]) == 1
    assert "holds no site" in capsys.readouterr().err


def test_tachyon_shows_the_named_benchmark(page, site):
    page.goto(f"{site[0]}/tachyon.html#view=explore&bench=ratio.Softmax.track_vs_numpy")
    page.get_by_role("heading", name="ratio.Softmax.track_vs_numpy").wait_for()
    page.get_by_text("Param series", exact=False).first.wait_for()


def test_asvs_own_page_works_without_other_hosts(page, site):
    if lost := [problem for problem in site[2] if problem.startswith("legacy.html")]:
        pytest.skip(lost[0])
    page.goto(f"{site[0]}/legacy.html#/regressions")
    page.wait_for_selector("#regressions-body table tbody tr")
    assert "Softmax" in page.locator("#regressions-body table").first.inner_text()
    page.goto(f"{site[0]}/legacy.html#ratio.Softmax.track_vs_numpy")
    page.wait_for_selector("#main-graph canvas")


def test_one_rule_gives_the_count_of_regressions_on_all_pages(page, site):
    listed = json.loads((site[1] / "regressions.json").read_text())["regressions"]
    assert (site[1] / "regressions.xml").read_text().count("<entry") == len(listed)
    page.goto(f"{site[0]}/index.html")
    names = page.evaluate("plain.map(found => [series[found.series].name, found.before, found.after])")
    assert sorted(names) == sorted([entry[0].partition("(")[0], *entry[6][0][2:]] for entry in listed)
    assert page.locator("#cards button").nth(2).inner_text().split()[0] == str(len(listed))
    page.goto(f"{site[0]}/tachyon.html#view=regressions")
    page.get_by_text(f"{len(listed)} shown", exact=False).first.wait_for()
    if (site[1] / "legacy.html").exists():
        page.goto(f"{site[0]}/legacy.html#/regressions")
        page.wait_for_selector("#regressions-body table tbody tr")
        assert page.locator("#regressions-body table").first.locator("tbody tr").count() == len(listed)


def test_a_checkout_without_the_branch_shows_its_history(tmp_path):
    hashes = sample.write(tmp_path)
    sample.git(tmp_path, "checkout", "-q", "--detach", hashes[-1])
    sample.git(tmp_path, "branch", "-q", "-D", "main")
    made = [tmp_path / "benchmarks" / "results", tmp_path / "html", tmp_path / "kept"]
    assert "has no branch main: the history of HEAD is shown" in " ".join(publish.build(tmp_path, *made))
    assert hashes[-1] in (tmp_path / "html" / "index.html").read_text()


def test_the_history_of_this_repository(page, tmp_path):
    repository = Path(os.environ.get("NBGRAD_HISTORY", ROOT))
    try:
        publish.build(repository, ROOT / "benchmarks" / "results", tmp_path / "html", tmp_path / "kept")
    except publish.NoResultsError as error:
        pytest.skip(f"no history here: {error}")
    with real.served(tmp_path / "html") as address:
        page.goto(f"{address}/index.html#op=tanh")
        if (count := page.evaluate("commits.length")) < LEAST:
            pytest.skip(f"{count} commits have results here")
        assert points(page, "instructions") >= LEAST
