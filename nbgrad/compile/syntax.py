"""Kernels as functions: a function's syntax tree, made ready for a device's compiler.

A kernel is an ordinary function in a file. `prepared` gives the text of it, and of every function that it
calls, for one combination of dtypes and fixed parameters:

- keyword-only parameters are fixed when the kernel is compiled, and branches on them are decided;
- numbers that stand in a module become literals, so that they are in the text, by which kernels are cached;
- a number that is no element of an array takes the dtype of the elements that it meets (see kinds);
- what is left is written in a device's own words by its Dialect.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from nbgrad.compile.dialect import Dialect
from nbgrad.compile.expressions import Expressions
from nbgrad.compile.functions import Fixed, KernelError, decided, refused
from nbgrad.compile.kinds import Elements, Kind, cast, join, spelled
from nbgrad.compile.record import Field, isrecord

_LOAD = ast.Load()


@dataclass(frozen=True)
class Prepared:
    """A kernel: its name, its text with all helpers, the names of all functions in that, and its result."""

    name: str
    text: str
    names: tuple[str, ...]
    result: Kind


@dataclass(eq=False)
class _Made:
    """A function that is ready: its trees, the kind of its result, and the functions that it calls.

    name : unlike all others, until it is known which of them are called in the end
    """

    name: str
    plain: str
    result: Kind = None
    trees: list[ast.FunctionDef] = field(default_factory=list)
    calls: list[_Made] = field(default_factory=list)


class _Program:
    """A kernel and its helpers, each written once for each combination of kinds and fixed parameters."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.made: dict[Any, _Made] = {}

    def function(self, function: FunctionType, kinds: Sequence[Kind], fixed: Fixed, name: str) -> _Made:
        key = (function, tuple(kinds), tuple(sorted(fixed.items(), key=lambda item: item[0])))
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = _Made(f"{name}_{len(self.made)}", name)
            _Writer(self, function, kinds, fixed, made).write()
        elif made.result is None:
            raise KernelError(f"{function.__name__} calls itself")
        return made


def prepared(function: FunctionType, kinds: Sequence[Kind], fixed: Fixed, dialect: Dialect,
             name: str | None = None) -> Prepared:
    """A kernel, its helpers and the kind of its result, for the kinds of its positional parameters.

    Raises KernelError, which names function, file and line, for what is not understood.
    """
    made = _Program(dialect).function(function, kinds, fixed, name or function.__name__)
    ordered: list[_Made] = []

    def visit(each: _Made) -> None:
        if each not in ordered:
            for other in each.calls:
                visit(other)
            ordered.append(each)

    visit(made)
    names: dict[str, str] = {}
    for place, each in enumerate(ordered):
        same = sum(other.plain == each.plain for other in ordered[:place])
        last = f"{each.plain}_v{same + 1}" if same else each.plain
        names |= {tree.name: tree.name.replace(each.name, last, 1) for tree in each.trees}
    trees = [_Renamed(names).visit(tree) for each in ordered for tree in each.trees]
    _numbered(trees)
    text = "\n".join(map(ast.unparse, trees))
    return Prepared(names[made.name], text, tuple([tree.name for tree in trees]), made.result)


def _numbered(body: Sequence[ast.stmt]) -> None:
    """Give each statement the line number that ast.unparse wants to see."""
    for statement in body:
        statement.lineno = 0
        _numbered(getattr(statement, "body", ()))
        _numbered(getattr(statement, "orelse", ()))


