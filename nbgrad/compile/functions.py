"""Functions read from their files, as syntax trees in which all that is fixed is decided.

No module is imported for it: a kernel that is in the cache is found by its text alone.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping
from copy import deepcopy
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
    tree = deepcopy(definition(function))
    tree.decorator_list, tree.returns = [], None
    names = {a.arg for a in tree.args.kwonlyargs}
    if names != set(fixed):
        raise refused(function, tree, f"its fixed parameters are {sorted(names)}, not {sorted(fixed)}")
    tree.args.kwonlyargs, tree.args.kw_defaults = [], []
    for arg in [*tree.args.posonlyargs, *tree.args.args]:
        arg.annotation = None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    writer = _Decided(function, tree, fixed, unrolled, registers)
    tree.body = writer.block(tree.body)
    return ast.fix_missing_locations(tree), writer.meanings


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


class _Decided(ast.NodeTransformer):
    """The tree with constants in the place of names, and without branches that they decide."""

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

    def _outside(self, node: Any) -> Any:
        meaning = self.meaning(node)
        if meaning is None or isinstance(meaning, ModuleType):
            self.generic_visit(node)
            return node
        if _is_number(meaning):
            return ast.copy_location(constant(meaning), node)
        if isinstance(meaning, tuple) and all(map(_is_number, meaning)):
            return ast.copy_location(ast.Tuple([constant(m) for m in meaning], ast.Load()), node)
        if not callable(meaning):
            raise refused(self.function, node, f"{ast.unparse(node)} is neither a number nor a function")
        name = ast.unparse(node).replace(".", "_")
        self.meanings[name] = meaning
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._outside(node) if isinstance(node.ctx, ast.Load) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._outside(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return node if _whole(node.operand) is None else _folded(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        whole = _whole(node.left) is not None and _whole(node.right) is not None
        return _folded(node) if whole and not isinstance(node.op, ast.Div) else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        known = all(isinstance(n, ast.Constant) for n in (node.left, *node.comparators))
        return _folded(node) if known else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        ends = isinstance(node.op, ast.Or)        # the value that decides all of it
        kept: list[ast.expr] = []
        for value in node.values:
            if not isinstance(value, ast.Constant):
                kept.append(value)
            elif bool(value.value) is ends:
                kept.append(value)
                break
        if not kept:
            return ast.copy_location(ast.Constant(not ends), node)
        node.values = kept
        return kept[0] if len(kept) == 1 else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        test = self.visit(node.test)
        if isinstance(test, ast.Constant):
            return self.visit(node.body if test.value else node.orelse)
        node.test, node.body, node.orelse = test, self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.value, ast.Name) or node.value.id not in self.split:
            return node
        name, place = node.value.id, _whole(node.slice)
        if place not in range(self.split[name]):
            raise refused(self.function, node, f"a place of {name} is not known when it is compiled")
        return ast.copy_location(ast.Name(f"{name}_{place}", node.ctx), node)

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements, those left that are not decided away."""
        return [statement for each in body for statement in self.statement(each)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, ast.If):
            node.test = self.visit(node.test)
            if isinstance(node.test, ast.Constant):
                return self.block(node.body if node.test.value else node.orelse)
            node.body, node.orelse = self.block(node.body) or [ast.Pass()], self.block(node.orelse)
        elif isinstance(node, ast.For):
            if (count := self._count(node.iter, self.unrolled)) is not None:
                return self._written_out(node, count)
            node.target, node.iter = self.visit(node.target), self.visit(node.iter)
            node.body = self.block(node.body) or [ast.Pass()]
        elif isinstance(node, (ast.While, ast.With)):
            if isinstance(node, ast.While):
                node.test = self.visit(node.test)
            else:
                node.items = [self.visit(item) for item in node.items]
            node.body = self.block(node.body) or [ast.Pass()]
        elif isinstance(node, ast.Assign) and (count := self._count(node.value, self.registers)) is not None:
            for target in node.targets:
                if not isinstance(target, ast.Name):
                    raise refused(self.function, node, "registers have one name")
                self.split[target.id] = count
            return []
        else:
            return [self.visit(node)]
        return [node]

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
            made += self.block(deepcopy(node.body))
        self.values, self.local = kept
        return made


def _whole(node: ast.expr) -> int | None:
    """The integer, or truth value, that an expression is; None for others."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def _folded(node: ast.expr) -> ast.expr:
    tree = ast.Expression(ast.fix_missing_locations(node))
    return ast.copy_location(constant(eval(compile(tree, "<constant>", "eval"), {})), node)
