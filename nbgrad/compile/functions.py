"""Functions read from their files, as syntax trees in which all that is fixed is decided.

No module is imported for it: a kernel that is in the cache is found by its text alone.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping
from functools import cache
from math import isinf, isnan
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

Fixed = Mapping[str, Any]
_BUILTINS = frozenset(dir(builtins))


class KernelError(TypeError):
    """What the compile step does not understand in a function."""


@cache
def _parsed(file: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """The functions of a file by name and first line."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"), file)
    return {(node.name, min([node.lineno, *[d.lineno for d in node.decorator_list]])): node
            for node in tree.body if isinstance(node, ast.FunctionDef)}


def definition(function: FunctionType) -> ast.FunctionDef:
    """The syntax tree of a function of a module, as it stands in the file."""
    code = function.__code__
    tree = _parsed(code.co_filename).get((code.co_name, code.co_firstlineno))
    if tree is None:
        raise KernelError(f"{function.__qualname__} in {code.co_filename} is no function of a module")
    return tree


def refused(function: FunctionType, node: ast.AST, what: str) -> KernelError:
    """The error for what a kernel must not have: it names function, file and line."""
    code = function.__code__
    line = getattr(node, "lineno", code.co_firstlineno)
    return KernelError(f"{code.co_name} in {code.co_filename}, line {line}: {what}")


def decided(function: FunctionType, fixed: Fixed, unrolled: Callable[..., Any] | None = None,
            registers: Callable[..., Any] | None = None) -> tuple[ast.FunctionDef, dict[str, Any]]:
    """A function's own copy of its tree, without annotations and docstring; and what names in it mean.

    Fixed parameters and the numbers of modules become constants, and branches on them are decided. Functions,
    dtypes and what else is no number keep their names, which the second result explains.

    unrolled, registers : words of the device: `for k in unrolled(8)` is written out, with k as a constant,
        and a[k] of `a = registers(8)` is the variable a_k
    """
    tree = definition(function)
    names = {a.arg for a in tree.args.kwonlyargs}
    if names != set(fixed):
        raise refused(function, tree, f"its fixed parameters are {sorted(names)}, not {sorted(fixed)}")
    writer = _Decided(function, tree, fixed, unrolled, registers)
    parameters = [ast.arg(a.arg) for a in [*tree.args.posonlyargs, *tree.args.args]]
    args = ast.arguments([], parameters, None, [], [], None, [])
    body = tree.body if ast.get_docstring(tree) is None else tree.body[1:]
    made = ast.FunctionDef(tree.name, args, writer.block(body), [], None, None)
    return ast.copy_location(made, tree), writer.meanings


