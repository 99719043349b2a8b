"""Checkpoints: memory saved by running a function a second time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nbgrad.engine import modes
from nbgrad.engine.arguments import is_float
from nbgrad.engine.graph import Op, apply, pull
from nbgrad.engine.tensor import Tensor, as_tensor, raw, tensor, wrap
from nbgrad.engine.transforms import check_function, transformed
from nbgrad.engine.tree import flatten
from nbgrad.errors import gradient_errors


class Checkpoint(Op):
    """A function as one op that keeps its inputs only and is run again when its derivative is wanted."""

    name: str
    f: Callable[..., Any]

    def __init__(self, f: Callable[..., Any], name: str) -> None:
        self.f, self.name = f, f"checkpoint({name})"

    def run(self, *xs: Any, **params: Any) -> Any:
        ys = self.f(*map(tensor, xs))
        for y in ys:
            if y.trace is not None:
                raise gradient_errors.not_an_argument(self.name)
        return tuple(map(raw, ys))

    def save(self, xs: Sequence[Any], z: Any, params: dict[str, Any], wanted: tuple[bool, ...]) -> Any:
        return xs, wanted, modes.reverse.get()

    def pull(self, g: Any, memo: Any) -> Sequence[Any]:
        xs, wanted, made = memo
        trace = made()
        watched = [trace.leaf(x) if want else wrap(x) for x, want in zip(xs, wanted, strict=True)]
        nodes = [t.mark for t in watched]
        ys = self.f(*watched)
        found = pull([(y.mark, c) for y, c in zip(ys, g, strict=True) if c is not None and y.trace is trace])
        return [found.get(n) if want else None for n, want in zip(nodes, wanted, strict=True)]

    def push(self, ts: Sequence[Any], xs: Sequence[Any], z: Any, params: dict[str, Any]) -> Any:
        trace = modes.forward.get()()
        ys = self.f(*[wrap(x) if t is None else tensor(x, trace, t) for x, t in zip(xs, ts, strict=True)])
        return tuple([y.mark if y.trace is trace else None for y in ys])


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with f's values and derivatives that stores its arguments only.

    f is run again in the backward pass. It takes and returns trees of Tensors and must depend on nothing else
    that has a gradient: raises GradientError if it does.
    Raises GradientError where f reads a Tensor with a gradient that is not among its arguments.

    >>> f = nb.checkpoint(lambda x: nb.exp(nb.sin(x)))
    >>> nb.grad(f)(0.0)
    tensor(1.)
    """
    check_function("checkpoint", f)
    return transformed(_checkpoint, f)


def _checkpoint(f: Callable[..., Any], /, *args: Any) -> Any:
    leaves, rebuild = flatten(args)
    leaves = [wrap(x) if type(x) is Tensor else x for x in leaves]        # what they are now
    moving = [k for k, x in enumerate(leaves) if is_float(x)]
    built: list[Any] = []

    def flat(*xs: Tensor) -> tuple[Tensor, ...]:
        full = list(leaves)
        for k, x in zip(moving, xs, strict=True):
            full[k] = x
        ys, rebuild_result = flatten(f(*rebuild(full)))
        built[:] = [rebuild_result]
        return tuple(map(as_tensor, ys))

    outs = apply(Checkpoint(flat, getattr(f, "__name__", "f")), [as_tensor(leaves[k]) for k in moving])
    return built[0](list(outs))
