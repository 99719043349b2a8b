"""Scalar programs interpreted: what they compute of one element, computed of arrays by NumPy's functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial, reduce
from importlib import import_module
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile.program import Body, Kind

_BLOCK = 16384                            # elements that are computed at a time: they stay in the cache
_LINE, _COSTLY = 2.0, 20.0                # nanoseconds of a line, and of a function in it, for one element
_SCALARS = {float: np.float64, int: np.int64, bool: np.bool_, complex: np.complex128}


def _cast(dtype: np.dtype) -> Callable[[Any], Any]:
    return lambda x: np.asarray(x).astype(dtype, copy=False)


def _special(name: str) -> Callable[..., Any]:
    """A function of SciPy's, whose import takes a tenth of a second."""
    def function(x: Any) -> Any:
        return getattr(import_module("scipy.special"), name)(x)

    function.__name__ = name
    return function


def _of_square(factor: float) -> Callable[[Any], Any]:
    """e^(factor x^2): the square of x rounded to half the digits is exact, and what it lacks is small."""
    def function(x: Any) -> Any:
        wide = np.clip(x, -40, 40).astype(np.float64)       # beyond, it is 0
        near = wide.astype(np.float32).astype(np.float64)
        rest = (wide - near) * (wide + near)
        return (np.exp(factor * near * near) * np.exp(factor * rest)).astype(x.dtype)

    return function


def exp2_slope(x: Any) -> Any:
    """log(2) * 2^x, also where 2^x is beyond the range."""
    root = np.exp2(x / 2)
    return x.dtype.type(np.log(2)) * root * root


def compose(real: Any, imag: Any) -> Any:
    """The complex numbers of their parts: a sum with 1j times a part would make nan of infinities."""
    dtype = np.complex64 if np.result_type(real, imag) == np.float32 else np.complex128
    z = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imag)), dtype)
    z.real, z.imag = real, imag
    return z


_RENAMED = {"acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
            "atanh": "arctanh", "atan2": "arctan2", "expm1_slope": "exp", "pow": "power"}
_NUMPYS = ("cbrt", "cos", "cosh", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "sin", "sinh",
           "tan", "tanh", "floor_divide", "hypot", "logaddexp", "remainder", "sqrt", "rint", "isnan", "isinf",
           "isfinite", "signbit", "nextafter", "sign", "left_shift", "right_shift", "floor", "ceil", "trunc",
           "maximum", "minimum", "where", "logical_not", "logical_and",
           "logical_or", "abs", "inf", "nan")
SPECIAL = {"erf": _special("erf"), "erfc": _special("erfc"), "normcdf": _special("ndtr")}
SCOPE: dict[str, Any] = {
    **SPECIAL,
    **{name: getattr(np, name) for name in _NUMPYS},
    **{name: getattr(np, numpys) for name, numpys in _RENAMED.items()},
    "compose": compose, "decay": lambda x: np.exp(-np.abs(x)), "exp2_slope": exp2_slope,
    "gauss": _of_square(-1.0), "half_gauss": _of_square(-0.5),
    **{name: _cast(np.dtype(name)) for name in memory.DTYPES},
}


class OfArrays(ast.NodeTransformer):
    """A scalar expression as one of arrays: a choice is computed on both sides."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        return _call("where", node.test, node.body, node.orelse)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _call("logical_not", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        word = "logical_and" if isinstance(node.op, ast.And) else "logical_or"
        return reduce(partial(_call, word), node.values)


def _call(word: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(word, ast.Load()), list(args), [])


def function(body: Body, count: int) -> Callable[..., tuple[Any, ...]]:
    """What gives the results of a program, of arrays and scalars."""
    lines = [f"    {name} = {ast.unparse(OfArrays().visit(value))}" for name, value in body.assignments]
    source = "\n".join([f"def program({', '.join(f'a{i}' for i in range(count))}):", *lines,
                        f"    return ({', '.join(body.results)},)"])
    space = dict(SCOPE)
    exec(source, space)
    found: Callable[..., tuple[Any, ...]] = space["program"]
    return found


def cost(body: Body) -> tuple[int, float]:
    """NumPy's functions that are called, and nanoseconds for an element."""
    return len(body.lines), _LINE * len(body.lines) + _COSTLY * body.costly


def _filler(kinds: Sequence[Kind], body: Body) -> Callable[[Sequence[Any], Sequence[np.ndarray]], None]:
    """What writes a program's results on operands of any strides. Nothing warns."""
    program = function(body, len(kinds))
    scalars = [(i, _SCALARS.get(kind, kind)) for i, kind in enumerate(kinds) if isinstance(kind, type)]

    def fill(xs: Sequence[Any], outs: Sequence[np.ndarray]) -> None:
        ys = list(xs)
        for i, kind in scalars:
            ys[i] = kind(ys[i])
        with np.errstate(all="ignore"):
            for out, z in zip(outs, program(*ys)):
                out[...] = z

    return fill


def flat(kinds: tuple[Kind, ...], body: Body, many: bool) -> Callable[..., Any]:
    """What does as the flat kernel of a program (elementwise_source.flat), a block at a time."""
    arrays = [i for i, kind in enumerate(kinds) if isinstance(kind, np.dtype)]
    fill = _filler(kinds, body)

    def run(*xs: Any) -> Any:
        if not arrays:
            fill(xs[:len(kinds)], xs[len(kinds):])
            return None
        lead = xs[arrays[0]]
        if not all(xs[i].flags.c_contiguous and xs[i].shape == lead.shape for i in arrays):
            return (None,) * len(body.results) if many else None
        outs = tuple([memory.empty(lead.shape, dtype) for dtype in body.dtypes])
        ys, zs = list(xs), [z.reshape(-1) for z in outs]
        for i in arrays:
            ys[i] = xs[i].reshape(-1)
        for start in range(0, lead.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            fill([y[part] if i in arrays else y for i, y in enumerate(ys)], [z[part] for z in zs])
        return outs if many else outs[0]

    return run


def strided(kinds: tuple[Kind, ...], body: Body) -> Callable[..., None]:
    """What does as the strided kernel of a program (elementwise_source.strided); it needs no loops."""
    count, results, fill = len(kinds), len(body.results), _filler(kinds, body)

    def run(*args: Any) -> None:
        fill(args[:count], args[count:count + results])

    return run
