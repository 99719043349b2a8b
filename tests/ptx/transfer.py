"""Moving values: mov, ld, st, cvta, and what does nothing here."""

import re
from collections.abc import Callable

import numpy as np

from ptx.faults import TrapError, UnknownInstructionError
from ptx.kinds import kind, unsigned
from ptx.lanes import indices
from ptx.layout import LOCAL_WINDOW, SHARED_WINDOW, window_base
from ptx.operands import Operands, Step, allow
from ptx.parse import Instruction, split
from ptx.run import Run
from ptx.spaces import load, store

SPACES = ("global", "shared", "local", "const", "param")
ORDERS = ("volatile", "relaxed", "acquire", "release", "cta", "gpu", "sys", "cluster", "weak", "mmio")
CACHES = ("nc", "ca", "cg", "cs", "lu", "cv", "wb", "wt", "L1_no_allocate", "L1_evict_last", "L1_evict_first",
          "L1_evict_normal", "L1_evict_unchanged", "L2_64B", "L2_128B", "L2_256B", "shared_cta")
VECTORS = {"v2": 2, "v4": 4, "v8": 8}
SIZED = re.compile(r"L[12]_\w+")


def group(operand: str) -> list[str]:
    """The registers of {a, b}, or the only one."""
    return split(operand[1:-1]) if operand.startswith("{") else [operand]


def space_of(item: Instruction) -> str:
    """The state space that an instruction names, "" for generic addresses."""
    return next((part.removesuffix("_cta") for part in item.op if part.removesuffix("_cta") in SPACES), "")


def atomic_order(item: Instruction) -> bool:
    """Whether an access may meet another at the same time."""
    return any(part in item.op for part in ("volatile", "relaxed", "acquire", "release", "mmio"))


def move(item: Instruction, operands: Operands) -> Step:
    """mov of one value, of parts that make one, or of one into parts."""
    allow(item)
    dtype = kind(item.op[-1])
    target, source = item.operands
    if source.startswith("{"):
        return pack(group(source), target, item, operands)
    if target.startswith("{"):
        return unpack(source, group(target), item, operands)
    read, write = operands.read(source, dtype), operands.write(target, dtype)
    return lambda run: write(run, read(run))


def pack(parts: list[str], target: str, item: Instruction, operands: Operands) -> Step:
    """One value from parts, the lowest first."""
    whole = unsigned(kind(item.op[-1]))
    piece = np.dtype(f"u{whole.itemsize // len(parts)}")
    reads, write = [operands.read(p, piece) for p in parts], operands.write(target, whole)

    def step(run: Run) -> None:
        result = whole.type(0)
        for n, read in enumerate(reads):
            result = result | (read(run).astype(whole) << whole.type(8 * piece.itemsize * n))
        write(run, result)
    return step


def unpack(source: str, parts: list[str], item: Instruction, operands: Operands) -> Step:
    """Parts of one value, the lowest first."""
    whole = unsigned(kind(item.op[-1]))
    piece = np.dtype(f"u{whole.itemsize // len(parts)}")
    read, writes = operands.read(source, whole), [operands.write(p, piece) for p in parts]

    def step(run: Run) -> None:
        value = np.array(read(run))
        for n, write in enumerate(writes):
            write(run, (value >> whole.type(8 * piece.itemsize * n)).astype(piece))
    return step


def parameter(item: Instruction, operands: Operands) -> Step | None:
    """ld.param of a parameter of the kernel; None where it is a parameter that was passed to a device
    function."""
    found = re.fullmatch(r"\[\s*([^\]+\s]+)\s*(?:\+\s*(\w+))?\s*\]", item.operands[1])
    if not found or found[1] not in {p.name for p in operands.program.parameters}:
        return None
    name, dtype = found[1], kind(item.op[-1])
    offset, targets = int(found[2] or "0", 0), group(item.operands[0])
    writes = [operands.write(target, dtype, True) for target in targets]

    def step(run: Run) -> None:
        for n, write in enumerate(writes):
            write(run, run.parameter(name, offset + n * dtype.itemsize, dtype))
    return step


def read_memory(item: Instruction, operands: Operands) -> Step:
    """ld and ldu, of one value or a vector."""
    allow(item, *SPACES, *ORDERS, *CACHES, *VECTORS)
    space, dtype, atomic = space_of(item), kind(item.op[-1]), atomic_order(item)
    if space == "param":
        from_launch = parameter(item, operands)
        if from_launch:
            return from_launch
        space = "local"
    address = operands.address(item.operands[1])
    writes = [operands.write(target, dtype, True) for target in group(item.operands[0])]

    def step(run: Run) -> None:
        for write, value in zip(writes, load(run, space, address(run), dtype, len(writes), atomic)):
            write(run, value)
    return step


def write_memory(item: Instruction, operands: Operands) -> Step:
    """st, of one value or a vector."""
    allow(item, *SPACES, *ORDERS, *CACHES, *VECTORS)
    space, dtype, atomic = space_of(item), kind(item.op[-1]), atomic_order(item)
    space = "local" if space == "param" else space
    address = operands.address(item.operands[0])
    reads = [operands.read(source, dtype) for source in group(item.operands[1])]
    return lambda run: store(run, space, address(run), dtype, [read(run) for read in reads], atomic)


def convert_address(item: Instruction, operands: Operands) -> Step:
    """cvta: between the addresses of a state space and generic ones."""
    allow(item, *SPACES, "to")
    base = {"shared": window_base(SHARED_WINDOW), "local": window_base(LOCAL_WINDOW)}.get(space_of(item), 0)
    dtype = kind(item.op[-1])
    if base and dtype.itemsize < 8:
        raise UnknownInstructionError("cvta of 32 bits")
    shift = dtype.type(base)
    read = operands.read(item.operands[1], dtype)
    function = np.subtract if "to" in item.op else np.add
    return operands.ufunc(function, item.operands[0], dtype, read, lambda run: shift)


def nothing(item: Instruction, operands: Operands) -> Step:
    """membar, fence, nanosleep, prefetch: lanes go in step and memory is never late."""
    return lambda run: None


def trap(item: Instruction, operands: Operands) -> Step:
    """trap and brkpt."""
    def step(run: Run) -> None:
        raise TrapError("the kernel stopped itself", int(indices(run.where)[0]))
    return step


TABLE: dict[str, Callable[[Instruction, Operands], Step]] = {
    "mov": move, "ld": read_memory, "ldu": read_memory, "st": write_memory, "cvta": convert_address,
    "trap": trap, "brkpt": trap,
    **dict.fromkeys(("membar", "fence", "nanosleep", "prefetch", "prefetchu"), nothing)}