def constant(value: Any) -> ast.expr:
    """A number as an expression. Infinities and nan are words."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and (isnan(value) or isinf(value)):
        word: ast.expr = ast.Name("nan" if isnan(value) else "inf", ast.Load())
        return ast.UnaryOp(ast.USub(), word) if value < 0 else word
    return ast.Constant(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, str, np.bool_, np.number))


class _Decided:
    """A copy of the tree with constants in the place of names, and without branches that they decide."""

    def __init__(self, function: FunctionType, tree: ast.FunctionDef, fixed: Fixed, unrolled: Any,
                 registers: Any) -> None:
        self.function, self.unrolled, self.registers = function, unrolled, registers
        self.values: dict[str, Any] = dict(fixed)
        self.meanings: dict[str, Any] = {}
        self.split: dict[str, int] = {}       # variables that are registers, and how many
        self.local = {a.arg for a in tree.args.args} | {
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if both := self.local & set(fixed):
            raise refused(function, tree, f"{sorted(both)} are fixed, and assigned to")

    def meaning(self, node: ast.expr) -> Any:
        """What an expression of names means outside of the function; None for what is the function's own."""
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            return getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None
        if not isinstance(node, ast.Name) or node.id in self.local:
            return None
        if node.id in self.values:
            return self.values[node.id]
        if node.id in self.function.__globals__:
            return self.function.__globals__[node.id]
        if node.id in _BUILTINS:
            return getattr(builtins, node.id)
        raise refused(self.function, node, f"{node.id} is not known")

    def visit(self, node: Any) -> Any:
        """The copy of an expression."""
        visitor = getattr(self, f"visit_{type(node).__name__}", None)
        return self.copied(node) if visitor is None else visitor(node)

    def copied(self, node: Any) -> Any:
        """A node with copies of its parts."""
        parts = []
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                value = [self.visit(each) if isinstance(each, ast.AST) else each for each in value]
            elif isinstance(value, ast.AST):
                value = self.visit(value)
            parts.append(value)
        return _at(node, type(node)(*parts))

    def visit_Load(self, node: ast.Load) -> ast.Load:
        return node

    visit_Store = visit_Constant = visit_Load

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._outside(node) if isinstance(node.ctx, ast.Load) else self.copied(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._outside(node)

    def _outside(self, node: Any) -> Any:
        meaning = self.meaning(node)
        if meaning is None or isinstance(meaning, ModuleType):
            return self.copied(node)
        if _is_number(meaning):
            return _at(node, constant(meaning))
        if isinstance(meaning, tuple) and all(map(_is_number, meaning)):
            return _at(node, ast.Tuple([constant(m) for m in meaning], ast.Load()))
        if not callable(meaning):
            raise refused(self.function, node, f"{ast.unparse(node)} is neither a number nor a function")
        name = ast.unparse(node).replace(".", "_")
        self.meanings[name] = meaning
        return _at(node, ast.Name(name, ast.Load()))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        made = self.copied(node)
        return made if _whole(made.operand) is None else _folded(made)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        made = self.copied(node)
        whole = _whole(made.left) is not None and _whole(made.right) is not None
        return _folded(made) if whole and not isinstance(node.op, ast.Div) else made

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        made = self.copied(node)
        known = all(isinstance(n, ast.Constant) for n in (made.left, *made.comparators))
        return _folded(made) if known else made

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        ends = isinstance(node.op, ast.Or)        # the value that decides all of it
        kept: list[ast.expr] = []
        for value in map(self.visit, node.values):
            if not isinstance(value, ast.Constant):
                kept.append(value)
            elif bool(value.value) is ends:
                kept.append(value)
                break
        if not kept:
            return _at(node, ast.Constant(not ends))
        return kept[0] if len(kept) == 1 else _at(node, ast.BoolOp(node.op, kept))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        test = self.visit(node.test)
        if isinstance(test, ast.Constant):
            return self.visit(node.body if test.value else node.orelse)
        return _at(node, ast.IfExp(test, self.visit(node.body), self.visit(node.orelse)))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        made = self.copied(node)
        if not isinstance(made.value, ast.Name) or made.value.id not in self.split:
            return made
        name, place = made.value.id, _whole(made.slice)
        if place not in range(self.split[name]):
            raise refused(self.function, node, f"a place of {name} is not known when it is compiled")
        return _at(node, ast.Name(f"{name}_{place}", node.ctx))

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements, those left that are not decided away."""
        return [statement for each in body for statement in self.statement(each)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.If():
                test = self.visit(node.test)
                if isinstance(test, ast.Constant):
                    return self.block(node.body if test.value else node.orelse)
                made: ast.stmt = ast.If(test, self.block(node.body) or [ast.Pass()], self.block(node.orelse))
            case ast.For():
                if (count := self._count(node.iter, self.unrolled)) is not None:
                    return self._written_out(node, count)
                target, values = self.visit(node.target), self.visit(node.iter)
                made = ast.For(target, values, self.block(node.body) or [ast.Pass()], node.orelse)
            case ast.While():
                made = ast.While(self.visit(node.test), self.block(node.body) or [ast.Pass()], node.orelse)
            case ast.With():
                made = ast.With([self.visit(item) for item in node.items], self.block(node.body))
            case ast.AnnAssign():             # a type is for the reader
                made = ast.AnnAssign(node.target, node.annotation, node.value and self.visit(node.value), 1)
            case ast.Assign() if (count := self._count(node.value, self.registers)) is not None:
                for to in node.targets:
                    if not isinstance(to, ast.Name):
                        raise refused(self.function, node, "registers have one name")
                    self.split[to.id] = count
                return []
            case _:
                made = self.visit(node)
        return [_at(node, made)]

    def _count(self, node: ast.expr, word: Any) -> int | None:
        """n of word(n), a number that is known; None for what is no call of the word."""
        if word is None or not isinstance(node, ast.Call) or self.meaning(node.func) is not word:
            return None
        count = _whole(self.visit(node.args[0]))
        if count is None:
            raise refused(self.function, node, f"{ast.unparse(node)} is not known when it is compiled")
        return count

    def _written_out(self, node: ast.For, count: int) -> list[ast.stmt]:
        if not isinstance(node.target, ast.Name):
            raise refused(self.function, node, "a loop that is written out has one variable")
        name = node.target.id
        kept = self.values, self.local
        self.local = self.local - {name}
        made = []
        for k in range(count):
            self.values = {**kept[0], name: k}
            made += self.block(node.body)
        self.values, self.local = kept
        return made


def _whole(node: ast.expr) -> int | None:
    """The integer, or truth value, that an expression is; None for others."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def _folded(node: ast.expr) -> ast.expr:
    """The constant that an expression of constants is."""
    return _at(node, constant(eval(ast.unparse(node), {})))


def _at(node: Any, made: Any) -> Any:
    """What is made of a node, with its place in the file, which an error is to name."""
    made.lineno = getattr(node, "lineno", None)
    return made
