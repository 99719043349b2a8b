"""A function's arguments: which of them a transform differentiates by, and the call with those watched."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nbgrad.arrays import foreign
from nbgrad.engine.tensor import Tensor, as_tensor, unwrap
from nbgrad.engine.tree import flatten
from nbgrad.errors import value_errors

Key = int | str                               # where an argument stands in a call: its place or its keyword


def is_float(x: Any) -> bool:
    """Whether a leaf is a floating-point or complex number, array or Tensor."""
    if type(x) is Tensor or isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.kind in "fc"
    return isinstance(x, (float, complex))


class Chosen(NamedTuple):
    """The arguments to differentiate by, as the user has said it.

    what : name of the transform, for messages
    several : whether the result is a tuple, with an entry for each
    """

    what: str
    nums: tuple[int, ...]
    names: tuple[str, ...]
    several: bool

    def keys(self, f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Key, ...]:
        """Where they stand in a call of f."""
        if not self.names:
            return self.nums
        return *self.nums, *[self._key(name, f, len(args), kwargs) for name in self.names]

    def _key(self, name: str, f: Callable[..., Any], count: int, kwargs: Mapping[str, Any]) -> Key:
        """Where the argument of this name stands in a call of f with so many arguments by place."""
        if name in kwargs:
            return name
        known = _positional(f)
        if name in known[:count]:
            return known.index(name)
        raise value_errors.no_argument(self.what, name, [*known[:count], *kwargs])

    def packed(self, results: Sequence[Any]) -> Any:
        """The results for each, as the caller gets them."""
        return tuple(results) if self.several else results[0]


def chosen(what: str, argnums: int | Sequence[int] | None, argnames: str | Sequence[str] | None) -> Chosen:
    """The arguments of these places and names; the first one if neither is given."""
    if argnums is None and argnames is None:
        argnums = 0
    nums, several = _listed(argnums)
    names, more = _listed(argnames)
    for num in nums:
        if not isinstance(num, (int, np.integer)):
            raise value_errors.bad_argument(what, num, "argnums: the place of an argument, or several")
    for name in names:
        if not isinstance(name, str):
            raise value_errors.bad_argument(what, name, "argnames: the name of an argument, or several")
    return Chosen(what, tuple(map(int, nums)), names, several or more or len(nums) + len(names) > 1)


def _listed(given: Any) -> tuple[tuple[Any, ...], bool]:
    """What was given as a tuple, and whether it was given as several."""
    if given is None:
        return (), False
    several = isinstance(given, Sequence) and not isinstance(given, str)
    return (tuple(given), True) if several else ((given,), False)


def _positional(f: Callable[..., Any]) -> list[str]:
    """Names of the parameters that f takes by place; none if it does not say."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except ValueError:                        # some functions written in C have no signature
        return []
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in by_place]


class Inputs:
    """A function's arguments with some of their leaves watched by a trace.

    what : name of the transform, for messages
    args, kwargs : the arguments
    keys : which of them to differentiate by
    """

    what: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    keys: list[Key]
    leaves: list[Any]
    rebuild: Callable[[list[Any]], Any]
    moving: list[int]
    values: list[Any]

    def __init__(self, what: str, args: Sequence[Any], keys: Sequence[Key],
                 kwargs: Mapping[str, Any] | None = None) -> None:
        self.what, self.args, self.kwargs, count = what, args, kwargs or {}, len(args)
        self.keys = [k if isinstance(k, str) or 0 <= k < count else self._from_first(k) for k in keys]
        if len(self.keys) > 1 and len(set(self.keys)) < len(self.keys):
            raise value_errors.bad_value(what, f"{tuple(keys)} names an argument twice")
        given = [self.kwargs[k] if isinstance(k, str) else args[k] for k in self.keys]
        self.leaves, self.rebuild = flatten(given)
        self.moving = [k for k, x in enumerate(self.leaves) if is_float(x)]
        if len(self.moving) < len(self.leaves):
            self.leaves = [as_tensor(x) if foreign.library(x) else x for x in self.leaves]
            self.moving = [k for k, x in enumerate(self.leaves) if is_float(x)]
        if not self.moving:
            found = [getattr(x, "dtype", type(x).__name__) for x in self.leaves]
            raise value_errors.needs_floats(what, ", ".join(map(str, found)) or "nothing")
        self.values = [unwrap(as_tensor(self.leaves[k])) for k in self.moving]

    def _from_first(self, place: int) -> int:
        """A place counted from the last one, counted from the first one."""
        count = len(self.args)
        if not -count <= place < 0:
            why = f"argnums {place} is out of range for {count} arguments by place"
            raise value_errors.bad_value(self.what, why)
        return place + count

    def call(self, f: Callable[..., Any], tensors: Sequence[Tensor]) -> Any:
        """f of the arguments with these Tensors for their floating-point leaves."""
        leaves = list(self.leaves)
        for k, t in zip(self.moving, tensors, strict=True):
            leaves[k] = t
        args, kwargs = list(self.args), self.kwargs
        for key, tree in zip(self.keys, self.rebuild(leaves), strict=True):
            if isinstance(key, str):
                kwargs = {**kwargs, key: tree}
            else:
                args[key] = tree
        return f(*args, **kwargs)

    def tree(self, results: Sequence[Any]) -> list[Any]:
        """One tree for each argument, with these results at the floating-point leaves, None at the others."""
        leaves: list[Any] = [None] * len(self.leaves)
        for k, r in zip(self.moving, results, strict=True):
            leaves[k] = r
        return self.rebuild(leaves)
