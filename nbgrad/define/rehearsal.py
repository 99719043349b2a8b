"""Pullbacks as programs: which kernels an op's rules come to on arrays of certain dtypes, shapes and strides.

A rule is rehearsed once: it is given Tensors that show shapes and dtypes but no values, under a trace that
writes down the ops that it applies. On arrays that are alike the same kernels then run, and the rule is not
asked again. A rule that looks at values fails in rehearsal, has no program, and is asked each time; and so is
one that makes large arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from nbgrad.arrays import memory
from nbgrad.arrays.devices import Array
from nbgrad.engine.graph import Op, next_id
from nbgrad.engine.tensor import Tensor, spec, tensor

_NUMBERS = frozenset([int, float, bool])
_SMALL = 1024                             # bytes of a constant that a program keeps
Step = tuple[Callable[..., Any], int, Any]    # a kernel, and the place of its operand, or what gets several


class UnfitError(Exception):
    """A rule does what no program can: it is asked each time."""


class Rehearsal:
    """The trace that writes down the ops that a rule applies; a Tensor's mark is its value's place.

    values : what the Tensors stand for: arrays that are given, constants, results of steps
    steps  : what computes the results, in this order, behind the arrays and all constants
    """

    __slots__ = ("constants", "id", "steps", "values")
    id: Any
    discrete = True

    def __init__(self) -> None:
        self.id = next_id()
        self.values: dict[int, Any] = {}      # by place; constants have places below 0
        self.constants: list[Any] = []
        self.steps: list[tuple[Callable[..., Any], list[int]]] = []

    def leaf(self, value: Array) -> Tensor:
        """A Tensor that stands for an array."""
        place = len(self.values) - len(self.constants)
        self.values[place] = value
        return tensor(spec(value), self, place)

    def record(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
               nested: bool) -> Any:
        """The Tensors of op's results. Raises UnfitError for what no program does."""
        if nested:
            raise UnfitError
        places = [self.constant(x) if mark is None else mark for x, mark in zip(xs, marks, strict=True)]
        operands = [self.values[place] for place in places]
        run = op.ready(operands, params)
        z = run(*operands)
        self.steps.append((run, places))
        whole = self.leaf(z) if type(z) is Array else None
        if whole is not None:
            return whole
        place = len(self.values) - len(self.constants)
        self.values[place] = z
        return tuple([self._part(i, place) for i in range(len(z))])

    def _part(self, i: int, place: int) -> Tensor:
        """One of several results of a step."""
        get = itemgetter(i)
        self.steps.append((get, [place]))
        return self.leaf(get(self.values[place]))

    def constant(self, x: Any) -> int:
        """The place of a number, or of a small array. Raises UnfitError for anything else."""
        if type(x) not in _NUMBERS and not (type(x) is Array and x.nbytes <= _SMALL):
            raise UnfitError
        self.constants.append(x)
        self.values[-len(self.constants)] = x
        return -len(self.constants)

    def result(self, c: Any) -> int | None:
        """The place of a cotangent; None for zero."""
        if c is None:
            return None
        if type(c) is Tensor:
            if c.trace is not self and c.trace is not None:
                raise UnfitError
            return self.constant(c.value) if c.trace is None else c.mark
        return self.constant(c)


class Program:
    """Cotangents of an op's inputs from arrays that are alike: that of the output, and what was saved.

    steps  : kernels with the places of their operands, among the arrays given, constants, results so far
    places : where the cotangents are then; None for zero
    """

    __slots__ = ("constants", "places", "steps")
    constants: list[Any]
    places: list[int | None]

    def __init__(self, trace: Rehearsal, given: int, places: Sequence[int | None]) -> None:
        moved = len(trace.constants)

        def at(place: int) -> int:
            return given - 1 - place if place < 0 else place + moved * (place >= given)

        self.constants = trace.constants
        self.places = [None if place is None else at(place) for place in places]
        self.steps: list[Step] = [(run, at(found[0]), itemgetter(*map(at, found)) if len(found) > 1 else None)
                                  for run, found in trace.steps]

    def __call__(self, values: list[Any]) -> list[Any]:
        """The cotangents. values: the arrays given; what is computed is added to them."""
        values += self.constants
        for run, place, several in self.steps:
            values.append(run(values[place]) if several is None else run(*several(values)))
        return [None if place is None else values[place] for place in self.places]


def rehearse(rules: Callable[..., Sequence[Any]], g: Any, z: Any, xs: Sequence[Any]) -> Program | None:
    """The program of rules (g, z, xs) -> cotangents, as inner values, on arrays like these, or None.

    Of the arguments those that are arrays differ between calls; others do not.
    """
    trace = Rehearsal()
    try:
        shown = [trace.leaf(x) if type(x) is Array else x for x in (g, z, *xs)]
        given = len(trace.values)
        places = [trace.result(c) for c in rules(shown[0], shown[1], shown[2:])]
    except Exception:                         # whatever comes of it: asked in earnest, the rule says it again
        return None
    made = [v for place, v in trace.values.items() if place >= given and type(v) is Array]
    if sum([v.nbytes for v in made]) >= memory.POOLED:
        return None
    return Program(trace, given, places)
