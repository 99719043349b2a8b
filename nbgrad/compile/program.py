"""Scalar programs: what is computed of one element of each operand, in text, the same on every device."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

# The functions that take much more time than arithmetic, by how their names begin.
_COSTLY = ("exp", "log", "sin", "asin", "cos", "acos", "tan", "atan", "erf", "pow", "cbrt", "hypot",
           "normcdf", "gauss", "half_gauss", "decay")


@dataclass(frozen=True)
class Body:
    """One element's work in text: lines that read the operands a0, a1, ..., and the names of the results."""

    lines: tuple[str, ...]
    results: tuple[str, ...]
    dtypes: tuple[np.dtype, ...]

    @cached_property
    def assignments(self) -> list[tuple[str, ast.expr]]:
        """The lines, each as a name and the value that it gets."""
        return [(ast.unparse(line.targets[0]), line.value) for line in ast.parse("\n".join(self.lines)).body
                if isinstance(line, ast.Assign)]

    @cached_property
    def costly(self) -> int:
        """How many functions the lines call that take much more time than arithmetic."""
        called = [node.func for _, value in self.assignments for node in ast.walk(value)
                  if isinstance(node, ast.Call)]
        return sum([isinstance(word, ast.Name) and word.id.startswith(_COSTLY) for word in called])


Kind = Any                  # np.dtype: an array; a type (float, np.float32, ...): a scalar given by value
