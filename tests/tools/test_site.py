"""The site is built, without a warning, and is looked at in a real browser: on a desk and on a telephone.

Debian's chromium is driven by playwright. What is not installed skips the tests, by name. NBGRAD_HISTORY is a
repository with history, if this tree is a copy without one.
"""

import os
import sys
from pathlib import Path

import pytest

sphinx = pytest.importorskip("sphinx", reason="sphinx is not installed")
pytest.importorskip("furo", reason="furo is not installed")
pytest.importorskip("myst_parser", reason="myst-parser is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

documentation = pytest.importorskip("documentation")
real = pytest.importorskip("board.browser")
stored = pytest.importorskip("board.stored")
pytestmark = [pytest.mark.skipif(real.CHROMIUM is None, reason="chromium is not installed"),
              pytest.mark.filterwarnings("default")]      # Sphinx's and playwright's own

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1300, "height": 1000}


def history():
    """Whose history the dashboard shows: none where git has none."""
    repository = Path(os.environ.get("NBGRAD_HISTORY", ROOT))
    return repository if stored.has_branch(repository, "HEAD") else None


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, which is built; in NBGRAD_SITE what is there already is not made again."""
    into = Path(os.environ.get("NBGRAD_SITE", tmp_path_factory.mktemp("site"))).resolve()
    with documentation.tiers.chosen("interpreted"):
        assert documentation.build(into, history()) == 0
    return into / "html"


@pytest.fixture(scope="module")
def address(site):
    with real.served(site) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    with real.chromium() as found:
        yield found


def looked_at(site):
    """The pages that a reader comes to: all of the guide and the gallery, families, and every tenth op."""
    pages = sorted(str(path.relative_to(site)) for path in site.rglob("*.html")
                   if not str(path.relative_to(site)).startswith("dashboard/"))
    ops = [page for page in pages if page.startswith("reference/")]
    families = ("tensor_class", "optim", "errors", "elementwise_functions", "index", "logaddexp", "atan2")
    return [page for page in pages if page not in ops or page in ops[::10]
            or page.removeprefix("reference/").removesuffix(".html") in families]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_load_without_an_error_from_nowhere_else_and_fit(browser, site, address, size):
    pages = looked_at(site)
    assert len(pages) > 50
    wide = []
    with real.watched(browser, viewport=size) as (page, wrong):
        for name in pages:
            page.goto(f"{address}/{name}")
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                wide.append(name)
    assert not wrong
    assert not wide


def test_the_search_finds_an_op(browser, address):
    with real.watched(browser, viewport=DESK) as (page, wrong):
        page.goto(f"{address}/search.html?q=softmax")
        found = page.locator("#search-results a[href*='softmax']").first
        found.wait_for(timeout=20_000)
        found.click()
        assert "softmax" in page.title()
    assert not wrong


def test_the_gallery_leads_to_its_programs_and_shows_their_pictures(browser, address):
    with real.watched(browser, viewport=DESK) as (page, wrong):
        page.goto(f"{address}/gallery/index.html")
        cards = page.locator(".cards .card")
        assert cards.count() >= 13
        for k in range(cards.count()):
            cards.nth(k).scroll_into_view_if_needed()
        page.wait_for_function("[...document.querySelectorAll('.card img')].every(i => i.naturalWidth > 800)")
        cards.filter(has_text="wobble").click()
        assert page.locator("text=standard error").first.is_visible()
        assert "by_eccentricity" in page.locator("article").inner_text()
    assert not wrong


def test_an_op_leads_to_its_history(browser, address):
    if history() is None:
        pytest.skip("no history here")
    with real.watched(browser, viewport=DESK) as (page, wrong):
        page.goto(f"{address}/reference/tanh.html")
        page.click("a[href='../dashboard/index.html#op=tanh']")
        page.wait_for_selector("tr.op")
        assert page.locator("tr.op button").first.inner_text() == "tanh"
        page.click("text=Documentation")
        page.wait_for_url(f"{address}/index.html")
    assert not wrong


def test_a_section_of_the_readme_stands_in_a_page(site):
    text = (site / "speed.html").read_text(encoding="utf-8")
    assert "NBGRAD_CACHE_DIR" in text and "nine versions" in text and "README:" not in text


def test_formulas_are_drawn(browser, address):
    with real.watched(browser, viewport=DESK) as (page, wrong):
        page.goto(f"{address}/reference/tanh.html")
        box = page.locator(".formula math").bounding_box()
        assert box["width"] > 100 and box["height"] > 40
    assert not wrong


def test_without_a_history_a_page_says_so(tmp_path, monkeypatch):
    """What is asked is left to the other tests; here nothing but the end of the build runs."""
    monkeypatch.setattr(documentation.gallery, "run_all", lambda kept: [])
    monkeypatch.setattr(documentation, "made", lambda examples: {})
    monkeypatch.setattr(documentation, "written", lambda docs: {"index.md": "# A\n\n[b](dashboard.png)\n"})
    assert documentation.build(tmp_path, None) == 0
    assert "built without the dashboard" in (tmp_path / "html" / "dashboard" / "index.html").read_text()


def test_a_warning_or_a_lost_link_fails_the_build(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(documentation.gallery, "run_all", lambda kept: [])
    monkeypatch.setattr(documentation, "made", lambda examples: {})
    monkeypatch.setattr(documentation, "written", lambda docs: {"index.md": "# A\n\n[b](lost.md)\n"})
    assert documentation.build(tmp_path / "a", None) != 0
    text = '# A\n\n<a href="lost.html">b</a>\n'
    monkeypatch.setattr(documentation, "written", lambda docs: {"index.md": text})
    assert documentation.build(tmp_path / "b", None) == 1
    assert "points nowhere: index.html: lost.html" in capsys.readouterr().err
