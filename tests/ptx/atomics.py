"""atom and red: lanes that meet at one address go one after the other, in their order."""

from collections.abc import Callable

import numpy as np

from ptx.faults import UnknownInstructionError
from ptx.floats import flush
from ptx.kinds import Dtype, kind
from ptx.operands import Operands, Step, Values, allow
from ptx.parse import Instruction
from ptx.run import Run
from ptx.spaces import Piece, aligned, pieces
from ptx.transfer import ORDERS, SPACES, space_of

# What can be accumulated along lanes that meet: the ufunc of (old, operand).
UFUNCS: dict[str, np.ufunc] = {
    "add": np.add, "min": np.minimum, "max": np.maximum,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}


def bump(old: Values, limit: Values) -> Values:
    """inc: one more, 0 after the limit."""
    return np.where(old >= limit, limit.dtype.type(0), old + limit.dtype.type(1))


def drop(old: Values, limit: Values) -> Values:
    """dec: one less, the limit after 0 and from above the limit."""
    return np.where((old == 0) | (old > limit), limit, old - limit.dtype.type(1))


UPDATES: dict[str, Callable[..., Values]] = {
    **UFUNCS, "inc": bump, "dec": drop, "exch": lambda old, new: new,
    "cas": lambda old, expected, new: np.where(old == expected, new, old)}


def runs(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order that puts equal places side by side without changing their lanes' order, and where each run
    starts."""
    order = np.argsort(place, kind="stable")
    ordered = place[order]
    return order, np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def accumulate(ufunc: np.ufunc, cells: np.ndarray, place: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Applies a ufunc lane after lane where few places are met by many lanes. Result: what each lane
    found."""
    order, starts = runs(place)
    found = np.empty_like(values)
    for start, stop in zip(starts, [*starts[1:], place.size]):
        members = order[start:stop]
        where = place[members[0]]
        chain = ufunc.accumulate(np.concatenate([cells[where:where + 1], values[members]]))
        found[members], cells[where] = chain[:-1], chain[-1]
    return found


def in_turns(update: Callable[..., Values], cells: np.ndarray, place: np.ndarray,
             values: list[np.ndarray]) -> np.ndarray:
    """Applies an update, in each turn to the next lane of every place. Result: what each lane found."""
    order, starts = runs(place)
    sizes = np.diff([*starts, place.size])
    found = np.empty_like(values[0])
    for turn in range(int(sizes.max())):
        members = order[starts[sizes > turn] + turn]
        old = cells[place[members]]
        found[members] = old
        cells[place[members]] = update(old, *[v[members] for v in values])
    return found


def apply(name: str, cells: np.ndarray, place: np.ndarray, values: list[np.ndarray], ftz: bool) -> np.ndarray:
    """Does one atomic operation for every lane. Result: what each lane found."""
    update = UPDATES[name]
    if ftz:
        return in_turns(lambda old, new: flush(flush(old) + flush(new)), cells, place, values)
    distinct = np.unique(place).size
    if name in UFUNCS and distinct * distinct < place.size:
        return accumulate(UFUNCS[name], cells, place, values[0])
    return in_turns(update, cells, place, values)


def perform(run: Run, piece: Piece, name: str, dtype: Dtype, values: list[np.ndarray],
            ftz: bool) -> np.ndarray:
    """One atomic operation on one piece of memory."""
    if piece.shadow:
        piece.shadow.write(run, piece.lanes, piece.offset, dtype.itemsize, True, None)
    return apply(name, piece.cells.view(dtype), piece.offset // dtype.itemsize, values, ftz)


def decode(item: Instruction, operands: Operands) -> Step:
    """The step of an atom or red."""
    allow(item, *SPACES, *ORDERS, *UPDATES, "acq_rel", "noftz")
    name, dtype, space = next((p for p in item.op if p in UPDATES), ""), kind(item.op[-1]), space_of(item)
    if not name or (dtype.kind == "f" and name not in ("add", "exch", "cas")):
        raise UnknownInstructionError(".".join(item.op))
    returns = item.op[0] == "atom"
    given = item.operands[1:] if returns else item.operands
    address, reads = operands.address(given[0]), [operands.read(o, dtype) for o in given[1:]]
    write = operands.write(item.operands[0], dtype) if returns else None
    ftz = dtype == np.float32 and name == "add" and space != "shared"    # global float32 sums drop subnormals

    def step(run: Run) -> None:
        at = address(run)
        run.attempts += 1
        aligned(run, at, dtype.itemsize)
        values = [np.broadcast_to(read(run), at.shape) for read in reads]
        result = np.empty(at.shape, dtype)
        for piece in pieces(run, space, at, dtype.itemsize, True):
            if run.launch.profile:
                run.launch.profile.access(run, space, piece, dtype.itemsize)
            chosen = slice(None) if piece.chosen is None else piece.chosen
            result[chosen] = perform(run, piece, name, dtype, [v[chosen] for v in values], ftz)
        if write:
            write(run, result)
    return step
