"""Pictures of the dashboard: its first page, and the graphs of one op.

    python benchmarks/dashboard.py && python benchmarks/screenshots.py    # docs/dashboard*.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from board.browser import chromium, served

ROOT = Path(__file__).resolve().parent.parent


def take(browser: Any, html: Path, op: str, into: Path) -> list[Path]:
    """Save both pictures in a folder."""
    first, graphs = into / "dashboard.png", into / "dashboard_op.png"
    with served(html) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
        page.goto(f"{address}/index.html")
        page.wait_for_selector("tr.op")
        page.screenshot(path=first)
        page.goto(f"{address}/index.html#op={op}")
        page.reload()
        page.locator("td.details > div").first.screenshot(path=graphs)
    return [first, graphs]


def main(given: Sequence[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--op", default="sum", help="whose graphs; default %(default)s")
    parser.add_argument("--html", type=Path, default=ROOT / ".asv" / "html", help="default: .asv/html")
    parser.add_argument("--into", type=Path, default=ROOT / "docs", help="default: docs")
    chosen = parser.parse_args(given)
    if not (chosen.html / "index.html").exists():
        print(f"{chosen.html} holds no site: python benchmarks/dashboard.py makes it", file=sys.stderr)
        return 1
    with chromium() as browser:
        for path in take(browser, chosen.html, chosen.op, chosen.into):
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
