"""What the writers of row kernels have in common: the order of the steps, folds, and the dtype of work."""

from __future__ import annotations

import numpy as np

from nbgrad.compile import rowprogram
from nbgrad.compile.rowprogram import COUNT, NUMBER, OUT, Expression, RowProgram, Sweep, first
from nbgrad.compile.writer import Writer


class RowWriter:
    """Writes a row program's kernel in a dtype of work. A writer for a device says what is below.

    full   : names of what is walked over with the elements of a row: operands, and the result if it has an
        element for each
    arrays : those, and what has one element for each row
    zero   : the number of elements in an empty row, in the type that they are counted in
    """

    zero = "0"
    dtype: np.dtype
    program: RowProgram
    w: Writer
    full: tuple[str, ...]
    arrays: tuple[str, ...]

    def __init__(self, program: RowProgram, dtype: np.dtype) -> None:
        self.program, self.dtype, self.w = program, dtype, Writer()
        result = () if program.reduces else (OUT,)
        self.full = (*program.full, *result)
        self.arrays = (*self.full, *program.once, *((OUT,) if program.reduces else ()))

    # what a device says

    def number(self, target: str, value: str, reads: frozenset[str]) -> None:
        """Write: a variable of the row gets a value, which reads some variables."""
        raise NotImplementedError

    def give(self, value: str, reads: frozenset[str]) -> None:
        """Write: the result's one element for the row gets a value."""
        raise NotImplementedError

    def sweep(self, sweep: Sweep) -> None:
        """Write: a walk over the elements of the row."""
        raise NotImplementedError

    def of_row(self, x: str) -> str:
        """The element for the row of an operand that has one, or the first one of another operand."""
        raise NotImplementedError

    def load(self, x: str) -> str:
        """The element of an operand, or of the result, in a walk."""
        raise NotImplementedError

    def store(self, value: str) -> str:
        """The line that stores the element of the result, in a walk."""
        raise NotImplementedError

    # what they have in common

    def steps(self) -> None:
        """Write what is done with a row."""
        for x in self.program.once:
            self.number(x, self.cast(self.of_row(x)), frozenset())
        for x in self.program.firsts:
            some, none = self.cast(self.of_row(x)), self.cast("0")
            self.number(first(x), f"{some} if n > {self.zero} else {none}", frozenset())
        for step in self.program.steps:
            if isinstance(step, Sweep):
                self.sweep(step)
            elif step.target == OUT:
                self.give(self.cast(self.text(step.value)), step.value.reads)
            else:
                self.number(step.target, self.text(step.value), step.value.reads)

    def element(self, sweep: Sweep, into: dict[str, str] | None = None) -> None:
        """Write what a sweep does with one element. into: what is folded -> its name there."""
        for x in self.program.full:
            if x in sweep.reads:
                self.w.line(f"{self.name(x)} = {self.cast(self.load(x))}")
        for statement in sweep.statements:
            if OUT in statement.value.reads:
                self.w.line(f"{self.name(OUT)} = {self.load(OUT)}")
            target, value = self.name(statement.target), self.text(statement.value)
            if statement.target == OUT:
                self.w.line(self.store(self.cast(value)))
            elif statement.fold:
                target = (into or {}).get(statement.target, target)
                self.w.line(f"{target} = {self.join(statement.fold, target, value)}")
            else:
                self.w.line(f"{target} = {value}")

    def name(self, variable: str) -> str:
        """What a variable of the program is called in the kernel, which has names of its own."""
        return variable if variable in (COUNT, NUMBER) else f"v_{variable}"

    def text(self, value: Expression) -> str:
        return value.text(self.dtype, self.name)

    def cast(self, text: str) -> str:
        return rowprogram.cast(text, self.dtype)

    def neutral(self, fold: str) -> str:
        return rowprogram.neutral(fold, self.dtype)

    def join(self, fold: str, a: str, b: str) -> str:
        return rowprogram.join(fold, a, b)
