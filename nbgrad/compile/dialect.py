"""Dialect: what the compile step leaves to a device, in whose words it writes a kernel."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from nbgrad.compile.kinds import Elements, Kind, cast, is_float, joined
from nbgrad.compile.record import Field, Record

_LOAD = ast.Load()


class Dialect:
    """How a device's compiler is told what a kernel says. What is here fits a compiler that indexes arrays.

    words   : the device's words by name; a call of one of these functions is a call of the word
    meeting : words whose arguments meet, and whose result is what they make: maximum, fold_add
    maths   : the same, and the result is a float: sqrt, exp
    results : the kinds of what other words give; "nothing" where they are not named
    unrolled, registers : see functions.decided
    """

    words: Mapping[str, Callable[..., Any]] = {}
    meeting: frozenset[str] = frozenset()
    maths: frozenset[str] = frozenset()
    results: Mapping[str, Kind] = {}
    unrolled: Callable[..., Any] | None = None
    registers: Callable[..., Any] | None = None

    def helper(self, function: FunctionType) -> str:
        """The name for a function that a kernel calls."""
        return function.__name__

    def begin(self, tree: ast.FunctionDef, given: dict[str, Kind],
              meanings: Mapping[str, Any]) -> dict[str, Kind]:
        """The first changes to a function: to its tree, in place, and the parameters that it then has."""
        return given

    def number(self, kind: Kind) -> Kind:
        """The kind of a variable that numbers of this kind are assigned to: a place to narrow integers."""
        return kind

    def parameter(self, name: str, kind: Kind) -> list[str]:
        """What stands for a parameter."""
        return [name]

    def argument(self, node: ast.expr, kind: Kind) -> list[ast.expr]:
        """What stands for an argument of a helper or word."""
        return [node]

    def element(self, array: ast.expr, kind: Elements, index: ast.expr, of: Kind) -> ast.expr:
        """array[index]; of: the kind of the index."""
        return ast.Subscript(array, index, _LOAD)

    def item(self, array: ast.expr, kind: Elements, index: ast.expr, of: Kind) -> tuple[ast.expr, Kind]:
        """array[index], which is an element, or an array of a device that has arrays of arrays."""
        return self.element(array, kind, index, of), kind.dtype

    def put(self, array: ast.expr, kind: Elements, index: ast.expr, of: Kind, value: ast.expr) -> ast.stmt:
        """array[index] = value, which has the dtype of the elements."""
        return ast.Assign([ast.Subscript(array, index, ast.Store())], value)

    def view(self, array: ast.expr, kind: Elements, start: ast.expr, of: Kind) -> ast.expr:
        """array[start:]."""
        return ast.Subscript(array, ast.Slice(start), _LOAD)

    def attribute(self, array: ast.expr, kind: Elements, name: str) -> tuple[ast.expr, Kind]:
        """array.size and the like."""
        raise TypeError(f"a kernel does not know .{name} of an array")

    def local(self, kind: type[Record]) -> ast.expr:
        """kind(): a record of the function's own."""
        raise TypeError("a kernel of this device has no records")

    def field(self, record: ast.expr, kind: type[Record], name: str) -> tuple[ast.expr, Kind]:
        """record.name."""
        raise TypeError("a kernel of this device has no records")

    def cell(self, cells: ast.expr, field: Field, index: ast.expr) -> tuple[ast.expr, Kind]:
        """cells[index], where cells is a field of a record."""
        raise TypeError("a kernel of this device has no records")

    def write(self, cell: ast.expr, value: ast.expr) -> ast.stmt:
        """cell = value, where `field` or `cell` made the cell."""
        raise TypeError("a kernel of this device has no records")

    def bind(self, name: str, value: ast.expr, kind: Elements) -> list[ast.stmt]:
        """name = value, an array."""
        return [ast.Assign([ast.Name(name, ast.Store())], value)]

    def arithmetic(self, node: ast.expr, kind: Kind) -> ast.expr:
        """A computation (BinOp, UnaryOp) whose operands have met."""
        return node

    def call(self, word: str, args: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        """A call of a word, and the kind of its result."""
        if word in self.meeting or word in self.maths:
            met = joined(kinds)
            args = [cast(a, k, met) for a, k in zip(args, kinds, strict=True)]
            kind = "float" if word in self.maths and not is_float(met) and met is not None else met
        else:
            kind = self.results.get(word, "nothing")
        args = [part for a, k in zip(args, kinds, strict=True) for part in self.argument(a, k)]
        return ast.Call(ast.Name(word, _LOAD), args, []), kind

    def loop(self, target: str, word: str, args: list[ast.expr], kinds: list[Kind],
             body: list[ast.stmt]) -> list[ast.stmt]:
        """for target in word(*args): body. word may be "range"."""
        call = ast.Call(ast.Name(word, _LOAD), args, [])
        return [ast.For(ast.Name(target, ast.Store()), call, body, [])]

    def ranges(self, targets: list[str], word: str, args: list[ast.expr], kinds: list[Kind],
               body: list[ast.stmt]) -> list[ast.stmt]:
        """for a, b in word(*args): body."""
        raise TypeError(f"a kernel does not know `for a, b in {word}(...)`")

    def counter(self, word: str, kinds: list[Kind]) -> Kind:
        """The kind of a loop's variables."""
        return joined(kinds)

    def within(self, word: str, args: list[ast.expr], body: list[ast.stmt]) -> list[ast.stmt]:
        """with word(*args): body."""
        raise TypeError(f"a kernel does not know `with {word}(...)`")

    def finish(self, tree: ast.FunctionDef) -> list[ast.FunctionDef]:
        """The last changes: the functions that stand in the place of one."""
        return [tree]
