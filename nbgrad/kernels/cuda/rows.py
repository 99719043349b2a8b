"""Recipes for CUDA: what is done with a row of elements, in one kernel, by one thread or by all of a block.

A team of threads takes a row: each thread every so many of its elements, and what they fold is folded again
in shared memory, in an order that does not change from run to run. Rows that lie across memory, and short
ones, have a team of one, so that neighbouring threads read neighbouring elements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from nbgrad import cuda
from nbgrad.cuda import CudaArray
from nbgrad.kernels import layout
from nbgrad.kernels.cuda import launch
from nbgrad.kernels.recipe import Recipe, Step, indented, join, neutral, split, typed

_SHORT = 64                               # elements of a row that one thread takes
_PART = 16                                # elements for each thread of a part of a long row


def reduce(recipe: Recipe, x: CudaArray, axis: tuple[int, ...], form: Any, k: float = 0.0) -> CudaArray:
    """The result of a recipe of one operand that gives one element for each row.

    form : the shape of the result, or whether the reduced axes stay in it with length 1
    """
    if not isinstance(form, tuple):
        form = tuple([1 if a in axis else n for a, n in enumerate(x.shape) if form or a not in axis])
    rows, n = prod(form), prod([x.shape[a] for a in axis])
    if recipe.sweeps == 1 and rows < 64 and n > 2 * _PART * cuda.host().threads:
        return _in_parts(recipe, x, axis, form, n)
    return run(recipe, (x,), axis, form, k)


def _in_parts(recipe: Recipe, x: CudaArray, axis: tuple[int, ...], form: tuple[int, ...],
              n: int) -> CudaArray:
    """Long rows: parts of each are folded by a block, then what the parts gave."""
    part = _PART * cuda.host().threads
    first, last = _halves(recipe)
    found = run(first, (x,), axis, (*form, -(-n // part)), 0.0, part)
    return run(last, (found,), (len(form),), form, float(n))


@lru_cache(maxsize=64)
def _halves(recipe: Recipe) -> tuple[Recipe, Recipe]:
    """A recipe of one fold as two: for parts of a row, and for what these gave; n is then the number k."""
    step = split(recipe.steps[0])
    (target, combine), = step.folds.items()
    rest = [re.sub(r"\bn\b", "k", text) for text in recipe.steps[1:]]
    whole = "same" if recipe.kind != "bool" else "bool"
    first = recipe.steps[0], f"row = {target}"
    return (Recipe(f"{recipe.name}_parts", recipe.full, (), first, recipe.kind),
            Recipe(f"{recipe.name}_whole", ("x",), (), (f"each: {target} {combine}= x", *rest), whole))


def run(recipe: Recipe, xs: tuple[CudaArray, ...], axis: tuple[int, ...], form: Any = False, k: float = 0.0,
        part: int = 0) -> CudaArray:
    """The result of a recipe of operands, first those that are full. Others may lack the reduced axes.

    part : elements of a row that are taken as a row of their own; 0: all
    """
    count = len(recipe.full)
    shape, dtype = xs[count - 1].shape, recipe.dtype(xs[count - 1].dtype)
    if recipe.by_row:
        if not isinstance(form, tuple):
            form = tuple([1 if a in axis else n for a, n in enumerate(shape) if form or a not in axis])
        out = cuda.empty(form, dtype)
    else:
        out = cuda.empty(shape, dtype)
    if out.size:
        _launch(recipe, xs, out, axis, k, part)
    return out


def into(out: CudaArray, recipe: Recipe, xs: tuple[CudaArray, ...], axis: tuple[int, ...],
         k: float = 0.0) -> None:
    """Write the result of a recipe of operands, as of `run`, into an array in C order."""
    if out.size:
        _launch(recipe, xs, out, axis, k, 0)


def _launch(recipe: Recipe, xs: tuple[CudaArray, ...], out: CudaArray, axis: tuple[int, ...], k: float,
            part: int) -> None:
    count = len(recipe.full)
    shape, lead = xs[count - 1].shape, xs[count - 1].steps
    kept = [a for a in range(len(shape)) if a not in axis]
    inside = sorted(axis, key=lambda a: -abs(lead[a]))
    walked = [*xs[:count], *([] if recipe.by_row else [out])]
    once = [_kept(x.steps, axis, len(shape)) for x in xs[count:]]
    if recipe.by_row:
        once.append(_steps_of_rows(shape, axis))
    full = [x.steps for x in walked]
    kd, ks = layout.merge([shape[a] for a in kept], [[s[a] for a in kept] for s in [*full, *once]])
    rd, rs = layout.merge([shape[a] for a in inside], [[s[a] for a in inside] for s in full])
    rows, n = prod(kd), prod(rd)
    across = kd[-1] > 1 and 0 < abs(ks[count - 1][-1]) < abs(rs[count - 1][-1])
    team = 1 if not part and (n <= _SHORT or across) else cuda.host().threads
    parts = -(-n // part) if part else 1
    arrays = [*xs[:count], *([] if recipe.by_row else [out]), *xs[count:], *([out] if recipe.by_row else [])]
    given: list[Any] = [rows * parts, n, part or n, parts, *kd[1:], *rd[1:]]
    for i, x in enumerate(arrays):
        flat, first = x.flat
        given += [flat, first, *ks[i], *(rs[i] if i < len(walked) else [])]
    kernel = launch.kernel(f"k_{recipe.name}", spelled(recipe, tuple([x.dtype for x in xs]), out.dtype,
                                                       len(kd), len(rd), team))
    threads = cuda.host().threads
    grid = cuda.blocks(rows) if team == 1 else cuda.blocks(rows * parts, 1)
    cuda.launch(kernel, grid, threads, *given, out.dtype.type(k) if out.dtype.kind == "f" else k)


def _kept(steps: Sequence[int], axis: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Steps of an operand with one element a row, for all axes, whether or not it has the reduced ones."""
    if len(steps) == ndim:
        return tuple([0 if a in axis else s for a, s in enumerate(steps)])
    rest = iter(steps)
    return tuple([0 if a in axis else next(rest) for a in range(ndim)])


