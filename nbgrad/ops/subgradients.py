"""The choice of a subgradient: a context whose transforms take the derivative to one side at kinks.

The traces of transforms are of a kind, in the context, that puts another op in the place of one that is at a
kink of the table of ops/kinks.py; the ops themselves know nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Token
from typing import Any

from nbgrad.arrays import devices
from nbgrad.arrays.dtypes import is_complex
from nbgrad.engine import modes
from nbgrad.engine.checkpoint import Checkpoint
from nbgrad.engine.graph import Graph, Op, Tangents, add
from nbgrad.engine.tensor import Tensor, raw, tensor, unwrap, wrap
from nbgrad.errors import gradient_errors, value_errors
from nbgrad.ops.elementwise import where
from nbgrad.ops.kinks import KINKS
from nbgrad.ops.sides import inside, kink_of, mask, meets, tensors


class _Beside(Op):
    """An op of the table at kinks, with the derivative that it has beside them."""

    def __init__(self, op: Op, sides: Sequence[float], at: Tensor) -> None:
        self.op, self.sides, self.at, self.name = op, sides, at, op.name

    def run(self, *xs: Any, **params: Any) -> Any:
        return self.op.run(*xs, **params)

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        return self.op.save(xs, z, params, wanted), xs, params, wanted

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        own, xs, params, wanted = memo
        found = list(self.op.pull(unwrap(where(self.at, 0.0, wrap(g))), own))
        g = where(self.at, wrap(g), 0.0) / len(self.sides)
        for side in self.sides:
            cs = KINKS[self.name].pull(_moved(side, xs, wanted), g, tensors(xs), params)
            found = [add(c, unwrap(d)) if want else None
                     for c, d, want in zip(found, cs, wanted, strict=True)]
        return found

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        moving = [t is not None for t in ts]
        total: Any = None
        for side in self.sides:
            t = KINKS[self.name].push(_moved(side, xs, moving), [None if t is None else wrap(t) for t in ts],
                                      tensors(xs), z, params)
            total = t if total is None else total + t
        return unwrap(where(self.at, total / len(self.sides), wrap(self.op.push(ts, xs, z, params))))


def _moved(side: float, xs: Sequence[Any], moving: Sequence[bool]) -> list[Any]:
    """All operands that move, moved to one side alike."""
    return [tensor(devices.ones_like(raw(x))) * side if m else 0.0 for x, m in zip(xs, moving, strict=True)]


def _chosen(op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
            sides: Sequence[float]) -> Op:
    """The op, or one with its values and the chosen derivative."""
    if op.name not in KINKS or (op.name == "sort" and sides):
        return op
    at = mask(op, xs, op.run(*map(raw, xs), **params), params)
    if at is None:
        return op
    if not sides:
        place = next(i for i, m in enumerate(marks) if m is not None)
        raise gradient_errors.at_kink(*kink_of(op.name, place, at))
    if any(map(is_complex, xs)):
        raise gradient_errors.complex_sides(op.name)
    return _Beside(op, sides, at)


def _declares(op: Op) -> bool:
    """Whether an op that is made of others has a derivative of its own, which is what its author chose."""
    return getattr(op, "d", None) is not None and op.name != "clip"


class _Choosing:
    """A trace with chosen subgradients."""

    __slots__ = ()

    def record(self, op: Op, xs: Sequence[Any], params: dict[str, Any], marks: Sequence[Any],
               nested: bool) -> Any:
        own: Any = self
        within = None if type(op) is Checkpoint or _declares(op) else inside(op)
        if within is not None and meets(within, xs, marks):
            return within(*[x if m is None else tensor(unwrap(x), own, m)
                            for x, m in zip(tensors(xs), marks, strict=True)])
        record: Any = super().record          # type: ignore[misc]
        return record(_chosen(op, xs, params, marks, own.sides), xs, params, marks, nested)


class _ChoosingGraph(_Choosing, Graph):
    __slots__ = ("sides",)

    def __init__(self, sides: Sequence[float]) -> None:
        super().__init__()
        self.sides = sides


class _ChoosingTangents(_Choosing, Tangents):
    __slots__ = ("sides",)

    def __init__(self, sides: Sequence[float]) -> None:
        super().__init__()
        self.sides = sides


_SIDES: dict[str, Any] = {"min-norm": None, "left": (-1.0,), "right": (1.0,), "mean": (-1.0, 1.0),
                          "raise": ()}


class Choice:
    """The context that `subgradient` returns."""

    def __init__(self, sides: Sequence[float] | None) -> None:
        self._makers: tuple[Any, Any] = (Graph, Tangents) if sides is None else (
            lambda: _ChoosingGraph(sides), lambda: _ChoosingTangents(sides))
        self._tokens: list[tuple[Token[Any], Token[Any]]] = []

    def __enter__(self) -> None:
        self._tokens.append((modes.reverse.set(self._makers[0]), modes.forward.set(self._makers[1])))

    def __exit__(self, *_: Any) -> None:
        reverse, forward = self._tokens.pop()
        modes.reverse.reset(reverse)
        modes.forward.reset(forward)


def subgradient(choice: str) -> Choice:
    """Return a context in which `grad` and its kin take this subgradient at kinks.

    choice : "min-norm", what the docstrings of the ops say (the default); "right", the derivative that an op
        has just beside its kink, all its operands that move moved up alike; "left", the same moved down;
        "mean", the mean of both; "raise" refuses to differentiate at a kink, by name
    The derivative of relu at 0 is 0, 1, 0 and 1/2; of abs 0, 1, -1 and 0; that of the norm of n zeros has
    1 / sqrt(n) in each element to the right. Elements that stay equal when all move alike (ties of max, or of
    two operands of maximum that both move) share as ever, and so does sort.
    The choice is that of when a transform begins: f runs in it, and what comes back later, from `vjp`, has
    it. It holds for the thread that entered it. Tensors with requires_grad=True record without it:
    `backward` is refused in the context. Comparisons, and `where`, are no kinks; an op of your own with a
    derivative that it declares keeps that.
    Raises ValueRangeError for another choice; in "raise", GradientError at kinks; in "left", "right" and
    "mean" at those of complex numbers.

    >>> with nb.subgradient("right"):
    ...     print(nb.grad(nb.relu)(0.0), nb.grad(nb.abs)(0.0))
    1.0 1.0
    """
    if choice not in _SIDES:
        raise value_errors.bad_choice("subgradient", "choice", choice, _SIDES)
    return Choice(_SIDES[choice])
