"""Recipes: what is done with a row of elements, in text. A row is what lies along the reduced axes.

Each device spells the kernels of a recipe (compile/cpu/row_source.py, kernels/cuda/rows.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_FOLD = re.compile(r"(\w+) (\+|\*|\||&|maximum|minimum)= (.+)")
_NEUTRAL = {"+": "0", "*": "1", "|": "False", "&": "True"}
# Squares beyond `small` and infinity are taken again of numbers times a power of two, which rounds nothing.
SCALES = {"float32": {"small": 1e-30, "up": 2.0**90, "down": 2.0**-90},
           "float64": {"small": 1e-290, "up": 2.0**600, "down": 2.0**-600}}


@dataclass(frozen=True, eq=False)
class Recipe:
    """What is done with each row.

    full  : names of the operands that have an element for each element of the row; the last one's layout
        decides how memory is walked, and its shape and dtype those of the result
    once  : names of the operands that have one element for the row
    steps : statements in order: after "each: " those done with every element (separated by ";"), else once.
            `t += v` (and *= |= &= maximum= minimum=) folds v over the row into t. The result is one element
            for the row, `row = v`, or one for each element, `each = v`. n is the number of elements in the
            row, k a number given by the caller, first the row's first element of x, or 0 if there is none.
            small is a sum of squares below which digits are lost; up and down are powers of two that bring
            such ones, and those beyond the range, back. After "each if c: " they are done only where c holds;
            they may be done elsewhere, too.
    kind  : the dtype of work and result, from that of the last full operand: "float", "same", "bool", or
        "whole", in which NumPy sums
    """

    name: str
    full: tuple[str, ...]
    once: tuple[str, ...]
    steps: tuple[str, ...]
    kind: str = "float"

    @property
    def by_row(self) -> bool:
        """Whether the result has one element for each row."""
        return any(step.startswith("row =") for step in self.steps)

    @property
    def sweeps(self) -> int:
        """How often the elements are walked over."""
        return len([step for step in self.steps if step.startswith("each")])

    @property
    def firsts(self) -> list[str]:
        """`first`, if a step reads it."""
        return ["first"] if re.search(r"\bfirst\b", " ".join(self.steps)) else []

    def dtype(self, given: np.dtype) -> np.dtype:
        """The dtype of the result."""
        if self.kind == "bool":
            return np.dtype(bool)
        if self.kind == "same" or given.kind == "f":
            return given
        if self.kind == "float":
            return np.dtype(np.float64)
        return np.dtype(np.uint64 if given.kind == "u" else np.int64)


@dataclass(frozen=True)
class Step:
    """A step, taken apart: whether it is done for each element, where, and what it folds, and how."""

    each: bool
    where: str
    statements: list[tuple[str, str, str]]       # target, operator ("" for an assignment), value
    folds: dict[str, str]

    def reads(self, name: str) -> bool:
        return any(re.search(rf"\b{name}\b", value) for _, _, value in self.statements)

    def writes(self, name: str) -> bool:
        return any(target == name for target, _, _ in self.statements)


def _parse(text: str) -> tuple[str, str, str]:
    found = _FOLD.fullmatch(text)
    if found:
        return found[1], found[2], found[3]
    target, value = text.split(" = ", 1)
    return target, "", value


def split(text: str) -> Step:
    """A step of a recipe, taken apart."""
    found = re.fullmatch(r"(each(?: if (.+?))?: )?(.+)", text)
    assert found is not None
    statements = list(map(_parse, found[3].split("; ")))
    folds = {target: combine for target, combine, _ in statements if combine}
    return Step(found[1] is not None, found[2] or "", statements, folds)


def join(combine: str, a: str, b: str) -> str:
    """a and b folded, as an expression."""
    return f"{combine}({a}, {b})" if combine.isalpha() else f"({a}) {combine} ({b})"


def typed(text: str, dtype: np.dtype) -> str:
    """A text with constants and conversions T(...) of the dtype of work."""
    for word, number in SCALES.get(dtype.name, {}).items():
        text = re.sub(rf"\b{word}\b", f"T({number})", text)
    return re.sub(r"\bT\(", "(0 != " if dtype == np.bool_ else f"{dtype}(", text)


def neutral(combine: str, dtype: np.dtype) -> str:
    """What leaves its partner in a fold as it is."""
    flag = dtype == np.bool_
    if combine in _NEUTRAL:
        return _NEUTRAL[combine] if flag else typed(f"T({_NEUTRAL[combine]})", dtype)
    if flag:
        return str(combine == "minimum")
    if dtype.kind == "f":
        return typed("T(-inf)" if combine == "maximum" else "T(inf)", dtype)
    bounds = np.iinfo(dtype)
    return typed(f"T({bounds.min if combine == 'maximum' else bounds.max})", dtype)


def indented(lines: list[str], depth: int = 1) -> list[str]:
    """Lines of an inner block."""
    return ["    " * depth + line for line in lines]
