"""Elementwise kernels for the CPU: a scalar program, compiled for each combination of dtypes, twice.

Both kernels of a combination have the same body. The flat one walks all operands as one run of memory and
checks by itself that it may; the strided one takes any shapes and strides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod as product
from typing import Any

import numpy as np

from nbgrad.arrays import memory
from nbgrad.compile import layout
from nbgrad.compile.cpu import elementwise_source, interpreter
from nbgrad.compile.program import Body, Kind
from nbgrad.compile.tiers import Interim, kernel

_ndarray = np.ndarray
_FEW, _SELDOM = 4096, 256                 # elements; calls
_WALKS = 1024                             # ways of operands to lie that are kept for a kernel
_NUMBER = np.dtype(np.int64)

Program = Callable[[tuple[Kind, ...]], Body]


class Flat:
    """A flat kernel.

    kernel : makes the results of the operands, an array or a tuple of them; None (or a tuple of None) where
        the operands are not one run of memory of one shape
    whole  : no operand is an array: the kernel takes its outputs too
    interim : the kernel is interpreted; when it has been compiled, another Flat takes the place of this one
    uniform : all arrays, of which there are some, have the dtype of the results
    walks  : shapes and strides of operands that it declines -> what gives the results on them
    notes  : for the caller, who may keep here what goes with these operands
    """

    __slots__ = ("body", "interim", "kernel", "kinds", "notes", "uniform", "walks", "whole")
    body: Body
    interim: bool
    kernel: Any
    kinds: tuple[Kind, ...]
    whole: bool
    uniform: bool

    def __init__(self, kernel: Any, kinds: tuple[Kind, ...], body: Body, whole: bool) -> None:
        self.kernel, self.kinds, self.body, self.whole = kernel, kinds, body, whole
        self.interim = type(kernel) is Interim
        used = {*body.dtypes, *[kind for kind in kinds if not isinstance(kind, type)]}
        self.uniform = not whole and len(used) == 1
        self.notes: dict[Any, Any] = {}
        self.walks: dict[Any, Callable[[Sequence[Any]], Any]] = {}

    def keep(self, places: Any, walk: Callable[[Sequence[Any]], Any]) -> None:
        """Remember what gives the results on operands that lie so."""
        if len(self.walks) < _WALKS:
            self.walks[places] = walk


class Walk:
    """The strided kernel on operands of certain shapes and strides, on none of which is a 0-d array.

    shape, order : of the results, and the order that their axes have in memory
    loops : the loops over them (layout.walk)
    """

    __slots__ = ("dtypes", "empty", "kernel", "loops", "many", "places", "shape")
    dtypes: tuple[np.dtype, ...]
    kernel: Any
    loops: tuple[Any, ...]
    many: bool
    places: Any
    shape: tuple[int, ...]
    empty: Any

    def __init__(self, kernel: Any, shape: tuple[int, ...], order: tuple[int, ...],
                 dtypes: tuple[np.dtype, ...], loops: tuple[Any, ...], many: bool) -> None:
        self.kernel, self.dtypes, self.loops, self.many = kernel, dtypes, loops, many
        self.shape, self.places = layout.turned(shape, order)
        self.empty = np.empty if product(shape) * 8 < memory.POOLED else memory.empty

    def __call__(self, xs: Sequence[Any]) -> Any:
        """The results, one array or a tuple of them."""
        outs = [self.empty(self.shape, dtype) for dtype in self.dtypes]
        if self.places is not None:
            outs = [out.transpose(self.places) for out in outs]
        self.kernel(*xs, *outs, *self.loops)
        return tuple(outs) if self.many else outs[0]


class _Copied:
    """The flat kernel on operands of certain shapes and strides, some copied to one run of memory first.

    shape  : of the results, in C order, of few elements
    copied : the places of those operands
    """

    __slots__ = ("copied", "flat", "loops", "shape")

    def __init__(self, loops: Loops, flat: Flat, shape: tuple[int, ...], copied: Sequence[int]) -> None:
        self.loops, self.flat, self.shape, self.copied = loops, flat, shape, copied

    def __call__(self, xs: Sequence[Any]) -> Any:
        """The results, one array or a tuple of them."""
        loops, ys = self.loops, list(xs)
        loops.copied += 1
        if loops.copied == _SELDOM:
            loops.forget(self.flat)       # the strided kernel is worth compiling from now on
        for i in self.copied:
            x = ys[i]
            ys[i] = y = np.empty(self.shape, x.dtype)
            y[...] = x
        z = self.flat.kernel(*ys)
        return loops(*xs) if (z[0] if loops.many else z) is None else z


class _Scalars:
    """The flat kernel on operands of which some are 0-d arrays, which go by value."""

    __slots__ = ("kernel", "loops", "places")

    def __init__(self, loops: Loops, flat: Flat, xs: Sequence[Any]) -> None:
        self.loops, self.kernel = loops, flat.kernel
        self.places = [i for i, x in enumerate(xs) if type(x) is _ndarray and not x.shape]

    def __call__(self, xs: Sequence[Any]) -> Any:
        """The results, one array or a tuple of them."""
        ys = list(xs)
        for i in self.places:
            ys[i] = xs[i][()]
        z = self.kernel(*ys)
        return self.loops(*xs) if (z[0] if self.loops.many else z) is None else z


def _kinds(xs: Sequence[Any]) -> tuple[Kind, ...]:
    return tuple([x.dtype if type(x) is _ndarray else type(x) for x in xs])


def _places(xs: Sequence[Any]) -> tuple[Any, ...]:
    """The shapes and strides of the arrays among the operands."""
    return tuple([(x.shape, x.strides) for x in xs if type(x) is _ndarray])


class Loops:
    """Callable on raw arrays and scalars: the results, as one array or a tuple of them.

    name : for messages and for the kernels' names
    program : kinds of the operands -> Body
    many : whether the results are a tuple
    kept : what else keeps walks, and is cleared with them
    """

    __slots__ = ("copied", "flats", "kept", "many", "name", "program", "strided")
    many: bool
    name: str
    program: Program
    copied: int
    kept: list[Any]

    def __init__(self, name: str, program: Program, many: bool = False) -> None:
        self.name, self.program, self.many = name, program, many
        self.flats: dict[tuple[Kind, ...], Flat] = {}
        self.strided: dict[tuple[Kind, ...], Any] = {}
        self.copied = 0                   # calls whose operands were copied
        self.kept: list[Any] = []

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
        given, kinds = xs, _kinds(xs)
        if () in [x.shape for x in xs if type(x) is _ndarray]:      # 0-d arrays go by value
            xs = tuple([x[()] if type(x) is _ndarray and not x.shape else x for x in xs])
            kinds = _kinds(xs)
        flat = self.flats.get(kinds) or self._compile_flat(kinds)
        if flat.whole:
            outs = tuple([np.empty((), dtype) for dtype in flat.body.dtypes])
            flat.kernel(*xs, *outs)
            return outs if self.many else outs[0]
        z = flat.kernel(*xs)
        if (z[0] if self.many else z) is not None:
            if given is not xs and (other := self.flats.get(_kinds(given))) is not None:
                other.keep(_places(given), _Scalars(self, flat, given))
            return z
        return self._walk(xs, flat)

    def forget(self, flat: Flat) -> None:
        """Have the walks of a kernel found anew."""
        flat.walks.clear()
        for kept in self.kept:
            kept.clear()

    def noncontiguous(self, xs: Sequence[Any], flat: Flat) -> Any:
        """The result for operands that the flat kernel has declined."""
        walk = flat.walks.get(_places(xs))
        return self(*xs) if walk is None else walk(xs)

    def _walk(self, xs: tuple[Any, ...], flat: Flat) -> Any:
        """The results for operands of any strides, in their memory order.

        Operands that are one run of memory in another order of their axes are for the flat kernel. The
        strided kernel takes a second to compile: it is, for many elements or many calls. Until then the
        operands are copied to one run of memory each.
        """
        kinds, dtypes = flat.kinds, flat.body.dtypes
        places = _places(xs)
        shape, order, dims, steps, span = layout.walk(self.name, places, tuple([d.itemsize for d in dtypes]))
        count, strided = product(shape), self.strided.get(kinds)
        turned: list[Any] | None = None
        if len(dims) == 1 and len(shape) > 1 and all(s == shape for s, _ in places):
            turned = [x.transpose(order) if type(x) is _ndarray else x for x in xs]
        elif count == 0 or (strided is None and count <= _FEW and self.copied < _SELDOM):
            self.copied += 1
            if count and order == tuple(range(len(shape))):
                rest = [i for i, x in enumerate(xs) if type(x) is _ndarray
                        and not (x.shape == shape and x.flags.c_contiguous)]
                flat.keep(places, _Copied(self, flat, shape, rest))
            turned = [np.ascontiguousarray(np.broadcast_to(x, shape).transpose(order))
                      if type(x) is _ndarray else x for x in xs]
        if turned is not None:
            z = flat.kernel(*turned)
            outs, back = z if self.many else (z,), layout.turned(shape, order)[1]
            if outs[0] is not None:
                outs = outs if back is None else tuple([out.transpose(back) for out in outs])
                return outs if self.many else outs[0]
        kernel = strided or self._compile_strided(kinds)
        walk = Walk(kernel, shape, order, dtypes, (dims, steps, span), self.many)
        flat.keep(places, walk)
        return walk(xs)

    def _compile_flat(self, kinds: tuple[Kind, ...]) -> Flat:
        body = self.program(kinds)
        name = _word(self.name)
        whole = not any(isinstance(kind, np.dtype) for kind in kinds)
        arguments = (*kinds, *body.dtypes) if whole else kinds
        result = None if whole else (_ndarray,) * len(body.dtypes) if self.many else _ndarray
        source = elementwise_source.flat(name, kinds, body, self.many)

        def interim() -> Interim:
            return Interim(interpreter.flat(kinds, body, self.many), *interpreter.cost(body))

        def keep(made: Any) -> None:
            self._keep_flat(kinds, made, body, whole)

        keep(kernel(name, source, arguments, result, interim, keep))
        return self.flats[kinds]

    def _keep_flat(self, kinds: tuple[Kind, ...], kernel: Any, body: Body, whole: bool) -> None:
        """Keep a flat kernel. What was kept for operands that lie in some way may be of the one before."""
        for flat in self.flats.values():
            flat.walks.clear()
        self.flats[kinds] = Flat(kernel, kinds, body, whole)

    def _compile_strided(self, kinds: tuple[Kind, ...]) -> Any:
        body = self.flats[kinds].body
        name, arguments = _word(self.name), (*kinds, *body.dtypes, _NUMBER, _NUMBER, int)

        def keep(made: Any) -> None:
            self.strided[kinds] = made
            self.flats[kinds].walks.clear()

        def interim() -> Interim:
            return Interim(interpreter.strided(kinds, body), *interpreter.cost(body))

        source = elementwise_source.strided(name, kinds, body)
        keep(kernel(name, source, arguments, None, interim, keep))
        return self.strided[kinds]


def _word(name: str) -> str:
    """A Python name for the kernels of an op."""
    return "k_" + "".join(c if c.isalnum() else "_" for c in name)
