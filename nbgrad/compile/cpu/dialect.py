"""How a kernel is written in the words of the CPU's compiler."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from nbgrad.compile.cpu import language, machine
from nbgrad.compile.dialect import Dialect
from nbgrad.compile.kinds import Elements, Kind, cast
from nbgrad.compile.record import CELL, Field, Int32, Record, Table, fields, isrecord, width
from nbgrad.compile.syntax import prepared

_LOAD = ast.Load()


def _call(word: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(word, _LOAD), list(args), [])


class CpuDialect(Dialect):
    """Elements are read and written by load and store; a loop over threads is a function of its own.

    The body of such a loop becomes `part(start, stop, ...)`, with the variables that it reads as parameters.
    """

    words: Mapping[str, Callable[..., Any]] = language.WORDS | machine.WORDS
    results: Mapping[str, Any] = machine.RESULTS
    meeting: frozenset[str] = frozenset({"maximum", "minimum", "fold_add", "fold_multiply", "fold_maximum",
                                         "fold_minimum"})
    maths: frozenset[str] = frozenset({"sqrt", "exp", "log", "log1p"})
    unrolled: Callable[..., Any] | None = staticmethod(language.unrolled)
    registers: Callable[..., Any] | None = staticmethod(language.registers)

    def helper(self, function: FunctionType) -> str:
        return f"{'inline' if function.__dict__.get('inline') else 'f'}_{function.__name__}"

    def element(self, array: ast.expr, kind: Elements, index: ast.expr, of: Kind) -> ast.expr:
        return _call("load", array, index)

    def put(self, array: ast.expr, kind: Elements, index: ast.expr, of: Kind, value: ast.expr) -> ast.stmt:
        return ast.Expr(_call("store", array, index, value))

    def view(self, array: ast.expr, kind: Elements, start: ast.expr, of: Kind) -> ast.expr:
        width = ast.Constant(np.dtype(kind.dtype).itemsize)
        return _call("moved", array, ast.BinOp(start, ast.Mult(), width))

    def attribute(self, array: ast.expr, kind: Elements, name: str) -> tuple[ast.expr, Kind]:
        if name == "itemsize":
            return ast.Constant(np.dtype(kind.dtype).itemsize), "int"
        return (_call("size", array), "int") if name == "size" else super().attribute(array, kind, name)

    def local(self, kind: type[Record]) -> ast.expr:
        return _call("cells", ast.Constant(width(kind) // CELL))

    def field(self, record: ast.expr, kind: type[Record], name: str) -> tuple[ast.expr, Kind]:
        field = fields(kind).get(name)
        if field is None:
            raise TypeError(f"{kind.__name__} has no field {name}")
        place = _beyond(record, field.offset)
        return (place, field) if field.many else _cell(place, field)

    def cell(self, cells: ast.expr, field: Field, index: ast.expr) -> tuple[ast.expr, Kind]:
        match index:
            case ast.Constant(int(known)):
                place = _beyond(cells, known * field.step)
            case _:
                place = ast.BinOp(cells, ast.Add(), ast.BinOp(index, ast.Mult(), ast.Constant(field.step)))
        return (place, field.of) if field.many is Table else _cell(place, field)

    def write(self, cell: ast.expr, value: ast.expr) -> ast.stmt:
        if not isinstance(cell, ast.Call) or not isinstance(cell.func, ast.Name) or cell.func.id != "peek":
            raise TypeError("only fields and cells of 64 bits are written to")
        return ast.Expr(_call("poke", *cell.args, value))

    def call(self, word: str, args: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        if word in ("load_at", "store_at", "scratch"):
            if not isinstance(kinds[0], Elements):
                raise TypeError(f"{word} takes an array first")
            if word == "store_at":
                args = [*args[:2], cast(args[2], kinds[2], kinds[0].dtype, exactly=True)]
            kind = {"load_at": kinds[0].dtype, "store_at": "nothing", "scratch": kinds[0]}[word]
            return _call(word, *args), kind
        return super().call(word, args, kinds)

    def ranges(self, targets: list[str], word: str, args: list[ast.expr], kinds: list[Kind],
               body: list[ast.stmt]) -> list[ast.stmt]:
        if word != "shares" or len(targets) != 2:
            return super().ranges(targets, word, args, kinds, body)
        names: list[ast.expr] = [ast.Name(name, ast.Store()) for name in targets]
        return [ast.For(ast.Tuple(names, ast.Store()), _call(word, *args), body, [])]

    def counter(self, word: str, kinds: list[Kind]) -> Kind:
        return super().counter(word, kinds) if word == "range" else "int"

    def finish(self, tree: ast.FunctionDef) -> list[ast.FunctionDef]:
        return _Shared(tree).functions()


_RESULTS = {"nothing": None, "bool": bool, "int": int, "float": float, "reference": np.ndarray,
            "owned": object}


def _beyond(place: ast.expr, offset: int) -> ast.expr:
    """The address that many bytes after another."""
    match place:
        case ast.BinOp(base, ast.Add(), ast.Constant(int(before))):
            place, offset = base, before + offset
    return ast.BinOp(place, ast.Add(), ast.Constant(offset)) if offset else place


def _cell(place: ast.expr, field: Field) -> tuple[ast.expr, Kind]:
    return (_call("peek_half", place), "int") if field.of is Int32 else (
        _call("peek", place), "int" if field.of is int else field.of)


def written(name: str, function: FunctionType, parameters: Sequence[str], kinds: Sequence[Any],
            fixed: Mapping[str, Any], gil: bool = False) -> tuple[str, Any]:
    """The text of the kernel `name`, and the kind of its result, as cache.compile_kernel takes them.

    kinds : of the parameters: dtypes of arrays, types of scalars, records
    gil   : it holds the GIL
    """
    known = [Elements(kind.name) if isinstance(kind, np.dtype) else kind if isrecord(kind) else kind.__name__
             for kind in kinds]
    made = prepared(function, known, fixed, CpuDialect(), name if gil else f"inline_{function.__name__}")
    result = _RESULTS[made.result]
    if gil:
        return made.text, result
    given = ", ".join(parameters)
    sizes = " + ".join([f"size({x})" for x, kind in zip(parameters, kinds, strict=True)
                        if isinstance(kind, np.dtype)])
    lines = [made.text, f"def {name}({given}):", f"    token = unlock({sizes})",
             f"    {'result = ' if result else ''}{made.name}({given})", "    lock(token)"]
    return "\n".join([*lines, *(["    return result"] if result else [])]), result


class _Shared(ast.NodeTransformer):
    """The loops of a function that are shared out, as functions of their own."""

    def __init__(self, tree: ast.FunctionDef) -> None:
        self.tree = tree
        self.parts: list[ast.FunctionDef] = []

    def functions(self) -> list[ast.FunctionDef]:
        tree = self.visit(self.tree)
        return [*self.parts, tree]

    def visit_For(self, node: ast.For) -> ast.stmt:
        match node.iter:
            case ast.Call(ast.Name("parallel" | "shares" as word), given):
                pass
            case _:
                self.generic_visit(node)
                return node
        if len(given) != 2:
            raise TypeError(f"{word} takes 2 arguments, n and least")
        own, outside = _stored([node]), _stored(self.tree.body, but=node)
        outside |= {arg.arg for arg in self.tree.args.args}
        if both := own & outside:
            raise TypeError(f"{sorted(both)} are assigned in a loop over threads and outside of it")
        if any(isinstance(each, ast.Return) for each in ast.walk(node)):
            raise TypeError("a loop over threads does not return")
        read = {n.id for part in node.body for n in ast.walk(part) if isinstance(n, ast.Name)} & outside
        name = f"{self.tree.name}_part{len(self.parts) or ''}"
        start, stop = "start", "stop"
        body = node.body
        if word == "shares":
            start, stop = [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)]
        if word == "parallel":
            bounds: list[ast.expr] = [ast.Name("start", _LOAD), ast.Name("stop", _LOAD)]
            body = [ast.For(node.target, _call("range", *bounds), node.body, [])]
            if taken := (own | read) & {"start", "stop"}:
                raise TypeError(f"{sorted(taken)} are names of the loop over threads")
        parameters = [ast.arg(each) for each in [start, stop, *sorted(read)]]
        args = ast.arguments([], parameters, None, [], [], None, [])
        self.parts.append(ast.FunctionDef(name, args, body, [], None, None))
        rest: list[ast.expr] = [ast.Name(each, _LOAD) for each in sorted(read)]
        return ast.Expr(_call("share", ast.Name(name, _LOAD), *given, *rest))


def _stored(body: list[Any], but: ast.AST | None = None) -> set[str]:
    """Names that statements assign; those inside of one of them not counted."""
    found: set[str] = set()
    for node in body:
        if node is but:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        found |= _stored(list(ast.iter_child_nodes(node)), but)
    return found
