"""Global memory: buffers that a kernel reaches by address and a program by `write` and `read`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ptx.faults import FaultError, OutOfBoundsError, ReadOnlyError, UseAfterFreeError
from ptx.kinds import POISON
from ptx.layout import WINDOW_BITS, window_base


@dataclass
class Buffer:
    """One allocation. cells: uint8, longer than `nbytes` so that it can be seen as any type; empty once
    freed."""

    name: str
    base: int
    nbytes: int
    cells: np.ndarray
    alive: bool = True
    writable: bool = True

    def check(self, address: np.ndarray, nbytes: int, writing: bool) -> None:
        """Raises what is wrong with an access of `nbytes` at each address (int64)."""
        low, high = int(address.min()), int(address.max())
        if not self.alive:
            raise UseAfterFreeError(f"address {low:#x} is in buffer {self.name}, which was freed", 0)
        if low < self.base or high + nbytes > self.base + self.nbytes:
            offset = address - self.base
            lane = int(np.argmax((offset < 0) | (offset + nbytes > self.nbytes)))
            place = int(offset[lane])
            where = f"{-place} bytes before" if place < 0 else f"at byte {place} of"
            raise OutOfBoundsError(f"{nbytes} bytes at address {int(address[lane]):#x}, {where} "
                                   f"buffer {self.name} of {self.nbytes} bytes", lane)
        if writing and not self.writable:
            raise ReadOnlyError(f"a store to {self.name}, a table of constants", 0)


def buffer(name: str, window: int, nbytes: int) -> Buffer:
    """A buffer full of poison: what is read before it is written is no plausible number."""
    return Buffer(name, window_base(window), nbytes, np.full(-(-nbytes // 16) * 16, POISON, np.uint8))


class Memory:
    """The global memory of one device. Addresses are never used again, so that a use after free is always
    seen."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []

    def allocate(self, nbytes: int, name: str = "") -> int:
        """The address of a new buffer, a multiple of 256."""
        window = len(self.buffers) + 1
        self.buffers.append(buffer(name or f"#{window}", window, nbytes))
        return self.buffers[-1].base

    def used(self) -> int:
        """Bytes of all buffers that are not freed."""
        return sum(each.nbytes for each in self.buffers if each.alive)

    def find(self, window: int) -> Buffer | None:
        """The buffer of a window."""
        return self.buffers[window - 1] if 0 < window <= len(self.buffers) else None

    def _host(self, address: int, nbytes: int, writing: bool) -> tuple[Buffer, int]:
        """The buffer of an address and the place in it, for the program."""
        found = self.find(address >> WINDOW_BITS)
        if found is None:
            raise OutOfBoundsError(f"address {address:#x} is in no buffer")
        found.check(np.array([address], np.int64), nbytes, writing)
        return found, address - found.base

    def free(self, address: int) -> None:
        """Ends the life of the buffer that starts at an address.

        Raises FaultError if none does."""
        found, offset = self._host(address, 0, False)
        if offset:
            raise FaultError(f"address {address:#x} is not the start of buffer {found.name}")
        found.alive, found.cells = False, found.cells[:0]

    def write(self, address: int, data: ArrayLike | bytes) -> None:
        """Copies bytes or the bytes of an array to an address."""
        array = np.frombuffer(data, np.uint8) if isinstance(data, bytes | bytearray) else np.asarray(data)
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        found, offset = self._host(address, flat.size, True)
        found.cells[offset:offset + flat.size] = flat

    def read(self, address: int, nbytes: int) -> np.ndarray:
        """A copy of the bytes at an address. Result: uint8 (nbytes,)."""
        found, offset = self._host(address, nbytes, False)
        return found.cells[offset:offset + nbytes].copy()

    def put(self, data: ArrayLike, name: str = "") -> int:
        """The address of a new buffer with a copy of an array in C order."""
        array = np.ascontiguousarray(data)
        address = self.allocate(array.nbytes, name)
        self.write(address, array)
        return address

    def get(self, address: int, count: int, dtype: np.typing.DTypeLike) -> np.ndarray:
        """A copy of `count` elements at an address."""
        return self.read(address, count * np.dtype(dtype).itemsize).view(dtype)
