"""Kernels that do a few lines of work at each element of a shape, with operands that broadcast to it."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

from nbgrad.arrays.cuda import CudaArray
from nbgrad.compile.cuda import launch


@lru_cache(maxsize=4096)
def spelled(name: str, lines: tuple[str, ...], values: tuple[str, ...], arrays: tuple[str, ...],
            loops: int) -> str:
    """The source of a kernel with so many loops."""
    return launch.walk(name, [*values, launch.parameters(arrays, loops)], loops, lambda w: w.lines(*lines),
                       launch.place_lines(arrays, loops))


def run(name: str, lines: tuple[str, ...], shape: tuple[int, ...], arrays: dict[str, CudaArray],
        **values: Any) -> None:
    """Do the lines at each element of a shape.

    lines  : an operand x of `arrays` is read and written there as x[p_x]; i is the element's number
    values : other arguments of the kernel, by name: numbers and flat arrays
    """
    dims, steps = launch.merged(shape, list(arrays.values()))
    launch.run(name, spelled, prod(shape), *values.values(),
               *launch.arguments(dims, list(arrays.values()), steps),
               what=(name, lines, tuple(values), tuple(arrays), len(dims)))
