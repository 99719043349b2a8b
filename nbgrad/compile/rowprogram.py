"""Row programs: what is done with a row of elements, step by step. A row is what lies along the reduced axes.

They are written as functions (see row_reader); each device has a writer of their kernels
(compile/<device>/row_source.py), on the ground of row_writer.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

# Squares beyond `small` and infinity are taken again of numbers times a power of two, which rounds nothing.
SCALES = {"float32": {"small": 1e-30, "up": 2.0**90, "down": 2.0**-90},
           "float64": {"small": 1e-290, "up": 2.0**600, "down": 2.0**-600}}
OUT, COUNT, NUMBER = "out", "n", "k"      # the result, the number of elements in a row, the caller's number
CONSTANTS = ("inf", "nan")
_SYMBOLS = {"sum": "+", "prod": "*", "any": "|", "all": "&"}
_WORDS = {"max": "maximum", "min": "minimum"}
FOLDS = (*_SYMBOLS, *_WORDS)


@dataclass(frozen=True, eq=False)
class Expression:
    """What is computed of variables: a syntax tree.

    T(v), in it, is v in the dtype of work; T(small()), T(up()) and T(down()) are that dtype's SCALES.
    """

    tree: ast.expr

    @cached_property
    def reads(self) -> frozenset[str]:
        """The variables that it reads."""
        called = {id(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        return frozenset(node.id for node in ast.walk(self.tree)
                         if isinstance(node, ast.Name) and id(node) not in called) - {*CONSTANTS}

    @cached_property
    def calls(self) -> frozenset[str]:
        """The words that it calls."""
        return frozenset(node.func.id for node in ast.walk(self.tree)
                         if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))

    @cached_property
    def slow(self) -> bool:
        """Whether it divides, or takes exponentials or logarithms."""
        return any(isinstance(node, (ast.Div, ast.FloorDiv)) for node in ast.walk(self.tree)) or any(
            word.startswith(("exp", "log")) for word in self.calls)

    def text(self, dtype: np.dtype, name: Callable[[str], str]) -> str:
        """It as source, computed in a dtype. name: a variable -> what it is called there."""
        return ast.unparse(_Spelled(dtype, name).visit(self.tree))

    def renamed(self, old: str, new: str) -> Expression:
        """It with another variable in the place of one."""
        return Expression(_Renamed(lambda name: new if name == old else name).visit(self.tree))


class _Renamed(ast.NodeTransformer):
    """A copy of a tree with other names of variables."""

    def __init__(self, name: Callable[[str], str]) -> None:
        self.name = name

    def generic_visit(self, node: Any) -> Any:
        parts = {field: [self.visit(v) for v in value] if isinstance(value, list) else
                 self.visit(value) if isinstance(value, ast.AST) else value
                 for field, value in ast.iter_fields(node)}
        return type(node)(**parts)

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return node if node.id in CONSTANTS else ast.Name(self.name(node.id), node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        return ast.Call(node.func, [self.visit(a) for a in node.args], [])


class _Spelled(_Renamed):
    """A copy of a tree with names of the source, in which T is a dtype."""

    def __init__(self, dtype: np.dtype, name: Callable[[str], str]) -> None:
        super().__init__(name)
        self.dtype = dtype

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        word, args = node.func.id, [self.visit(a) for a in node.args]
        if word in SCALES["float64"]:
            return ast.Constant(SCALES[self.dtype.name][word])
        if word != "T":
            return ast.Call(node.func, args, [])
        if self.dtype == np.bool_:
            return ast.Compare(ast.Constant(0), [ast.NotEq()], args)
        return ast.Call(ast.Name(self.dtype.name), args, [])


def variable(name: str) -> Expression:
    """What a variable holds."""
    return Expression(ast.Name(name, ast.Load()))


def cast(text: str, dtype: np.dtype) -> str:
    """An expression of source, in a dtype."""
    return f"(0 != {text})" if dtype == np.bool_ else f"{dtype}({text})"


def join(fold: str, a: str, b: str) -> str:
    """a and b folded, as source."""
    return f"{_WORDS[fold]}({a}, {b})" if fold in _WORDS else f"{a} {_SYMBOLS[fold]} ({b})"


def neutral(fold: str, dtype: np.dtype) -> str:
    """What leaves its partner in a fold as it is, as source."""
    if dtype == np.bool_:
        return str(fold in ("all", "min"))
    if fold in _SYMBOLS:
        return cast("1" if fold == "prod" else "0", dtype)
    if dtype.kind == "f":
        return cast("-inf" if fold == "max" else "inf", dtype)
    bounds = np.iinfo(dtype)
    return cast(str(bounds.min if fold == "max" else bounds.max), dtype)


@dataclass(frozen=True, eq=False)
class Statement:
    """target = value; or, with a fold, what the values of all elements are folded to in the target.

    The target OUT is the result: its one element for the row, or the element that belongs to this one.
    """

    target: str
    value: Expression
    fold: str = ""


@dataclass(frozen=True, eq=False)
class Sweep:
    """Statements that are done with every element of the row, in one walk over them.

    where : they are needed only where this holds; they may be done elsewhere, too
    """

    statements: tuple[Statement, ...]
    where: Expression | None = None

    @cached_property
    def folds(self) -> dict[str, str]:
        """What is folded, and how."""
        return {s.target: s.fold for s in self.statements if s.fold}

    @cached_property
    def reads(self) -> frozenset[str]:
        """The variables that the statements read. Of OUT it is what an earlier sweep has kept there."""
        return frozenset[str]().union(*[s.value.reads for s in self.statements])

    @cached_property
    def writes_out(self) -> bool:
        """Whether it writes the element of the result."""
        return any(s.target == OUT for s in self.statements)


Step = Statement | Sweep


@dataclass(frozen=True, eq=False)
class RowProgram:
    """What is done with each row.

    full  : names of the operands that have an element for each element of the row; the last one's layout
        decides how memory is walked, and its shape and dtype those of the result
    once  : names of the operands that have one element for the row
    read  : makes the steps in order: sweeps, and statements that are done once between them
    reduces : whether the result has one element for each row, or one for each element
    kind  : the dtype of work and result, from that of the last full operand: "float", "same", "bool", or
        "whole", in which NumPy sums
    parts : whether it is done with parts of rows, each of which has an element of the result
    function : the function that it was read from, which takes one row; None if it is generated
    """

    name: str
    full: tuple[str, ...]
    once: tuple[str, ...]
    read: Callable[[], tuple[Step, ...]]
    reduces: bool
    kind: str = "float"
    parts: bool = False
    function: Callable[..., Any] | None = None

    def __call__(self, *operands: Any, **number: Any) -> Any:
        """The result for one row, as NumPy computes it by the function, of operands in the dtype of work."""
        assert self.function is not None, f"{self.name} is generated"
        with np.errstate(all="ignore"):
            return self.function(*operands, **number)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps. They are read when the first one is asked for."""
        return self.read()

    @cached_property
    def sweeps(self) -> int:
        """How often the elements are walked over."""
        return sum([isinstance(step, Sweep) for step in self.steps])

    @cached_property
    def firsts(self) -> tuple[str, ...]:
        """The operands whose first element in the row is read."""
        read = {name for value in self._values() for name in value.reads}
        return tuple([x for x in self.full if first(x) in read])

    @cached_property
    def calls(self) -> frozenset[str]:
        """The words that it calls."""
        return frozenset(word for value in self._values() for word in value.calls)

    def _values(self) -> Iterator[Expression]:
        for step in self.steps:
            yield from [s.value for s in (step.statements if isinstance(step, Sweep) else [step])]

    def dtype(self, given: np.dtype) -> np.dtype:
        """The dtype of work and result."""
        if self.kind == "bool":
            return np.dtype(bool)
        if self.kind == "same" or given.kind == "f":
            return given
        if self.kind == "float":
            return np.dtype(np.float64)
        return np.dtype(np.uint64 if given.kind == "u" else np.int64)


def first(operand: str) -> str:
    """The variable that holds an operand's first element in the row, or 0 if there is none."""
    return f"first_{operand}"
