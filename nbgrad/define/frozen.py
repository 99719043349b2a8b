"""Functions of scalars that are held to what they did the first time: what they refer to may change later.

A user's function is asked for its value when it is compiled, and again when a derivative is derived, which
may be at any later time. Both must be of one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from nbgrad.define.scalar_program import WEAK, Program, Symbol
from nbgrad.engine.graph import Op, apply, evaluate, next_id
from nbgrad.engine.tensor import Tensor, living, raw, tensor
from nbgrad.errors import trace_errors

_FLOATS = np.dtype(np.float32), np.dtype(np.float64)


class _Steps:
    """The trace that writes down the ops that a function applies; a Tensor's mark is its place.

    steps : the ops, with the places of their operands and constants, and parameters
    """

    __slots__ = ("count", "id", "steps")
    id: Any
    discrete = True

    def __init__(self) -> None:
        self.id, self.count = next_id(), 0
        self.steps: list[tuple[Op, list[tuple[int | None, Any]], dict[str, Any]]] = []

    def leaf(self, value: Any) -> Tensor:
        """A Tensor at the next place."""
        self.count += 1
        return tensor(value, self, self.count - 1)

    def record(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
               nested: bool) -> Any:
        """The Tensors of op's results."""
        z = evaluate(op, xs, params, nested)
        self.steps.append((op, [(m, None if m is not None else x) for m, x in zip(marks, xs, strict=True)],
                           params))
        return tuple(map(self.leaf, z)) if type(z) is tuple else self.leaf(z)


class _Frozen:
    """What a function did on symbols and constants, to be done again on Tensors in their places."""

    def __init__(self, f: Callable[..., Any], xs: Sequence[Any]) -> None:
        trace = _Steps()
        given = [trace.leaf(x) if type(x) is Symbol else tensor(x) for x in xs]
        self.places = [i for i, x in enumerate(xs) if type(x) is Symbol]
        self.z, self.trace, self.steps = f(*given), trace, trace.steps

    def __call__(self, *xs: Any) -> Any:
        found = [xs[i] for i in self.places]

        def result(z: Any) -> Any:
            return found[z.mark] if type(z) is Tensor and z.trace is self.trace else z

        for op, operands, params in self.steps:
            args = [x if place is None else found[place] for place, x in operands]
            names = getattr(op, "parameters", ())
            for name, x in zip(names, args[len(args) - len(names):], strict=True):
                check_parameter(op.name, name, x)
            z = apply(op, args, params)
            found += z if type(z) is tuple else (z,)
        return tuple(map(result, self.z)) if type(self.z) is tuple else result(self.z)


def check_parameter(op: str, name: str, x: Any) -> None:
    """Raises TraceError if a derivative is being taken by a parameter of an elementwise op: it has none."""
    trace = living(x).trace if type(living(x)) is Tensor else None
    if trace is not None and not trace.discrete:
        raise trace_errors.traced_parameter(op, name)


class Frozen:
    """A function of Tensors of scalars, written in elementwise ops: asked once for dtypes of its operands.

    beside : another one, of these operands and the results, that is asked at the same time
    """

    f: Callable[..., Any]
    beside: Frozen | None

    def __init__(self, f: Callable[..., Any], beside: Frozen | None = None) -> None:
        self.f, self.beside = f, beside
        self.known: dict[Any, _Frozen | Exception] = {}

    def __call__(self, *xs: Any) -> Any:
        values = [raw(x) for x in xs]
        key = tuple(map(_kind, values))
        if key not in self.known:
            self.freeze([x if type(x) in WEAK else x.dtype for x in values])
        found = self.known[key]
        if isinstance(found, Exception):
            raise found
        return found(*xs)

    def freeze(self, operands: Sequence[Any]) -> None:
        """Ask the function now, for operands of these dtypes, or these constants, and of floats."""
        for kinds in _alternatives(operands):
            self._freeze(kinds)

    def _freeze(self, operands: Sequence[Any]) -> None:
        """Ask the function, if it has not been.

        What it raises is raised when its result is needed: a value may be, where a derivative is not.
        """
        p = Program()
        xs = [x if type(x) in WEAK else p.operand(f"a{i}", x) for i, x in enumerate(operands)]
        key = tuple(map(_kind, xs))
        if key in self.known:
            return
        try:
            found = _Frozen(self.f, xs)
        except Exception as error:
            self.known[key] = error
            return
        self.known[key] = found
        if self.beside is not None:
            zs = map(raw, found.z if type(found.z) is tuple else (found.z,))
            for results in _alternatives([z.dtype if type(z) is Symbol else z for z in zs]):
                self.beside._freeze([*operands, *results])


def _alternatives(operands: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Dtypes that operands may have in programs of one function: their own, and a float's in the place of one
    that is not read. Constants stay what they are.
    """
    return product(*[(x,) if type(x) in WEAK else (x, *_FLOATS) for x in operands])


def _kind(x: Any) -> Any:
    """What tells operands apart: the dtype of a symbol, or of an array; a constant is what it is."""
    return (type(x), repr(x)) if type(x) in WEAK else x.dtype
