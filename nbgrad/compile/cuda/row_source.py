"""The source of a row program's kernel for CUDA, for teams of some threads.

Names in a kernel, of an operand or the result x: a_x is its memory, f_x the place of its first element, p_x
and q_x places of a row and of an element, s_x_<loop> and r_x_<loop> steps from one to the next; of a variable
x: v_x.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.compile.row_writer import RowWriter
from nbgrad.compile.rowprogram import OUT, RowProgram, Sweep

_WARP = 32
_TOGETHER = 64                            # floats that are summed one after another


@lru_cache(maxsize=1024)
def spelled(program: RowProgram, dtypes: tuple[np.dtype, ...], dtype: np.dtype, kept: int, reduced: int,
            team: int, threads: int) -> str:
    """The source of a row program's kernel.

    dtypes, dtype : of the operands, and of work and result
    kept, reduced : numbers of loops over the rows, and over the elements of one
    team, threads : threads of a row, and of a block
    """
    return _Writer(program, dtype, kept, reduced, team, threads).source()


class _Writer(RowWriter):
    """Writes the kernel of a row program."""

    zero = "uint32(0)"

    def __init__(self, program: RowProgram, dtype: np.dtype, kept: int, reduced: int, team: int,
                 threads: int) -> None:
        super().__init__(program, dtype)
        self.kept, self.reduced = kept, reduced
        self.team, self.threads, self.parts = team, threads, program.parts
        self.several = 1 < team < threads                # teams in a block

    def source(self) -> str:
        loops = [*[f"d_{a}" for a in range(1, self.kept)], *[f"e_{a}" for a in range(1, self.reduced)]]
        given = ["rows", "n", "part", "parts", *loops]
        w = self.w
        counts = tuple(given)
        for x in self.arrays:
            given += [f"a_{x}", f"f_{x}", *[f"s_{x}_{a}" for a in range(self.kept)]]
            given += [f"r_{x}_{a}" for a in range(self.reduced)] if x in self.full else []
        with w.block(f"def k_{self.program.name}({', '.join(given)}, k):"):
            for x in counts:
                w.line(f"{x} = uint32({x})")
            self.threads_of_rows()
            with w.block("while head < rows:"):
                self.start()
                self.places("p", "s", "d", self.kept, self.arrays, "f")
                for step in self.program.steps:          # folds that may be left out fold nothing then
                    if isinstance(step, Sweep) and step.where is not None:
                        self.begin(step)
                self.steps()
                w.line("head = uint32(head + step)")
        return w.text()

    def threads_of_rows(self) -> None:
        """Write what a thread is: its place in its team, lane, and the team's first row, head."""
        w, teams = self.w, self.threads // self.team
        if self.team == 1:
            w.lines("head, step = uint32(cuda.grid(1)), uint32(cuda.gridsize(1))", "lane = uint32(0)")
            return
        w.lines(f"head = uint32(uint32(cuda.blockIdx.x) * uint32({teams}))",
                f"step = uint32(uint32(cuda.gridDim.x) * uint32({teams}))",
                "thread = uint32(cuda.threadIdx.x)", f"lane = uint32(thread % uint32({self.team}))",
                f"team = uint32(thread // uint32({self.team}))")
        if any(isinstance(step, Sweep) and step.folds for step in self.program.steps):
            kind = "bool_" if self.dtype == np.bool_ else self.dtype
            w.line(f"tile = cuda.shared.array({self.threads}, {kind})")

    def start(self) -> None:
        """Write what finds a team's row, and which of its elements are taken: first, step, last.

        All threads of a block go on together: those of teams that are too many take no element.
        """
        w = self.w
        if self.parts and self.team == 1:
            w.lines("first = uint32(head // part)", "rest = uint32(head - first * part)", "last = n")
        elif self.parts:
            w.lines("rest = uint32(head // parts)", "first = uint32(uint32(head - rest * parts) * part)",
                    "last = min(n, uint32(first + part))")
        elif self.several:
            w.lines("live = uint32(head + team) < rows", "rest = uint32(head + team) if live else head",
                    "first = uint32(0)", "last = n if live else first")
        else:
            w.lines("rest = head", "first = uint32(0)", "last = n")

    def places(self, to: str, steps: str, sizes: str, loops: int, arrays: Sequence[str], start: str) -> None:
        """Write <to>_<x>, the place that `rest` counts to in some loops from <start>_<x>."""
        w = self.w
        for a in range(loops - 1, 0, -1):
            w.lines(f"above = uint32(rest // {sizes}_{a})", f"at_{a} = uint32(rest - above * {sizes}_{a})",
                    "rest = above")
        w.line("at_0 = rest")
        for x in arrays:
            terms = " + ".join(f"int64(at_{a}) * {steps}_{x}_{a}" for a in range(loops))
            w.line(f"{to}_{x} = {start}_{x} + {terms}")

    def of_row(self, x: str) -> str:
        return f"a_{x}[uint64(p_{x})]"

    def load(self, x: str) -> str:
        return f"a_{x}[uint64(q_{x})]"

    def store(self, value: str) -> str:
        return f"a_{OUT}[uint64(q_{OUT})] = {value}"

    def number(self, target: str, value: str, reads: frozenset[str]) -> None:
        self.w.line(f"{self.name(target)} = {value}")

    def give(self, value: str, reads: frozenset[str]) -> None:
        place = f"p_{OUT}"
        if self.parts:
            place += (" + int64(first) * int64(part)" if self.team == 1 else
                      " * int64(parts) + int64(first // part)")
        with self.w.block("if lane == 0 and live:" if self.several else "if lane == 0:"):
            self.w.line(f"a_{OUT}[uint64({place})] = {value}")

    def begin(self, sweep: Sweep) -> None:
        """Write what folds begin with."""
        for x, fold in sweep.folds.items():
            self.w.line(f"{self.name(x)} = {self.neutral(fold)}")

    def sweep(self, sweep: Sweep) -> None:
        if sweep.where is None:
            self.walk(sweep)
        else:
            with self.w.block(f"if {self.text(sweep.where)}:"):
                self.walk(sweep)
        if self.team > 1:
            for x, fold in sweep.folds.items():
                self.together(self.name(x), fold)

    def walk(self, sweep: Sweep) -> None:
        """Write what a thread does with its elements. Where floats are summed, some at a time, as rounding
        grows with what is summed in a row.
        """
        w = self.w
        apart = "parts" if self.team == 1 and self.parts else f"uint32({self.team})"
        self.begin(sweep)
        w.line("i = uint32(first + lane)")
        with w.block("while i < last:"):
            if self.dtype.kind != "f" or set(sweep.folds.values()) != {"sum"}:
                self.one(sweep, apart, {})
                return
            into = {x: f"some_{x}" for x in sweep.folds}
            for some in into.values():
                w.line(f"{some} = {self.neutral('sum')}")
            w.line(f"end = uint32(min(int64(last), int64(i) + int64({_TOGETHER}) * int64({apart})))")
            with w.block("while i < end:"):
                self.one(sweep, apart, into)
            for x, some in into.items():
                w.line(f"{self.name(x)} = {self.name(x)} + {some}")

    def one(self, sweep: Sweep, apart: str, into: dict[str, str]) -> None:
        """Write what is done with element i, and go on to the thread's next one."""
        used = [x for x in self.full if x in sweep.reads or (x == OUT and sweep.writes_out)]
        self.w.line("rest = i")
        self.places("q", "r", "e", self.reduced, used, "p")
        self.element(sweep, into)
        self.w.line(f"i = uint32(i + {apart})")

    def together(self, name: str, fold: str) -> None:
        """Write what folds what the threads of a team have, and gives it to all of them."""
        w = self.w
        within = self.team <= _WARP and not cuda.host().simulates     # which has no warps
        wait = "cuda.syncwarp()" if within else "cuda.syncthreads()"
        w.lines(f"tile[thread] = {name}", wait, f"half = uint32({self.team // 2})")
        with w.block("while half > 0:"):
            with w.block("if lane < half:"):
                w.line(f"tile[thread] = {self.join(fold, 'tile[thread]', 'tile[thread + half]')}")
            w.lines(wait, "half = uint32(half // uint32(2))")
        w.lines(f"{name} = tile[thread - lane]", wait)
