"""Races: who touched each piece of memory since when, and whether anything orders that before the next touch.

A stamp is a time, a scope and a number: the lane, or the warp, block or grid that holds all lanes that read
the place. Time counts barriers. What a lane did is ordered before what another lane of its block (warp) does
if a barrier of the block (warp) lies between. Of two touches of different lanes that nothing orders, one of
them a write and not both atomic, the second is a race; two writes of the same value are none."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ptx.faults import RaceError

if TYPE_CHECKING:
    from ptx.run import Run

LANE, WARP, BLOCK, GRID = range(4)
TIME, SCOPE = 32, 30
NUMBER = (1 << SCOPE) - 1
WORD = 4


class Shadow:
    """The stamps of one buffer, or of the shared memory of the blocks of a run."""

    def __init__(self, name: str, nbytes: int):
        self.name, self.nbytes, self.unit = name, nbytes, WORD
        self.stamps: dict[str, np.ndarray] = {}

    def _units(self, offset: np.ndarray, nbytes: int) -> list[np.ndarray]:
        """The units that an access covers; they become smaller with the smallest access."""
        while self.unit > nbytes:
            self.unit //= 2
            self.stamps = {kind: np.repeat(stamps, 2) for kind, stamps in self.stamps.items()}
        first = offset // self.unit
        return [first + n if n else first for n in range(nbytes // self.unit)]

    def _of(self, kind: str) -> np.ndarray:
        """The stamps of one kind of touch."""
        if kind not in self.stamps:
            self.stamps[kind] = np.zeros(-(-self.nbytes // self.unit) + WORD, np.int64)
        return self.stamps[kind]

    def read(self, run: "Run", lanes: np.ndarray, offset: np.ndarray, nbytes: int, atomic: bool) -> None:
        """Notes that lanes read. Raises RaceError."""
        for units in self._units(offset, nbytes):
            for kind in ("write",) if atomic else ("write", "atomic"):
                self._refuse(run, lanes, units, kind, "reads", None)
            self._note(run, lanes, units, "atomic read" if atomic else "read")

    def write(self, run: "Run", lanes: np.ndarray, offset: np.ndarray, nbytes: int, atomic: bool,
              same: Callable[[], np.ndarray] | None) -> None:
        """Notes that lanes write; `same` finds where the value is the one already there. Raises RaceError."""
        for units in self._units(offset, nbytes):
            self._refuse(run, lanes, units, "write", "writes", same)
            self._refuse(run, lanes, units, "read", "writes", same)
            if atomic:
                self._note(run, lanes, units, "atomic")
            else:
                self._refuse(run, lanes, units, "atomic", "writes", same)
                self._refuse(run, lanes, units, "atomic read", "writes", same)
                self._of("write")[units] = run.stamp(lanes)

    def _refuse(self, run: "Run", lanes: np.ndarray, units: np.ndarray, kind: str, deed: str,
                same: Callable[[], np.ndarray] | None) -> None:
        """Raises RaceError where an earlier touch of some kind is not ordered before this one."""
        if kind not in self.stamps:
            return
        stamps = self.stamps[kind][units]
        if not stamps.any():
            return
        bad = clashes(run, stamps, lanes)
        if same is not None and bad.any():
            bad &= ~same()
        if bad.any():
            place = int(np.argmax(bad))
            byte, earlier = int(units[place]) * self.unit, touch(run, int(stamps[place]), kind)
            raise RaceError(f"the thread {deed} byte {byte} of {self.name}: {earlier}, and no barrier lies "
                            "between", int(lanes[place]))

    def refuse_overwritten(self, lost: np.ndarray, lanes: np.ndarray, offset: np.ndarray) -> None:
        """Raises RaceError where a lane does not find the value that it stored: another stored too, at
        once."""
        if lost.any():
            place = int(np.argmax(lost))
            raise RaceError(f"the thread writes byte {int(offset[place])} of {self.name}, so does another "
                            "in the same instruction, with another value", int(lanes[place]))

    def _note(self, run: "Run", lanes: np.ndarray, units: np.ndarray, kind: str) -> None:
        """Adds lanes to those that touched some places."""
        stamps, mine = self._of(kind), run.stamp(lanes)
        current = stamps[units]
        new = mine if not current.any() else join(run, current, mine, lanes)
        changed = current != new
        while changed.any():
            stamps[units[changed]] = new[changed]     # lanes that agree must not undo what the others widen
            current = stamps[units]
            if np.array_equal(current, mine):
                return
            new = join(run, current, mine, lanes)
            changed = current != new


def parts(stamps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, scope and number of stamps."""
    return stamps >> TIME, (stamps >> SCOPE) & 3, stamps & NUMBER


def homes(run: "Run", scope: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The block and the warp of stamps, -1 where they belong to several."""
    block = np.where(scope == WARP, number // run.warps, number)
    block = np.where(scope == LANE, number // run.threads, block)
    warp = block * run.warps + number % run.threads // 32
    return (np.where(scope == GRID, -1, block),
            np.where(scope == LANE, warp, np.where(scope == WARP, number, -1)))


def clashes(run: "Run", stamps: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """Where a stamp is of another lane and not ordered before what `lanes` do now. Result: bool."""
    time, scope, number = parts(stamps)
    block, warp = homes(run, scope, number)
    mine = (scope == LANE) & (number == lanes + run.first_lane)
    ordered = (block == run.block_of[lanes] + run.first_block) & (time < run.block_time[run.block_of[lanes]])
    my_warp = run.warp_of[lanes]
    ordered |= (warp == my_warp + run.first_block * run.warps) & (time < run.warp_time[my_warp])
    return (stamps != 0) & ~mine & ~ordered


def join(run: "Run", stamps: np.ndarray, mine: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """Stamps that stand for the earlier lanes and mine: the smallest scope that holds both."""
    _, scope, number = parts(stamps)
    block, warp = homes(run, scope, number)
    my_block = run.block_of[lanes] + run.first_block
    my_warp = run.warp_of[lanes] + run.first_block * run.warps
    wider = np.where(warp == my_warp, (WARP << SCOPE) | my_warp,
                     np.where(block == my_block, (BLOCK << SCOPE) | my_block, GRID << SCOPE))
    return np.where(clashes(run, stamps, lanes), (run.clock << TIME) | wider, mine)


def touch(run: "Run", stamp: int, kind: str) -> str:
    """An earlier touch in words."""
    scope, number = stamp >> SCOPE & 3, stamp & NUMBER
    deed = {"read": "was read", "write": "was written"}.get(kind, "was changed atomically")
    if scope == LANE:
        block, thread = run.place(number)
        return f"that {deed} by thread {thread} of block {block}"
    return f"that {deed} by several threads of one {('', 'warp', 'block', 'grid')[scope]}"
