"""Integer arithmetic and logic."""

from collections.abc import Callable

import numpy as np

from ptx.faults import DivisionByZeroError, UnknownInstructionError
from ptx.kinds import Dtype, double, kind, unsigned
from ptx.lanes import indices
from ptx.operands import Operands, Step, Values, allow
from ptx.parse import Instruction
from ptx.run import Run

Binary = Callable[[Values, Values], Values]

SIMPLE: dict[str, Callable[..., Values]] = {
    "add": np.add, "sub": np.subtract, "min": np.minimum, "max": np.maximum, "neg": np.negative,
    "abs": np.abs, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert,
}


def high(x: Values, y: Values) -> Values:
    """The upper half of the product of two integers of one type."""
    x, y = np.asarray(x), np.asarray(y)
    bits = 8 * x.dtype.itemsize
    if bits < 64:
        wide = double(x.dtype)
        return ((x.astype(wide) * y.astype(wide)) >> wide.type(bits)).astype(x.dtype)
    a, b, half, low = x.view(np.uint64), y.view(np.uint64), np.uint64(32), np.uint64(0xFFFFFFFF)
    middle = (a >> half) * (b & low) + ((a & low) * (b & low) >> half)
    other = (a & low) * (b >> half) + (middle & low)
    result = (a >> half) * (b >> half) + (middle >> half) + (other >> half)
    if x.dtype.kind == "i":
        result = result - np.where(x < 0, b, np.uint64(0)) - np.where(y < 0, a, np.uint64(0))
    return result.view(x.dtype)


def wide(x: Values, y: Values) -> Values:
    """The product in twice the size."""
    return np.asarray(x).astype(double(x.dtype)) * np.asarray(y).astype(double(x.dtype))


def part(op: tuple[str, ...]) -> tuple[Binary, bool]:
    """The product that a multiplication keeps, and whether it is twice as wide."""
    if "wide" in op:
        return wide, True
    return (high, False) if "hi" in op else (np.multiply, False)


def simple(item: Instruction, operands: Operands) -> Step:
    """add sub min max neg abs and or xor not."""
    allow(item)
    dtype = kind(item.op[-1])
    reads = [operands.read(o, dtype) for o in item.operands[1:]]
    logic = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor, "not": np.logical_not}
    function = logic[item.op[0]] if dtype.kind == "b" else SIMPLE[item.op[0]]
    return operands.ufunc(function, item.operands[0], dtype, *reads)


def multiply(item: Instruction, operands: Operands) -> Step:
    """mul.lo mul.hi mul.wide."""
    allow(item, "lo", "hi", "wide")
    dtype = kind(item.op[-1])
    function, widens = part(item.op)
    reads = [operands.read(o, dtype) for o in item.operands[1:]]
    if function is np.multiply:
        return operands.ufunc(np.multiply, item.operands[0], dtype, *reads)
    write = operands.write(item.operands[0], double(dtype) if widens else dtype)
    return lambda run: write(run, function(reads[0](run), reads[1](run)))


def multiply_add(item: Instruction, operands: Operands) -> Step:
    """mad.lo mad.hi mad.wide."""
    allow(item, "lo", "hi", "wide")
    dtype = kind(item.op[-1])
    function, widens = part(item.op)
    out = double(dtype) if widens else dtype
    x, y = (operands.read(o, dtype) for o in item.operands[1:3])
    z, write = operands.read(item.operands[3], out), operands.write(item.operands[0], out)
    return lambda run: write(run, function(x(run), y(run)) + z(run))


def truncated(x: Values, y: Values) -> Values:
    """The quotient rounded towards zero."""
    quotient = x // y
    if quotient.dtype.kind == "u":
        return quotient
    return quotient + ((quotient * y != x) & ((x < 0) != (y < 0))).astype(quotient.dtype)


def divide(item: Instruction, operands: Operands) -> Step:
    """div rem."""
    allow(item)
    dtype = kind(item.op[-1])
    read_x, read_y = (operands.read(o, dtype) for o in item.operands[1:])
    write, quotient = operands.write(item.operands[0], dtype), item.op[0] == "div"

    def step(run: Run) -> None:
        x, y = read_x(run), read_y(run)
        zero = np.asarray(y == 0)
        if zero.any():
            lane = indices(run.where)[int(np.argmax(zero)) if zero.ndim else 0]
            raise DivisionByZeroError("an integer is divided by zero", int(lane))
        result = truncated(x, y)
        write(run, result if quotient else x - result * y)
    return step


def shift(item: Instruction, operands: Operands) -> Step:
    """shl shr: a shift by the size or more leaves nothing, or the sign."""
    allow(item)
    dtype = kind(item.op[-1])
    function = np.left_shift if item.op[0] == "shl" else np.right_shift
    most = 8 * dtype.itemsize
    x, amount = operands.read(item.operands[1], dtype), operands.read(item.operands[2], np.dtype(np.uint32))

    def clamped(run: Run) -> Values:
        return np.minimum(amount(run), np.uint32(most)).astype(dtype)
    return operands.ufunc(function, item.operands[0], dtype, x, clamped)


def carried(item: Instruction, operands: Operands) -> Step:
    """add.cc addc sub.cc subc mad.cc madc: the carry (or borrow) is a flag of each lane."""
    allow(item, "cc", "lo", "hi")
    dtype = unsigned(kind(item.op[-1]))
    reads = [operands.read(o, kind(item.op[-1])) for o in item.operands[1:]]
    write = operands.write(item.operands[0], dtype)
    stem, takes, gives = item.op[0][:3], item.op[0].endswith("c"), "cc" in item.op
    product = part(item.op)[0] if stem == "mad" else None

    def step(run: Run) -> None:
        x, y = pair(product, [read(run) for read in reads], dtype)
        first = x - y if stem == "sub" else x + y
        flag = x < y if stem == "sub" else first < x
        result = first
        if takes:
            carry = run.carry[run.where].astype(dtype)
            result = first - carry if stem == "sub" else first + carry
            flag = flag | (first < carry if stem == "sub" else result < first)
        if gives:
            run.carry[run.where] = flag
        write(run, result)
    return step


def pair(product: Binary | None, values: list[Values], dtype: Dtype) -> list[Values]:
    """The two unsigned numbers that are added, of which a multiplication makes the first."""
    if product:
        values = [product(values[0], values[1]), values[2]]
    return [np.asarray(value).view(dtype) for value in values]


def arithmetic(item: Instruction, operands: Operands) -> Step:
    """Any integer instruction of this file."""
    stem = item.op[0]
    if "cc" in item.op or stem in ("addc", "subc", "madc"):
        return carried(item, operands)
    table: dict[str, Callable[[Instruction, Operands], Step]] = {
        "mul": multiply, "mad": multiply_add, "div": divide, "rem": divide, "shl": shift, "shr": shift}
    if stem not in table and stem not in SIMPLE:
        raise UnknownInstructionError(".".join(item.op))
    return table.get(stem, simple)(item, operands)

