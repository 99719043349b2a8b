"""Loads and stores: from an address in a state space to the bytes behind it, with every check on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ptx.faults import FaultError, MisalignedError, OutOfBoundsError
from ptx.kinds import Dtype, unsigned
from ptx.lanes import indices
from ptx.layout import CONSTANT_WINDOW, LOCAL_WINDOW, SHARED_WINDOW, WINDOW_BITS, window_base
from ptx.shadow import Shadow

if TYPE_CHECKING:
    from ptx.run import Run


@dataclass
class Piece:
    """The part of an access that lies in one piece of memory.

    cells: uint8, all bytes of it; offset: int64, where each lane goes; lanes: which lanes of the run; chosen:
    their positions among the active lanes, None if they are all."""

    cells: np.ndarray
    offset: np.ndarray
    lanes: np.ndarray
    chosen: np.ndarray | None
    shadow: Shadow | None


def aligned(run: "Run", address: np.ndarray, nbytes: int) -> None:
    """Raises MisalignedError for an address that is no multiple of the size of an access."""
    rest = address & (nbytes - 1)
    if rest.any():
        place = int(np.argmax(rest != 0))
        lane = int(indices(run.where)[place])
        raise MisalignedError(f"address {int(address[place]):#x} is no multiple of {nbytes}", lane)


def pieces(run: "Run", space: str, address: np.ndarray, nbytes: int, writing: bool) -> Iterator[Piece]:
    """The pieces of memory that an access of `nbytes` at each address touches. space: "" for generic
    addresses."""
    lanes = indices(run.where)
    if space == "shared":
        yield shared(run, address, nbytes, lanes)
    elif space == "local":
        yield local(run, address, nbytes, lanes)
    else:
        low, high = int(address.min()) >> WINDOW_BITS, int(address.max()) >> WINDOW_BITS
        if low == high:
            yield window(run, space, low, address, nbytes, writing, lanes)
        else:
            number = address >> WINDOW_BITS
            for one in np.unique(number):
                chosen = np.flatnonzero(number == one)
                piece = window(run, space, int(one), address[chosen], nbytes, writing, lanes[chosen])
                piece.chosen = chosen
                yield piece


def window(run: "Run", space: str, number: int, address: np.ndarray, nbytes: int, writing: bool,
           lanes: np.ndarray) -> Piece:
    """The piece behind global or generic addresses of one window."""
    if space == "" and number in (SHARED_WINDOW, LOCAL_WINDOW):
        inner = shared if number == SHARED_WINDOW else local
        return inner(run, address - window_base(number), nbytes, lanes)
    constants = run.kernel.constants
    place = number - CONSTANT_WINDOW
    found = constants[place] if 0 <= place < len(constants) else run.launch.memory.find(number)
    if found is None:
        raise OutOfBoundsError(f"address {int(address[0]):#x} is in no buffer", int(lanes[0]))
    try:
        found.check(address, nbytes, writing)
    except FaultError as fault:
        fault.lane = int(lanes[fault.lane or 0])
        raise
    return Piece(found.cells, address - found.base, lanes, None, run.launch.shadow(number, found))


def shared(run: "Run", address: np.ndarray, nbytes: int, lanes: np.ndarray) -> Piece:
    """The piece behind addresses in shared memory, which count from its start."""
    low, high = int(address.min()), int(address.max())
    if low < 0 or high + nbytes > run.solid:
        inside = (address >= 0) & (address + nbytes <= run.owned.size)
        place = np.where(inside, address, 0)
        bad = ~(inside & run.owned[place] & run.owned[place + nbytes - 1])
        if bad.any():
            first = int(np.argmax(bad))
            raise OutOfBoundsError(f"{nbytes} bytes at {int(address[first])} of the shared memory "
                                   f"of {int(run.owned.sum())} bytes, outside its arrays", int(lanes[first]))
    return Piece(run.shared, run.block_of[lanes] * run.owned.size + address, lanes, None, run.shared_shadow)


def local(run: "Run", address: np.ndarray, nbytes: int, lanes: np.ndarray) -> Piece:
    """The piece behind addresses in the local memory of each lane."""
    bad = (address < 0) | (address + nbytes > run.frame)
    if bad.any():
        first = int(np.argmax(bad))
        raise OutOfBoundsError(f"{nbytes} bytes at {int(address[first])} of the local memory "
                               f"of {run.frame} bytes", int(lanes[first]))
    return Piece(run.local, lanes * run.local_stride + address, lanes, None, None)


def load(run: "Run", space: str, address: np.ndarray, dtype: Dtype, count: int = 1,
         atomic: bool = False) -> list[np.ndarray]:
    """The values of `count` neighbours at each address. Result: one array over the active lanes for each."""
    nbytes = dtype.itemsize
    run.attempts += atomic
    aligned(run, address, nbytes * count)
    results = [np.empty(address.size, dtype) for _ in range(count)] if count > 1 else []
    for piece in pieces(run, space, address, nbytes * count, False):
        if run.launch.profile:
            run.launch.profile.access(run, space, piece, nbytes * count)
        if piece.shadow:
            piece.shadow.read(run, piece.lanes, piece.offset, nbytes * count, atomic)
        cells, place = piece.cells.view(dtype), piece.offset // nbytes
        if count == 1 and piece.chosen is None:
            return [cells[place]]
        results = results or [np.empty(address.size, dtype)]
        for n, result in enumerate(results):
            result[slice(None) if piece.chosen is None else piece.chosen] = cells[place + n]
    return results


def store(run: "Run", space: str, address: np.ndarray, dtype: Dtype, values: Sequence[np.ndarray],
          atomic: bool = False) -> None:
    """Stores neighbours at each address: one array (or scalar) over the active lanes for each of them."""
    nbytes = dtype.itemsize
    aligned(run, address, nbytes * len(values))
    raw = unsigned(dtype)
    for piece in pieces(run, space, address, nbytes * len(values), True):
        if run.launch.profile:
            run.launch.profile.access(run, space, piece, nbytes * len(values))
        for n, value in enumerate(values):
            spread = np.broadcast_to(np.asarray(value, dtype), address.shape).view(raw)
            put(run, piece, n * nbytes, spread if piece.chosen is None else spread[piece.chosen], atomic)


def put(run: "Run", piece: Piece, shift: int, values: np.ndarray, atomic: bool) -> None:
    """Stores raw values `shift` bytes after the places of a piece."""
    offset = piece.offset + shift if shift else piece.offset
    cells, place = piece.cells.view(values.dtype), offset // values.itemsize
    if piece.shadow is None:
        cells[place] = values
        return
    piece.shadow.write(run, piece.lanes, offset, values.itemsize, atomic, lambda: cells[place] == values)
    cells[place] = values
    piece.shadow.refuse_overwritten(cells[place] != values, piece.lanes, offset)
