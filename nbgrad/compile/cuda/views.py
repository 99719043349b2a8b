"""Arrays in kernels for CUDA: parts of flat buffers; and trees of syntax made from text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from nbgrad.compile.kinds import Elements

INDEX, WIDE = "uint32", "int64"           # the dtypes of indices, and of what may be more or less than they


@dataclass(frozen=True)
class View(Elements):
    """A part of a buffer that begins at a place: x, p_x_, and numbers about its axes.

    strided : the numbers are the strides s_x_0_, s_x_1_, ..., of 64 bits; else the array is in C order, and
        they are the lengths of all axes but the first, d_x_1_, d_x_2_, ...
    turned  : the axes are in the opposite order
    """

    axes: int = 1
    strided: bool = False
    turned: bool = False


@dataclass(frozen=True)
class Batch(Elements):
    """Arrays of some own axes, which lie in a buffer as loops over lengths b_1_, b_2_, ... have it."""

    own: int = 1
    loops: int = 1


def name(text: str) -> ast.expr:
    return ast.Name(text, ast.Load())


def calling(word: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.parse(word, mode="eval").body, list(args), [])


def of(text: str, **parts: ast.expr) -> ast.expr:
    """An expression in text, with others in the place of names."""
    return _Filled(parts).visit(ast.parse(text, mode="eval").body)


def lines(text: str, **parts: ast.expr) -> list[ast.stmt]:
    """Statements in text, with expressions in the place of names."""
    return _Filled(parts).visit(ast.parse(text)).body


class _Filled(ast.NodeTransformer):
    def __init__(self, parts: Mapping[str, ast.expr]) -> None:
        self.parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.parts.get(node.id, node)
