"""Row programs read from functions.

    @row_program
    def softmax(x: Row) -> Row:
        e = keep(exp(x - max(x)))
        over = 1 / sum(e)
        return e * over

The function takes one row: operands that are a Row, then those that are a Number, and at most one number of
the caller's, by keyword. It is made of assignments, of `if` around them, of the words in row_words, and of
calls of functions of its module, which are made of the same. Its steps are found by these rules:

- A value of elements is computed where it is needed, by each sweep that reads it; once, if it is kept.
- A fold goes to the last sweep, unless it needs what was folded there: then to a new one.
- A fold in an `if`, or in a branch of a conditional expression, is done only where the condition holds.
- Numbers, and comparisons that go on as numbers, take the dtype of work.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple, overload

from nbgrad.compile import row_words
from nbgrad.compile.row_steps import Steps
from nbgrad.compile.rowprogram import CONSTANTS, COUNT, NUMBER, OUT, RowProgram, Step, first
from nbgrad.compile.writer import Names

_LOAD = ast.Load()


class RowProgramError(TypeError):
    """What a row program must not have."""


@overload
def row_program(function: Callable[..., Any]) -> RowProgram: ...
@overload
def row_program(*, kind: str) -> Callable[[Callable[..., Any]], RowProgram]: ...


def row_program(function: Any = None, *, kind: str = "float") -> Any:
    """The row program that a function says. kind: see RowProgram."""
    if function is None:
        return lambda function: replace(row_program(function), kind=kind)
    code, kinds = function.__code__, _kinds(function)
    operands = code.co_varnames[:code.co_argcount]
    if not {"return", *operands} <= set(kinds):
        raise RowProgramError(f"{code.co_name} in {code.co_filename}: each operand, and what is returned, is "
                              f"a Row or a Number")
    full, once = [tuple([x for x in operands if kinds[x] == of]) for of in ("Row", "Number")]
    return RowProgram(function.__name__, full, once, lambda: _Reader(function).steps(),
                      reduces=kinds["return"] == "Number", kind=kind, function=function)


def _kinds(function: FunctionType) -> dict[str, str]:
    """"Row" or "Number" for each operand that says so, and for the result, named "return"."""
    names = {row_words.Row: "Row", row_words.Number: "Number", "Row": "Row", "Number": "Number"}
    return {name: names[of] for name, of in function.__annotations__.items() if of in names}


@cache
def _functions(file: str) -> dict[str, ast.FunctionDef]:
    """The functions of a module."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"), file)
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _tree(function: FunctionType) -> ast.FunctionDef:
    """A function of a module as it stands in its file."""
    return _functions(function.__code__.co_filename)[function.__name__]


class _Value(NamedTuple):
    """What an expression of a function is: a tree of variables, and the kind of what it computes.

    each : whether there is one for each element
    flag : whether it is a truth value, which a number still is to be made of
    """

    tree: ast.expr
    each: bool = False
    flag: bool = False

    @property
    def number(self) -> ast.expr:
        """The tree, of a number."""
        return _call("T", self.tree) if self.flag else self.tree


_Values = _Value | tuple["_Values", ...]
_Scope = dict[str, Any]                   # what the names of a function hold: _Values


