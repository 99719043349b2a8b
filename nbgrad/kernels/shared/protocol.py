"""What runs row programs on a device: its own module has functions of these names."""

from __future__ import annotations

from typing import Any, Protocol

from nbgrad.compile.rowprogram import RowProgram

Array = Any                               # a raw array of the device


class Rows(Protocol):
    """nbgrad.kernels.cpu.rows, or nbgrad.kernels.cuda.rows."""

    def reduce(self, program: RowProgram, x: Array, axis: tuple[int, ...], form: Any,
               k: float = 0.0) -> Array:
        """The result of a row program of one operand that gives one element for each row."""

    def run(self, program: RowProgram, xs: tuple[Array, ...], axis: tuple[int, ...], form: Any = False,
            k: float = 0.0) -> Array:
        """The result of a row program of operands, first those that are full. Others may lack the reduced
        axes.
        """