def _steps_of_rows(shape: Sequence[int], axis: tuple[int, ...]) -> tuple[int, ...]:
    """Steps of a result in C order with one element for each row."""
    sizes = [1 if a in axis else n for a, n in enumerate(shape)]
    return tuple([0 if a in axis else s for a, s in enumerate(layout.packed(sizes, range(len(shape)), 1))])


# --------------------------------------------------------------------------------------------- source
@lru_cache(maxsize=1024)
def spelled(recipe: Recipe, dtypes: tuple[np.dtype, ...], dtype: np.dtype, kept: int, reduced: int,
            team: int) -> str:
    """The source of a recipe's kernel.

    dtypes, dtype : of the operands, and of work and result
    kept, reduced : numbers of loops over the rows, and over the elements of one
    team : threads of a row
    """
    return _Writer(recipe, dtype, kept, reduced, team).text()


class _Writer:
    """Writes the kernel of a recipe. Names that end in _ are its own."""

    def __init__(self, recipe: Recipe, dtype: np.dtype, kept: int, reduced: int, team: int) -> None:
        self.recipe, self.dtype, self.kept, self.reduced, self.team = recipe, dtype, kept, reduced, team
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
        row, step = ("cuda.grid(1)", "cuda.gridsize(1)") if self.team == 1 else (
            "cuda.blockIdx.x", "cuda.gridDim.x")
        lines = [f"def k_{self.recipe.name}({', '.join(given)}, k):",
                 *indented([f"{x} = uint32({x})" for x in (*given[:4], *loops)]),
                 f"    row_, step_ = uint32({row}), uint32({step})"]
        if self.team == 1:
            lines.append("    lane_ = uint32(0)")
        else:
            lines.append("    lane_ = uint32(cuda.threadIdx.x)")
            if any(step.folds for step in self.steps):
                kind = "bool_" if self.dtype == np.bool_ else self.dtype
                lines.append(f"    tile_ = cuda.shared.array({self.team}, {kind})")
        return "\n".join([*lines, "    while row_ < rows_:", *indented(self.row(), 2),
                          "        row_ = uint32(row_ + step_)"])

    def row(self) -> list[str]:
        lines = ["rest_ = uint32(row_ // parts_)", "first_ = uint32((row_ - rest_ * parts_) * part_)",
                 "last_ = min(n, uint32(first_ + part_))",
                 *self.places("p", "s", "d", self.kept, self.arrays, {x: f"f_{x}" for x in self.arrays}),
                 *[self.typed(f"{x} = T(a_{x}[uint64(p_{x})])") for x in self.recipe.once]]
        for step in self.steps:
            if step.each:
                sweep = self.sweep(step)
                lines += [self.typed(f"if {step.where}:"), *indented(sweep)] if step.where else sweep
                continue
            target, _, value = step.statements[0]
            if target == "row":
                at = "p_row" if "parts" not in self.recipe.name else "p_row * parts_ + first_ // part_"
                lines += ["if lane_ == 0:", self.typed(f"    a_row[uint64({at})] = T({value})")]
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
                lines.append(self.typed(f"{target} = {join(combine, target, value) if combine else value}"))
        start = [f"{t} = {neutral(c, self.dtype)}" for t, c in step.folds.items()]
        loop = ["i_ = uint32(first_ + lane_)", "while i_ < last_:",
                *indented([*lines, f"i_ = uint32(i_ + uint32({self.team}))"])]
        return [*start, *loop, *[line for t, c in step.folds.items() for line in self.together(t, c)]]

    def together(self, name: str, combine: str) -> list[str]:
        """Lines that fold what the threads of a team have, and give it to all of them."""
        if self.team == 1:
            return []
        both = join(combine, "tile_[lane_]", "tile_[lane_ + half_]")
        return [f"tile_[lane_] = {name}", "cuda.syncthreads()", f"half_ = uint32({self.team // 2})",
                "while half_ > 0:", "    if lane_ < half_:", f"        tile_[lane_] = {both}",
                "    cuda.syncthreads()", "    half_ = uint32(half_ // uint32(2))",
                f"{name} = tile_[0]", "cuda.syncthreads()"]
