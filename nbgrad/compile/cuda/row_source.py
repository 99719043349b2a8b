"""The source of a recipe's kernel for CUDA, for teams of some threads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from nbgrad.arrays import cuda
from nbgrad.compile.rowprogram import Recipe, Step, indented, join, neutral, split, typed

_WARP = 32
_TOGETHER = 64                            # floats that are summed one after another


@lru_cache(maxsize=1024)
def spelled(recipe: Recipe, dtypes: tuple[np.dtype, ...], dtype: np.dtype, kept: int, reduced: int,
            team: int, threads: int) -> str:
    """The source of a recipe's kernel.

    dtypes, dtype : of the operands, and of work and result
    kept, reduced : numbers of loops over the rows, and over the elements of one
    team, threads : threads of a row, and of a block
    """
    return _Writer(recipe, dtype, kept, reduced, team, threads).text()


class _Writer:
    """Writes the kernel of a recipe. Names that end in _ are its own."""

    def __init__(self, recipe: Recipe, dtype: np.dtype, kept: int, reduced: int, team: int,
                 threads: int) -> None:
        self.recipe, self.dtype, self.kept, self.reduced = recipe, dtype, kept, reduced
        self.team, self.threads, self.parts = team, threads, "parts" in recipe.name
        self.full = [*recipe.full, *([] if recipe.by_row else ["each"])]
        self.arrays = [*self.full, *recipe.once, *(["row"] if recipe.by_row else [])]
        self.steps = [split(text) for text in recipe.steps]

    def typed(self, text: str) -> str:
        """A text in the dtype of work alone: numbers that are compared have it, too."""
        text = re.sub(r"(==|!=|<|>) 0\b(?!\.)", r"\1 T(0)", text)
        if self.dtype.kind == "f":
            text = re.sub(r"(?<!T\()\bnan\b", "T(nan)", text)
        return typed(text, self.dtype)

    def text(self) -> str:
        loops = [*[f"d_{a}" for a in range(1, self.kept)], *[f"e_{a}" for a in range(1, self.reduced)]]
        given = ["rows_", "n", "part_", "parts_", *loops]
        for x in self.arrays:
            given += [f"a_{x}", f"f_{x}", *[f"s_{x}_{a}" for a in range(self.kept)]]
            given += [f"r_{x}_{a}" for a in range(self.reduced)] if x in self.full else []
        lines = [f"def k_{self.recipe.name}({', '.join(given)}, k):",
                 *indented([f"{x} = uint32({x})" for x in (*given[:4], *loops)])]
        if self.team == 1:
            lines += indented(["head_, step_ = uint32(cuda.grid(1)), uint32(cuda.gridsize(1))",
                               "lane_ = uint32(0)"])
        else:
            teams = self.threads // self.team
            lines += indented([f"head_ = uint32(uint32(cuda.blockIdx.x) * uint32({teams}))",
                               f"step_ = uint32(uint32(cuda.gridDim.x) * uint32({teams}))",
                               "thread_ = uint32(cuda.threadIdx.x)",
                               f"lane_ = uint32(thread_ % uint32({self.team}))",
                               f"team_ = uint32(thread_ // uint32({self.team}))"])
            if any(step.folds for step in self.steps):
                kind = "bool_" if self.dtype == np.bool_ else self.dtype
                lines.append(f"    tile_ = cuda.shared.array({self.threads}, {kind})")
        return "\n".join([*lines, "    while head_ < rows_:", *indented([*self.start(), *self.row()], 2),
                          "        head_ = uint32(head_ + step_)"])

    def start(self) -> list[str]:
        """Lines that find a team's row, and which of its elements are taken: first_, step, last_.

        All threads of a block go on together: those of teams that are too many take no element.
        """
        if self.team == 1 and self.parts:
            return ["first_ = uint32(head_ // part_)", "rest_ = uint32(head_ - first_ * part_)", "last_ = n"]
        if self.team == 1:
            return ["rest_ = head_", "first_ = uint32(0)", "last_ = n"]
        if self.parts:
            return ["rest_ = uint32(head_ // parts_)",
                    "first_ = uint32(uint32(head_ - rest_ * parts_) * part_)",
                    "last_ = min(n, uint32(first_ + part_))"]
        if self.team == self.threads:
            return ["rest_ = head_", "first_ = uint32(0)", "last_ = n"]
        return ["live_ = uint32(head_ + team_) < rows_", "rest_ = uint32(head_ + team_) if live_ else head_",
                "first_ = uint32(0)", "last_ = n if live_ else first_"]

    def row(self) -> list[str]:
        lines = [*self.places("p", "s", "d", self.kept, self.arrays, {x: f"f_{x}" for x in self.arrays}),
                 *[self.typed(f"{x} = T(a_{x}[uint64(p_{x})])") for x in self.recipe.once],
                 *[self.typed(f"{x} = T(a_x[uint64(p_x)]) if n > 0 else T(0)") for x in self.recipe.firsts]]
        for step in self.steps:
            if step.each:
                lines += self.sweep(step)
                continue
            target, _, value = step.statements[0]
            if target == "row":
                at = ("p_row" if not self.parts else "p_row + int64(first_) * int64(part_)" if self.team == 1
                      else "p_row * int64(parts_) + int64(first_ // part_)")
                several = 1 < self.team < self.threads
                lines += ["if lane_ == 0 and live_:" if several else "if lane_ == 0:",
                          self.typed(f"    a_row[uint64({at})] = T({value})")]
            else:
                lines.append(self.typed(f"{target} = {value}"))
        return self.started(lines)

    def started(self, lines: list[str]) -> list[str]:
        """Folds that may be left out begin as what folds nothing."""
        folds = {t: c for step in self.steps if step.where for t, c in step.folds.items()}
        return [*[f"{t} = {neutral(c, self.dtype)}" for t, c in folds.items()], *lines]

    def places(self, to: str, steps: str, sizes: str, loops: int, arrays: Sequence[str],
               start: dict[str, str]) -> list[str]:
        """Lines that set <to>_<x> to the place that rest_ counts to in some loops."""
        lines = []
        for a in range(loops - 1, 0, -1):
            lines += [f"above_ = uint32(rest_ // {sizes}_{a})",
                      f"at_{a} = uint32(rest_ - above_ * {sizes}_{a})", "rest_ = above_"]
        lines.append("at_0 = rest_")
        for x in arrays:
            terms = " + ".join(f"int64(at_{a}) * {steps}_{x}_{a}" for a in range(loops))
            lines.append(f"{to}_{x} = {start[x]} + {terms}")
        return lines

    def sweep(self, step: Step) -> list[str]:
        """Lines that do a step with every element of the team's row."""
        used = [x for x in self.full if step.reads(x) or step.writes(x)]
        lines = ["rest_ = i_", *self.places("q", "r", "e", self.reduced, used, {x: f"p_{x}" for x in used})]
        lines += [self.typed(f"{x} = T(a_{x}[uint64(q_{x})])") for x in self.recipe.full if step.reads(x)]
        for target, combine, value in step.statements:
            if re.search(r"\beach\b", value):
                lines.append("each = a_each[uint64(q_each)]")
            if target == "each":
                lines.append(self.typed(f"a_each[uint64(q_each)] = T({value})"))
            else:
                part = f"{target}_" if combine and self.summed(step) else target
                lines.append(self.typed(f"{part} = {join(combine, part, value) if combine else value}"))
        loop = [*[f"{t} = {neutral(c, self.dtype)}" for t, c in step.folds.items()],
                "i_ = uint32(first_ + lane_)", *self.loop(step, lines)]
        return [*([self.typed(f"if {step.where}:"), *indented(loop)] if step.where else loop),
                *[line for t, c in step.folds.items() for line in self.together(t, c)]]

    def summed(self, step: Step) -> bool:
        """Whether a step sums floats: then some at a time, as rounding grows with what is summed in a row."""
        return self.dtype.kind == "f" and set(step.folds.values()) == {"+"}

    def loop(self, step: Step, lines: list[str]) -> list[str]:
        """The loop over a thread's elements, from i_ on."""
        apart = "parts_" if self.team == 1 and self.parts else f"uint32({self.team})"
        each = [*lines, f"i_ = uint32(i_ + {apart})"]
        if not self.summed(step):
            return ["while i_ < last_:", *indented(each)]
        some = [*[f"{t}_ = {neutral(c, self.dtype)}" for t, c in step.folds.items()],
                f"end_ = uint32(min(int64(last_), int64(i_) + int64({_TOGETHER}) * int64({apart})))",
                "while i_ < end_:", *indented(each), *[f"{t} = {t} + {t}_" for t in step.folds]]
        return ["while i_ < last_:", *indented(some)]

    def together(self, name: str, combine: str) -> list[str]:
        """Lines that fold what the threads of a team have, and give it to all of them."""
        if self.team == 1:
            return []
        within = self.team <= _WARP and not cuda.host().simulates     # which has no warps
        wait = "cuda.syncwarp()" if within else "cuda.syncthreads()"
        both = join(combine, "tile_[thread_]", "tile_[thread_ + half_]")
        return [f"tile_[thread_] = {name}", wait, f"half_ = uint32({self.team // 2})",
                "while half_ > 0:", "    if lane_ < half_:", f"        tile_[thread_] = {both}",
                f"    {wait}", "    half_ = uint32(half_ // uint32(2))",
                f"{name} = tile_[thread_ - lane_]", wait]
