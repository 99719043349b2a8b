"""The lanes of some blocks that are executed together: registers, shared and local memory, the clock of
barriers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ptx.faults import LaunchError
from ptx.kinds import POISON, Dtype
from ptx.lanes import Where, size
from ptx.layout import Layout
from ptx.memory import Buffer, Memory
from ptx.operands import Values
from ptx.shadow import LANE, SCOPE, TIME, Shadow

if TYPE_CHECKING:
    from ptx.kernel import Kernel
    from ptx.profile import Profile

Triple = tuple[int, int, int]
WARP_SIZE = 32


@dataclass
class Launch:
    """All that the blocks of one launch share."""

    kernel: "Kernel"
    grid: Triple
    block: Triple
    words: dict[str, np.ndarray]                  # bytes of each parameter
    dynamic: int
    memory: Memory
    races: bool
    early_exit: bool
    steps: int                                    # instructions that are left to execute
    profile: "Profile | None"
    shadows: dict[int, Shadow] = field(default_factory=dict)
    clock: int = 1

    def shadow(self, window: int, buffer: Buffer) -> Shadow | None:
        """The shadow of a buffer, None if races are not looked for."""
        if not self.races or not buffer.writable:
            return None
        if window not in self.shadows:
            self.shadows[window] = Shadow(f"buffer {buffer.name}", buffer.nbytes)
        return self.shadows[window]


class Run:
    """Some whole blocks of a launch, one lane for each thread.

    `where` is the set of active lanes; `views` has one array over all lanes for each slot of the operands."""

    def __init__(self, launch: Launch, first: int, blocks: int):
        self.launch, self.kernel, self.blocks = launch, launch.kernel, blocks
        self.threads = launch.block[0] * launch.block[1] * launch.block[2]
        self.warps = -(-self.threads // WARP_SIZE)                               # of a block
        self.lanes, self.first_block, self.first_lane = blocks * self.threads, first, first * self.threads
        self.where: Where = slice(0, self.lanes)
        everyone = np.arange(self.lanes)
        self.block_of, self.thread_of = everyone // self.threads, everyone % self.threads
        self.lane_id = self.thread_of % WARP_SIZE
        self.warp_of = self.block_of * self.warps + self.thread_of // WARP_SIZE
        self.block_time, self.warp_time = np.zeros(blocks, np.int64), np.zeros(blocks * self.warps, np.int64)
        self.views = self._registers()
        self.carry = np.zeros(self.lanes, bool)
        self.attempts = 0                                 # atomic accesses since the machine last looked
        self._special: dict[str, np.ndarray] = {}
        self._memories(self.kernel.layout, launch.dynamic, self.kernel.program.frame_bytes)

    def _registers(self) -> list[np.ndarray]:
        """One array over all lanes for each slot, poisoned: what is read before it is written is seen."""
        operands, banks = self.kernel.operands, {}
        for width, rows in operands.rows.items():
            bank = np.full((rows, self.lanes * width), POISON, np.uint8)
            banks[width] = bank if width > 1 else bank & 1
        return [banks[width].view(dtype)[row][::width // dtype.itemsize]
                for width, row, dtype in operands.slots]

    def _memories(self, layout: Layout, dynamic: int, frame: int) -> None:
        """Shared memory of every block and local memory of every lane."""
        self.owned = layout.sized(dynamic)
        self.solid = int(np.argmin(self.owned))                      # bytes from the start without a gap
        self.shared = np.full(self.blocks * self.owned.size, POISON, np.uint8)
        self.shared_shadow = Shadow("shared memory", self.shared.size)
        self.frame, self.local_stride = frame, -(-frame // 16) * 16
        self.local = np.full(self.lanes * self.local_stride, POISON, np.uint8)

    @property
    def active(self) -> int:
        """How many lanes are active."""
        return size(self.where)

    @property
    def clock(self) -> int:
        """How many barriers were passed so far in this launch."""
        return self.launch.clock

    def tick(self) -> int:
        """The time after a barrier."""
        self.launch.clock += 1
        return self.launch.clock

    def stamp(self, lanes: np.ndarray) -> np.ndarray:
        """The stamps of lanes now."""
        return lanes + (self.first_lane + (LANE << SCOPE) + (self.clock << TIME))

    def place(self, number: int) -> tuple[Triple, Triple]:
        """The block and the thread, in three dimensions, of a lane of the launch."""
        block, thread = divmod(number, self.threads)
        (x, y, _), (a, b, _) = self.launch.grid, self.launch.block
        return (block % x, block // x % y, block // x // y), (thread % a, thread // a % b, thread // a // b)

    def special(self, name: str, dtype: Dtype) -> Values:
        """A special register of the active lanes."""
        if name not in self._special:
            self._special[name] = np.asarray(self._compute(name))
        value = self._special[name]
        return (value[self.where] if value.ndim else value[()]).astype(dtype)

    def _compute(self, name: str) -> Values:
        """A special register of all lanes, or one number for all."""
        stem, _, axis = name.partition(".")
        sizes = {"%ntid": self.launch.block, "%nctaid": self.launch.grid}
        if stem in sizes:
            return sizes[stem]["xyz".index(axis)]
        if stem in ("%tid", "%ctaid"):
            number, (x, y, _) = ((self.thread_of, self.launch.block) if stem == "%tid"
                                 else (self.block_of + self.first_block, self.launch.grid))
            return {"x": number % x, "y": number // x % y, "z": number // (x * y)}[axis]
        bit = np.uint64(1) << self.lane_id.astype(np.uint64)
        simple: dict[str, Callable[[], Values]] = {
            "%laneid": lambda: self.lane_id, "WARP_SZ": lambda: WARP_SIZE,
            "%warpid": lambda: self.thread_of // WARP_SIZE, "%nwarpid": lambda: self.warps,
            "%dynamic_smem_size": lambda: self.launch.dynamic,
            "%total_smem_size": lambda: self.launch.dynamic + self.kernel.layout.declared,
            "%lanemask_eq": lambda: bit, "%lanemask_lt": lambda: bit - np.uint64(1),
            "%lanemask_le": lambda: 2 * bit - np.uint64(1), "%lanemask_gt": lambda: (1 << 32) - 2 * bit,
            "%lanemask_ge": lambda: (1 << 32) - bit}
        return simple[name]() if name in simple else 0                       # clocks stand still

    def parameter(self, name: str, offset: int, dtype: Dtype) -> np.generic:
        """The value of a parameter of the kernel."""
        cells = self.launch.words[name]
        if offset + dtype.itemsize > cells.size:
            raise LaunchError(f"{dtype.itemsize} bytes at {offset} of parameter {name} of {cells.size} bytes")
        return cells[offset:offset + dtype.itemsize].view(dtype)[0]
