"""Comparison and selection: setp set selp slct testp."""

from collections.abc import Callable

import numpy as np

from ptx.faults import UnknownInstructionError
from ptx.floats import flush
from ptx.kinds import Dtype, kind
from ptx.operands import Operands, Step, Values, allow
from ptx.parse import Instruction
from ptx.run import Run

ORDER: dict[str, Callable[[Values, Values], Values]] = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "lo": np.less, "ls": np.less_equal, "hi": np.greater, "hs": np.greater_equal}
JOIN: dict[str, Callable[[Values, Values], Values]] = {
    "and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}
UNORDERED = {"equ", "neu", "ltu", "leu", "gtu", "geu"}
PREDICATE = np.dtype(np.bool_)


def comparison(name: str, dtype: Dtype) -> Callable[[Values, Values], Values]:
    """The comparison that a name stands for. Of floats, ne is false for nan, and the names with u are
    true."""
    if dtype.kind == "f":
        if name == "nan":
            return lambda x, y: np.isnan(x) | np.isnan(y)
        if name == "num":
            return lambda x, y: ~(np.isnan(x) | np.isnan(y))
        if name == "ne":
            return lambda x, y: (x < y) | (x > y)
        if name == "neu":
            return np.not_equal
        if name in UNORDERED:
            plain = ORDER[name[:-1]]
            return lambda x, y: plain(x, y) | np.isnan(x) | np.isnan(y)
    if name not in ORDER:
        raise UnknownInstructionError(f"comparison {name}")
    return ORDER[name]


def flushed(test: Callable[[Values, Values], Values]) -> Callable[[Values, Values], Values]:
    """A comparison that takes subnormal numbers for zero."""
    return lambda x, y: test(flush(x), flush(y))


def tested(item: Instruction, operands: Operands, dtype: Dtype) -> Callable[[Run, bool], Values]:
    """A function that gives the comparison of an instruction, or its opposite, joined with its last
    operand."""
    allow(item, *ORDER, *UNORDERED, "nan", "num", *JOIN, "ftz")
    test = comparison(item.op[1], dtype)
    test = flushed(test) if "ftz" in item.op else test
    x, y = (operands.read(o, dtype) for o in item.operands[1:3])
    join = JOIN.get(item.op[2])
    if join is None:
        return lambda run, opposite: ~test(x(run), y(run)) if opposite else test(x(run), y(run))
    other = operands.read(item.operands[3], PREDICATE)

    def joined(run: Run, opposite: bool) -> Values:
        result = test(x(run), y(run))
        return join(~result if opposite else result, other(run))
    return joined


def set_predicate(item: Instruction, operands: Operands) -> Step:
    """setp, with one target or two, the second of which gets the opposite."""
    names = [part.strip() for part in item.operands[0].split("|")]
    test = tested(item, operands, kind(item.op[-1]))
    writes = [operands.write(name, PREDICATE) for name in names]

    def step(run: Run) -> None:
        results = [test(run, bool(n)) for n in range(len(writes))]
        for write, result in zip(writes, results):
            write(run, result)
    return step


def set_number(item: Instruction, operands: Operands) -> Step:
    """set: 1.0 or all bits where true, 0 elsewhere."""
    target = kind(item.op[-2])
    test, write = tested(item, operands, kind(item.op[-1])), operands.write(item.operands[0], target)
    yes = target.type(1) if target.kind == "f" else np.array(-1).astype(target)[()]
    return lambda run: write(run, np.where(test(run, False), yes, target.type(0)))


def select(item: Instruction, operands: Operands) -> Step:
    """selp: the first where the predicate is true, the second elsewhere."""
    allow(item)
    dtype = kind(item.op[-1])
    x, y = (operands.read(o, dtype) for o in item.operands[1:3])
    which, write = operands.read(item.operands[3], PREDICATE), operands.write(item.operands[0], dtype)
    return lambda run: write(run, np.where(which(run), x(run), y(run)))


def select_by_sign(item: Instruction, operands: Operands) -> Step:
    """slct: the first where the third is not negative (nan is), the second elsewhere."""
    allow(item, "ftz")
    dtype, third = kind(item.op[-2]), kind(item.op[-1])
    x, y = (operands.read(o, dtype) for o in item.operands[1:3])
    z, write = operands.read(item.operands[3], third), operands.write(item.operands[0], dtype)
    ftz = "ftz" in item.op
    return lambda run: write(run, np.where((flush(z(run)) if ftz else z(run)) >= 0, x(run), y(run)))


def property_of(item: Instruction, operands: Operands) -> Step:
    """testp: finite infinite number notanumber normal subnormal."""
    tests: dict[str, Callable[[Values], Values]] = {
        "finite": np.isfinite, "infinite": np.isinf, "notanumber": np.isnan, "number": lambda x: ~np.isnan(x),
        "normal": lambda x: np.isfinite(x) & (np.abs(x) >= np.finfo(x.dtype).tiny),
        "subnormal": lambda x: (x != 0) & (np.abs(x) < np.finfo(x.dtype).tiny)}
    allow(item, *tests)
    test, read = tests[item.op[1]], operands.read(item.operands[1], kind(item.op[-1]))
    write = operands.write(item.operands[0], PREDICATE)
    return lambda run: write(run, test(read(run)))