class _Renamed(ast.NodeTransformer):
    """Functions by their last names."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.name = self.names.get(node.name, node.name)
        return node


def _names(target: ast.expr) -> list[str]:
    """The variables of a loop."""
    found = [each.id for each in getattr(target, "elts", [target]) if isinstance(each, ast.Name)]
    if len(found) != len(getattr(target, "elts", [target])):
        raise TypeError(f"{ast.unparse(target)} are no variables")
    return found


class _Writer(Expressions):
    """Writes one function. It is written again until the kinds of its variables stay as they are."""

    def __init__(self, program: _Program, function: FunctionType, kinds: Sequence[Kind], fixed: Fixed,
                 made: _Made) -> None:
        self.program, self.function, self.made, dialect = program, function, made, program.dialect
        self.tree, meanings = decided(function, fixed, dialect.unrolled, dialect.registers)
        names = [a.arg for a in [*self.tree.args.posonlyargs, *self.tree.args.args]]
        if len(names) != len(kinds):
            raise refused(function, self.tree, f"it has {len(names)} parameters, not {len(kinds)}")
        try:
            self.given = dialect.begin(self.tree, dict(zip(names, kinds, strict=True)), meanings)
        except TypeError as error:
            raise refused(function, self.tree, str(error)) from error
        super().__init__(dialect, dict(self.given), meanings)
        self.result: Kind = None
        self.parts = 0                        # of tuples, that have names of their own

    def write(self) -> None:
        while True:
            before = dict(self.kinds), self.result
            self.made.calls, self.parts = [], 0
            body = self.block(self.tree.body)
            if (self.kinds, self.result) == before:
                break
        parts = [ast.arg(p) for given in self.given.items() for p in self.dialect.parameter(*given)]
        args = ast.arguments([], parts, None, [], [], None, [])
        self.made.result = "nothing" if self.result is None else self.result
        tree = ast.FunctionDef(self.made.name, args, body, [], None, None)
        try:
            self.made.trees = self.dialect.finish(tree)
        except TypeError as error:
            raise refused(self.function, self.tree, str(error)) from error

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [made for statement in body for made in self.statement(statement)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        try:
            made = self._statement(node)
        except KernelError:
            raise
        except TypeError as error:
            raise refused(self.function, node, str(error)) from error
        return made

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.Assign(targets, value):
                if len(targets) == 1 and isinstance(targets[0], ast.Tuple):
                    return self._unpack(targets[0], value)
                made, kind = self.expression(value)
                return [each for target in targets for each in self.assign(target, made, kind)]
            case ast.AnnAssign(target, _, ast.expr() as value):
                return self.assign(target, *self.expression(value))
            case ast.AugAssign(target, op, value):
                read = ast.Name(target.id, _LOAD) if isinstance(target, ast.Name) else target
                return self.assign(target, *self.expression(ast.BinOp(read, op, value)))
            case ast.For(target, values, body, []):
                return self._loop(_names(target), values, body)
            case ast.While(test, body, []):
                return [ast.While(self.truth(test)[0], self.block(body), [])]
            case ast.If(test, body, orelse):
                return [ast.If(self.truth(test)[0], self.block(body), self.block(orelse))]
            case ast.With([ast.withitem(ast.Call(func, args, []), None)], body):
                return self.dialect.within(self.word(func), self.several(args)[0], self.block(body))
            case ast.Return(ast.expr() as value):
                made, kind = self.expression(value)
                self.result = join(self.result, kind)
                return [ast.Return(self.cast(made, kind, self.result))]
            case ast.Expr(ast.Constant()):
                return []
            case ast.Expr(value):
                return [ast.Expr(self.expression(value)[0])]
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Return():
                return [node]
        raise TypeError(f"`{ast.unparse(node).splitlines()[0]}` is not for kernels")

    def assign(self, target: ast.expr, value: ast.expr, kind: Kind) -> list[ast.stmt]:
        if isinstance(target, ast.Name):
            to = self.kinds[target.id] = join(self.kinds.get(target.id), self.dialect.number(kind))
            if isinstance(kind, Elements):
                return self.dialect.bind(target.id, value, kind)
            return [ast.Assign([ast.Name(target.id, ast.Store())], self.cast(value, kind, to))]
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            array, of = self.expression(target.value)
            if isrecord(of) or isinstance(of, Field):
                return [self._cell(target, value, kind)]
            if isinstance(of, Elements) and isinstance(target, ast.Subscript) and not isinstance(
                    target.slice, ast.Slice):
                index, place = self.expression(target.slice)
                return [self.dialect.put(array, of, index, place, cast(value, kind, of.dtype, exactly=True))]
        raise TypeError(f"nothing can be assigned to {ast.unparse(target)}")

    def _cell(self, target: ast.expr, value: ast.expr, kind: Kind) -> ast.stmt:
        cell, of = self.expression(target)
        if join(of, kind) != of:
            raise TypeError(f"{ast.unparse(target)} is {spelled(of)}, not {spelled(kind)}")
        return self.dialect.write(cell, value)

    def _unpack(self, target: ast.Tuple, value: ast.expr) -> list[ast.stmt]:
        made, kind = self.expression(value)
        if not isinstance(kind, tuple) or len(kind) != len(target.elts):
            if kind is None:
                return []
            raise TypeError(f"{len(target.elts)} names for {ast.unparse(value)}")
        if any(isinstance(one, Elements) for one in kind):
            return self._arrays(target, made, kind)
        parts = made.elts if isinstance(made, ast.Tuple) else target.elts
        names: list[ast.expr] = []
        values: list[ast.expr] = []
        later: list[ast.stmt] = []
        for to, part, one in zip(target.elts, parts, kind, strict=True):
            name, value = f"part_{self.parts}_", part
            if isinstance(to, ast.Name):
                wanted = self.kinds[to.id] = join(self.kinds.get(to.id), self.dialect.number(one))
                value = self.cast(part, one, wanted)
                if part is not to or value is to:
                    name = to.id
            if name != getattr(to, "id", None):           # an element, or what a call gives in another dtype
                self.parts += 1
                later += self.assign(to, ast.Name(name, _LOAD), one)
            names.append(ast.Name(name, ast.Store()))
            values.append(value)
        whole = ast.Tuple(values, _LOAD) if isinstance(made, ast.Tuple) else made
        return [ast.Assign([ast.Tuple(names, ast.Store())], whole), *later]

    def _arrays(self, target: ast.Tuple, made: ast.expr, kinds: tuple[Kind, ...]) -> list[ast.stmt]:
        """Arrays that get names: one statement each."""
        read = {each.id for each in ast.walk(made) if isinstance(each, ast.Name)}
        if not isinstance(made, ast.Tuple) or read & set(_names(target)):
            raise TypeError(f"{ast.unparse(target)}: arrays are named one by one")
        named = zip(target.elts, made.elts, kinds, strict=True)
        return [each for to, value, kind in named for each in self.assign(to, value, kind)]

    def _loop(self, targets: list[str], values: ast.expr, body: list[ast.stmt]) -> list[ast.stmt]:
        target = targets[0]
        if isinstance(values, ast.Tuple) and len(targets) == 1:
            made, kind = self._met(values.elts)
            to = self.kinds[target] = join(self.kinds.get(target), kind)
            whole = ast.Tuple([self.cast(m, kind, to) for m in made], _LOAD)
            return [ast.For(ast.Name(target, ast.Store()), whole, self.block(body), [])]
        if not isinstance(values, ast.Call):
            raise TypeError(f"a loop over {ast.unparse(values)}")
        word = "range" if self.meaning(values.func) is range else self.word(values.func)
        made, kinds = self.several([*values.args, *self.by_name(values)])
        for each in targets:
            kind = self.dialect.number(self.dialect.counter(word, kinds))
            self.kinds[each] = join(self.kinds.get(each), kind)
        if len(targets) > 1:
            return self.dialect.ranges(targets, word, made, kinds, self.block(body))
        return self.dialect.loop(target, word, made, kinds, self.block(body))

    def helper(self, function: FunctionType, args: list[ast.expr],
               keywords: list[ast.keyword]) -> tuple[ast.expr, Kind]:
        made, kinds = self.several(args)
        if any(kind is None for kind in kinds):
            return ast.Call(ast.Name(function.__name__, _LOAD), made, []), None
        fixed = {}
        for each in keywords:
            value = each.value.value if isinstance(each.value, ast.Constant) else self.meaning(each.value)
            if value is None:
                raise TypeError(f"{each.arg} of {function.__name__} is not known when it is compiled")
            fixed[str(each.arg)] = value
        kinds = [join(_declared(function, i), kind) for i, kind in enumerate(kinds)]
        helper = self._called(function, kinds, fixed)
        parts = [part for m, k in zip(made, kinds, strict=True) for part in self.dialect.argument(m, k)]
        return ast.Call(ast.Name(helper.name, _LOAD), parts, []), helper.result

    def pointer(self, function: FunctionType) -> ast.expr:
        kinds = [_declared(function, i) or "int" for i in range(function.__code__.co_argcount)]
        return ast.Name(self._called(function, kinds, {}).name, _LOAD)

    def _called(self, function: FunctionType, kinds: Sequence[Kind], fixed: Fixed) -> _Made:
        helper = self.program.function(function, kinds, fixed, self.dialect.helper(function))
        self.made.calls.append(helper)
        return helper


def _declared(function: FunctionType, place: int) -> Kind:
    """The record that a parameter is declared as; None for other parameters."""
    declared = function.__annotations__.get(function.__code__.co_varnames[place])
    found = function.__globals__.get(declared) if isinstance(declared, str) else None
    return found if isrecord(found) else None

