"""Where things lie: windows of the address space, variables in shared memory, tables of constants.

An address is a window and a place in it. Every buffer has a window of 2**40 bytes of its own and starts in
its middle: no index that is wrong by less than 2**39 bytes reaches another buffer, so what lies around a
buffer needs no canary."""

import re
from dataclasses import dataclass

import numpy as np

from ptx.faults import UnknownInstructionError
from ptx.flatten import Program
from ptx.kinds import kind, unsigned
from ptx.parse import Variable

WINDOW_BITS = 40
MIDDLE = 1 << (WINDOW_BITS - 1)
SHARED_WINDOW, LOCAL_WINDOW, CONSTANT_WINDOW = 1 << 20, 1 << 21, 1 << 22
GAP = 256                                    # bytes around a shared variable that belong to none


def window_base(window: int) -> int:
    """The address of the first byte of the buffer of a window."""
    return (window << WINDOW_BITS) + MIDDLE


@dataclass
class Layout:
    """The shared memory of a block: `shared` is the place of each variable; `owned` says which bytes belong
    to one."""

    shared: dict[str, int]
    owned: np.ndarray
    dynamic: int                             # where the memory sized at launch starts
    declared: int                            # bytes that the device needs, without the gaps

    def sized(self, dynamic: int) -> np.ndarray:
        """`owned` with the memory that a launch adds."""
        total = np.zeros(-(-(self.dynamic + dynamic) // GAP) * GAP + GAP, bool)
        total[:self.owned.size] = self.owned
        total[self.dynamic:self.dynamic + dynamic] = True
        return total


def layout(program: Program) -> Layout:
    """The layout of the shared memory of a kernel."""
    places: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    end = declared = 0
    for variable in program.shared:
        size = kind(variable.type).itemsize * variable.count
        if size:
            align = max(variable.align, kind(variable.type).itemsize)
            declared = -(-declared // align) * align + size
            start = -(-(end + (GAP if spans else 0)) // GAP) * GAP
            places[variable.name] = start
            spans.append((start, start + size))
            end = start + size
    dynamic = -(-(end + (GAP if spans else 0)) // GAP) * GAP
    places |= {v.name: dynamic for v in program.shared if not v.count}
    owned = np.zeros(dynamic, bool)
    for start, stop in spans:
        owned[start:stop] = True
    return Layout(places, owned, dynamic, declared)


def table(variable: Variable) -> np.ndarray:
    """The bytes of a table of constants; zeros where it has no values."""
    dtype = kind(variable.type)
    values = np.zeros(variable.count, unsigned(dtype))
    given = re.findall(r"[^\s{},]+", variable.value or "")
    for place, text in enumerate(given):
        literal = re.fullmatch(r"0[fFdD]([0-9a-fA-F]+)", text)
        if not literal and not re.fullmatch(r"-?(?:0[xX][0-9a-fA-F]+|\d+)U?", text):
            raise UnknownInstructionError(f"the value {text} of {variable.name}")
        number = int(literal[1], 16) if literal else int(text.rstrip("U"), 0)
        values[place] = number & (256 ** dtype.itemsize - 1)
    return values.view(np.uint8)
