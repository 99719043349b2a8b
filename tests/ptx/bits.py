"""Instructions on single bits and bytes: popc clz bfind brev bfe bfi prmt shf lop3."""

import numpy as np

from ptx.kinds import kind, unsigned
from ptx.operands import Operands, Step, Values, allow
from ptx.parse import Instruction
from ptx.run import Run

WORD = np.dtype(np.uint32)
REVERSED = np.array([int(f"{n:08b}"[::-1], 2) for n in range(256)], np.uint8)


def leading_zeros(x: Values) -> Values:
    """How many zeros stand before the first one. x: unsigned; result: uint32."""
    x = np.array(x)
    size, shift = 8 * x.dtype.itemsize, 1
    while shift < size:
        x = x | (x >> x.dtype.type(shift))
        shift *= 2
    return np.uint32(size) - np.bitwise_count(x).astype(np.uint32)


def count(item: Instruction, operands: Operands) -> Step:
    """popc clz."""
    allow(item)
    read, write = operands.read(item.operands[1], kind(item.op[-1])), operands.write(item.operands[0], WORD)
    if item.op[0] == "clz":
        return lambda run: write(run, leading_zeros(read(run)))
    return lambda run: write(run, np.bitwise_count(read(run)).astype(WORD))


def find(item: Instruction, operands: Operands) -> Step:
    """bfind: the place of the first bit that differs from the sign, all ones if there is none."""
    allow(item, "shiftamt")
    dtype = kind(item.op[-1])
    read, write = operands.read(item.operands[1], dtype), operands.write(item.operands[0], WORD)
    most, shift = np.uint32(8 * dtype.itemsize - 1), "shiftamt" in item.op

    def step(run: Run) -> None:
        x = np.asarray(read(run))
        x = (np.where(x < 0, ~x, x) if dtype.kind == "i" else x).astype(unsigned(dtype))
        zeros = leading_zeros(x)
        write(run, np.where(x == 0, np.uint32(0xFFFFFFFF), zeros if shift else most - zeros))
    return step


def reverse(item: Instruction, operands: Operands) -> Step:
    """brev."""
    allow(item)
    dtype = kind(item.op[-1])
    read, write = operands.read(item.operands[1], dtype), operands.write(item.operands[0], dtype)

    def step(run: Run) -> None:
        cells = np.ascontiguousarray(np.atleast_1d(read(run))).view(np.uint8).reshape(-1, dtype.itemsize)
        write(run, np.ascontiguousarray(REVERSED[cells[:, ::-1]]).view(dtype)[:, 0])
    return step


def extract(item: Instruction, operands: Operands) -> Step:
    """bfe: a field of bits; of a signed type its upper bit is spread, and beyond the size stands the sign."""
    allow(item)
    dtype = kind(item.op[-1])
    size, raw = 8 * dtype.itemsize, unsigned(dtype)
    x, place, length = (operands.read(o, t) for o, t in zip(item.operands[1:], (dtype, WORD, WORD)))
    write = operands.write(item.operands[0], dtype)

    def step(run: Run) -> None:
        start, many = place(run) & 255, np.minimum(length(run) & 255, size)
        value = np.asarray(x(run))
        wide = np.dtype(np.int64 if dtype.kind == "i" else np.uint64).type
        shifted = np.right_shift(value.astype(wide), np.minimum(start, 63).astype(wide))
        beyond = (value < 0) * wide(-1) if dtype.kind == "i" else wide(0)
        shifted = np.where(start >= 64, beyond, shifted).astype(np.uint64)
        mask = np.left_shift(np.uint64(1), many.astype(np.uint64)) - np.uint64(1)
        field = shifted & mask
        if dtype.kind == "i":
            top = np.minimum(start + many - 1, size - 1)
            negative = (np.right_shift(value, top.astype(dtype)) & 1).astype(bool) & (many > 0)
            field = np.where(negative, field | ~mask, field)
        write(run, field.astype(raw).view(dtype))
    return step


def insert(item: Instruction, operands: Operands) -> Step:
    """bfi: the first operand's lowest bits in place of a field of the second."""
    allow(item)
    dtype = kind(item.op[-1])
    size = 8 * dtype.itemsize
    x, y = (operands.read(o, dtype) for o in item.operands[1:3])
    place, length = (operands.read(o, WORD) for o in item.operands[3:])
    write = operands.write(item.operands[0], dtype)

    def step(run: Run) -> None:
        start, many = (np.minimum(v & 255, size).astype(dtype) for v in (place(run), length(run)))
        ones = np.left_shift(dtype.type(1), many) - dtype.type(1)
        mask = np.left_shift(ones, start)
        write(run, (y(run) & ~mask) | (np.left_shift(x(run), start) & mask))
    return step


def permute(item: Instruction, operands: Operands) -> Step:
    """prmt: four bytes chosen from eight, or their signs."""
    allow(item)
    low, high, choice = (operands.read(o, WORD) for o in item.operands[1:])
    write = operands.write(item.operands[0], WORD)

    def step(run: Run) -> None:
        both = low(run).astype(np.uint64) | (high(run).astype(np.uint64) << np.uint64(32))
        chosen, result = choice(run).astype(np.uint64), np.zeros((), np.uint64)
        for n in range(4):
            which = (chosen >> np.uint64(4 * n)) & np.uint64(15)
            byte = (both >> ((which & np.uint64(7)) * np.uint64(8))) & np.uint64(255)
            sign = np.where(byte & np.uint64(128), np.uint64(255), np.uint64(0))
            result = result | (np.where(which & np.uint64(8), sign, byte) << np.uint64(8 * n))
        write(run, result.astype(WORD))
    return step


def funnel(item: Instruction, operands: Operands) -> Step:
    """shf: 32 bits of 64 that are shifted."""
    allow(item, "l", "r", "wrap", "clamp")
    low, high, amount = (operands.read(o, WORD) for o in item.operands[1:])
    write, left, wrap = operands.write(item.operands[0], WORD), "l" in item.op, "wrap" in item.op

    def step(run: Run) -> None:
        both = low(run).astype(np.uint64) | (high(run).astype(np.uint64) << np.uint64(32))
        n = (amount(run) & 31 if wrap else np.minimum(amount(run), 32)).astype(np.uint64)
        write(run, ((both << n) >> np.uint64(32) if left else both >> n).astype(WORD))
    return step


def logic(item: Instruction, operands: Operands) -> Step:
    """lop3: any function of three bits, given by its table."""
    allow(item)
    reads = [operands.read(o, WORD) for o in item.operands[1:4]]
    table, write = int(item.operands[4], 0), operands.write(item.operands[0], WORD)

    def step(run: Run) -> None:
        a, b, c = (read(run) for read in reads)
        result = np.uint32(0)
        for n in range(8):
            if table >> n & 1:
                result = result | (a if n & 4 else ~a) & (b if n & 2 else ~b) & (c if n & 1 else ~c)
        write(run, result)
    return step


