"""Functions of trees as functions of the arrays in them, as other libraries' derivative rules take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from nbgrad.engine.tensor import Tensor, as_tensor, living
from nbgrad.engine.transforms import jvp, vjp
from nbgrad.engine.tree import flatten
from nbgrad.errors import OperandError, gradient_errors, trace_errors

Run = Callable[..., Sequence[Any]]            # arrays -> arrays


class Flat:
    """A call of f as a function of the arrays among its arguments, to the leaves of its result.

    arrays : those arguments
    """

    arrays: list[Any]
    f: Callable[..., Any]
    leaves: list[Any]
    places: list[int]
    rebuild: Callable[[list[Any]], Any]
    rebuild_result: Callable[[list[Any]], Any]

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any],
                 is_array: Callable[[Any], bool]) -> None:
        self.f = f
        self.leaves, self.rebuild = flatten((tuple(args), dict(kwargs)))
        self.places = [k for k, x in enumerate(self.leaves) if is_array(x)]
        self.arrays = [self.leaves[k] for k in self.places]

    def __call__(self, *arrays: Any) -> list[Any]:
        full = list(self.leaves)
        for k, x in zip(self.places, arrays, strict=True):
            full[k] = x
        args, kwargs = self.rebuild(full)
        leaves, self.rebuild_result = flatten(self.f(*args, **kwargs))
        return leaves

    def result(self, leaves: Sequence[Any]) -> Any:
        """The tree that f returned when it was last called, with these leaves."""
        return self.rebuild_result(list(leaves))


def package(name: str, what: str) -> Any:
    """A package that is needed. Raises MissingPackageError."""
    try:
        return import_module(name)
    except ImportError as error:
        raise trace_errors.not_installed(name.partition(".")[0], what) from error


def tensors(what: str, leaves: Sequence[Any]) -> list[Tensor]:
    """The leaves of a result as Tensors. Raises DtypeError for one that is no array of numbers."""
    try:
        return [as_tensor(y) for y in leaves]
    except OperandError as error:
        raise error.of(what) from None


def constants(what: str, ys: Sequence[Tensor]) -> list[Tensor]:
    """Results that nothing but their inputs is to be differentiated by. Raises GradientError."""
    if any(living(y).trace is not None for y in ys):
        raise gradient_errors.not_an_argument(what)
    return list(ys)


def floats(ys: Sequence[Any]) -> list[int]:
    """The places of floating-point arrays."""
    return [k for k, y in enumerate(ys) if y.dtype.kind == "f"]


# What follows is made of `run`, a function of Tensors, and is one itself: it can be differentiated again.
def pulled(run: Run, wanted: Sequence[int], results: Sequence[int], count: int) -> Run:
    """The cotangents of wanted ones of `count` inputs, as a function of all inputs and those of results."""

    def pull(*args: Any) -> list[Any]:
        moving = _moving(run, args[:count], wanted, results)
        return list(vjp(moving, *[args[i] for i in wanted])[1](list(args[count:])))

    return pull


def pushed(run: Run, moved: Sequence[int], results: Sequence[int], count: int) -> Run:
    """The tangents of results, as a function of all inputs and of the tangents of those that are moved."""

    def push(*args: Any) -> list[Any]:
        moving = _moving(run, args[:count], moved, results)
        return list(jvp(moving, [args[i] for i in moved], list(args[count:]))[1])

    return push


def _moving(run: Run, xs: Sequence[Any], places: Sequence[int], results: Sequence[int]) -> Run:
    """run as a function of the inputs at these places to these results."""

    def moving(*some: Any) -> list[Any]:
        full = list(xs)
        for i, x in zip(places, some, strict=True):
            full[i] = x
        ys = run(*full)
        return [ys[k] for k in results]

    return moving
