"""How much of a kernel is not mathematics: it finds elements, loads and stores them, and counts."""

import re

from ptx.flatten import Program
from ptx.parse import Instruction

_INNER = re.compile(r"%\w+\.(?!1\b)\d+\b")       # a register of a function that is called
_REGISTER, _NAME = re.compile(r"%[A-Za-z_][\w.]*"), re.compile(r"[A-Za-z_][\w.]*")


def beside(program: Program) -> int:
    """How many instructions of a kernel neither use values from global memory nor prepare constants.

    They are what a kernel pays for being one, whatever it computes."""
    values, own = set[str](), {variable.name for variable in program.parameters}
    while True:
        known = len(values)
        for item in program.code:
            if _writes(item) and (_loads(item) or _computes(item, values, own)):
                values |= set(_REGISTER.findall(item.operands[0]))
        if len(values) == known:
            break
    return sum(not (_computes(item, values, own) or _constant(item)) for item in program.code)


def _loads(item: Instruction) -> bool:
    return item.op[0] == "ld" and "global" in item.op


def _stores(item: Instruction) -> bool:
    return item.op[0] == "st" and "global" in item.op


def _writes(item: Instruction) -> bool:
    return bool(item.operands) and item.op[0] not in ("st", "bra", "bar", "ret", "exit", "red")


def _computes(item: Instruction, values: set[str], own: set[str]) -> bool:
    """Whether an instruction uses values that came from memory, or is part of a function that is called."""
    if _INNER.search(" ".join(item.operands)):
        return True
    if item.op[0] in ("ld", "st") and ("local" in item.op or ("param" in item.op and own.isdisjoint(
            _NAME.findall(" ".join(item.operands))))):
        return True
    used = " ".join(item.operands[1:] if _writes(item) else item.operands) + f" {item.guard or ''}"
    return not _stores(item) and not values.isdisjoint(_REGISTER.findall(used))


def _constant(item: Instruction) -> bool:
    """Whether an instruction puts a number, or the address of a table, into a register."""
    return item.op[0] == "mov" and not any(map(_REGISTER.search, item.operands[1:]))
