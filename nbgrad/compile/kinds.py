"""Kinds: what the compile step knows of a value in a kernel, and how two values meet.

A number that is no element of an array is weak: it takes the dtype of the element that it meets, as in NumPy.
So with x of float32, `1 / sqrt(x[i] / n + eps)` is float32(1) / sqrt(x[i] / float32(n) + float32(eps)).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbgrad.compile.record import isrecord

WEAK = ("bool", "int", "float")           # truth values, and numbers that have no dtype of their own


@dataclass(frozen=True)
class Elements:
    """The kind of an array: the name of its elements' dtype."""

    dtype: str


# The name of a dtype or of a weak kind; Elements; the class of a record; a Field that is several; a tuple of
# kinds; "nothing"; None where it is not known yet
Kind = Any


def is_float(kind: Kind) -> bool:
    return isinstance(kind, str) and kind.startswith("float")


def is_complex(kind: Kind) -> bool:
    return isinstance(kind, str) and kind.startswith("complex")


def join(a: Kind, b: Kind) -> Kind:
    """The kind of what is one of the two, or what an operation makes of both. Raises TypeError."""
    if a == b or b is None:
        return a
    if a is None:
        return b
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(map(join, a, b))
    if isrecord(a) and isrecord(b):
        for one, other in ((a, b), (b, a)):
            if issubclass(one, other):
                return other
    if not isinstance(a, str) or not isinstance(b, str) or "nothing" in (a, b):
        raise TypeError(f"{spelled(a)} and {spelled(b)} do not go together")
    if a in WEAK and b in WEAK:
        return max(a, b, key=WEAK.index)
    if a in WEAK or b in WEAK:
        weak, strong = (a, b) if a in WEAK else (b, a)
        exact = not is_float(strong) and not is_complex(strong)
        return "float" if weak == "float" and exact else strong
    if is_float(a) != is_float(b) and not is_complex(a) and not is_complex(b):
        return a if is_float(a) else b
    return np.promote_types(a, b).name


def joined(kinds: Sequence[Kind]) -> Kind:
    """The kind that all of them make together."""
    found: Kind = None
    for kind in kinds:
        found = join(found, kind)
    return found


def spelled(kind: Kind) -> str:
    return f"an array of {kind.dtype}" if isinstance(kind, Elements) else getattr(kind, "__name__", str(kind))


def cast(node: ast.expr, kind: Kind, to: Kind, exactly: bool = False) -> ast.expr:
    """A value where one of another kind is wanted. exactly: where a compiler would widen it, too."""
    same = kind == to or (kind, to) in (("int", "int64"), ("float", "float64"), ("bool", "int64"))
    if same or not isinstance(kind, str) or not isinstance(to, str) or to in WEAK:
        return node
    if not exactly and kind not in WEAK and is_float(kind) == is_float(to):
        return node
    return ast.Call(ast.Name(to, ast.Load()), [node], [])
