"""The dashboard: the history of speed, accuracy and memory as a site of static files that needs no network.

    python benchmarks/dashboard.py              # benchmarks/results -> .asv/html
    python benchmarks/dashboard.py --open       # and show it: http://127.0.0.1:8000

index.html is ours: ops beside NumPy and torch, regressions, accuracy, compile latency. tachyon.html, by
asv-tachyon, and legacy.html, asv's own page, have every graph. Result files that are corrupt are named and
left out. The libraries of asv's page are fetched from npm's registry once; without them it is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import sys
from collections.abc import Sequence
from pathlib import Path

from board.publish import PublishError, build
from board.stored import NoResultsError

ROOT = Path(__file__).resolve().parent.parent


def serve(html: Path, port: int) -> None:
    """Show the site on this machine until the process is stopped."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def main(given: Sequence[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--repository", type=Path, default=ROOT, help="whose commits they are")
    parser.add_argument("--results", type=Path, help="default: benchmarks/results there")
    parser.add_argument("--html", type=Path, help="default: .asv/html there")
    parser.add_argument("--offline", action="store_true", help="fetch nothing for asv's own page")
    parser.add_argument("--open", type=int, nargs="?", const=8000, metavar="PORT", help="default 8000")
    chosen = parser.parse_args(given)
    repository = chosen.repository.resolve()
    results = (chosen.results or repository / "benchmarks" / "results").resolve()
    html = (chosen.html or repository / ".asv" / "html").resolve()
    try:
        problems = build(repository, results, html, html.parent / "dashboard", fetch=not chosen.offline)
    except (NoResultsError, PublishError) as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 1
    for problem in problems:
        print(problem)
    print(html / "index.html")
    if chosen.open is not None:
        serve(html, chosen.open)
    return 0


if __name__ == "__main__":
    sys.exit(main())
