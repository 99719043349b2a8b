"""The gallery: every program in examples/, run, with what it printed and the picture that it drew."""

from __future__ import annotations

import ast
import hashlib
import html
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbgrad as nb
from pages.docstrings import code, page, plain

ROOT = Path(nb.__file__).parents[1]
EXAMPLES = ROOT / "examples"
_AT_ONCE = 2
_LONGEST = 120                            # seconds that one may take, with an empty cache on a busy machine


@dataclass
class Example:
    """A program, the sentences of its docstring, what it printed, and its picture."""

    path: Path
    said: list[str]
    printed: str
    picture: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def title(self) -> str:
        return self.said[0].rstrip(".")


class ExampleError(Exception):
    """An example that did not run to its end."""


def programs() -> list[Path]:
    return sorted(EXAMPLES.glob("*.py"))


def run(path: Path, kept: Path) -> Example:
    """Run an example, unless the folder has what it printed and drew as it is now. Raises ExampleError."""
    text = path.read_text(encoding="utf-8")
    said = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")
    name = f"{path.stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    picture, printed = kept / f"{name}.png", kept / f"{name}.txt"
    if not (picture.exists() and printed.exists()):
        kept.mkdir(parents=True, exist_ok=True)
        library = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        around = {**os.environ, "PYTHONPATH": library, "NBGRAD_TIER": "auto", "NBGRAD_QUIET": "1"}
        done = subprocess.run([sys.executable, str(path), "--out", str(picture)], cwd=kept, env=around,
                              capture_output=True, text=True, timeout=_LONGEST, check=False)
        if done.returncode or not picture.exists():
            raise ExampleError(f"{path} gave {done.returncode}:\n{done.stdout}{done.stderr}")
        lines = [line for line in done.stdout.splitlines() if str(picture) not in line]
        printed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Example(path, said, printed.read_text(encoding="utf-8"), picture)


def run_all(kept: Path) -> list[Example]:
    """All examples, some of them at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda path: run(path, kept), programs()))


def example_page(one: Example) -> str:
    """An example's page: what it is, its picture, what it prints, and all of it."""
    about = [plain(" ".join(part.split())) for part in one.said[1:] if not part.startswith("    ")]
    return page(one.title, [
        *about, f"![{plain(one.title)}]({one.name}.png)", "It prints",
        code(one.printed.splitlines(), "text"), f"The whole of `examples/{one.name}.py`:",
        code(one.path.read_text(encoding="utf-8").rstrip().splitlines(), "python")], {"orphan": "true"})


def index(found: list[Example]) -> str:
    """The gallery's first page: a card for each example."""
    cards = "\n".join(
        f'<a class="card" href="{one.name}.html"><img src="../_images/{one.name}.png" alt="" loading="lazy">'
        f"<span>{html.escape(one.title)}</span></a>" for one in found)
    return page("Gallery", [
        "Each is one file in `examples/`, runs in seconds, prints a summary and draws a picture. This page's "
        "pictures were drawn, and the summaries printed, when the site was built.",
        f'<div class="cards">\n{cards}\n</div>'])


def pages(found: list[Example]) -> dict[str, str]:
    """Every page of the gallery, by its name."""
    return {one.name: example_page(one) for one in found} | {"index": index(found)}
