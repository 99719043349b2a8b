"""The steps of a row program as they are found: folds, and values of elements, go to sweeps."""

from __future__ import annotations

import ast

from nbgrad.compile.rowprogram import OUT, Expression, Statement, Step, Sweep, variable
from nbgrad.compile.writer import Names


class _Open:
    """A sweep that is being written: the values of elements that it computes, and what comes of them."""

    def __init__(self, where: ast.expr | None) -> None:
        self.where = where
        self.known: set[str] = set()
        self.values: list[Statement] = []
        self.results: list[Statement] = []

    def closed(self) -> Sweep:
        return Sweep((*self.values, *self.results), None if self.where is None else Expression(self.where))


class Steps:
    """Steps as they are added. Every variable is new, and given its value once.

    names    : of all variables
    elements : values of elements, and whether they are kept in the result's memory
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.done: list[_Open | Statement] = []
        self.elements: dict[str, tuple[Expression, bool]] = {}

    def closed(self) -> tuple[Step, ...]:
        """All steps."""
        return tuple([step.closed() if isinstance(step, _Open) else step for step in self.done])

    def number(self, name: str, tree: ast.expr) -> ast.expr:
        """A variable with a value of the row."""
        made = self.names.fresh(name)
        self.done.append(Statement(made, Expression(tree)))
        return ast.Name(made, ast.Load())

    def element(self, name: str, tree: ast.expr, kept: bool) -> ast.expr:
        """A variable with a value of each element. The sweeps compute it that need it."""
        made = self.names.fresh(name)
        self.elements[made] = Expression(tree), kept
        return ast.Name(made, ast.Load())

    def fold(self, name: str, fold: str, tree: ast.expr, where: ast.expr | None) -> ast.expr:
        """A variable that values of all elements are folded to, where a condition holds."""
        made = self.names.fresh(name)
        sweep = self._last_sweep(tree, where)
        self._need(sweep, tree)
        sweep.results.append(Statement(made, Expression(tree), fold))
        return ast.Name(made, ast.Load())

    def result(self, tree: ast.expr, each: bool) -> None:
        """The result, whether it has a value for each element or one for the row."""
        statement = Statement(OUT, Expression(tree))
        if not each:
            self.done.append(statement)
            return
        sweep = _Open(None)
        self._need(sweep, tree)
        sweep.results.append(statement)
        self.done.append(sweep)

    def kept(self) -> list[str]:
        """The values that are kept."""
        return [name for name, (_, kept) in self.elements.items() if kept]

    def to_keep(self, tree: ast.expr) -> list[str]:
        """The values that a tree reads, which are to be kept and are not yet."""
        return sorted(self._reads(tree).intersection(self.kept()) - self._stored())

    def _last_sweep(self, tree: ast.expr, where: ast.expr | None) -> _Open:
        """The last sweep, if a fold can be added to it; else a new one."""
        later: set[str] = set()           # what is known after that sweep only
        for step in reversed(self.done):
            if isinstance(step, Statement):
                later.add(step.target)
                continue
            later |= {s.target for s in step.results}
            if _same(step.where, where) and not later & self._reads(tree):
                return step
            break
        made = _Open(where)
        self.done.append(made)
        return made

    def _reads(self, tree: ast.expr, stored: frozenset[str] = frozenset()) -> set[str]:
        """The variables that a tree reads, and those that these do, unless they are stored."""
        found, ahead = set[str](), set(Expression(tree).reads)
        while ahead:
            name = ahead.pop()
            found.add(name)
            if name in self.elements and name not in stored:
                ahead |= self.elements[name][0].reads - found
        return found

    def _stored(self, beside: _Open | None = None) -> frozenset[str]:
        """The values that sweeps have stored, other than one."""
        sweeps = [step for step in self.done if isinstance(step, _Open) and step is not beside]
        return frozenset([s.value.tree.id for step in sweeps for s in step.values
                          if s.target == OUT and isinstance(s.value.tree, ast.Name)])

    def _need(self, sweep: _Open, tree: ast.expr) -> None:
        """Compute in a sweep the values of elements that a tree reads."""
        stored = self._stored(sweep)
        wanted = self._reads(tree, stored)
        for name, (value, kept) in self.elements.items():
            if name in wanted and name not in sweep.known:
                sweep.known.add(name)
                sweep.values.append(Statement(name, variable(OUT) if name in stored else value))
                if kept and name not in stored:
                    sweep.values.append(Statement(OUT, variable(name)))


def _same(a: ast.expr | None, b: ast.expr | None) -> bool:
    return a is b is None or (a is not None and b is not None and ast.dump(a) == ast.dump(b))
