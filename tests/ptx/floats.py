"""Floating-point arithmetic."""

from collections.abc import Callable

import numpy as np

from ptx.faults import UnknownInstructionError
from ptx.kinds import Dtype, kind, unsigned
from ptx.operands import Operands, Step, Values, allow
from ptx.parse import Instruction
from ptx.rounding import MODES, directed, fma
from ptx.run import Run

PLAIN: dict[str, Callable[..., Values]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
# Approximations of the device are within a few units in the last place of these.
FUNCTIONS: dict[str, Callable[[Values], Values]] = {
    "ex2": np.exp2, "lg2": np.log2, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
    "rcp": lambda x: 1 / x, "rsqrt": lambda x: 1 / np.sqrt(x)}


def mode_of(op: tuple[str, ...]) -> str:
    """The rounding mode of an instruction; to nearest where it names none."""
    return next((m for m in op if m in MODES), "rn")


def flush(x: Values) -> Values:
    """Zero of the same sign for subnormal numbers."""
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, np.copysign(x.dtype.type(0), x), x)


def saturate(x: Values) -> Values:
    """Between 0 and 1; nan becomes 0."""
    return np.where(np.isnan(x), x.dtype.type(0), np.clip(x, x.dtype.type(0), x.dtype.type(1)))


def lesser(x: Values, y: Values) -> Values:
    """The smaller number, the other where one is nan; -0 is smaller than 0."""
    return zeros_ordered(np.fmin(x, y), x, y, np.bitwise_or)


def greater(x: Values, y: Values) -> Values:
    """The larger number, the other where one is nan; 0 is larger than -0."""
    return zeros_ordered(np.fmax(x, y), x, y, np.bitwise_and)


def zeros_ordered(result: Values, x: Values, y: Values, join: Callable[..., Values]) -> Values:
    """A result with the sign of two zeros joined."""
    x, y = np.asarray(x), np.asarray(y)
    raw = unsigned(x.dtype)
    return np.where((x == 0) & (y == 0), join(x.view(raw), y.view(raw)).view(x.dtype), result)


def extreme(op: tuple[str, ...]) -> Callable[[Values, Values], Values]:
    """The function of min or max."""
    small = op[0] == "min"
    if "NaN" not in op:
        return lesser if small else greater
    function, join = (np.minimum, np.bitwise_or) if small else (np.maximum, np.bitwise_and)
    return lambda x, y: zeros_ordered(function(x, y), x, y, join)


def approximate_division(x: Values, y: Values) -> Values:
    """x / y as the device approximates it: zero (nan for an infinite x) where |y| is above 2**126."""
    huge = (np.abs(y) > 2.0 ** 126) & np.isfinite(y)
    return np.where(huge, np.where(np.isinf(x), np.nan, 0).astype(x.dtype), x / y)


def binary(op: tuple[str, ...]) -> Callable[[Values, Values], Values]:
    """The function of two floats that an opcode names."""
    mode = mode_of(op)
    if op[0] in ("min", "max"):
        return extreme(op)
    if op[0] == "div" and "approx" in op:
        return approximate_division
    if mode != "rn":
        return lambda x, y: directed(op[0], x, y, mode)
    return PLAIN[op[0]]


def finish(op: tuple[str, ...], write: Callable[[Run, Values], None]) -> Callable[[Run, Values], None]:
    """Stores a result, flushed and saturated as the modifiers say."""
    ftz, sat = "ftz" in op, "sat" in op

    def store(run: Run, value: Values) -> None:
        value = flush(value) if ftz else value
        write(run, saturate(value) if sat else value)
    return store if ftz or sat else write


def arithmetic(item: Instruction, operands: Operands) -> Step:
    """add sub mul div min max of floats."""
    allow(item, *MODES, "ftz", "sat", "NaN", "approx", "full")
    dtype = kind(item.op[-1])
    function = binary(item.op)
    x, y = (operands.read(o, dtype) for o in item.operands[1:])
    write = finish(item.op, operands.write(item.operands[0], dtype))
    if "ftz" in item.op:
        return lambda run: write(run, function(flush(x(run)), flush(y(run))))
    if function is PLAIN.get(item.op[0]) and "sat" not in item.op:
        return operands.ufunc(function, item.operands[0], dtype, x, y)
    return lambda run: write(run, function(x(run), y(run)))


def fused(item: Instruction, operands: Operands) -> Step:
    """fma, and mad of floats, which is the same."""
    allow(item, *MODES, "ftz", "sat")
    dtype, mode = kind(item.op[-1]), mode_of(item.op)
    x, y, z = (operands.read(o, dtype) for o in item.operands[1:])
    write = finish(item.op, operands.write(item.operands[0], dtype))
    if "ftz" in item.op:
        return lambda run: write(run, fma(flush(x(run)), flush(y(run)), flush(z(run)), mode))
    return lambda run: write(run, fma(x(run), y(run), z(run), mode))


def sign(item: Instruction, operands: Operands) -> Step:
    """neg abs copysign: of nan too, only the sign changes."""
    allow(item, "ftz")
    dtype, name = kind(item.op[-1]), item.op[0]
    reads = [operands.read(o, dtype) for o in item.operands[1:]]
    if name != "copysign" and "ftz" not in item.op:
        return operands.ufunc(np.negative if name == "neg" else np.abs, item.operands[0], dtype, reads[0])
    if name == "copysign":
        return operands.ufunc(np.copysign, item.operands[0], dtype, reads[1], reads[0])
    write = operands.write(item.operands[0], dtype)
    function = np.negative if name == "neg" else np.abs
    return lambda run: write(run, flush(function(reads[0](run))))


def upper_half(x: Values) -> Values:
    """float64 with the lower 32 bits cleared: what the device approximates of it."""
    return (np.asarray(x).view(np.uint64) & np.uint64(0xFFFFFFFF00000000)).view(np.float64)


def function(item: Instruction, operands: Operands) -> Step:
    """ex2 lg2 rcp sqrt rsqrt sin cos tanh."""
    allow(item, "rn", "approx", "ftz")
    dtype, name, ftz = kind(item.op[-1]), item.op[0], "ftz" in item.op
    coarse = dtype == np.float64 and "approx" in item.op
    x = operands.read(item.operands[1], dtype)
    write = operands.write(item.operands[0], dtype)
    compute = FUNCTIONS[name]

    def step(run: Run) -> None:
        value = flush(x(run)) if ftz else x(run)
        result = compute(value.astype(np.float64))
        result = upper_half(result) if coarse else np.asarray(result).astype(dtype)
        write(run, flush(result) if ftz else result)
    return step


def rounds(dtype: Dtype, name: str) -> None:
    """Raises UnknownInstructionError for a function of a type that is not known to round correctly here."""
    if dtype == np.float64 and name not in ("sqrt", "rcp", "rsqrt"):
        raise UnknownInstructionError(f"{name} of float64")


def decode(item: Instruction, operands: Operands) -> Step:
    """Any floating-point instruction of this file."""
    name = item.op[0]
    if name in FUNCTIONS:
        rounds(kind(item.op[-1]), name)
        return function(item, operands)
    if name in ("fma", "mad"):
        return fused(item, operands)
    if name in ("neg", "abs", "copysign"):
        return sign(item, operands)
    if name in PLAIN or name in ("min", "max"):
        return arithmetic(item, operands)
    raise UnknownInstructionError(".".join(item.op))
