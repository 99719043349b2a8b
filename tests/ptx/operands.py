"""Operands, decoded once when a kernel is loaded: each becomes a function that gives the values of the active
lanes."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ptx.faults import UnknownInstructionError
from ptx.flatten import Program
from ptx.kinds import KINDS, Dtype, kind, unsigned, widened
from ptx.layout import CONSTANT_WINDOW, Layout, window_base
from ptx.parse import Instruction

if TYPE_CHECKING:
    from ptx.run import Run

Values = Any                                  # an array of the active lanes, or a NumPy scalar that all share
Read = Callable[["Run"], Values]
Write = Callable[["Run", Values], None]
Step = Callable[["Run"], None]

INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)U?")
ADDRESS = re.compile(r"\[\s*([^\]+\s]+)\s*(?:\+\s*(-?\w+))?\s*\]")
SPECIAL = {"%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z",
           "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid", "%nwarpid", "%dynamic_smem_size",
           "%total_smem_size", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge",
           "%clock", "%clock64", "%globaltimer", "WARP_SZ"}


def allow(item: Instruction, *known: str) -> None:
    """Raises UnknownInstructionError for a modifier that is neither a type nor known: none is passed over."""
    for modifier in item.op[1:]:
        if modifier not in KINDS and modifier not in known:
            raise UnknownInstructionError(f"modifier .{modifier}")


def bits(value: int, dtype: Dtype) -> Values:
    """A scalar whose bits are those of an integer, cut to size."""
    return np.array(value & (256 ** dtype.itemsize - 1), unsigned(dtype)).view(dtype)[()]


def constant(text: str, dtype: Dtype) -> Values | None:
    """The value of a literal, None if the text is none."""
    if re.fullmatch(r"0[fF][0-9a-fA-F]{8}|0[dD][0-9a-fA-F]{16}", text):
        single = text[1] in "fF"
        raw = np.array(int(text[2:], 16), np.uint32 if single else np.uint64)
        value = raw.view(np.float32 if single else np.float64)
        return value[()].astype(dtype) if dtype.kind == "f" else bits(int(text[2:], 16), dtype)
    if INTEGER.fullmatch(text):
        number = int(text.rstrip("U"), 0 if not re.fullmatch(r"[-+]?0\d+U?", text) else 8)
        return np.bool_(number) if dtype.kind == "b" else bits(number, dtype)
    return None


class Operands:
    """The registers and symbols of a kernel, and the places of the registers in the bank of a run.

    `slots` lists (width in bytes, row, dtype): one for each way in which a register is read or written."""

    def __init__(self, program: Program, layout: Layout):
        self.program, self.layout = program, layout
        self.rows: dict[int, int] = {}                                   # registers of each width
        self.places: dict[str, tuple[int, int]] = {}
        self.slots: list[tuple[int, int, Dtype]] = []
        self._known: dict[tuple[str, Dtype], int] = {}
        for name, type_ in program.registers.items():
            width = max(kind(type_).itemsize, 2) if type_ != "pred" else 1
            self.places[name] = (width, self.rows.get(width, 0))
            self.rows[width] = self.rows.get(width, 0) + 1

    def slot(self, name: str, dtype: Dtype) -> int:
        """The number of a register seen as a dtype, which may be narrower than the register."""
        width, row = self.places[name]
        if dtype.itemsize > width or (dtype.kind == "b") != (width == 1):
            raise UnknownInstructionError(f"register {name.rpartition('.')[0]} of {width} bytes as {dtype}")
        key = name, dtype
        if key not in self._known:
            self._known[key] = len(self.slots)
            self.slots.append((width, row, dtype))
        return self._known[key]

    def read(self, text: str, dtype: Dtype) -> Read:
        """A function that gives an operand as a dtype."""
        if text.startswith("!"):
            positive = self.read(text[1:], dtype)
            return lambda run: ~positive(run)
        if text in self.places:
            slot = self.slot(text, dtype)
            return lambda run: run.views[slot][run.where]
        if text in SPECIAL:
            return lambda run: run.special(text, dtype)
        value = constant(text, dtype)
        if value is None:
            value = bits(self.symbol(text), dtype)
        return lambda run: value

    def symbol(self, text: str) -> int:
        """The address that a name (+ offset) stands for."""
        name, _, offset = (part.strip() for part in text.partition("+"))
        places = {**self.layout.shared, **self.program.frame}
        for number, variable in enumerate(self.program.constants):
            places[variable.name] = window_base(CONSTANT_WINDOW + number)
        if name not in places:
            raise UnknownInstructionError(f"operand {text}")
        return places[name] + (int(offset, 0) if offset else 0)

    def write(self, text: str, dtype: Dtype, wider: bool = False) -> Write:
        """A function that stores values of a dtype in a register, or a `wider` one, spread by their sign."""
        if text == "_":
            return lambda run, value: None
        width = self.places.get(text, (0, 0))[0]
        if width != dtype.itemsize and not (wider and width > dtype.itemsize):
            name = text.rpartition(".")[0] or text
            raise UnknownInstructionError(f"a target {name} of {width} bytes for {dtype}")
        same = width == dtype.itemsize or dtype.kind == "f"
        slot = self.slot(text, dtype if same else widened(dtype, width))

        def write(run: "Run", value: Values) -> None:
            run.views[slot][run.where] = value
        return write

    def ufunc(self, function: Callable[..., Values], target: str, dtype: Dtype, *reads: Read) -> Step:
        """A step that applies a ufunc and stores its result in a register without a copy."""
        self.write(target, dtype)
        slot = self.slot(target, dtype)

        def step(run: "Run") -> None:
            where = run.where
            if where.__class__ is slice:
                function(*[read(run) for read in reads], out=run.views[slot][where])
            else:
                run.views[slot][where] = function(*[read(run) for read in reads])
        return step

    def address(self, text: str) -> Read:
        """A function that gives the addresses in brackets as int64: base register or symbol, and offset."""
        found = ADDRESS.fullmatch(text)
        if not found:
            raise UnknownInstructionError(f"address {text}")
        base, offset = found[1], int(found[2], 0) if found[2] else 0
        if base not in self.places:
            place = np.int64(offset + (int(base, 0) if INTEGER.fullmatch(base) else self.symbol(base)))
            return lambda run: np.full(run.active, place)
        width = self.places[base][0]
        slot, step = self.slot(base, np.dtype(f"u{width}" if width < 8 else "i8")), np.int64(offset)
        if width < 8:
            return lambda run: run.views[slot][run.where].astype(np.int64) + step
        return lambda run: run.views[slot][run.where] + step
