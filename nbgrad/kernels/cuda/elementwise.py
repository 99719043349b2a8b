"""Elementwise kernels for CUDA: a scalar program over operands of any shapes and strides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile import layout
from nbgrad.compile.cuda import launch
from nbgrad.compile.program import Body, Kind
from nbgrad.compile.writer import Writer

_SHORT = frozenset(map(np.dtype, (np.float32, np.complex64, np.bool_)))


def _write(w: Writer, kinds: Sequence[Kind], body: Body, place: Callable[[str], str]) -> None:
    """Write what computes one element. place: the name of an array -> its index there."""
    wide = _wide(kinds, body)             # strong: dtypes of scalars given by value
    strong = {float: wide, int: "int64", bool: "bool",
              complex: "complex64" if wide == "float32" else "complex128"}
    for i, kind in enumerate(kinds):
        read = f"{strong[kind]}(x{i})" if isinstance(kind, type) else f"x{i}[{place(f'x{i}')}]"
        w.line(f"a{i} = {read}")
    w.lines(*body.lines)
    for k, value in enumerate(body.results):
        w.line(f"o{k}[{place(f'o{k}')}] = {value}")


def _wide(kinds: Sequence[Kind], body: Body) -> str:
    """The dtype that Python's floats are passed in: float32 where nothing else is wider."""
    dtypes = [*[kind for kind in kinds if not isinstance(kind, type)], *body.dtypes]
    return "float32" if all(d in _SHORT for d in dtypes) else "float64"


def _names(kinds: Sequence[Kind], body: Body) -> tuple[list[str], list[str]]:
    """Names of the operands given by value, and of the arrays, outputs last."""
    values = [f"x{i}" for i, kind in enumerate(kinds) if isinstance(kind, type)]
    arrays = [f"x{i}" for i, kind in enumerate(kinds) if not isinstance(kind, type)]
    return values, arrays + [f"o{k}" for k in range(len(body.results))]


@lru_cache(maxsize=4096)
def spelled(name: str, kinds: tuple[Kind, ...], body: Body, loops: int) -> str:
    """The source of a kernel with so many loops; 0: all arrays are one run of memory."""
    values, arrays = _names(kinds, body)
    if not loops:
        flat = [*values, *[part for v in arrays for part in (v, f"f_{v}")]]
        return launch.walk(name, flat, 0, lambda w: _write(
            w, kinds, body, lambda v: f"uint64(f_{v} + int64(i))"))
    given, places = [*values, launch.parameters(arrays, loops)], launch.place_lines(arrays, loops)
    return launch.walk(name, given, loops, lambda w: _write(w, kinds, body, lambda v: f"p_{v}"), places)


def run(name: str, kinds: tuple[Kind, ...], body: Body, xs: Sequence[Any], outs: Sequence[CudaArray]) -> None:
    """Compute a program's results into outs, all of one shape, which the operands broadcast to."""
    short = _wide(kinds, body) == "float32"
    values = [_shortened(x) if short else x for x in xs if type(x) is not CudaArray]
    arrays = [*[x for x in xs if type(x) is CudaArray], *outs]
    shape = outs[0].shape
    n, axes = prod(shape), _order(outs[0])
    if axes is not None:                  # neighbouring threads write neighbouring elements
        arrays = [x.view(lambda form: np.broadcast_to(form, shape).transpose(axes)) for x in arrays]
        shape = tuple([shape[a] for a in axes])
    if all(x.contiguous and x.shape == shape for x in arrays):
        flat = [part for x in arrays for part in x.flat]
        launch.run(name, spelled, n, *values, *flat, what=(name, kinds, body, 0))
        return
    dims, steps = launch.merged(shape, arrays)
    launch.run(name, spelled, n, *values, *launch.arguments(dims, arrays, steps),
               what=(name, kinds, body, len(dims)))


def _shortened(x: Any) -> Any:
    """A number of Python's in the precision of float32, where it has a fraction."""
    return np.float32(x) if type(x) is float else np.complex64(x) if type(x) is complex else x


def _order(x: CudaArray) -> tuple[int, ...] | None:
    """x's axes from outermost to innermost in memory; None in C order, and where elements are repeated."""
    if x.contiguous or 0 in x.steps:
        return None
    axes = tuple(sorted(range(x.ndim), key=lambda a: -abs(x.steps[a])))
    return None if axes == tuple(range(x.ndim)) else axes


def _like(lead: CudaArray, dtype: np.dtype) -> CudaArray:
    """An array with no values yet, of lead's shape, whose axes lie in memory as lead's do."""
    axes = _order(lead)
    if axes is None:
        return cuda.empty(lead.shape, dtype)
    z = cuda.empty([lead.shape[a] for a in axes], dtype)
    return z.view(lambda form: form.transpose(np.argsort(axes)))


class Loops:
    """Callable on raw arrays and scalars: the results, as one array or a tuple of them.

    name, program, many : as for the CPU's
    """

    __slots__ = ("bodies", "many", "name", "program")
    many: bool
    name: str
    program: Callable[[tuple[Kind, ...]], Body]

    def __init__(self, name: str, program: Callable[[tuple[Kind, ...]], Body], many: bool = False) -> None:
        self.name, self.program, self.many = name, program, many
        self.bodies: dict[tuple[Kind, ...], Body] = {}

    def __call__(self, *xs: Any) -> Any:
        xs = tuple([cuda.upload(x) if type(x) is np.ndarray else x for x in xs])      # 0-d, of the CPU
        kinds = tuple([x.dtype if type(x) is CudaArray else type(x) for x in xs])
        body = self.bodies.get(kinds)
        if body is None:
            body = self.bodies[kinds] = self.program(kinds)
        shape = layout.broadcast(self.name, [x.shape for x in xs if type(x) is CudaArray])
        lead = next((x for x in xs if type(x) is CudaArray and x.shape == shape), None)
        outs = tuple([cuda.empty(shape, d) if lead is None else _like(lead, d) for d in body.dtypes])
        run(f"k_{self.name}", kinds, body, xs, outs)
        return outs if self.many else outs[0]
