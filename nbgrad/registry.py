"""OPS: every declared op by name, with what the tests and the documentation's tables need to know of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrad import errors
from nbgrad.core import Op


@dataclass(frozen=True)
class Row:
    """What the table says of an op.

    op    : the op
    kind  : elementwise or structured
    room  : the file of nbgrad/ops/ (and of nbgrad/kernels/<device>/) it belongs to
    where : file and line of its declaration
    like  : the reference, a function of arrays, or its dotted name; None: checked by its derivatives alone
    at    : interval of the test inputs, one for all operands or one for each (elementwise)
    cases : test inputs (structured): each a tuple of inputs, and last a dict of parameters if there are any;
            an input is a shape, an array, or a function of a random generator
    """

    op: Op
    kind: str
    room: str
    where: str
    like: Any = None
    at: Any = None
    cases: Sequence[Any] = ()


OPS: dict[str, Row] = {}


def register(row: Row) -> None:
    """Enter an op in the table. Raises RegistryError if its name is taken."""
    if row.op.name in OPS:
        raise errors.declared_twice(row.op.name, OPS[row.op.name].where)
    OPS[row.op.name] = row


def declared(depth: int = 2) -> tuple[str, str]:
    """(room, where) of the declaration that many calls up."""
    frame = sys._getframe(depth)
    file = Path(frame.f_code.co_filename)
    return file.stem, f"{file.parent.name}/{file.name}:{frame.f_lineno}"
