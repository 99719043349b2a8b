"""`python tools/gpureport.py`: what CUDA's kernels will cost a GPU, found without one.

    python tools/gpureport.py                             # all ops, a few minutes
    python tools/gpureport.py --ops add,sum,matmul --json report.json

Every kernel's PTX is assembled for the targets below and run by the interpreter in tests/ptx of a checkout.

regs, spill, shared : registers of a thread, bytes spilled, bytes of shared memory of a block
occ      : theoretical occupancy: warps that a multiprocessor holds, of those that it could
ptx      : instructions of the kernel; beside: those of them that are not its mathematics
run      : instructions that are executed for each element
sectors  : sectors of 32 bytes of global memory that warps ask for, over those that their bytes would fill
banks    : passes that requests to shared memory take, over those without conflicts of banks
bytes    : bytes of those sectors, as if there were no cache, over the least: every operand read and every
           result written once. The kernels of one use of an op share this least.

Exit status 1 with a line for each kernel that spills, each flat kernel or reduction that moves more than 1.1
times the least, and each flat kernel with more than 60 instructions beside its mathematics.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from gpucases import Case, cases

import nbgrad as nb
from nbgrad import errors
from nbgrad.arrays import cuda
from nbgrad.engine.tensor import raw
from nbgrad.engine.tree import flatten
from nbgrad.errors import device_errors, value_errors

TARGETS = ("sm_80", "sm_90")
MOST_BYTES, MOST_BESIDE = 1.1, 60
_LAUNCHES: dict[str, Any] = {"threads": 256, "blocks": 32, "grain": 1, "keep": False}

# Source of the limits of a multiprocessor: CUDA C++ Programming Guide, Compute Capabilities, table "Technical
# Specifications per Compute Capability"; sizes that are allotted: cuda_occupancy.h of the CUDA toolkit.
_SHARED = {"sm_80": 164 * 1024, "sm_90": 228 * 1024}      # bytes of shared memory
_WARPS, _BLOCKS, _REGISTERS = 64, 32, 65536
_QUARTERS = 4                             # each has its share of the registers, and warps of its own
_REGISTER_GRAIN, _SHARED_GRAIN, _RESERVED = 256, 128, 1024     # of a warp; of a block, and what CUDA adds


def occupancy(target: str, threads: int, registers: int, shared: int) -> float:
    """The part of a multiprocessor's warps that blocks of a kernel can fill, from 0 to 1.

    threads, shared : of a block; shared in bytes
    registers : of a thread
    """
    warps = -(-threads // 32)
    taken = max(-(-registers * 32 // _REGISTER_GRAIN), 1) * _REGISTER_GRAIN
    by_registers = _REGISTERS // _QUARTERS // taken * _QUARTERS // (-(-warps // _QUARTERS) * _QUARTERS)
    whole = -(-(shared + _RESERVED) // _SHARED_GRAIN) * _SHARED_GRAIN
    return min(_WARPS // warps, _BLOCKS, by_registers, _SHARED[target] // whole) * warps / _WARPS


@dataclass(frozen=True)
class Line:
    """What one kernel of a case costs. The numbers of registers, spill, shared and occ are for TARGETS."""

    op: str
    what: str
    kind: str
    dtype: str
    kernel: str
    registers: tuple[int, ...]
    spill: tuple[int, ...]
    shared: tuple[int, ...]
    occ: tuple[float, ...]
    ptx: int
    beside: int
    run: float
    sectors: float
    banks: float
    bytes: float

    @property
    def name(self) -> str:
        return f"{self.op} {self.what} {self.dtype}, {self.kernel}"


class Examiner:
    """Runs cases on the interpreter, and weighs what they launch. There is one for a process.

    Raises DeviceError where there is no interpreter or no compiler, naming what is missing.
    """

    def __init__(self, folder: Path) -> None:
        tests = Path(nb.__file__).parents[1] / "tests"
        if not (tests / "ptx" / "front.py").exists():
            raise device_errors.no_gpu_report(f"there is no interpreter of PTX in {tests}", "It is part of a "
                                              "checkout of nbgrad's repository: run the report there.")
        if find_spec("numba_cuda") is None or find_spec("nvidia.cu13") is None:
            raise device_errors.no_gpu_report("numba-cuda and CUDA's compiler are not installed",
                                              "Run pip install "
                                              "'nbgrad[cuda]'; no GPU and no driver is needed.")
        if str(tests) not in sys.path:
            sys.path.insert(0, str(tests))
        self.front = import_module("ptx.front").Front(folder)
        self.assemble, self.beside = import_module("ptx.compile").assemble, import_module("ptx.weigh").beside
        cuda.connect("cuda", self.front, **_LAUNCHES)
        self.cubins: dict[str, list[Any]] = {}

    def lines(self, case: Case) -> list[Line]:
        """A line for each kernel that a case launches. Raises DeviceError if its op has none."""
        launched: list[Any] = []
        arrays = case.make(np.random.default_rng(0))
        with nb.device("cuda"):
            run = case.ready(*[nb.asarray(x) for x in arrays])
            self.front.watch = launched.append
            try:
                results = [raw(z) for z in flatten(run())[0]]
            finally:
                self.front.watch = None
        read = sum(x.nbytes for x in arrays) if case.reads is None else case.reads * arrays[0].nbytes
        least = read + sum(z.nbytes for z in results)
        elements = max(prod(x.shape) for x in (*arrays, *results))
        return [self.line(case, one, least, elements) for one in launched]

    def line(self, case: Case, one: Any, least: float, elements: int) -> Line:
        """What one launch costs."""
        if one.text not in self.cubins:
            self.cubins[one.text] = [self.assemble(one.text, target) for target in TARGETS]
        cubins, cost, program = self.cubins[one.text], one.profile, one.kernel.program
        declared = one.kernel.layout.declared         # for sm_90 the assembler adds what CUDA reserves
        kernel = re.search(r"\d(k_\w+?)B\d", one.kernel.name)
        return Line(
            case.op, case.what, case.kind, case.dtype, kernel[1] if kernel else one.kernel.name,
            tuple([c.registers for c in cubins]), tuple([c.spilled for c in cubins]),
            tuple([c.shared for c in cubins]),
            tuple([occupancy(c.target, one.threads, c.registers, declared) for c in cubins]),
            len(program.code), self.beside(program), cost.lanes / elements,
            cost.sectors / max(cost.least, 1), cost.passes / max(cost.fewest, 1) if cost.shared else 1.0,
            32 * cost.sectors / least)


def misses(lines: Sequence[Line]) -> Iterator[str]:
    """A line of text for each demand that the kernels of one case do not meet."""
    for line in lines:
        if max(line.spill):
            yield f"{line.name}: spills {max(line.spill)} bytes"
        if line.kind == "flat" and line.beside > MOST_BESIDE:
            yield f"{line.name}: {line.beside} instructions beside its mathematics, above {MOST_BESIDE}"
    moved = sum(line.bytes for line in lines)
    if lines and lines[0].kind in ("flat", "reduction") and moved > MOST_BYTES:
        yield f"{lines[0].name}: moves {moved:.2f} times the least bytes, above {MOST_BYTES}"


_HEAD = (f"{'op':33}{'dtype':9}{'kernel':21}{'regs':>8}{'spill':>7}{'shared':>14}{'occ %':>9}{'ptx':>6}"
         f"{'beside':>8}{'run':>8}{'sectors':>9}{'banks':>7}{'bytes':>8}")


def _pair(numbers: Sequence[float], width: int) -> str:
    """The numbers for all targets, once if they are one."""
    texts = [f"{n:.0f}" for n in numbers]
    return ("/".join(texts) if len(set(texts)) > 1 else texts[0]).rjust(width)


def row(line: Line) -> str:
    """A line of the table."""
    return (f"{line.op + ' ' + line.what:33}{line.dtype:9}{line.kernel:21}{_pair(line.registers, 8)}"
            f"{_pair(line.spill, 7)}{_pair(line.shared, 14)}{_pair([100 * o for o in line.occ], 9)}"
            f"{line.ptx:6}{line.beside:8}{line.run:8.1f}{line.sectors:9.2f}{line.banks:7.2f}{line.bytes:8.2f}")


def report(names: Sequence[str], folder: Path) -> tuple[list[Line], list[str]]:
    """Prints the table of some ops, or of all; returns its lines, and what they miss.

    Raises DeviceError where kernels cannot be examined, ValueRangeError for an op that there is not.
    """
    known = {case.op for case in cases()}
    for name in names:
        if name not in known:
            raise value_errors.bad_choice("gpureport", "--ops", name, sorted(known))
    examiner = Examiner(folder)
    lines: list[Line] = []
    missed: list[str] = []
    absent: list[str] = []
    print(f"registers, spill, shared and occ are for {' / '.join(TARGETS)}\n{_HEAD}")
    for case in cases():
        if names and case.op not in names:
            continue
        try:
            found = examiner.lines(case)
        except errors.DeviceError as error:
            absent.append(f"{case.op} {case.what} {case.dtype}: not run: {error}")
            continue
        for line in found:
            print(row(line), flush=True)
        lines += found
        missed += misses(found)
    print("\n".join(["", *absent, *missed]))
    print(f"{len(lines)} kernels, {len(missed)} demands not met, {len(absent)} cases not run")
    return lines, missed


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tools/gpureport.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", default="", help="names, with commas between them; all if left out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table's lines there")
    chosen = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            lines, missed = report([n for n in chosen.ops.split(",") if n], Path(folder))
    except errors.NbgradError as error:
        print(error, file=sys.stderr)
        return 2
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(line) for line in lines], indent=1))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
