"""Trees: dicts, lists, tuples and dataclasses of values, taken apart and put together again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of a tree, from left to right, and the function that makes the same tree of other leaves.

    None is a tree without leaves. A named tuple stays one; of a dataclass the fields are its parts.
    """
    if type(tree) is list and all(map(_is_leaf, map(type, tree))):
        return tree[:], list
    leaves: list[Any] = []
    return leaves, _walk(tree, leaves)


def _walk(x: Any, leaves: list[Any]) -> Callable[[list[Any]], Any]:
    """Append x's leaves; the function that makes x of the list of all leaves."""
    kind: Any = type(x)
    if _is_leaf(kind):
        place = len(leaves)
        leaves.append(x)
        return lambda new: new[place]
    if x is None:
        return lambda new: None
    if isinstance(x, dict):
        items = {k: _walk(v, leaves) for k, v in x.items()}
        return lambda new: type(x)((k, part(new)) for k, part in items.items())
    if isinstance(x, (list, tuple)):
        parts = [_walk(v, leaves) for v in x]
        make = type(x)._make if hasattr(x, "_make") else type(x)
        return lambda new: make([part(new) for part in parts])
    fields = {f.name: _walk(getattr(x, f.name), leaves) for f in dataclasses.fields(x) if f.init}
    return lambda new: dataclasses.replace(x, **{k: part(new) for k, part in fields.items()})


@cache
def _is_leaf(kind: Any) -> bool:
    """Whether a value of this type is a leaf."""
    return not (issubclass(kind, (dict, list, tuple, type(None))) or dataclasses.is_dataclass(kind))


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with f applied to every leaf."""
    leaves, rebuild = flatten(tree)
    return rebuild([f(x) for x in leaves])


def form(tree: Any) -> str:
    """A short description of a tree's structure, for comparison and for messages."""
    return str(map_leaves(lambda _: _Star(), tree))


class _Star:
    def __repr__(self) -> str:
        return "*"
