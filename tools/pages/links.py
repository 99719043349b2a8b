"""Links of the built site: every file and every place in a page that is pointed to must be there."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_POINTERS = {"a": "href", "link": "href", "img": "src", "script": "src"}


class _Page(HTMLParser):
    """The places of a page, and what it points to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.pointers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.places.update(value for key in ("id", "name") if (value := found.get(key)))
        if target := found.get(_POINTERS.get(tag, "")):
            self.pointers.append(target)


@cache
def _read(path: Path) -> _Page:
    return _Page(path.read_text(encoding="utf-8"))


def broken(html: Path, apart: str = "dashboard") -> list[str]:
    """What points nowhere, as "page: target". apart: a folder whose pages are made by their own programs."""
    _read.cache_clear()
    found = []
    for path in sorted(html.rglob("*.html")):
        if path.relative_to(html).parts[0] == apart:
            continue
        for target in _read(path).pointers:
            if not _there(html, path, target, apart):
                found.append(f"{path.relative_to(html)}: {target}")
    return found


def _there(html: Path, page: Path, target: str, apart: str) -> bool:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return True
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not path.is_relative_to(html.resolve()) or not path.is_file():
        return False
    if not parts.fragment or path.suffix != ".html" or path.relative_to(html.resolve()).parts[0] == apart:
        return True
    return unquote(parts.fragment) in _read(path).places
