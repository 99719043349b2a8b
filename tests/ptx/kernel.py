"""A kernel ready to run: parsed, flattened and decoded once, launched as often as one likes."""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from ptx.decode import Control, decode
from ptx.faults import LaunchError
from ptx.flatten import flatten
from ptx.kinds import kind
from ptx.layout import CONSTANT_WINDOW, layout, table, window_base
from ptx.memory import Buffer
from ptx.operands import Operands
from ptx.parse import parse

Word = int | float | bool | np.generic


class Kernel:
    """The kernel called `name` of a PTX text, or its only kernel.

    `steps` has one function or Control for each instruction; `stops[n]` is where a stretch of instructions
    that starts at n ends: at the next control, or where other lanes may wait. Raises
    UnknownInstructionError."""

    def __init__(self, text: str, name: str | None = None):
        self.program = flatten(parse(text), name)
        self.name = self.program.name
        self.layout = layout(self.program)
        self.constants = self._constants()
        self.operands = Operands(self.program, self.layout)
        code, labels = self.program.code, self.program.labels
        self.steps = [decode(item, self.operands, labels) for item in code]
        ends = {place for place, step in enumerate(self.steps) if isinstance(step, Control)}
        heads = {place + 1 for place in ends} | set(labels.values())
        self.stops, stop = [0] * len(code), len(code)
        for place in reversed(range(len(code))):
            stop = place if place in ends else place + 1 if place + 1 in heads else stop
            self.stops[place] = stop

    def _constants(self) -> list[Buffer]:
        """The tables of the module, each in a window of its own."""
        tables = [table(variable) for variable in self.program.constants]
        return [Buffer(variable.name, window_base(CONSTANT_WINDOW + n), cells.size,
                       np.concatenate([cells, np.zeros(-cells.size % 16, np.uint8)]), writable=False)
                for n, (variable, cells) in enumerate(zip(self.program.constants, tables))]

    def words(self, values: Sequence[Word]) -> dict[str, np.ndarray]:
        """The bytes of each parameter from the values of a launch. Raises LaunchError."""
        declared = self.program.parameters
        if len(values) != len(declared):
            raise LaunchError(f"kernel {self.name} has {len(declared)} parameters, {len(values)} are given")
        result = {}
        for number, (variable, value) in enumerate(zip(declared, values)):
            dtype = kind(variable.type)
            if variable.count != 1:
                raise LaunchError(f"parameter {number} of kernel {self.name} is an array")
            if (dtype.kind == "f") != isinstance(value, float | np.floating) and variable.type[0] != "b":
                raise LaunchError(f"parameter {number} of kernel {self.name} is .{variable.type}: {value!r}")
            result[variable.name] = raw(value, dtype)
        return result


def raw(value: Word, dtype: np.dtype) -> np.ndarray:
    """The bytes of a parameter: of a float of its size its bits, of an integer what is left modulo its
    size."""
    if isinstance(value, float | np.floating):
        as_given = isinstance(value, np.floating) and value.itemsize == dtype.itemsize
        return np.array([value if as_given else dtype.type(value)]).view(np.uint8)
    return np.frombuffer((int(value) % 256 ** dtype.itemsize).to_bytes(dtype.itemsize, "little"), np.uint8)


def array_words(address: int, shape: int | tuple[int, ...], dtype: DTypeLike) -> list[Word]:
    """The parameters that numba-cuda passes for an array in C order.

    They are two unused pointers, the number of elements, their size, the address, the shape and strides."""
    shape = (shape,) if isinstance(shape, int) else shape
    size = np.dtype(dtype).itemsize
    strides = [size * prod(shape[axis + 1:]) for axis in range(len(shape))]
    return [0, 0, prod(shape), size, address, *shape, *strides]
