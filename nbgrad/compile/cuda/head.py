"""What a kernel begins with: statements that are about all its threads, and for the host."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from nbgrad.compile.cuda import language
from nbgrad.compile.cuda.views import INDEX, WIDE, Batch, View, lines, name
from nbgrad.compile.kinds import Elements, Kind


class Head:
    """What a kernel begins with, which is no work of its threads, taken from its tree.

    count, each : how many threads or blocks have work, an expression of the host's; "grid" or "blocks"
    host        : statements that compute numbers on the host
    parameters  : of the compiled kernel
    values      : what these are given, expressions of the host's
    """

    loops: int
    meanings: Mapping[str, Any]
    name: str
    shaped: set[str]
    once: set[str]
    count: str
    each: str
    given: dict[str, Kind]
    parameters: list[str]
    values: list[str]
    kinds: dict[str, Kind]
    numbers: set[str]

    def __init__(self, tree: ast.FunctionDef, given: Mapping[str, Kind], meanings: Mapping[str, Any],
                 loops: int) -> None:
        self.name, self.meanings, self.loops = tree.name, meanings, loops
        self.host: list[ast.stmt] = []
        self.kinds = dict(given)
        self.shaped = {n for n, kind in given.items() if isinstance(kind, Elements)}    # not in another shape
        self.numbers = {n for n, kind in given.items() if kind in (INDEX, WIDE)}
        assigned = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        self.once = {n for n in assigned if assigned.count(n) == 1}
        body, lengths = list(tree.body), []
        while body:
            taken = self.taken(body[0])
            if taken is None:
                break
            lengths += taken
            del body[0]
        self.count, self.each = self.main(body)
        tree.body = [*lengths, *body]
        self.given, self.parameters, self.values = self.passed(tree.body)

    def taken(self, node: ast.stmt) -> list[ast.stmt] | None:
        """What stays of a statement that is not for threads; None for one that is for them."""
        match node:
            case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)):
                pairs = list(zip(targets, values))
            case ast.Assign([target], value):
                pairs = [(target, value)]
            case _:
                return None
        if not all(isinstance(to, ast.Name) for to, _ in pairs):
            return None
        named = [(to.id, value) for to, value in pairs if isinstance(to, ast.Name)]
        kinds = [self.layout(to, value) for to, value in named]
        left: list[ast.stmt] = []
        if all(kinds):
            for (to, _), (kind, lengths) in zip(named, filter(None, kinds)):
                self.kinds[to] = kind
                self.shaped.discard(to)
                for k, length in enumerate(lengths, 1):
                    left += lines(f"d_{to}_{k}_ = a", a=length)
            return left
        if all(isinstance(value, ast.Constant) for _, value in named):
            return [node]
        if all(to in self.once and self.hosted(value) for to, value in named):
            self.host.append(node)
            self.kinds |= {to: INDEX for to, _ in named}
            self.numbers |= {to for to, _ in named}
            return left
        return None

    def layout(self, array: str, value: ast.expr) -> tuple[Kind, list[ast.expr]] | None:
        """How an array lies in its buffer, with the lengths that have to be known, if it is said here."""
        of = self.kinds.get(array)
        if not isinstance(of, View):
            return None
        match value:
            case ast.Call(ast.Attribute(ast.Name(same), "reshape"), [_, *lengths]) if array == same:
                return View(of.dtype, 1 + len(lengths)), lengths
            case ast.Call(ast.Name(word), [ast.Name(same), ast.Constant(int(axes))]) if array == same:
                if self.meanings.get(word) is language.batch:
                    return Batch(of.dtype, axes, self.loops), []
                if self.meanings.get(word) is language.strided:
                    return View(of.dtype, axes, strided=True), []
        return None

    def hosted(self, node: ast.expr) -> bool:
        """Whether an expression is one of whole numbers that are known on the host."""
        match node:
            case ast.Name(name):
                return name in self.numbers
            case ast.Constant(value):
                return isinstance(value, int)
            case ast.Attribute(ast.Name(array), "size"):
                return isinstance(self.kinds.get(array), Elements)
            case ast.Subscript(ast.Attribute(ast.Name(array), "shape"), ast.Constant() | ast.UnaryOp()):
                return array in self.shaped
            case ast.BinOp(left, _, right):
                return self.hosted(left) and self.hosted(right)
            case ast.UnaryOp(_, operand):
                return self.hosted(operand)
            case ast.Call(ast.Name("min" | "max"), args, []):
                return all(map(self.hosted, args))
        return False

    def main(self, body: list[ast.stmt]) -> tuple[str, str]:
        """The count of the loop over grid or blocks, which becomes a parameter, and which of these it is."""
        loops = [node for node in body if isinstance(node, ast.For) and isinstance(node.iter, ast.Call)
                 and self.meanings.get(getattr(node.iter.func, "id", "")) in (language.grid, language.blocks)]
        if len(loops) != 1:
            raise TypeError(f"{self.name} has {len(loops)} loops over grid or blocks, not one")
        call = loops[0].iter
        assert isinstance(call, ast.Call)
        if len(call.args) != 1 or not self.hosted(call.args[0]):
            raise TypeError(f"`{ast.unparse(call)}` is not known on the host")
        count, call.args = ast.unparse(call.args[0]), [name("count_")]
        return count, self.meanings[call.func.id].__name__                             # type: ignore[attr-defined]

    def passed(self, body: list[ast.stmt]) -> tuple[dict[str, Kind], list[str], list[str]]:
        """The variables that the threads begin with; the parameters that they come from, and their values."""
        used = {node.id for each in body for node in ast.walk(each) if isinstance(node, ast.Name)}
        given = {"count_": INDEX, **{n: kind for n, kind in self.kinds.items() if n in used}}
        parameters, values = [], []
        for n, kind in given.items():
            if not isinstance(kind, Elements):
                parameters.append(n)
                values.append(n)
        batches = [n for n, kind in self.kinds.items() if isinstance(kind, Batch)]
        if batches:
            parameters += [f"b_{k}_" for k in range(1, self.loops)]
            values += ["*lengths_[1:]"] if self.loops > 1 else []
        for n, kind in given.items():
            if isinstance(kind, Elements):
                parameters += [n, f"p_{n}_"]
                values.append(f"*{n}.flat")
            if isinstance(kind, View) and kind.strided:
                parameters += [f"s_{n}_{k}_" for k in range(kind.axes)]
                values.append(f"*{n}.steps")
            if isinstance(kind, Batch):
                parameters += [f"b_{n}_{k}_" for k in range(self.loops)]
                parameters += [f"s_{n}_{k}_" for k in range(kind.own)]
                values.append(f"*strides_[{batches.index(n)}]")
        return given, parameters, values

    def casts(self) -> list[ast.stmt]:
        """Statements that give numbers their types."""
        numbers = {n: kind for n, kind in self.given.items() if not isinstance(kind, Elements)}
        sizes = [f"b_{k}_" for k in range(1, self.loops)]
        numbers |= {p: INDEX for p in self.parameters if p in sizes}
        return [each for n, kind in numbers.items() for each in lines(f"{n} = {kind}({n})")]

    def arrange(self, names: list[str]) -> str:
        """The text of a function of the kernel's arguments: how much work there is, and what it is given."""
        host = "".join(f"    {ast.unparse(node)}\n" for node in self.host)
        return (f"def arrange(lengths_, strides_, {', '.join(names)}):\n{host}    count_ = {self.count}\n"
                f"    return count_, ({', '.join(self.values)},)\n")
