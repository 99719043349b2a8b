"""Docstrings, written as this library writes them, as Markdown.

They are paragraphs, lines `name : what it is` with what goes on indented below them, and `>>>` examples.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping

_ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) *(?<= ): +(?=\S)(.*)$")
_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([\\*_<>\[\]$|#~{}])")
_NAME = re.compile(r"((?<![\w.])(?:nb\.\w+(?:\.\w+)?|[a-z]+_\w+|[A-Z]\w+Error)\b)")
_RAISES = re.compile(r"\b(Raises|Source)\b")
_COLUMNS = re.compile(r"\S {2,}\S|^\S+ {8,}")

Link = Callable[[str], str | None]


def plain(text: str) -> str:
    """Text in which nothing means anything to Markdown."""
    return _SPECIAL.sub(r"\\\1", text)


def inline(text: str, link: Link) -> str:
    """A sentence: code stays code, and public names in it become links."""
    found = []
    for part in _CODE.split(text):
        for piece in [part] if part.startswith("`") else _NAME.split(part):
            target = link(piece.strip("`").removeprefix("nb."))
            if target:
                found.append(f"[`{piece.strip('`')}`]({target})")
            else:
                found.append(piece if part.startswith("`") else _RAISES.sub(r"**\1**", plain(piece)))
    return "".join(found)


def first_line(x: object) -> str:
    """The first sentence of a docstring, as it stands."""
    text = inspect.getdoc(x) or ""
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def markdown(text: str, link: Link) -> str:
    """A docstring as Markdown."""
    return "\n\n".join(_blocks(inspect.cleandoc(text).splitlines(), link))


def _blocks(lines: list[str], link: Link) -> Iterable[str]:
    place = 0
    while place < len(lines):
        line = lines[place]
        if not line.strip():
            place += 1
        elif line.startswith(">>>"):
            end = _until(lines, place, lambda line: not line.strip())
            yield code(lines[place:end], "pycon")
            place = end
        elif _ENTRY.match(line):
            end = _until(lines, place + 1, lambda line: not line.startswith(" "))
            yield from _entry(lines[place:end], link)
            place = end
        else:
            end = _until(lines, place + 1, lambda line: not line.strip() or bool(_ENTRY.match(line)))
            yield inline(" ".join(line.strip() for line in lines[place:end]), link)
            place = end


def _until(lines: list[str], place: int, ends: Callable[[str], bool]) -> int:
    """The first place from this one on where a line ends what is read."""
    while place < len(lines) and not ends(lines[place]):
        place += 1
    return place


def _entry(lines: list[str], link: Link) -> Iterable[str]:
    """A parameter: its names, what it is, and a table below it as it stands."""
    head = _ENTRY.match(lines[0])
    assert head
    names = ", ".join(f"`{name.strip()}`" for name in head[1].split(","))
    rest = [line.strip() for line in lines[1:]]
    table = next((k for k, line in enumerate(rest) if _COLUMNS.search(line)), len(rest))
    yield f"{names}\n: {inline(' '.join([head[2], *rest[:table]]), link)}"
    if table < len(rest):
        yield code(inspect.cleandoc("\n".join(lines[1 + table:])).splitlines(), "text")


def code(lines: Iterable[str], language: str) -> str:
    return "\n".join([f"```{language}", *lines, "```"])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are Markdown."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str, link: Link) -> str:
    """A sentence for a cell of a table."""
    return inline(text, link).replace("\n", " ")


def page(title: str, parts: Iterable[str], head: Mapping[str, str] | None = None) -> str:
    """A page of Markdown."""
    lines = [f"{key}: {value}\n" for key, value in (head or {}).items()]
    matter = "".join(["---\n", *lines, "---\n\n"]) if lines else ""
    return matter + "\n\n".join([f"# {title}", *[part for part in parts if part]]) + "\n"
