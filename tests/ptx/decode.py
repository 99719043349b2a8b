"""Which file knows which opcode; every instruction becomes a function of the run."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ptx import atomics, bits, compare, convert, floats, integers, transfer, warp
from ptx.faults import FaultError, UnknownInstructionError
from ptx.kinds import kind
from ptx.lanes import select
from ptx.operands import Operands, Read, Step, allow
from ptx.parse import Instruction
from ptx.run import Run

Decoder = Callable[[Instruction, Operands], Step]


def number(item: Instruction, operands: Operands) -> Step:
    """Arithmetic, by the type of the instruction."""
    is_float = kind(item.op[-1]).kind == "f"
    return (floats.decode if is_float else integers.arithmetic)(item, operands)


TABLE: dict[str, Decoder] = {
    **transfer.TABLE, **warp.TABLE,
    **dict.fromkeys(("add", "sub", "mul", "mad", "fma", "div", "rem", "min", "max", "neg", "abs", "and", "or",
                     "xor", "not", "shl", "shr", "addc", "subc", "madc", "copysign", *floats.FUNCTIONS),
                    number),
    "cvt": convert.decode, "setp": compare.set_predicate, "set": compare.set_number, "selp": compare.select,
    "slct": compare.select_by_sign, "testp": compare.property_of,
    "popc": bits.count, "clz": bits.count, "bfind": bits.find, "brev": bits.reverse, "bfe": bits.extract,
    "bfi": bits.insert, "prmt": bits.permute, "shf": bits.funnel, "lop3": bits.logic,
    "atom": atomics.decode, "red": atomics.decode,
}


@dataclass(frozen=True)
class Control:
    """An instruction after which lanes may go different ways, or before which they wait.

    action: "branch", "exit", "barrier" or "warp"; target: where a branch goes; members: the mask of the lanes
    that it waits for; step: what is then done; reduction: of a barrier, what becomes of a predicate of all
    threads."""

    action: str
    guard: Read | None = None
    target: int = 0
    members: Read | None = None
    step: Step | None = None
    reduction: Callable[[Run, np.ndarray], None] | None = None


def guard_of(item: Instruction, operands: Operands) -> Read | None:
    """The predicate that an instruction is executed under."""
    return operands.read(("!" if item.negated else "") + item.guard, np.dtype(bool)) if item.guard else None


def guarded(step: Step, guard: Read | None) -> Step:
    """A step for the lanes whose predicate holds."""
    if guard is None:
        return step

    def some(run: Run) -> None:
        where = run.where
        inner = select(where, guard(run))
        if inner is not None:
            run.where = inner
            step(run)
            run.where = where
    return some


def barrier(item: Instruction, operands: Operands) -> Control:
    """bar.sync, barrier.sync (which are barrier 0 of all threads) and bar.red."""
    allow(item, "cta", "sync", "aligned", "red", "popc", "and", "or")
    reduces = "red" in item.op
    if item.operands[1 if reduces else 0] != "0" or len(item.operands) != (3 if reduces else 1):
        raise UnknownInstructionError(f"a barrier other than 0, or of some threads: `{item.text}`")
    reduction = reduced(item, operands) if reduces else None
    return Control("barrier", guard_of(item, operands), reduction=reduction)


def reduced(item: Instruction, operands: Operands) -> Callable[[Run, np.ndarray], None]:
    """What bar.red writes: how many threads of the block hold a predicate, whether all do, or any."""
    read = operands.read(item.operands[2], np.dtype(bool))
    write = operands.write(item.operands[0], kind(item.op[-1]))

    def finish(run: Run, lanes: np.ndarray) -> None:
        blocks = run.block_of[lanes]
        held = np.bincount(blocks[np.broadcast_to(read(run), lanes.shape)], minlength=run.blocks)
        all_ = np.bincount(blocks, minlength=run.blocks)
        result = held if "popc" in item.op else held == all_ if "and" in item.op else held > 0
        write(run, result[blocks])
    return finish


def control(item: Instruction, operands: Operands, labels: dict[str, int]) -> Control | None:
    """The control of an instruction, None if it has none."""
    name = item.op[0]
    if name == "bra":
        if item.operands[0] not in labels:
            raise UnknownInstructionError(f"label {item.operands[0]}")
        return Control("branch", guard_of(item, operands), labels[item.operands[0]])
    if name in ("ret", "exit"):
        return Control("exit", guard_of(item, operands))
    members = warp.members(item, operands)
    if members:
        step = warp.TABLE.get(name, warp.meet)(item, operands)
        return Control("warp", guard_of(item, operands), members=members, step=step)
    return barrier(item, operands) if name in ("bar", "barrier") else None


def decode(item: Instruction, operands: Operands, labels: dict[str, int]) -> Step | Control:
    """What one instruction does. Raises UnknownInstructionError with its text."""
    try:
        found = control(item, operands, labels)
        if found:
            return found
        if item.op[0] not in TABLE:
            raise UnknownInstructionError(f"opcode {item.op[0]}")
        return guarded(TABLE[item.op[0]](item, operands), guard_of(item, operands))
    except FaultError as fault:
        raise UnknownInstructionError(f"`{item.text}`: {fault.what}") from fault
