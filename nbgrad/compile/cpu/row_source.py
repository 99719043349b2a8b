"""The source of a row program's kernels for the CPU.

The one kernel walks along the rows, where a row's elements are next to each other in memory. The other walks
across a block of rows, a column of elements at a time, and keeps what it knows of each row in scratches that
stay in the cache. What is not one run of memory is gathered in one first, so that each loop over elements is
written once, for runs.

Names in a kernel, of an operand or the result x: p_x and q_x are offsets of a row and of an element, t_x and
s_x bytes from one to the next, b_x a scratch, c_x a run of memory; of a variable x: v_x, and m_x, a scratch
with one for each row of a block.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nbgrad.arrays.memory import BLOCK
from nbgrad.compile.row_writer import RowWriter
from nbgrad.compile.rowprogram import OUT, RowProgram, Sweep, first

_RUN = 4096              # elements folded in a row; runs are folded in groups of 64, so that the rounding
                         # error of a sum grows with none of them: about 200 additions come in a row
_FOUR = 4                # columns added at a time where that is all there is to do with them
_FOLDS = {"sum": "fold_add", "prod": "fold_multiply", "max": "fold_maximum", "min": "fold_minimum"}


def source(name: str, program: RowProgram, along: bool, dtypes: tuple[np.dtype, ...], dtype: np.dtype,
           least: int) -> str:
    """Source of the kernel that walks along rows, or of that which walks across them.

    dtypes, dtype : of the operands, and of work and result
    least : elements that are worth a thread
    """
    return (_Along if along else _Across)(program, dtypes, dtype).source(name, least)


class _Writer(RowWriter):
    """What the two kernels of a program have in common."""

    def __init__(self, program: RowProgram, dtypes: tuple[np.dtype, ...], dtype: np.dtype) -> None:
        super().__init__(program, dtype)
        names = (*program.full, *program.once)
        self.array = {x: f"a_{x}" for x in names} | {OUT: "out"}
        self.width = {x: d.itemsize for x, d in zip(names, dtypes, strict=True)} | {OUT: dtype.itemsize}
        self.runs: dict[str, str] = {}    # where `load` finds element j

    def source(self, name: str, least: int) -> str:
        operands = ", ".join([self.array[x] for x in (*self.program.full, *self.program.once)])
        w = self.w
        with w.block(f"def part(start, stop, {operands}, out, loops, k):"):
            self.header()
            self.body()
        with w.block(f"def {name}({operands}, like, loops, k):"):
            w.line(f"out = new_{self.dtype}(like)")
            with w.block("if not given(out):"):
                w.line("return declined()")
            w.lines("units = load(loops, 3)", "total = load(loops, 4)", "token = unlock(total)",
                    f"share(part, units, ({least} * units + total - 1) // max(total, 1), {operands}, out,",
                    "      loops, k)", "lock(token)", "return fresh(out)")
        return w.text()

    def body(self) -> None:
        raise NotImplementedError

    def join(self, fold: str, a: str, b: str) -> str:
        """a and b folded, in any order with what else is folded into a."""
        return f"{_FOLDS[fold]}({a}, {b})" if fold in _FOLDS and self.dtype.kind == "f" else super().join(
            fold, a, b)

    def load(self, x: str) -> str:
        return f"load({self.runs[x]}, j)"

    def store(self, value: str) -> str:
        return f"store({self.runs[OUT]}, j, {value})"

    def header(self) -> None:
        """Write what reads the loops: kept ones (kd, steps ks), reduced ones (rd, rs), and the innermost."""
        w = self.w
        w.lines("kept = load(loops, 0)", "reduced = load(loops, 1)", "span = load(loops, 2)",
                f"kd, ks, rd = 5, 5 + kept, 5 + kept * {1 + len(self.arrays)}", "rs = rd + reduced",
                "inner = load(loops, rd + reduced - 1)", "wide = load(loops, kd + kept - 1)", "outer = 1")
        with w.block("for a in range(reduced - 1):"):
            w.line("outer *= load(loops, rd + a)")
        w.line("n = outer * inner")
        for i, x in enumerate(self.full):
            w.line(f"s_{x} = load(loops, rs + {i} * reduced + reduced - 1)")
        for i, x in enumerate(self.arrays):
            w.line(f"t_{x} = load(loops, ks + {i} * kept + kept - 1)")
        for x in self.full:
            w.line(f"b_{x} = scratch({self.array[x]})")

    def rows_from(self, number: str, loops: str) -> None:
        """Write offsets p_x of a row, in the first `loops` kept loops."""
        self._offsets("p", number, loops, "kd", "ks", "kept", dict.fromkeys(self.arrays, "0"))

    def elements_from(self, number: str) -> None:
        """Write offsets q_x of an element, in the reduced loops around the innermost."""
        self._offsets("q", number, "(reduced - 1)", "rd", "rs", "reduced", {x: f"p_{x}" for x in self.full})

    def _offsets(self, to: str, number: str, loops: str, dims: str, steps: str, count: str,
                 start: dict[str, str]) -> None:
        w = self.w
        w.lines(f"rest = {number}", *[f"{to}_{x} = {value}" for x, value in start.items()])
        with w.block(f"for a in range({loops} - 1, -1, -1):"):
            w.lines(f"size_a = load(loops, {dims} + a)", "above = rest // size_a",
                    "at = rest - above * size_a", "rest = above")
            for i, x in enumerate(start):
                w.line(f"{to}_{x} += at * load(loops, {steps} + {i} * {count} + a)")

    def gather(self, x: str, place: str, step: str, count: str) -> None:
        """Write c_x, the run of memory with `count` elements of a full operand."""
        w = self.w
        with w.block(f"if {step} == {self.width[x]}:"):
            w.line(f"c_{x} = moved({self.array[x]}, {place})")
        with w.block("else:"):
            w.line(f"c_{x} = b_{x}")
            with w.block(f"for j in range({count}):"):
                w.line(f"store(c_{x}, j, load_at({self.array[x]}, {place} + j * {step}))")

    def loop(self, sweep: Sweep, places: dict[str, str], letter: str, count: str,
             known: Iterable[str] = (), folded: Iterable[str] = ()) -> None:
        """Write what a sweep does with `count` elements from the places of the full operands.

        known, folded : lines before and after what is done with each element
        """
        w, step, width = self.w, f"{letter}_{OUT}", self.width[OUT]
        for x in self.full:
            if x in sweep.reads:
                self.gather(x, places[x], f"{letter}_{x}", count)
        if sweep.writes_out and OUT not in sweep.reads:
            w.line(f"c_{OUT} = either({step} == {width}, moved(out, {places[OUT]}), b_{OUT})")
        self.runs = {x: f"c_{x}" for x in self.full}
        with w.block(f"for j in range({count}):"):
            w.lines(*known)
            self.element(sweep)
            w.lines(*folded)
        if sweep.writes_out:
            with w.block(f"if {step} != {width}:"), w.block(f"for j in range({count}):"):
                w.line(f"store_at(out, {places[OUT]} + j * {step}, load(c_{OUT}, j))")


class _Along(_Writer):
    """Walks along rows, one after another."""

    def body(self) -> None:
        packed = " and ".join(f"s_{x} == {self.width[x]}" for x in self.full)
        self.w.line(f"longest = {_RUN} if {packed} else {BLOCK}")
        with self.w.block("for row in range(start, stop):"):
            self.rows_from("row", "kept")
            self.steps()

    def of_row(self, x: str) -> str:
        return f"load_at({self.array[x]}, p_{x})"

    def number(self, target: str, value: str, reads: frozenset[str]) -> None:
        self.w.line(f"{self.name(target)} = {value}")

    def give(self, value: str, reads: frozenset[str]) -> None:
        self.w.line(f"store_at(out, p_{OUT}, {value})")

    def sweep(self, sweep: Sweep) -> None:
        if sweep.where is None:
            self.walk(sweep)
            return
        for x, fold in sweep.folds.items():
            self.w.line(f"{self.name(x)} = {self.neutral(fold)}")
        with self.w.block(f"if {self.text(sweep.where)}:"):
            self.walk(sweep)

    def walk(self, sweep: Sweep) -> None:
        """Write a walk along a row. Folds go to runs, to groups of 64 runs, to all."""
        w, folds = self.w, sweep.folds
        w.line("runs = 0")
        for x, fold in folds.items():
            w.line(f"all_{x} = group_{x} = {self.neutral(fold)}")
        with w.block("for r in range(outer):"):
            self.elements_from("r")
            w.line("i = 0")
            with w.block("while i < inner:"):
                w.line("m = min(longest, inner - i)")
                for x, fold in folds.items():
                    w.line(f"{self.name(x)} = {self.neutral(fold)}")
                self.loop(sweep, {x: f"q_{x} + i * s_{x}" for x in self.full}, "s", "m")
                for x, fold in folds.items():
                    w.line(f"group_{x} = {self.join(fold, f'group_{x}', self.name(x))}")
                if folds:
                    w.line("runs += 1")
                    with w.block("if runs & 63 == 0:"):
                        for x, fold in folds.items():
                            w.lines(f"all_{x} = {self.join(fold, f'all_{x}', f'group_{x}')}",
                                    f"group_{x} = {self.neutral(fold)}")
                w.line("i += m")
        for x, fold in folds.items():
            w.line(f"{self.name(x)} = {self.join(fold, f'all_{x}', f'group_{x}')}")


class _Across(_Writer):
    """Walks across a block of rows; what is known of them is kept in a scratch for each variable."""

    def body(self) -> None:
        w = self.w
        self.known: list[str] = []
        for x in self.scratches():
            w.line(f"m_{x} = scratch(out)")
        w.line("pieces = (wide + span - 1) // span")
        with w.block("for unit in range(start, stop):"):
            w.line("row = unit // pieces")
            self.rows_from("row", "(kept - 1)")
            w.lines("left = (unit - row * pieces) * span", "width = min(span, wide - left)")
            for x in self.arrays:
                w.line(f"p_{x} += left * t_{x}")
            self.steps()

    def scratches(self) -> list[str]:
        """The variables of a row, and two partial sums for each sum."""
        program = self.program
        found = [*program.once, *[first(x) for x in program.firsts]]
        for step in program.steps:
            if isinstance(step, Sweep):
                found += step.folds
                found += [f"{level}_{x}" for x, fold in step.folds.items() if fold == "sum"
                          for level in ("run", "group")]
            elif step.target != OUT:
                found.append(step.target)
        return found

    def of_row(self, x: str) -> str:
        return f"load_at({self.array[x]}, p_{x} + j * t_{x})"

    def number(self, target: str, value: str, reads: frozenset[str]) -> None:
        self.rows(*self.recall(reads), f"store(m_{target}, j, {value})")
        self.known.append(target)

    def give(self, value: str, reads: frozenset[str]) -> None:
        self.rows(*self.recall(reads), f"store_at(out, p_{OUT} + j * t_{OUT}, {value})")

    def rows(self, *lines: str) -> None:
        """Write what is done once for each row of the block."""
        with self.w.block("for j in range(width):"):
            self.w.lines(*lines)

    def recall(self, reads: frozenset[str]) -> list[str]:
        """Lines that read variables of a row."""
        return [f"{self.name(x)} = load(m_{x}, j)" for x in self.known if x in reads]

    def sweep(self, sweep: Sweep) -> None:
        """Write a walk down the columns. Sums go to runs of 128, to groups of 128 runs, to all."""
        w, count = self.w, "outer"
        sums = [x for x, fold in sweep.folds.items() if fold == "sum"]
        if sweep.folds:
            self.rows(*[f"store(m_{x}, j, {self.neutral(fold)})" for x, fold in sweep.folds.items()],
                      *[f"store(m_{level}_{x}, j, {self.neutral('sum')})"
                        for x in sums for level in ("run", "group")])
        if sweep.where is not None:
            count = "(outer if need else 0)"
            w.line("need = False")
            self.rows(*self.recall(sweep.where.reads), f"need |= {self.text(sweep.where)}")
        w.line("runs = 0")
        with w.block(f"for r in range({count}):"):
            self.elements_from("r")
            w.line("i = 0")
            with w.block("while i < inner:"):
                self.columns(sweep)
                w.lines(*[f"q_{x} += m * s_{x}" for x in self.full], "i += m")
                if sums:
                    w.line("runs += 1")
                    with w.block("if runs & 127 == 0:"):
                        self.pour(sums, "run_", "group_")
                    with w.block("if runs & 16383 == 0:"):
                        self.pour(sums, "group_", "")
        if sums:
            self.pour(sums, "group_", "")
            self.pour(sums, "run_", "")
        self.known += sweep.folds

    def pour(self, sums: list[str], source: str, into: str) -> None:
        """Write what adds partial sums to those of the next level, and begins them again."""
        self.rows(*[line for x in sums for line in (
            f"store(m_{into}{x}, j, load(m_{into}{x}, j) + load(m_{source}{x}, j))",
            f"store(m_{source}{x}, j, {self.neutral('sum')})")])

    def columns(self, sweep: Sweep) -> None:
        """Write what a sweep does with one column, or with four at a time where it only adds and the like."""
        w = self.w
        into = {x: f"m_run_{x}" if fold == "sum" else f"m_{x}" for x, fold in sweep.folds.items()}
        known = [*self.recall(sweep.reads), *[f"{self.name(x)} = load({m}, j)" for x, m in into.items()]]
        folded = [f"store({m}, j, {self.name(x)})" for x, m in into.items()]
        places = {x: f"q_{x}" for x in self.full}
        slow = any(statement.value.slow for statement in sweep.statements)
        if not sweep.folds or sweep.writes_out or len(sweep.statements) > 3 or slow:
            w.line("m = 1")
            self.loop(sweep, places, "t", "width", known, folded)
            return
        read = [x for x in self.program.full if x in sweep.reads]
        packed = " and ".join(f"t_{x} == {self.width[x]}" for x in read)
        w.line(f"m = {_FOUR} if i + {_FOUR} <= inner and {packed} else 1")
        with w.block(f"if m == {_FOUR}:"):
            for x in read:
                for i in range(_FOUR):
                    w.line(f"c{i}_{x} = moved({self.array[x]}, q_{x} + {i} * s_{x})")
            with w.block("for j in range(width):"):
                w.lines(*known)
                for i in range(_FOUR):
                    self.runs = {x: f"c{i}_{x}" for x in read}
                    self.element(sweep)
                w.lines(*folded)
        with w.block("else:"):
            self.loop(sweep, places, "t", "width", known, folded)
