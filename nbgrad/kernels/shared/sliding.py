"""How far a vector reaches beyond another that it slides over."""

from __future__ import annotations

from typing import Literal

Mode = Literal["full", "same", "valid"]
MODES: tuple[Mode, ...] = ("full", "same", "valid")


def widths(m: int) -> dict[Mode, tuple[int, int]]:
    """Zeros before and behind a vector that m elements slide over, by NumPy's names of modes."""
    return {"valid": (0, 0), "same": (m // 2, m - 1 - m // 2), "full": (m - 1, m - 1)}
