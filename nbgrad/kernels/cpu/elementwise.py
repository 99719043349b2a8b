"""Elementwise kernels for the CPU: a scalar program, compiled for each combination of dtypes, twice.

Both kernels of a combination have the same body. The flat one walks all operands as one run of memory and
checks by itself that it may; the strided one takes any shapes and strides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types

from nbgrad.kernels import layout
from nbgrad.kernels.cache import compile_kernel
from nbgrad.kernels.cpu.operand import FRESH, operand_type
from nbgrad.kernels.cpu.scalars import SCOPE

_ndarray = np.ndarray
_SCALARS = {float: types.float64, int: types.int64, bool: types.boolean}


@dataclass(frozen=True)
class Body:
    """One element's work in text: lines that read the operands a0, a1, ..., and the names of the results."""

    lines: tuple[str, ...]
    results: tuple[str, ...]
    dtypes: tuple[np.dtype, ...]


Kind = Any                  # np.dtype: an array; a type (float, np.float32, ...): a scalar given by value
Program = Callable[[tuple[Kind, ...]], Body]


class Flat:
    """A compiled flat kernel.

    kernel : makes the results of the operands, an array or a tuple of them; None (or a tuple of None) where
        the operands are not one run of memory of one shape
    even   : all arrays have the dtype of the results
    notes  : for the caller, who may keep here what goes with these operands
    """

    __slots__ = ("body", "even", "kernel", "notes")

    def __init__(self, kernel: Any, body: Body, even: bool) -> None:
        self.kernel, self.body, self.even = kernel, body, even
        self.notes: dict[Any, Any] = {}


def _kinds(xs: Sequence[Any]) -> tuple[Kind, ...]:
    return tuple([x.dtype if type(x) is _ndarray else type(x) for x in xs])


