"""The gates that every kernel's PTX must pass, on every target, and the table of what was found.

    python tests/ptx/gates.py FOLDER        # that pytest --ptx FOLDER has filled

Exit status 1 if a kernel does not assemble, spills registers, computes float64 for float32 operands, divides
64-bit integers to find a place, or takes more shared memory than every device has.
"""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ptx.compile import TARGETS, Cubin, assemble

SHARED = 48 * 1024                        # bytes that a block has on every device
_WIDE = re.compile(r"\b(?:div|rem)\.[su]64\b")
_DIVIDING = ("k_floor_divide-", "k_remainder-")     # whose mathematics that is, for integers
_DOUBLE = re.compile(r"\.f64\b")
_REDUCTION = "0d3BF921FB54442D19"         # libdevice's, in float64: for large angles in float32
_PARAMETERS = re.compile(r"^\s*\.param .*$|^\s*ld\.param\.f64.*$", re.MULTILINE)


def faults(name: str, text: str) -> Iterator[str]:
    """What is wrong with the PTX of a kernel. name: that of its file, with the dtypes of its arrays."""
    if _WIDE.search(text) and not name.startswith(_DIVIDING):
        yield "divides 64-bit integers"
    kinds = {*name.split("-")[1:-1]}
    short = kinds & {"float32", "complex64"} and not kinds & {"float64", "complex128"}
    if short and _REDUCTION not in text and _DOUBLE.search(_PARAMETERS.sub("", text)):
        yield "computes float64 for float32 operands"


def weight(cubin: Cubin) -> Iterator[str]:
    """What is wrong with the machine code of a kernel."""
    if cubin.spilled:
        yield f"spills {cubin.spilled} bytes on {cubin.target}"
    if cubin.shared > SHARED:
        yield f"takes {cubin.shared} bytes of shared memory on {cubin.target}"


def examine(file: Path) -> tuple[list[str], list[Cubin]]:
    """What is wrong with a kernel, and its machine code for each target that it assembles for."""
    text = file.read_text()
    found, cubins = list(faults(file.stem, text)), []
    for target in TARGETS:
        try:
            cubins.append(assemble(text, target))
        except RuntimeError as error:
            found.append(f"does not assemble: {error}")
    found += [what for cubin in cubins for what in weight(cubin)]
    return [f"{file.stem} {what}" for what in found], cubins


@dataclass(frozen=True)
class Examined:
    """What came of the PTX in a folder: its files, what is wrong, and the machine code for each target."""

    files: int
    bad: list[str]
    taken: dict[str, list[Cubin]]

    @property
    def spilled(self) -> int:
        """Kernels that spill registers, of all targets."""
        return sum(1 for cubins in self.taken.values() for c in cubins if c.spilled)

    @property
    def failed(self) -> bool:
        return bool(self.bad) or not self.files

    def table(self) -> str:
        """A line for each target."""
        lines = [f"{'target':8}{'kernels':>9}{'spilled':>9}{'registers, most':>17}{'shared bytes, most':>20}"]
        for target, cubins in self.taken.items():
            spilled = sum(1 for c in cubins if c.spilled)
            most = max((c.registers for c in cubins), default=0), max((c.shared for c in cubins), default=0)
            lines.append(f"{target:8}{len(cubins):>9}{spilled:>9}{most[0]:>17}{most[1]:>20}")
        return "\n".join(lines)


def examined(folder: Path) -> Examined:
    """Examine every file of PTX in a folder, on all cores."""
    files = sorted(folder.glob("*.ptx"))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        each = list(pool.map(examine, files, chunksize=8))
    taken = {target: [c for _, cubins in each for c in cubins if c.target == target] for target in TARGETS}
    return Examined(len(files), [what for found, _ in each for what in found], taken)


def main(folder: Path) -> int:
    found = examined(folder)
    print("\n".join([*found.bad, found.table()]))
    return int(found.failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
