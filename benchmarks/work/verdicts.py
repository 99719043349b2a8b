"""What two sets of figures of the same things say: which grew, and which are gone."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Grown:
    """A figure that is larger than the change allows."""

    name: str
    before: float
    after: float

    @property
    def factor(self) -> float:
        return self.after / self.before

    def line(self) -> str:
        return f"{self.name}: {self.before:.6g} -> {self.after:.6g}, x{self.factor:.3f}"


def there(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def grown(base: Figures, head: Figures, factor: float) -> list[Grown]:
    """Those that grew over a factor, the worst first."""
    found = [Grown(name, base[name], head[name]) for name in base.keys() & head.keys()  # type: ignore[arg-type]
             if there(base[name]) and there(head[name])]
    return sorted([g for g in found if g.before > 0 and g.factor > factor], key=lambda g: (-g.factor, g.name))


def lost(base: Figures, head: Figures) -> list[str]:
    """Names with a value in base and none in head."""
    return sorted(name for name, value in base.items() if there(value) and not there(head.get(name)))


def compared(base: Figures, head: Figures) -> int:
    """How many names have a value in both."""
    return sum(there(value) and there(head.get(name)) for name, value in base.items())


def still(before: Collection[Grown], again: Collection[Grown]) -> list[Grown]:
    """Of those that grew, the ones that grew when measured again, with the later figures."""
    names = {g.name for g in before}
    return [g for g in again if g.name in names]


def op(name: str) -> str:
    """The op of a figure's name: tanh of forward/tanh/10; tape of tape/apply."""
    kind, subject = name.split("/")[:2]
    return kind if kind == "tape" else subject