class Loops:
    """Callable on raw arrays and scalars: the results, as one array or a tuple of them.

    name : for messages and for the kernels' names
    program : kinds of the operands -> Body
    many : whether the results are a tuple
    """

    __slots__ = ("flats", "many", "name", "program", "strided")

    def __init__(self, name: str, program: Program, many: bool = False) -> None:
        self.name, self.program, self.many = name, program, many
        self.flats: dict[tuple[Kind, ...], Flat] = {}
        self.strided: dict[tuple[Kind, ...], Any] = {}

    def flat(self, xs: Sequence[Any]) -> Flat | None:
        """The flat kernel for operands of these dtypes, if it is at hand."""
        if len(xs) == 1:
            x = xs[0]
            return self.flats.get((x.dtype if type(x) is _ndarray else type(x),))
        if len(xs) == 2:
            x, y = xs
            return self.flats.get((x.dtype if type(x) is _ndarray else type(x),
                                   y.dtype if type(y) is _ndarray else type(y)))
        return self.flats.get(_kinds(xs))

    def __call__(self, *xs: Any) -> Any:
        """The result for operands of any shapes, dtypes and strides; kernels are compiled as needed."""
        # 0-d arrays go by value
        xs = tuple([x[()] if type(x) is _ndarray and not x.shape else x for x in xs])
        kinds = _kinds(xs)
        flat = self.flats.get(kinds) or self._compile_flat(kinds)
        if _ndarray not in map(type, xs):
            outs = tuple([np.empty((), dtype) for dtype in flat.body.dtypes])
            flat.kernel(*xs, *outs)
            return outs if self.many else outs[0]
        z = flat.kernel(*xs)
        if (z[0] if self.many else z) is not None:
            return z
        outs = self._walk(xs, kinds, flat.body.dtypes)
        return outs if self.many else outs[0]

    def _walk(self, xs: tuple[Any, ...], kinds: tuple[Kind, ...],
              dtypes: tuple[np.dtype, ...]) -> tuple[np.ndarray, ...]:
        """The results through the strided kernel, in the operands' memory order."""
        places = tuple([(x.shape, x.strides) for x in xs if type(x) is _ndarray])
        shape, order, dims, steps = layout.walk(self.name, places, tuple([d.itemsize for d in dtypes]))
        outs = tuple([layout.allocate(shape, order, dtype) for dtype in dtypes])
        if outs[0].size:
            strided = self.strided.get(kinds) or self._compile_strided(kinds)
            strided(*xs, *outs, dims, steps)
        return outs

    def _compile_flat(self, kinds: tuple[Kind, ...]) -> Flat:
        body = self.program(kinds)
        xs, outs, arrays = _names(kinds, body)
        name, arguments = _word(self.name), _argument_types(body, kinds)
        loop = ["    n = size(o0)",
                "    token = unlock(n)",
                "    for i in range(n):",
                *[f"        a{x[1:]} = load({x}, i)" for x in arrays],
                *_indent(body, kinds, 8, "store({out}, i, {value})"),
                "    lock(token)"]
        if not arrays:
            lines = [f"def {name}({', '.join(xs + outs)}):", *loop]
            signature = types.void(*arguments)
        else:
            many = "({0},)" if self.many else "{0}"
            lines = [f"def {name}({', '.join(xs)}):",
                     f"    if not ({' and '.join(f'plain({x}, {arrays[0]})' for x in arrays)}):",
                     "        return " + many.format(", ".join(["declined()"] * len(outs))),
                     *[f"    {o} = new_{d}({arrays[0]})" for o, d in zip(outs, body.dtypes, strict=True)],
                     f"    if not ({' and '.join(f'given({o})' for o in outs)}):",
                     *[f"        drop({o})" for o in outs],
                     "        return " + many.format(", ".join(["declined()"] * len(outs))),
                     *loop,
                     "    return " + many.format(", ".join(f"fresh({o})" for o in outs))]
            result = types.UniTuple(FRESH, len(outs)) if self.many else FRESH
            signature = result(*arguments[:len(xs)])
        kernel = compile_kernel(name, "\n".join(lines), signature, SCOPE)
        used = {*body.dtypes, *[kind for kind in kinds if not isinstance(kind, type)]}
        self.flats[kinds] = made = Flat(kernel, body, bool(arrays) and len(used) == 1)
        return made

    def _compile_strided(self, kinds: tuple[Kind, ...]) -> Any:
        body = self.flats[kinds].body
        xs, outs, arrays = _names(kinds, body)
        walked = list(enumerate(arrays + outs))
        lines = [f"def {_word(self.name)}({', '.join(xs + outs)}, dims, steps):",
                 "    loops = size(dims)",
                 "    inner = load(dims, loops - 1)",
                 "    rows = 1",
                 "    for k in range(loops - 1):",
                 "        rows *= load(dims, k)",
                 "    token = unlock(rows * inner)",
                 *[f"    s_{x} = load(steps, {k} * loops + loops - 1)" for k, x in walked],
                 "    for row in range(rows):",
                 "        rest = row",
                 *[f"        p_{x} = 0" for _, x in walked],
                 "        for k in range(loops - 2, -1, -1):",
                 "            n = load(dims, k)",
                 "            above = rest // n",
                 "            i = rest - above * n",
                 "            rest = above",
                 *[f"            p_{x} += i * load(steps, {k} * loops + k)" for k, x in walked],
                 "        for i in range(inner):",
                 *[f"            a{x[1:]} = load_at({x}, p_{x} + i * s_{x})" for x in arrays],
                 *_indent(body, kinds, 12, "store_at({out}, p_{out} + i * s_{out}, {value})"),
                 "    lock(token)"]
        number = operand_type(np.dtype(np.int64))
        signature = types.void(*_argument_types(body, kinds), number, number)
        self.strided[kinds] = compile_kernel(_word(self.name), "\n".join(lines), signature, SCOPE)
        return self.strided[kinds]


def _names(kinds: tuple[Kind, ...], body: Body) -> tuple[list[str], list[str], list[str]]:
    """Names of a kernel's operands, of its outputs, and of those operands that are arrays."""
    xs = [f"x{i}" for i in range(len(kinds))]
    arrays = [x for x, kind in zip(xs, kinds, strict=True) if not isinstance(kind, type)]
    return xs, [f"o{k}" for k in range(len(body.results))], arrays


def _indent(body: Body, kinds: tuple[Kind, ...], depth: int, store: str) -> list[str]:
    """The body's lines, then a store for each result, in the loop's indentation."""
    space = " " * depth
    scalars = [f"a{i} = x{i}" for i, kind in enumerate(kinds) if isinstance(kind, type)]
    stores = [store.format(out=f"o{k}", value=value) for k, value in enumerate(body.results)]
    return [space + line for line in [*scalars, *body.lines, *stores]]


def _argument_types(body: Body, kinds: tuple[Kind, ...]) -> list[Any]:
    return [_argument_type(kind) for kind in kinds] + [operand_type(dtype) for dtype in body.dtypes]


def _argument_type(kind: Kind) -> Any:
    if not isinstance(kind, type):
        return operand_type(kind)
    return _SCALARS.get(kind) or operand_type(np.dtype(kind)).dtype


def _word(name: str) -> str:
    """A Python name for the kernels of an op."""
    return "k_" + "".join(c if c.isalnum() else "_" for c in name)
