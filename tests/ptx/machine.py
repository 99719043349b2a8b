"""Runs kernels: all lanes of some blocks at once, in stretches of instructions, those that are behind
first."""

from collections.abc import Sequence
from math import prod

import numpy as np

from ptx.decode import Control
from ptx.faults import (
    DeadlockError,
    DivergentBarrierError,
    FaultError,
    InactiveLaneError,
    LaunchError,
    StepLimitError,
)
from ptx.kernel import Kernel, Word
from ptx.lanes import Where, indices, spread, union
from ptx.memory import Memory
from ptx.profile import Profile
from ptx.run import Launch, Run, Triple
from ptx.warp import ballot

LANES = 8192          # lanes that run together: their registers stay in the cache
PATIENCE = 8          # atomic accesses after which the foremost lanes go: who holds a lock can free it


class Machine:
    """Executes one run. Each set maps an instruction to the lanes that stand there: `ready` ones may go on,
    `parked` ones wait for lanes of their warp, `waiting` ones for their block. `alive` says who has not left
    the kernel."""

    def __init__(self, run: Run):
        self.run, self.kernel = run, run.kernel
        self.ready: dict[int, Where] = {0: slice(0, run.lanes)}
        self.parked: dict[int, Where] = {}
        self.waiting: dict[int, Where] = {}
        self.alive = np.ones(run.lanes, bool)
        self.here = 0

    def add(self, to: dict[int, Where], place: int, where: Where | None) -> None:
        """Adds lanes to a set."""
        joined = union(to.get(place), where)
        if joined is not None:
            to[place] = joined

    def execute(self) -> None:
        """Runs all lanes to their end. Raises the first fault, with its place."""
        try:
            with np.errstate(all="ignore"):
                while self.ready or self.parked or self.waiting:
                    self.turn()
        except FaultError as fault:
            raise type(fault)(self.located(fault), fault.lane) from None

    def turn(self) -> None:
        """Lets the lanes that are furthest behind go on, so that they meet the others."""
        if not self.ready:
            self.unlock()
            return
        eager = self.run.attempts >= PATIENCE
        if eager:
            self.run.attempts = 0
        place = (max if eager else min)(self.ready)
        self.advance(place, self.ready.pop(place))

    def advance(self, place: int, where: Where) -> None:
        """Executes a stretch of instructions for some lanes, and the control at its end."""
        run, steps = self.run, self.kernel.steps
        if place == len(steps):
            self.leave(where)
            return
        run.where, self.here = where, place
        stop = self.kernel.stops[place]
        self.count(max(stop - place, 1))
        for number in range(place, stop):
            self.here = number
            steps[number](run)                                              # type: ignore[operator]
        control = steps[stop] if stop < len(steps) else None
        if isinstance(control, Control) and stop not in self.ready:
            self.here = stop
            self.control(control, stop, where)
        else:
            self.add(self.ready, stop, where)

    def count(self, steps: int) -> None:
        """Takes instructions from those that the launch has left. Raises StepLimitError."""
        launch = self.run.launch
        if launch.profile:
            launch.profile.executed(steps, self.run.active)
        launch.steps -= steps
        if launch.steps < 0:
            raise StepLimitError("the kernel does not end, or needs a higher limit of steps", self.first())

    def first(self) -> int:
        """The first active lane."""
        return int(indices(self.run.where)[0])

    def control(self, control: Control, place: int, where: Where) -> None:
        """Sends lanes where an instruction says."""
        others: Where | None = None
        if control.guard:
            some, others = spread(where, control.guard(self.run))
            self.add(self.ready, place + 1, others)
            if some is None:
                return
            where = some
        if control.action == "branch":
            self.add(self.ready, control.target, where)
        elif control.action == "exit":
            self.leave(where)
        elif control.action == "barrier":
            self.add(self.waiting, place, where)
            self.release()
        else:
            self.gather(control, place, where)

    def leave(self, where: Where) -> None:
        """Ends lanes."""
        self.alive[where] = False

    def gather(self, control: Control, place: int, where: Where) -> None:
        """Does what a warp does together for the lanes whose partners are all there; parks the others."""
        everyone = union(where, self.parked.pop(place, None))
        assert everyone is not None
        lanes = indices(everyone)
        self.run.where = everyone
        assert control.members is not None and control.step is not None
        mask = np.broadcast_to(control.members(self.run), lanes.shape)
        present = ballot(self.run, lanes, True)
        outside = (mask >> self.run.lane_id[lanes].astype(np.uint32)) & 1 == 0
        if outside.any():
            lane = int(lanes[np.argmax(outside)])
            raise InactiveLaneError(f"lane {int(self.run.lane_id[lane])} is not in its own mask", lane)
        living = self.living(lanes)
        now, later = spread(everyone, (mask & living & ~present) == 0)
        self.add(self.parked, place, later)
        if now is not None:
            self.run.where = now
            control.step(self.run)
            self.add(self.ready, place + 1, now)

    def living(self, lanes: np.ndarray) -> np.ndarray:
        """For each lane the mask of the lanes of its warp that have not left."""
        run, all_ = self.run, np.flatnonzero(self.alive)
        masks = np.zeros(run.blocks * run.warps, np.uint32)
        np.bitwise_or.at(masks, run.warp_of[all_], np.uint32(1) << run.lane_id[all_].astype(np.uint32))
        return masks[run.warp_of[lanes]]

    def release(self) -> None:
        """Lets the blocks go on whose threads have all come to a barrier. Raises DivergentBarrierError."""
        run = self.run
        arrived = {place: self.per_block(where) for place, where in self.waiting.items()}
        total, living = sum(arrived.values()), self.per_block(self.alive)
        done = (total == living) & (living > 0)
        if not done.any():
            return
        for place, number in arrived.items():
            bad = done & (number > 0) & ((number != total) | self.deserted(living))
            if bad.any():
                self.refuse(place, int(np.argmax(bad)))
        run.block_time[done] = run.warp_time.reshape(run.blocks, -1)[done] = run.tick()
        for place in list(self.waiting):
            where = self.waiting.pop(place)
            freed, kept = spread(where, done[run.block_of[where]])
            self.add(self.waiting, place, kept)
            self.pass_barrier(place, freed)

    def per_block(self, lanes: Where) -> np.ndarray:
        """How many of some lanes each block has."""
        return np.bincount(self.run.block_of[lanes], minlength=self.run.blocks)

    def pass_barrier(self, place: int, where: Where | None) -> None:
        """Lets lanes go on after a barrier."""
        control = self.kernel.steps[place]
        if where is not None and isinstance(control, Control) and control.reduction:
            self.run.where = where
            control.reduction(self.run, indices(where))
        self.add(self.ready, place + 1, where)

    def deserted(self, living: np.ndarray) -> np.ndarray:
        """The blocks some of whose threads have left, where that is not allowed."""
        return (living < self.run.threads) & (not self.run.launch.early_exit)

    def refuse(self, place: int, block: int) -> None:
        """Raises DivergentBarrierError for a block."""
        run, self.here = self.run, place
        lanes = indices(self.waiting[place])
        lane = int(lanes[run.block_of[lanes] == block][0])
        gone = run.threads - int(self.alive[run.block_of == block].sum())
        others = f"{gone} threads of the block have left" if gone else "others of the block wait at another"
        raise DivergentBarrierError(f"the thread waits at a barrier, and {others}", lane)

    def unlock(self) -> None:
        """Lets parked lanes go on whose partners have left. Raises DeadlockError if there are none."""
        for place in list(self.parked):
            control = self.kernel.steps[place]
            assert isinstance(control, Control)
            self.here = place
            self.gather(control, place, self.parked.pop(place))
            if self.ready:
                return
        if self.waiting:
            self.release()
        if not self.ready:
            stuck = {**self.parked, **self.waiting}
            self.here = min(stuck)
            raise DeadlockError("no thread can go on: this one waits for others that wait elsewhere",
                                int(indices(stuck[self.here])[0]))

    def located(self, fault: FaultError) -> str:
        """The message of a fault with kernel, instruction, block and thread."""
        code = self.kernel.program.code
        text = f"`{code[self.here].text}` (instruction {self.here})" if self.here < len(code) else "its end"
        where = ""
        if fault.lane is not None:
            block, thread = self.run.place(self.run.first_lane + fault.lane)
            where = f", block {block}, thread {thread}"
        return f"kernel {self.kernel.name}, {text}{where}: {fault.what}"


