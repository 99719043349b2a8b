"""OPS: every declared op by name, with what the tests and the documentation's tables need to know of it.

An op is pickled by its name in the table: the process that reads it has declared the same op.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from nbgrad.define.signature import Lazy
from nbgrad.engine.graph import Op
from nbgrad.errors import table_errors


class Named(Op):
    """An op that may stand in the table: copied it is itself, and pickled it goes by its name there."""

    __signature__: Lazy = Lazy()

    def __copy__(self) -> Op:
        return self

    def __deepcopy__(self, memo: Any) -> Op:
        return self

    def __reduce__(self) -> Any:
        row = OPS.get(self.name)
        if row is None or row.op is not self:
            raise table_errors.unnamed_op(self.name)
        return found, (self.name, row.home)


@dataclass(frozen=True)
class Row:
    """What the table says of an op.

    op    : the op
    kind  : elementwise, structured, or special (see special.py)
    family : the file of nbgrad/kernels/<device>/ that has its kernel; None of users' ops and elementwise ones
    private : other ops and rules are made of it; lists for users leave it out
    where : file and line of its declaration
    home  : the module that declares it when it is imported; OURS of nbgrad's own ops
    like  : the reference, a function of arrays, or its dotted name; None: checked by its derivatives alone
    at    : interval of the test inputs, one for all operands or one for each (elementwise)
    cases : test inputs (structured): each a tuple of inputs, and last a dict of parameters if there are any;
            an input is a shape, an array, or a function of a random generator
    formula : the derivatives in plain text, NumPy's functions of the operands and of the result z: one for
            each operand, "" for none (elementwise)
    example : of a call, "operands; ... -> what is printed" (elementwise)
    """

    op: Op
    kind: str
    family: str | None
    where: str
    home: str
    like: Any = None
    at: Any = None
    cases: Sequence[Any] = ()
    private: bool = False
    formula: str | tuple[str, ...] = ""
    example: str = ""


OPS: dict[str, Row] = {}
OURS, _MAIN = "nbgrad", "__main__"        # homes


def register(row: Row) -> None:
    """Enter an op in the table. Raises RegistryError if its name is taken."""
    if row.op.name in OPS:
        raise table_errors.declared_twice(row.op.name, OPS[row.op.name].where)
    OPS[row.op.name] = row


def declared(depth: int = 2) -> tuple[str, str]:
    """(where, home) of the declaration that many calls up."""
    frame = sys._getframe(depth)
    file = Path(frame.f_code.co_filename)
    module = str(frame.f_globals.get("__name__", "__main__"))
    home = OURS if module.startswith("nbgrad.") else _MAIN if module == "__mp_main__" else module
    return f"{file.parent.name}/{file.name}:{frame.f_lineno}", home


def found(name: str, home: str) -> Op:
    """The op of that name, for which the module is imported if need be: what an op's pickle calls.

    Raises PickleError if the module does not declare it, or another module has taken the name.
    """
    if name not in OPS and home != _MAIN:
        getattr(import_module(home), name, None)      # nbgrad imports some families when they are asked for
    if name not in OPS:
        raise table_errors.undeclared_op(name, home)
    row = OPS[name]
    if row.home != home and _MAIN not in (row.home, home):     # a program that is imported has another name
        raise table_errors.other_op(name, home, row.home)
    return row.op
