"""What runs recipes on a device: its own module has functions of these names."""

from __future__ import annotations

from typing import Any, Protocol

from nbgrad.compile.rowprogram import Recipe

Array = Any                               # a raw array of the device


class Rows(Protocol):
    """nbgrad.kernels.cpu.rows, or nbgrad.kernels.cuda.rows."""

    def reduce(self, recipe: Recipe, x: Array, axis: tuple[int, ...], form: Any, k: float = 0.0) -> Array:
        """The result of a recipe of one operand that gives one element for each row."""

    def run(self, recipe: Recipe, xs: tuple[Array, ...], axis: tuple[int, ...], form: Any = False,
            k: float = 0.0) -> Array:
        """The result of a recipe of operands, first those that are full. Others may lack the reduced axes."""