def triple(sizes: int | tuple[int, ...], name: str) -> Triple:
    """Three sizes from one, two or three. Raises LaunchError."""
    given = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    if not 0 < len(given) < 4 or any(n < 1 for n in given):
        raise LaunchError(f"{name} of {sizes}")
    x, y, z = (*given, 1, 1)[:3]
    return x, y, z


def launch(kernel: Kernel, grid: int | tuple[int, ...], block: int | tuple[int, ...], words: Sequence[Word],
           shared: int = 0, *, memory: Memory, races: bool = True, early_exit: bool = False,
           limit: int = 2_000_000, profile: Profile | None = None, lanes: int = LANES) -> None:
    """Runs a kernel on a grid of blocks.

    words: the parameters, addresses of `memory` among them; shared: bytes of shared memory beyond what is
    declared; races: look for races in global memory too; early_exit: threads may leave while others of their
    block still meet at barriers; limit: instructions to execute, each counted once for all lanes that go
    together; lanes: about how many run together. Raises FaultError, of the kind that was found first."""
    grid, block = triple(grid, "a grid"), triple(block, "a block")
    threads, blocks = prod(block), prod(grid)
    if threads > 1024 or block[2] > 64:
        raise LaunchError(f"a block of {block} threads; 1024 are the most")
    if kernel.layout.declared + shared > 232448:
        raise LaunchError(f"{kernel.layout.declared + shared} bytes of shared memory")
    values = kernel.words(words)
    state = Launch(kernel, grid, block, values, shared, memory, races, early_exit, limit, profile)
    together = max(lanes // threads, 1)
    for first in range(0, blocks, together):
        Machine(Run(state, first, min(together, blocks - first))).execute()
