"""`python tools/documentation.py`: build the documentation's site in docs/_build/html. It needs no network.

The pages in docs/ are joined by those that are made: the reference, from the op table; the functions of
NumPy's that take Tensors; the gallery, by running the examples; the dashboard, from benchmarks/results.
Warnings are errors. Examples and pages that have not changed are not run and not read again.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pages import gallery, links, names, numpy_list, reference
from sphinx.cmd.build import main as sphinx

from nbgrad.compile import tiers

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_PICTURES = (".svg", ".png")
_WITHOUT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>No dashboard</title>
<p>This site was built without the dashboard: <code>python tools/documentation.py</code> adds it
where there is the repository's history. <a href="../index.html">Back to the documentation.</a></p></html>
"""


_SECTION = re.compile(r"^<!-- README: (.+) -->$", re.MULTILINE)
_HOME = '\n<a href="../index.html">Documentation</a>'


def written(docs: Path) -> dict[str, str]:
    """The pages that are written by hand, by their paths in the site's source.

    A line `<!-- README: title -->` stands for that section of the README. Raises KeyError if it has none.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", readme, re.DOTALL | re.MULTILINE))
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(docs.glob("*.md"))}
    found = {name: _SECTION.sub(lambda title: sections[title[1]].strip(), text)
             for name, text in texts.items()}
    for name in ("CONTRIBUTING", "CHANGELOG"):
        text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
        found[f"{name.lower()}.md"] = text.replace("](docs/", "](")
    return found


def made(examples: list[gallery.Example]) -> dict[str, str]:
    """The pages that are made, by their paths in the site's source."""
    found = {"numpy_functions.md": numpy_list.page(names.link("reference/"))}
    found |= {f"reference/{name}.md": text for name, text in reference.pages().items()}
    return found | {f"gallery/{name}.md": text for name, text in gallery.pages(examples).items()}


def write(source: Path, texts: dict[str, str], pictures: dict[str, Path]) -> None:
    """Make a folder hold these pages and pictures alone; what is there already keeps its time."""
    for path in [path for path in source.rglob("*") if path.is_file()]:
        if str(path.relative_to(source)) not in texts.keys() | pictures.keys():
            path.unlink()
    for name, text in texts.items():
        _put(source / name, text.encode())
    for name, path in pictures.items():
        _put(source / name, path.read_bytes())


def _put(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def dashboard(repository: Path, html: Path) -> None:
    """Make the dashboard, and copy it into a folder. Raises CalledProcessError if there is no history."""
    made = ROOT / ".asv" / "html"
    command = [ROOT / "benchmarks" / "dashboard.py", "--offline", "--html", made, "--repository", repository,
               "--results", ROOT / "benchmarks" / "results"]
    subprocess.run([sys.executable, *map(str, command)], check=True)
    shutil.rmtree(html, ignore_errors=True)
    shutil.copytree(made, html)
    front = html / "index.html"
    text = front.read_text(encoding="utf-8")
    front.write_text(text.replace("<nav>", f"<nav>{_HOME}", 1), encoding="utf-8")


def build(into: Path, repository: Path | None) -> int:
    """Make the site in into/html. repository: whose history the dashboard shows; None: without it."""
    tiers.choose("interpreted")               # each op is run once or twice
    examples = gallery.run_all(into / "examples")
    pictures = {path.name: path for path in DOCS.iterdir() if path.suffix in _PICTURES}
    pictures |= {f"gallery/{one.name}.png": one.picture for one in examples}
    write(into / "source", written(DOCS) | made(examples), pictures)
    given = ["-q", "-W", "--keep-going", "-a", "-b", "html", "-j", min(4, os.cpu_count() or 1), "-c", DOCS,
             "-d", into / "doctrees", into / "source", into / "html"]
    status: int = sphinx([str(each) for each in given])
    page = into / "html" / "dashboard"
    if status == 0 and repository is not None:
        dashboard(repository, page)
    elif status == 0:
        page.mkdir(exist_ok=True)
        (page / "index.html").write_text(_WITHOUT, encoding="utf-8")
    wrong = links.broken(into / "html") if status == 0 else []
    for each in wrong:
        print(f"points nowhere: {each}", file=sys.stderr)
    return status or int(bool(wrong))


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tools/documentation.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=DOCS / "_build", help="default: docs/_build")
    parser.add_argument("--repository", type=Path, default=ROOT, help="whose history the dashboard shows")
    parser.add_argument("--without-dashboard", action="store_true", help="a page says that it is not there")
    chosen = parser.parse_args(given)
    status = build(chosen.into.resolve(), None if chosen.without_dashboard else chosen.repository.resolve())
    if status == 0:
        print(chosen.into / "html" / "index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
