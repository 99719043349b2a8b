"""Kernels: functions that are compiled for CUDA when they are called with arrays there, and launched."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from types import FunctionType
from typing import Any

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile import layout
from nbgrad.compile.cuda import language, launch
from nbgrad.compile.cuda.dialect import Cuda, View
from nbgrad.compile.functions import definition
from nbgrad.compile.kinds import Kind
from nbgrad.compile.syntax import prepared

_ALONE: tuple[list[int], list[list[int]]] = [], []      # the walk of a kernel without batches


@dataclass(frozen=True)
class _Ready:
    """A compiled kernel, what it is given, and how many threads there are for each of its count."""

    compiled: Any
    arrange: Callable[..., tuple[int, tuple[Any, ...]]]
    each: int


class Kernel:
    """A function of the device's language (see language), to be called with arrays on the device and numbers.

    Keyword-only parameters are fixed when it is compiled. Nothing is launched where there is nothing to do.
    """

    def __init__(self, function: FunctionType) -> None:
        update_wrapper(self, function)
        self.function = function
        self.ready: dict[Any, _Ready] = {}

    @cached_property
    def batches(self) -> list[tuple[int, int]]:
        """Which parameters are batches, and of how many own axes."""
        tree = definition(self.function)
        names = [a.arg for a in tree.args.args]
        found = []
        for node in ast.walk(tree):
            match node:
                case ast.Call(ast.Name(word), [ast.Name(array), ast.Constant(int(own))]) if (
                        self.function.__globals__.get(word) is language.batch):
                    found.append((names.index(array), own))
        return sorted(found)

    def __call__(self, *args: Any, **fixed: Any) -> None:
        home = cuda.host()
        lengths, strides = self._walk(args) if self.batches else _ALONE
        key = (home, len(lengths), *fixed.items(),
               *[x.form.dtype if type(x) is CudaArray else type(x) for x in args])
        ready = self.ready.get(key)
        if ready is None:
            ready = self.ready[key] = self._made(args, fixed, len(lengths))
        count, given = ready.arrange(lengths, strides, *args)
        if count:
            cuda.launch(ready.compiled, cuda.blocks(count, ready.each), home.threads, *given)

    def _walk(self, args: tuple[Any, ...]) -> tuple[list[int], list[list[int]]]:
        """The loops over all batches, merged; and for each batch its steps in them, and in its own axes."""
        shapes = [args[k].shape[:-own] for k, own in self.batches]
        steps = [args[k].steps for k, _ in self.batches]
        shape = shapes[0]
        if shapes.count(shape) < len(shapes):
            shape = np.broadcast_shapes(*shapes)
        walked = [[0] * (len(shape) - len(s)) + [step if n != 1 else 0 for n, step in zip(s, t)]
                  for s, t in zip(shapes, steps)]
        lengths, merged = layout.merge(list(shape), walked)
        return lengths, [[*m, *t[-own:]] for m, t, (_, own) in zip(merged, steps, self.batches)]

    def _made(self, args: tuple[Any, ...], fixed: dict[str, Any], loops: int) -> _Ready:
        tree = definition(self.function)
        names = [a.arg for a in tree.args.args]
        wide = {a.arg for a in tree.args.args if getattr(a.annotation, "id", "") == "wide"}
        dtypes = {x.dtype.name for x in args if isinstance(x, CudaArray) and x.dtype.kind == "f"}
        real = dtypes.pop() if len(dtypes) == 1 else None
        kinds = ["int64" if n in wide else _kind(x, real) for n, x in zip(names, args, strict=True)]
        threads = cuda.host().threads
        dialect = Cuda(real, threads, loops)
        made = prepared(self.function, kinds, fixed, dialect, f"k_{self.function.__name__}")
        assert dialect.head is not None
        space: dict[str, Any] = {}
        exec(dialect.head.arrange(names), space)
        each = threads if dialect.head.each == "grid" else 1
        return _Ready(launch.kernel(made.name, made.text), space["arrange"], each)


def _kind(x: Any, real: str | None) -> Kind:
    if isinstance(x, CudaArray):
        return View(x.dtype.name)
    return real or "float64" if isinstance(x, (float, np.floating)) else "uint32"


def kernel(function: Callable[..., Any]) -> Kernel:
    """A function as a kernel."""
    assert isinstance(function, FunctionType)
    return Kernel(function)