class _Reader:
    """Reads the steps of one program. Every assignment makes a variable of its own."""

    def __init__(self, function: FunctionType) -> None:
        reserved = [first(x) for x in function.__code__.co_varnames]
        self.function, self.made = function, Steps(Names({OUT, COUNT, NUMBER, *CONSTANTS, *reserved}))
        self.operands: set[str] = set()   # those that are a Row

    def steps(self) -> tuple[Step, ...]:
        """The steps of the program."""
        tree, kinds = _tree(self.function), _kinds(self.function)
        scope: _Scope = {}
        for operand in tree.args.args:
            name = self.made.names.fresh(operand.arg)
            each = kinds[operand.arg] == "Row"
            scope[operand.arg] = _Value(ast.Name(name, _LOAD), each)
            self.operands |= {name} if each else set()
        if len(tree.args.kwonlyargs) > 1:
            raise self.refused(tree, "the caller gives one number at most")
        for number in tree.args.kwonlyargs:
            scope[number.arg] = _Value(_call("T", ast.Name(NUMBER, _LOAD)))
        value = self.body(tree.body, scope)
        if not isinstance(value, _Value) or value.each != (kinds["return"] == "Row"):
            raise self.refused(tree, "it does not return what it says")
        self.made.result(value.number, value.each)
        kept = self.made.kept()
        if len(kept) > 1 or (kept and not value.each):
            raise self.refused(tree, f"the result has no memory for {kept}")
        return self.made.closed()

    def refused(self, node: ast.AST, what: str) -> RowProgramError:
        code = self.function.__code__
        line = getattr(node, "lineno", code.co_firstlineno)
        return RowProgramError(f"{code.co_name} in {code.co_filename}, line {line}: {what}")

    # statements

    def body(self, body: Sequence[ast.stmt], scope: _Scope) -> _Values:
        """What the body of a function returns."""
        for statement in body:
            match statement:
                case ast.Expr(ast.Constant(str())):
                    pass
                case ast.Assign([target], value):
                    self.bind(target, value, scope)
                case ast.If(test, inside, []):
                    self.conditional(test, inside, scope)
                case ast.Return(ast.expr() as value):
                    return self.read(value, scope, None)
                case _:
                    break
        raise self.refused(statement, "a row program has assignments, `if`, and a return at the end")

    def bind(self, target: ast.expr, value: ast.expr, scope: _Scope) -> None:
        """target = value"""
        if isinstance(target, ast.Name):
            scope[target.id] = self.assigned(target.id, value, scope)
            return
        found = self.read(value, scope, None)
        if not isinstance(target, ast.Tuple) or isinstance(found, _Value) or len(found) != len(target.elts):
            raise self.refused(target, f"{ast.unparse(target)} cannot be assigned to")
        scope |= {ast.unparse(name): self.named(ast.unparse(name), part)
                  for name, part in zip(target.elts, found, strict=True)}

    def named(self, name: str, value: _Values) -> _Values:
        """A value that gets a name: of elements it is a variable, so that it is computed once in a sweep."""
        if isinstance(value, _Value) and value.each and not isinstance(value.tree, ast.Name):
            return self.element(name, value)
        return value

    def conditional(self, test: ast.expr, inside: Sequence[ast.stmt], scope: _Scope) -> None:
        """Assignments where a condition holds. What has no value before it has none after it."""
        where = self.one(test, scope, None)
        if not where.flag or where.each:
            raise self.refused(test, "what `if` is asked is whether something holds of the row")
        within = dict(scope)
        for statement in inside:
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                raise self.refused(statement, "in `if` there are assignments of one variable")
            name = statement.targets[0].id
            within[name] = self.assigned(name, statement.value, within, where.tree, scope.get(name))
            if name in scope:
                scope[name] = within[name]

    def assigned(self, name: str, value: ast.expr, scope: _Scope, where: ast.expr | None = None,
                 before: Any = None) -> _Values:
        """A new variable. where: when it has the value; else it has the one before."""
        if isinstance(value, ast.Call) and self.meaning(value.func, scope) is row_words.keep:
            return self.element(name, self.one(value.args[0], scope, None), kept=True)
        if before is None and (word := self.fold_of(value, scope)):
            return self.fold(name, word, value, scope, where)
        found = self.read(value, scope, where)
        if not isinstance(found, _Value):
            return found
        if found.each and before is None:
            return self.element(name, found)
        if found.each or (before is not None and before.each):
            raise self.refused(value, f"{name} is a value of elements: give it another name in `if`")
        tree = found.number
        if where is not None and before is not None:
            tree = ast.IfExp(where, tree, before.number)
        return _Value(self.made.number(name, tree))

    def element(self, name: str, value: _Value, kept: bool = False) -> _Value:
        return _Value(self.made.element(name, value.number, kept), each=True)

    def fold_of(self, value: ast.expr, scope: _Scope) -> str:
        """The name of the fold that an expression is; "" if it is none."""
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
            return ""
        word = value.func.id
        meant = self.meaning(value.func, scope)
        return word if meant is not None and meant is row_words.FOLD_WORDS.get(word) else ""

    def fold(self, name: str, word: str, call: Any, scope: _Scope, where: ast.expr | None) -> _Value:
        """The variable that all elements' values are folded to."""
        value = self.one(call.args[0], scope, where)
        if not value.each:
            raise self.refused(call, f"{word} folds what is of the elements")
        if where is not None and (kept := self.made.to_keep(value.tree)):
            raise self.refused(call, f"{kept[0]} is kept only where a condition holds")
        return _Value(self.made.fold(name, word, value.number, where))

    # expressions

    def meaning(self, node: ast.expr, scope: _Scope) -> Any:
        """What a name means outside of the function."""
        if not isinstance(node, ast.Name) or node.id in scope:
            return None
        return self.function.__globals__.get(node.id, getattr(builtins, node.id, None))

    def one(self, node: ast.expr, scope: _Scope, where: ast.expr | None) -> _Value:
        value = self.read(node, scope, where)
        if not isinstance(value, _Value):
            raise self.refused(node, f"{ast.unparse(node)} is several values")
        return value

    def read(self, node: ast.expr, scope: _Scope, where: ast.expr | None) -> _Values:
        """What an expression is. where: when it is needed."""
        match node:
            case ast.Constant(int() | float() as number) if not isinstance(number, bool):
                return _Value(_call("T", ast.Constant(number)))
            case ast.Name(name) if name in scope:
                return scope[name]
            case ast.Name(name) if name in CONSTANTS:
                return _Value(_call("T", ast.Name(name, _LOAD)))
            case ast.Tuple(elts):
                return tuple([self.read(part, scope, where) for part in elts])
            case ast.UnaryOp(ast.USub(), operand):
                value = self.one(operand, scope, where)
                return value._replace(tree=ast.UnaryOp(ast.USub(), value.number), flag=False)
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op, right):
                (a, b), each = self.several([left, right], scope, where)
                return _Value(ast.BinOp(a.number, op, b.number), each)
            case ast.Compare(left, [op], [right]):
                (a, b), each = self.several([left, right], scope, where)
                return _Value(ast.Compare(a.number, [op], [b.number]), each, flag=True)
            case ast.BoolOp(op, parts):
                values, each = self.several(parts, scope, where)
                if each or not all(value.flag for value in values):
                    raise self.refused(node, "`and` and `or` join what holds of the row")
                return _Value(ast.BoolOp(op, [v.tree for v in values]), flag=True)
            case ast.IfExp(test, body, orelse):
                return self.choice(test, body, orelse, scope, where)
            case ast.Call(func, args, []):
                return self.call(node, func, args, scope, where)
        raise self.refused(node, f"`{ast.unparse(node)}` is not for row programs")

    def several(self, nodes: Sequence[ast.expr], scope: _Scope,
                where: ast.expr | None) -> tuple[list[_Value], bool]:
        values = [self.one(node, scope, where) for node in nodes]
        return values, any(value.each for value in values)

    def choice(self, test: ast.expr, body: ast.expr, orelse: ast.expr, scope: _Scope,
               where: ast.expr | None) -> _Value:
        """One of two numbers of the row. What a branch folds is needed only where it is taken."""
        asked = self.one(test, scope, where)
        if asked.each or not asked.flag:
            raise self.refused(test, "of elements, choose by where(condition, a, b)")
        a = self.one(body, scope, _both(where, asked.tree))
        b = self.one(orelse, scope, _both(where, ast.UnaryOp(ast.Not(), asked.tree)))
        if a.each or b.each:
            raise self.refused(test, "of elements, choose by where(condition, a, b)")
        return _Value(ast.IfExp(asked.tree, a.number, b.number))

    def call(self, node: ast.Call, func: ast.expr, args: list[ast.expr], scope: _Scope,
             where: ast.expr | None) -> _Values:
        meant, word = self.meaning(func, scope), ast.unparse(func)
        if self.fold_of(node, scope):
            return self.fold(word, word, node, scope, where)
        if isinstance(meant, FunctionType) and meant.__module__ == self.function.__module__:
            tree = _tree(meant)
            return self.body(tree.body, {operand.arg: self.named(operand.arg, self.read(value, scope, where))
                                         for operand, value in zip(tree.args.args, args, strict=True)})
        values, each = self.several(args, scope, where)
        if meant is row_words.where:
            asked, a, b = values
            return _Value(ast.IfExp(asked.tree, a.number, b.number), each)
        if meant is not None and meant is row_words.WORDS.get(word):
            return _Value(_call(word, *[v.number for v in values]), each)
        if meant is not None and meant is row_words.SCALE_WORDS.get(word):
            return _Value(_call("T", _call(word)))
        operand = ast.unparse(values[0].tree) if len(values) == 1 else ""
        if operand in self.operands and meant is len:
            return _Value(_call("T", ast.Name(COUNT, _LOAD)))
        if operand in self.operands and meant is row_words.first:
            return _Value(ast.Name(first(operand), _LOAD))
        raise self.refused(node, f"`{ast.unparse(node)}` is not for row programs")


def _call(word: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(word, _LOAD), list(args), [])


def _both(a: ast.expr | None, b: ast.expr) -> ast.expr:
    return b if a is None else ast.BoolOp(ast.And(), [a, b])
