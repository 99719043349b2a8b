"""What a kernel costs the memory of a device: sectors of global memory, conflicts in shared memory,
instructions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ptx.run import Run
    from ptx.spaces import Piece

SECTOR, BANKS, WORD = 32, 32, 4


@dataclass
class Profile:
    """Counts of one launch or several.

    instructions: executed, once for each set of lanes; lanes: executed, once for each lane; requests: of
    warps to global memory; sectors: of 32 bytes that they touch; least: sectors that their bytes would fill;
    bytes: to and from global memory; shared: requests to shared memory; passes: what they take, with
    conflicts of banks; fewest: what they would take without."""

    instructions: int = 0
    lanes: int = 0
    requests: int = 0
    sectors: int = 0
    least: int = 0
    bytes: int = 0
    shared: int = 0
    passes: int = 0
    fewest: int = 0

    def executed(self, instructions: int, lanes: int) -> None:
        """Counts a stretch of instructions."""
        self.instructions += instructions
        self.lanes += instructions * lanes

    def access(self, run: "Run", space: str, piece: "Piece", nbytes: int) -> None:
        """Counts one load or store; tables of constants, small and always in a cache, cost nothing."""
        if any(piece.cells is table.cells for table in run.kernel.constants):
            return
        warps = run.warp_of[piece.lanes]
        if piece.cells is run.shared:
            self._banks(warps, piece.offset, nbytes)
        elif piece.cells is not run.local:
            self._sectors(warps, piece.offset, nbytes)

    def _sectors(self, warps: np.ndarray, offset: np.ndarray, nbytes: int) -> None:
        """Counts the sectors of each warp's request."""
        distinct = np.unique(np.stack([warps, offset], 1), axis=0)
        _, each = np.unique(distinct[:, 0], return_counts=True)
        self.requests += each.size
        self.least += int((-(-each * nbytes // SECTOR)).sum())
        self.sectors += len(np.unique(np.stack([distinct[:, 0], distinct[:, 1] // SECTOR], 1), axis=0))
        self.bytes += offset.size * nbytes

    def _banks(self, warps: np.ndarray, offset: np.ndarray, nbytes: int) -> None:
        """Counts the passes of each warp's request: the most words that one bank is asked for."""
        each = np.arange(max(nbytes // WORD, 1))
        asked = np.stack([np.repeat(warps, each.size), (offset[:, None] // WORD + each).reshape(-1)], 1)
        words = np.unique(asked, axis=0)
        banks, many = np.unique(np.stack([words[:, 0], words[:, 1] % BANKS], 1), axis=0, return_counts=True)
        most = np.zeros(int(warps.max()) + 1, np.int64)
        np.maximum.at(most, banks[:, 0], many)
        self.shared += len(np.unique(warps))
        self.passes += int(most.sum())
        self.fewest += int((-(-np.bincount(words[:, 0]) // BANKS)).sum())
