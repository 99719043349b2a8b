"""What the lanes of a warp do together: shfl, vote, match, activemask, bar.warp.sync."""

from collections.abc import Callable

import numpy as np

from ptx.faults import InactiveLaneError, UnknownInstructionError
from ptx.kinds import kind
from ptx.lanes import indices
from ptx.operands import Operands, Read, Step, Values, allow
from ptx.parse import Instruction
from ptx.run import Run

WORD, PREDICATE = np.dtype(np.uint32), np.dtype(np.bool_)
FULL = np.uint32(0xFFFFFFFF)


def ballot(run: Run, lanes: np.ndarray, flags: Values) -> np.ndarray:
    """For each lane the mask of the lanes of its warp whose flag is up. Result: uint32."""
    masks = np.zeros(run.blocks * run.warps, np.uint32)
    bit = np.where(flags, np.uint32(1) << run.lane_id[lanes].astype(np.uint32), np.uint32(0))
    np.bitwise_or.at(masks, run.warp_of[lanes], bit)
    return masks[run.warp_of[lanes]]


def source_lane(mode: str, lane: np.ndarray, amount: np.ndarray,
                control: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lane of the warp that each lane reads, its own where that is out of range, and whether it is in
    range."""
    segment, clamp = (control >> 8) & 31, control & 31
    last, first = (lane & segment) | (clamp & ~segment), lane & segment
    source = {"up": lane - amount, "down": lane + amount, "bfly": lane ^ amount,
              "idx": first | (amount & ~segment)}[mode]
    inside = source >= last if mode == "up" else source <= last
    return np.where(inside, source, lane), inside


def shuffle(item: Instruction, operands: Operands) -> Step:
    """shfl.sync: the value of a register in another lane of the warp."""
    allow(item, "sync", "up", "down", "bfly", "idx")
    mode = next(m for m in item.op if m in ("up", "down", "bfly", "idx"))
    names = [part.strip() for part in item.operands[0].split("|")]
    write = operands.write(names[0], WORD)
    flag = operands.write(names[1], PREDICATE) if len(names) > 1 else None
    value, amount, control = (operands.read(o, WORD) for o in item.operands[1:4])

    def step(run: Run) -> None:
        lanes = indices(run.where)
        lane = run.lane_id[lanes]
        n, c = (np.broadcast_to(v(run), lane.shape).astype(np.int64) for v in (amount, control))
        source, inside = source_lane(mode, lane, n & 31, c)
        from_lane = lanes - lane + source
        held = np.zeros(run.lanes + 32, WORD)
        here = np.zeros(run.lanes + 32, bool)
        held[lanes], here[lanes] = value(run), True
        same_block = run.thread_of[lanes] - lane + source < run.threads
        absent = ~(here[from_lane] & same_block)
        if absent.any():
            place = int(np.argmax(absent))
            raise InactiveLaneError(f"lane {int(lane[place])} reads lane {int(source[place])} of its warp, "
                                    "which takes no part in the exchange", int(lanes[place]))
        write(run, held[from_lane])
        if flag:
            flag(run, inside)
    return step


def vote(item: Instruction, operands: Operands) -> Step:
    """vote.sync: whether a predicate holds for any, for all or alike for all lanes of the mask, or the mask
    of them."""
    allow(item, "sync", "any", "all", "uni", "ballot")
    mode = item.op[-2]
    read, mask = operands.read(item.operands[1], PREDICATE), operands.read(item.operands[2], WORD)
    write = operands.write(item.operands[0], kind(item.op[-1]))

    def step(run: Run) -> None:
        lanes = indices(run.where)
        flags = np.broadcast_to(read(run), lanes.shape)
        yes, present = ballot(run, lanes, flags) & mask(run), ballot(run, lanes, True) & mask(run)
        every = yes == present
        results = {"ballot": yes, "any": yes != 0, "all": every, "uni": every | (yes == 0)}
        write(run, results[mode])
    return step


def match(item: Instruction, operands: Operands) -> Step:
    """match.any.sync and match.all.sync: the lanes of the mask that hold the same value."""
    allow(item, "sync", "any", "all")
    names = [part.strip() for part in item.operands[0].split("|")]
    dtype = kind(item.op[-1])
    read, write = operands.read(item.operands[1], dtype), operands.write(names[0], WORD)
    flag = operands.write(names[1], PREDICATE) if len(names) > 1 else None

    def step(run: Run) -> None:
        lanes = indices(run.where)
        values = np.broadcast_to(read(run), lanes.shape)
        result = np.zeros(lanes.shape, WORD)
        for one in np.unique(values):
            same = values == one
            result[same] = ballot(run, lanes[same], True)
        if "all" in item.op:
            agree = result == ballot(run, lanes, True)
            result = np.where(agree, result, np.uint32(0))
            if flag:
                flag(run, agree)
        write(run, result)
    return step


def active_mask(item: Instruction, operands: Operands) -> Step:
    """activemask: the lanes of the warp that are here now."""
    write = operands.write(item.operands[0], WORD)

    def step(run: Run) -> None:
        write(run, ballot(run, indices(run.where), True))
    return step


def meet(item: Instruction, operands: Operands) -> Step:
    """bar.warp.sync: what the lanes of a warp did before is ordered before what they do after."""
    def step(run: Run) -> None:
        run.warp_time[run.warp_of[indices(run.where)]] = run.tick()
    return step


def members(item: Instruction, operands: Operands) -> Read | None:
    """The mask of the lanes that an instruction waits for; None if it waits for no others."""
    name = item.op[0]
    if name in ("shfl", "vote", "match") and "sync" in item.op:
        return operands.read(item.operands[-1], WORD)
    if name in ("bar", "barrier") and "warp" in item.op:
        return operands.read(item.operands[0], WORD)
    if name in ("shfl", "vote", "redux", "elect"):
        raise UnknownInstructionError(".".join(item.op))
    return None


TABLE: dict[str, Callable[[Instruction, Operands], Step]] = {
    "shfl": shuffle, "vote": vote, "match": match, "activemask": active_mask}
