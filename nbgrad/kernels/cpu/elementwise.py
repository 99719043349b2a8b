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
from nbgrad.kernels.cpu.operand import operand_type
from nbgrad.kernels.cpu.scalars import SCOPE

_ndarray, _empty = np.ndarray, np.empty
_SCALARS = {float: types.float64, int: types.int64, bool: types.boolean}


@dataclass(frozen=True)
class Body:
    """One element's work in text: lines that read the operands a0, a1, ..., and the names of the results."""

    lines: tuple[str, ...]
    results: tuple[str, ...]
    dtypes: tuple[np.dtype, ...]


Kind = Any                  # np.dtype: an array; a type (float, np.float32, ...): a scalar given by value
Program = Callable[[tuple[Kind, ...]], Body]


@dataclass(frozen=True, slots=True)
class Flat:
    """A compiled flat kernel.

    kernel : kernel(*xs, *outs) is False where the operands are not one run of memory of one shape
    first  : place of the first array, or None
    """

    kernel: Any
    body: Body
    dtypes: tuple[np.dtype, ...]
    first: Any


def _kinds(xs: Sequence[Any]) -> tuple[Kind, ...]:
    return tuple([x.dtype if type(x) is _ndarray else type(x) for x in xs])


class Even:
    """A flat kernel for arrays of one dtype, also that of the results: the fast path.

    notes : for the caller, who may keep here what goes with these operands
    """

    __slots__ = ("count", "dtype", "first", "kernel", "notes")

    def __init__(self, kernel: Any, dtype: np.dtype, first: int, count: int) -> None:
        self.kernel, self.dtype, self.first, self.count = kernel, dtype, first, count
        self.notes: dict[Any, Any] = {}

    def __call__(self, xs: Sequence[Any]) -> Any:
        """The result, or a tuple of results; None if the arrays are not one run of memory of one shape."""
        shape = xs[self.first].shape
        if not self.count:
            out = _empty(shape, self.dtype)
            return out if self.kernel(*xs, out) else None
        outs = tuple([_empty(shape, self.dtype) for _ in range(self.count)])
        return outs if self.kernel(*xs, *outs) else None


class Loops:
    """Callable on raw arrays and scalars: the results, as one array or a tuple of them.

    name : for messages and for the kernels' names
    program : kinds of the operands -> Body
    many : whether the results are a tuple
    """

    __slots__ = ("even", "flats", "many", "name", "program", "strided")

    def __init__(self, name: str, program: Program, many: bool = False) -> None:
        self.name, self.program, self.many = name, program, many
        self.flats: dict[tuple[Kind, ...], Flat] = {}
        self.even: dict[tuple[Kind, ...], Even] = {}
        self.strided: dict[tuple[Kind, ...], Any] = {}

    def fast(self, xs: Sequence[Any]) -> Even | None:
        """The kernel for operands of these dtypes, if it is at hand and they have one dtype."""
        if len(xs) == 1:
            x = xs[0]
            return self.even.get((x.dtype if type(x) is _ndarray else type(x),))
        if len(xs) == 2:
            x, y = xs
            return self.even.get((x.dtype if type(x) is _ndarray else type(x),
                                  y.dtype if type(y) is _ndarray else type(y)))
        return self.even.get(_kinds(xs))

    def __call__(self, *xs: Any) -> Any:
        """The result for operands of any shapes, dtypes and strides; kernels are compiled as needed."""
        # 0-d arrays go by value
        xs = tuple([x[()] if type(x) is _ndarray and not x.shape else x for x in xs])
        kinds = _kinds(xs)
        found = self.flats.get(kinds) or self._compile_flat(kinds)
        if found.first is None:
            outs = tuple([_empty((), dtype) for dtype in found.dtypes])
            found.kernel(*xs, *outs)
            return outs if self.many else outs[0]
        shape = xs[found.first].shape
        outs = tuple([_empty(shape, dtype) for dtype in found.dtypes])
        if not found.kernel(*xs, *outs):
            outs = self._walk(xs, kinds, found.dtypes)
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
        lines = [f"def {_word(self.name)}({', '.join(xs + outs)}):",
                 f"    if not ({' and '.join(f'plain({x}, o0)' for x in arrays) or 'True'}):",
                 "        return False",
                 "    n = size(o0)",
                 "    token = unlock(n)",
                 "    for i in range(n):",
                 *[f"        a{x[1:]} = load({x}, i)" for x in arrays],
                 *_indent(body, kinds, 8, "store({out}, i, {value})"),
                 "    lock(token)",
                 "    return True"]
        signature = types.boolean(*_argument_types(body, kinds))
        kernel = compile_kernel(_word(self.name), "\n".join(lines), signature, SCOPE)
        first = next((i for i, kind in enumerate(kinds) if not isinstance(kind, type)), None)
        used = {*body.dtypes, *[kind for kind in kinds if not isinstance(kind, type)]}
        self.flats[kinds] = made = Flat(kernel, body, body.dtypes, first)
        if first is not None and len(used) == 1:
            self.even[kinds] = Even(kernel, body.dtypes[0], first, len(body.dtypes) if self.many else 0)
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
