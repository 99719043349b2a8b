"""The writer of generated source: lines in nested blocks. Whoever generates a program writes it with this."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Writer:
    """Source text as it grows, line by line.

        w = Writer()
        with w.block("def f(n):"):
            with w.block("for i in range(n):"):
                w.line("print(i)")
        w.text()
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def line(self, text: str) -> None:
        """Add a line to the block that is open."""
        self._lines.append("    " * self._depth + text)

    def lines(self, *texts: str) -> None:
        """Add lines to the block that is open."""
        for text in texts:
            self.line(text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What is written inside is the block of a head such as "if x > 0:"; of nothing it is `pass`."""
        self.line(head)
        begun = len(self._lines)
        self._depth += 1
        yield
        if len(self._lines) == begun:
            self.line("pass")
        self._depth -= 1

    def text(self) -> str:
        """All that was written."""
        return "\n".join(self._lines) + "\n"


class Names:
    """Names that were given out, so that none is given twice."""

    def __init__(self, taken: set[str] | None = None) -> None:
        self._taken = set(taken or ())

    def fresh(self, name: str) -> str:
        """The name, or with a number behind it the first one that is free; from now on it is taken."""
        made, number = name, 1
        while made in self._taken:
            number += 1
            made = f"{name}_{number}"
        self._taken.add(made)
        return made
