"""cvt: between all types, with rounding and saturation."""

from collections.abc import Callable

import numpy as np

from ptx.faults import UnknownInstructionError
from ptx.floats import flush, mode_of, saturate
from ptx.kinds import Dtype, kind
from ptx.operands import Operands, Step, Values, allow
from ptx.parse import Instruction
from ptx.rounding import MODES, narrow

TO_INTEGER: dict[str, Callable[[Values], Values]] = {
    "rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}


def float_to_integer(x: Values, target: Dtype) -> Values:
    """Whole numbers in floats as integers: clamped to the range, nan becomes 0."""
    x, limits = np.asarray(x, np.float64), np.iinfo(target)
    above, below = x >= float(limits.max), x <= float(limits.min)
    inside = np.where(above | below | np.isnan(x), 0, x).astype(target)
    return np.where(above, limits.max, np.where(below, limits.min, inside)).astype(target)


def integer_to_float(x: Values, target: Dtype, mode: str) -> Values:
    """Integers rounded once to floats."""
    x = np.asarray(x)
    if x.dtype.itemsize < 8:
        x = x.astype(np.float64)
    elif mode != "rn":
        raise UnknownInstructionError(f"cvt.{mode} of 64 bits")
    return x.astype(target) if mode == "rn" else narrow(x, target, mode)


def integer_to_integer(x: Values, target: Dtype, sat: bool) -> Values:
    """Integers cut to size, or clamped to the range of the target."""
    x = np.asarray(x)
    if sat:
        limits, own = np.iinfo(target), np.iinfo(x.dtype)
        x = np.clip(x, x.dtype.type(max(limits.min, own.min)), x.dtype.type(min(limits.max, own.max)))
    return x.astype(target)


def float_to_float(x: Values, target: Dtype, op: tuple[str, ...]) -> Values:
    """Floats rounded to whole numbers, or to a narrower type."""
    x = np.asarray(x)
    x = flush(x) if "ftz" in op and x.dtype != np.float64 else x
    whole = next((m for m in op if m in TO_INTEGER), None)
    value = TO_INTEGER[whole](x) if whole else x
    if target.itemsize < x.dtype.itemsize:
        value = narrow(value.astype(np.float64), target, mode_of(op))
    value = value.astype(target)
    value = flush(value) if "ftz" in op and target == np.float32 else value
    return saturate(value) if "sat" in op else value


def decode(item: Instruction, operands: Operands) -> Step:
    """The step of a cvt."""
    allow(item, *MODES, *TO_INTEGER, "ftz", "sat")
    op, target, source = item.op, kind(item.op[-2]), kind(item.op[-1])
    read, write = operands.read(item.operands[1], source), operands.write(item.operands[0], target, True)
    if source.kind == "f" and target.kind == "f":
        return lambda run: write(run, float_to_float(read(run), target, op))
    if source.kind == "f":
        whole = TO_INTEGER[next(m for m in op if m in TO_INTEGER)]
        ftz = "ftz" in op
        return lambda run: write(run, float_to_integer(whole(flush(read(run)) if ftz else read(run)), target))
    if target.kind == "f":
        mode = mode_of(op)
        if "sat" in op:
            return lambda run: write(run, saturate(integer_to_float(read(run), target, mode)))
        return lambda run: write(run, integer_to_float(read(run), target, mode))
    if "sat" not in op:
        return lambda run: write(run, read(run).astype(target))
    return lambda run: write(run, integer_to_integer(read(run), target, True))
