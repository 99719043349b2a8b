"""Records: memory whose fields have names, described once for compiled code and for whoever fills it.

    class Axis(Record):
        length: int                           # 64 bits with a sign; Int32: 32 of them
        array: PyArray                        # the address of another record

    class Plan(Record):
        count: int
        axes: Annotated[Table[Axis], 16]      # records that lie in this one, one after the other
        items: Cells[int]                     # cells of 64 bits; without a number: as many as there are

In a kernel, and where nothing is compiled, `plan.axes[i].length = 3` writes to memory. Plan() is memory of
its own: in a kernel on the stack for the time of the call, with anything in it; in Python zeroed, as long as
the object. Plan(address) is what stands there; nothing is checked, so an address must be right. Plan(0) is no
record, and false.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Annotated, Any, Generic, NewType, TypeVar, get_args, get_origin, get_type_hints

R = TypeVar("R")
Int32 = NewType("Int32", int)
CELL = 8                                  # bytes


class Record:
    """The base of all records."""

    __slots__ = ("_memory", "_place")

    def __init__(self, address: Any = None) -> None:
        memory = None if address is not None else (ctypes.c_byte * width(type(self)))()
        object.__setattr__(self, "_memory", memory)
        object.__setattr__(self, "_place", ctypes.addressof(memory) if memory is not None else int(address))

    def __getattr__(self, name: str) -> Any:
        field = _field(type(self), name)
        place = int(self) + field.offset
        return field.read(place) if field.many is None else field.many(place, field)

    def __setattr__(self, name: str, value: Any) -> None:
        field = _field(type(self), name)
        if field.many is not None:
            raise TypeError(f"{name} of {type(self).__name__} is written cell by cell")
        field.write(int(self) + field.offset, value)

    def __index__(self) -> int:
        return self._place

    __int__ = __index__

    def __bool__(self) -> bool:
        return int(self) != 0

    def __eq__(self, other: object) -> bool:
        return int(self) == other if isinstance(other, int) else (
            isinstance(other, Record) and int(self) == int(other))

    def __hash__(self) -> int:
        return hash(int(self))


class Cells(Generic[R]):
    """Several numbers, or addresses of records."""

    place: int
    field: Field

    def __init__(self, place: int, field: Field) -> None:
        self.place, self.field = place, field

    def _at(self, index: int) -> int:
        if index < 0 or (self.field.count is not None and index >= self.field.count):
            raise IndexError(f"{index} of {self.field.count}")
        return self.place + index * self.field.step

    def __getitem__(self, index: int) -> R:
        return self.field.read(self._at(index))

    def __setitem__(self, index: int, value: R) -> None:
        self.field.write(self._at(index), value)

    def __index__(self) -> int:
        return self.place

    __int__ = __index__


class Table(Cells[R]):
    """Several records that lie one after the other."""

    def __getitem__(self, index: int) -> R:
        return self.field.of(self._at(index))

    def __setitem__(self, index: int, value: R) -> None:
        raise TypeError("a record of a table is written field by field")


class Field:
    """A field of a record.

    of     : int, Int32, or the class of a record
    many   : Cells or Table; None: it is one number or address
    count  : of how many; None: it is not said
    offset : bytes from the beginning of the record
    step   : bytes from one to the next
    end    : the offset of what may follow
    """

    of: Any
    many: Any
    count: Any
    offset: int
    step: int
    end: int

    def __init__(self, hint: Any, after: int) -> None:
        of, self.count = get_args(hint) if get_origin(hint) is Annotated else (hint, None)
        self.many = get_origin(of)
        self.of = get_args(of)[0] if self.many else of
        self.step = width(self.of) if self.many is Table else 4 if self.of is Int32 else CELL
        size = min(self.step, CELL)
        self.offset = -(-after // size) * size
        self.end = self.offset + self.step * ((self.count or 0) if self.many else 1)

    def read(self, place: int) -> Any:
        value = self._cell(place).value
        return self.of(value) if isrecord(self.of) else value

    def write(self, place: int, value: Any) -> None:
        self._cell(place).value = int(value)

    def _cell(self, place: int) -> Any:
        return (ctypes.c_int32 if self.of is Int32 else ctypes.c_int64).from_address(place)


def isrecord(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)


@cache
def _laid_out(kind: Any) -> tuple[dict[str, Field], int]:
    found: dict[str, Field] = {}
    end = 0
    for name, hint in get_type_hints(kind, include_extras=True).items():
        found[name] = Field(hint, end)
        end = found[name].end
    return found, -(-end // CELL) * CELL


def fields(kind: type[Record]) -> dict[str, Field]:
    """The fields of a class of records, those of its base first, as C lays them out."""
    known: Any = kind                         # mypy: the class is hashable, as its objects are
    return _laid_out(known)[0]


def width(kind: type[Record]) -> int:
    """The bytes of a record."""
    known: Any = kind
    return _laid_out(known)[1]


def _field(kind: type[Record], name: str) -> Field:
    found = fields(kind).get(name)
    if found is None:
        raise AttributeError(f"{kind.__name__} has no field {name}")
    return found
