"""The expressions of a kernel: what is written for them, and of what kind it is."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np

from nbgrad.compile.dialect import Dialect
from nbgrad.compile.kinds import Elements, Kind, cast, is_float, joined
from nbgrad.compile.record import Field, isrecord

_LOAD = ast.Load()
_KINDS = {bool: "bool", int: "int", float: "float"}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)


class Expressions:
    """Writes the expressions of one function.

    kinds    : those of its variables, as far as they are known
    meanings : what names in it mean outside of it: words, dtypes, functions
    """

    dialect: Dialect
    kinds: dict[str, Kind]
    meanings: dict[str, Any]
    words: dict[int, str]

    def __init__(self, dialect: Dialect, kinds: dict[str, Kind], meanings: dict[str, Any]) -> None:
        self.dialect, self.kinds, self.meanings = dialect, kinds, meanings
        self.words = {id(word): name for name, word in dialect.words.items()}

    def helper(self, function: FunctionType, args: list[ast.expr],
               keywords: list[ast.keyword]) -> tuple[ast.expr, Kind]:
        """The call of another function."""
        raise NotImplementedError

    def pointer(self, function: FunctionType) -> ast.expr:
        """Another function, for C to call."""
        raise NotImplementedError

    def by_name(self, call: ast.Call) -> list[ast.expr]:
        """Arguments of a word that are given by name: all that are not given by place, in their order."""
        names = [each.arg for each in call.keywords]
        code = getattr(self.meaning(call.func), "__code__", None)
        if names and (code is None or tuple(names) != code.co_varnames[len(call.args):code.co_argcount]):
            raise TypeError(f"{ast.unparse(call)}: give all arguments, in their order")
        return [each.value for each in call.keywords]

    def expression(self, node: ast.expr) -> tuple[ast.expr, Kind]:
        """What is written for an expression, and its kind."""
        match node:
            case ast.Constant(value):
                return node, _KINDS.get(type(value), "nothing")
            case ast.Name("inf" | "nan" as name) if name not in self.kinds:
                return node, "float"
            case ast.Name(name):
                if name in self.meanings:
                    raise TypeError(f"{name} is a function, and can only be called")
                return ast.Name(name, _LOAD), self.kinds.get(name)
            case ast.Tuple(elts):
                parts, kinds = self.several(elts)
                return ast.Tuple(parts, _LOAD), tuple(kinds)
            case ast.Subscript(value, place):
                return self._subscript(node, value, place)
            case ast.Attribute(value, name):
                array, kind = self.expression(value)
                if isinstance(kind, Elements):
                    return self.dialect.attribute(array, kind, name)
                if isrecord(kind):
                    return self.dialect.field(array, kind, name)
                raise TypeError(f"{ast.unparse(node)} is not known")
            case ast.BinOp(left, op, right):
                return self._binary(left, op, right)
            case ast.UnaryOp(ast.Not(), operand):
                return ast.UnaryOp(ast.Not(), self.truth(operand)[0]), "bool"
            case ast.UnaryOp(op, operand):
                made, kind = self.expression(operand)
                kind = "int" if kind == "bool" else kind
                return self.dialect.arithmetic(ast.UnaryOp(op, made), kind), kind
            case ast.Compare(left, ops, others):
                parts, _ = self._met([left, *others])
                return ast.Compare(parts[0], ops, parts[1:]), "bool"
            case ast.BoolOp(op, values):
                found = [self.truth(value) for value in values]
                return ast.BoolOp(op, [made for made, _ in found]), joined([kind for _, kind in found])
            case ast.IfExp(test, body, orelse):
                (a, b), kind = self._met([body, orelse])
                return ast.IfExp(self.truth(test)[0], a, b), kind
            case ast.Call():
                return self._call(node)
        raise TypeError(f"`{ast.unparse(node)}` is not for kernels")

    def truth(self, node: ast.expr) -> tuple[ast.expr, Kind]:
        """An expression as a condition: a record is whether there is one."""
        made, kind = self.expression(node)
        if isrecord(kind):
            return ast.Compare(made, [ast.NotEq()], [ast.Constant(0)]), "bool"
        return made, kind

    def several(self, nodes: Sequence[ast.expr]) -> tuple[list[ast.expr], list[Kind]]:
        found = [self.expression(node) for node in nodes]
        return [made for made, _ in found], [kind for _, kind in found]

    def _met(self, nodes: Sequence[ast.expr]) -> tuple[list[ast.expr], Kind]:
        """Expressions that meet, and what they make."""
        made, kinds = self.several(nodes)
        kind = joined(kinds)
        return [self.cast(m, k, kind) for m, k in zip(made, kinds, strict=True)], kind

    def cast(self, node: ast.expr, kind: Kind, to: Kind) -> ast.expr:
        if isinstance(to, tuple) and isinstance(kind, tuple) and isinstance(node, ast.Tuple):
            return ast.Tuple([cast(n, k, t) for n, k, t in zip(node.elts, kind, to, strict=True)], _LOAD)
        return cast(node, kind, to)

    def _subscript(self, node: ast.expr, value: ast.expr, place: ast.expr) -> tuple[ast.expr, Kind]:
        array, kind = self.expression(value)
        if isinstance(kind, Elements) and isinstance(place, ast.Slice):
            if place.lower is None or place.upper is not None or place.step is not None:
                raise TypeError(f"{ast.unparse(node)}: a view has a start alone, x[start:]")
            start, of = self.expression(place.lower)
            return self.dialect.view(array, kind, start, of), kind
        index, of = self.expression(place)
        if isinstance(kind, Elements):
            return self.dialect.item(array, kind, index, of)
        if isinstance(kind, Field):
            return self.dialect.cell(array, kind, index)
        if isinstance(kind, tuple) and isinstance(index, ast.Constant) and type(index.value) is int:
            return ast.Subscript(array, index, _LOAD), kind[index.value]
        if kind is None:
            return node, None
        raise TypeError(f"{ast.unparse(node)}: only arrays have elements")

    def _binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[ast.expr, Kind]:
        (a, b), kind = self._met([left, right])
        if kind == "bool" and isinstance(op, _ARITHMETIC):
            kind = "int"
        if isinstance(op, ast.Div) and kind is not None and not is_float(kind):
            kind = "float"
        return self.dialect.arithmetic(ast.BinOp(a, op, b), kind), kind

    def meaning(self, node: ast.expr) -> Any:
        return self.meanings.get(node.id) if isinstance(node, ast.Name) else None

    def word(self, node: ast.expr) -> str:
        name = self.words.get(id(self.meaning(node)))
        if name is None:
            raise TypeError(f"{ast.unparse(node)} is not one of the device's words")
        return name

    def _call(self, node: ast.Call) -> tuple[ast.expr, Kind]:
        func, args, keywords = node.func, node.args, node.keywords
        match func:                                   # x.dtype.type(v): v as an element of x
            case ast.Attribute(ast.Attribute(array, "dtype"), "type") if len(args) == 1:
                _, kind = self.expression(array)
                value, of = self.expression(args[0])
                return cast(value, of, kind.dtype, exactly=True), kind.dtype
        meaning = self.meaning(func)
        if isrecord(meaning) and not keywords and len(args) <= 1:
            return self.expression(args[0])[0] if args else self.dialect.local(meaning), meaning
        if self.words.get(id(meaning)) == "callback":
            return ast.Call(ast.Name("callback", _LOAD), [self.pointer(self.meaning(args[0]))], []), "int"
        if id(meaning) in self.words:
            made, kinds = self.several([*args, *self.by_name(node)])
            return self.dialect.call(self.words[id(meaning)], made, kinds)
        if isinstance(meaning, type) and not keywords and len(args) == 1:
            value, of = self.expression(args[0])
            if meaning in (int, float, bool):
                return ast.Call(ast.Name(meaning.__name__, _LOAD), [value], []), meaning.__name__
            if issubclass(meaning, np.number):
                to = np.dtype(meaning).name
                return ast.Call(ast.Name(to, _LOAD), [value], []), to
        if meaning in (abs, min, max) and not keywords:
            made, kind = self._met(args)
            return ast.Call(ast.Name(meaning.__name__, _LOAD), made, []), kind
        if isinstance(meaning, FunctionType):
            return self.helper(meaning, args, keywords)
        raise TypeError(f"{ast.unparse(func)} cannot be called in a kernel")
