"""The source of a recipe's kernels for the CPU.

The one kernel walks along the rows, where a row's elements are next to each other in memory. The other walks
across a block of rows, a column of elements at a time, and keeps what it knows of each row in scratches that
stay in the cache. What is not one run of memory is gathered in one first, so that each loop over elements is
written once, for runs.
"""

from __future__ import annotations

import re

import numpy as np

from nbgrad.arrays.memory import BLOCK
from nbgrad.compile import rowprogram
from nbgrad.compile.rowprogram import Recipe, Step, indented, join, split

_RUN = 4096              # elements folded in a row; runs are folded in groups of 64, so that the rounding
                         # error of a sum grows with none of them: about 200 additions come in a row
_FOUR = 4                # columns added at a time where that is all there is to do with them
_FOLDS = {"+": "fold_add", "*": "fold_multiply", "maximum": "fold_maximum", "minimum": "fold_minimum"}


def source(name: str, what: Recipe, along: bool, dtypes: tuple[np.dtype, ...], dtype: np.dtype,
           least: int) -> str:
    """Source of the kernel that walks along rows, or of that which walks across them.

    dtypes, dtype : of the operands, and of work and result
    least : elements that are worth a thread
    """
    writer = (_Along if along else _Across)(what, dtypes, dtype)
    operands = ", ".join([f"a_{x}" for x in (*what.full, *what.once)])
    lines = [f"def part(start, stop, {operands}, out, loops, k):",
             *indented([*writer.header(), *writer.body()]),
             f"def {name}({operands}, like, loops, k):",
             f"    out = new_{dtype}(like)", "    if not given(out):", "        return declined()",
             "    units = load(loops, 3)", "    total = load(loops, 4)", "    token = unlock(total)",
             f"    share(part, units, ({least} * units + total - 1) // max(total, 1), {operands}, out,",
             "          loops, k)",
             "    lock(token)", "    return fresh(out)"]
    return "\n".join(lines)


class _Writer:
    """What the two kernels of a recipe have in common."""

    def __init__(self, what: Recipe, dtypes: tuple[np.dtype, ...], dtype: np.dtype) -> None:
        self.recipe, self.dtype = what, dtype
        self.steps = [split(text) for text in what.steps]
        result = "row" if what.by_row else "each"
        self.full = [*what.full, *(["each"] if result == "each" else [])]
        self.walked = [*self.full, *what.once, *(["row"] if result == "row" else [])]
        names = (*what.full, *what.once)
        self.array = {x: f"a_{x}" for x in names} | {result: "out"}
        self.width = {x: d.itemsize for x, d in zip(names, dtypes, strict=True)} | {result: dtype.itemsize}

    def typed(self, text: str) -> str:
        return rowprogram.typed(text, self.dtype)

    def neutral(self, combine: str) -> str:
        return rowprogram.neutral(combine, self.dtype)

    def fold(self, combine: str, a: str, b: str) -> str:
        """a and b folded, in any order with what else is folded into a."""
        name = _FOLDS.get(combine)
        return f"{name}({a}, {b})" if name and self.dtype.kind == "f" else join(combine, a, b)

    def header(self) -> list[str]:
        """Lines that read the loops: kept ones (kd, steps ks), reduced ones (rd, rs), and the innermost."""
        return ["kept = load(loops, 0)", "reduced = load(loops, 1)", "span = load(loops, 2)",
                f"kd, ks, rd = 5, 5 + kept, 5 + kept * {1 + len(self.walked)}", "rs = rd + reduced",
                "inner = load(loops, rd + reduced - 1)", "wide = load(loops, kd + kept - 1)",
                "outer = 1", "for a in range(reduced - 1):", "    outer *= load(loops, rd + a)",
                "n = outer * inner",
                *[f"s_{x} = load(loops, rs + {i} * reduced + reduced - 1)" for i, x in enumerate(self.full)],
                *[f"t_{x} = load(loops, ks + {i} * kept + kept - 1)" for i, x in enumerate(self.walked)],
                *[f"b_{x} = scratch({self.array[x]})" for x in self.full]]

    def offsets(self, to: str, number: str, loops: str, start: dict[str, str]) -> list[str]:
        """Lines that set the offsets to_x in the loops number 0 .. loops - 1, kept (p) or reduced (q)."""
        dims, steps, count = ("kd", "ks", "kept") if to == "p" else ("rd", "rs", "reduced")
        return [f"rest = {number}", *[f"{to}_{x} = {value}" for x, value in start.items()],
                f"for a in range({loops} - 1, -1, -1):",
                f"    size_a = load(loops, {dims} + a)", "    above = rest // size_a",
                "    at = rest - above * size_a", "    rest = above",
                *[f"    {to}_{x} += at * load(loops, {steps} + {self.walked.index(x)} * {count} + a)"
                  for x in start]]

    def gather(self, x: str, to: str, place: str, step: str, count: str) -> list[str]:
        """Lines that make {to} the run of memory with `count` elements of a full operand."""
        return [f"if {step} == {self.width[x]}:", f"    {to} = moved({self.array[x]}, {place})", "else:",
                f"    {to} = b_{x}", f"    for j in range({count}):",
                f"        store({to}, j, load_at({self.array[x]}, {place} + j * {step}))"]

    def work(self, step: Step, runs: dict[str, str]) -> list[str]:
        """Lines for element j of the runs."""
        lines = [self.typed(f"{x} = T(load({runs[x]}, j))") for x in self.recipe.full if step.reads(x)]
        for target, combine, value in step.statements:
            if re.search(r"\beach\b", value):
                lines.append(f"each = load({runs['each']}, j)")
            if target == "each":
                lines.append(self.typed(f"store({runs['each']}, j, T({value}))"))
            else:
                value = self.fold(combine, target, value) if combine else value
                lines.append(self.typed(f"{target} = {value}"))
        return lines

    def loop(self, step: Step, places: dict[str, str], letter: str, count: str, before: list[str],
             after: list[str]) -> list[str]:
        """Lines that do a step on `count` elements from the places of the full operands."""
        lines = []
        for x in self.recipe.full:
            lines += self.gather(x, f"c_{x}", places[x], f"{letter}_{x}", count) if step.reads(x) else []
        if step.reads("each"):
            lines += self.gather("each", "c_each", places["each"], f"{letter}_each", count)
        elif step.writes("each"):
            lines.append(f"c_each = either({letter}_each == {self.width['each']}, "
                         f"moved(out, {places['each']}), b_each)")
        runs = {x: f"c_{x}" for x in self.full}
        lines += [f"for j in range({count}):", *indented([*before, *self.work(step, runs), *after])]
        if step.writes("each"):
            lines += [f"if {letter}_each != {self.width['each']}:", f"    for j in range({count}):",
                      f"        store_at(out, {places['each']} + j * {letter}_each, load(c_each, j))"]
        return lines


class _Along(_Writer):
    """Walks along rows, one after another."""

    def body(self) -> list[str]:
        lines = [*self.offsets("p", "row", "kept", dict.fromkeys(self.walked, "0")),
                 *[self.typed(f"{x} = T(load_at(a_{x}, p_{x}))") for x in self.recipe.once],
                 *[self.typed(f"{x} = T(load_at(a_x, p_x)) if n > 0 else T(0)") for x in self.recipe.firsts]]
        for step in self.steps:
            if step.each and step.where:
                lines += [*[f"{t} = {self.neutral(c)}" for t, c in step.folds.items()],
                          self.typed(f"if {step.where}:"), *indented(self.sweep(step))]
            elif step.each:
                lines += self.sweep(step)
            else:
                target, _, value = step.statements[0]
                lines.append(self.typed(f"store_at(out, p_row, T({value}))" if target == "row" else
                                        f"{target} = {value}"))
        packed = " and ".join(f"s_{x} == {self.width[x]}" for x in self.full)
        return [f"longest = {_RUN} if {packed} else {BLOCK}", "for row in range(start, stop):",
                *indented(lines)]

    def sweep(self, step: Step) -> list[str]:
        """Lines that walk once along a row."""
        folds = step.folds
        neutral = {t: self.neutral(c) for t, c in folds.items()}
        lines = [f"{t} = {start}" for t, start in neutral.items()]
        lines += self.loop(step, {x: f"q_{x} + i * s_{x}" for x in self.full}, "s", "m", [], [])
        lines += [f"group_{t} = {self.fold(c, f'group_{t}', t)}" for t, c in folds.items()]
        if folds:
            lines += ["runs += 1", "if runs & 63 == 0:",
                      *indented([line for t, c in folds.items() for line in
                                (f"all_{t} = {self.fold(c, f'all_{t}', f'group_{t}')}",
                                 f"group_{t} = {neutral[t]}")])]
        return ["runs = 0", *[f"all_{t} = group_{t} = {start}" for t, start in neutral.items()],
                "for r in range(outer):",
                *indented(self.offsets("q", "r", "(reduced - 1)", {x: f"p_{x}" for x in self.full})),
                "    i = 0", "    while i < inner:", "        m = min(longest, inner - i)",
                *indented([*lines, "i += m"], 2),
                *[f"{t} = {self.fold(c, f'all_{t}', f'group_{t}')}" for t, c in folds.items()]]


class _Across(_Writer):
    """Walks across a block of rows; what is known of them is kept in a scratch for each variable."""

    def body(self) -> list[str]:
        self.known = list(self.recipe.once)
        lines = self.rows([self.typed(f"store(m_{x}, j, T(load_at(a_{x}, p_{x} + j * t_{x})))")
                           for x in self.known])
        for x in self.recipe.firsts:
            self.known.append(x)
            start = self.typed("T(load_at(a_x, p_x + j * t_x)) if n > 0 else T(0)")
            lines += self.rows([f"store(m_{x}, j, {start})"])
        for step in self.steps:
            if step.each:
                lines += self.sweep(step)
                self.known += [t for t in step.folds if t not in self.known]
            else:
                target, _, value = step.statements[0]
                save = (f"store_at(out, p_row + j * t_row, T({value}))" if target == "row" else
                        f"store(m_{target}, j, {value})")
                lines += self.rows([*self.recall(value), self.typed(save)])
                self.known += [target] if target not in (*self.known, "row") else []
        groups = [f"{level}_{t}" for step in self.steps for t, c in step.folds.items() if c == "+"
                  for level in ("run", "group")]
        return [*[f"m_{x} = scratch(out)" for x in [*self.known, *groups]],
                "pieces = (wide + span - 1) // span", "for unit in range(start, stop):",
                "    row = unit // pieces",
                *indented(self.offsets("p", "row", "(kept - 1)", dict.fromkeys(self.walked, "0"))),
                "    first = (unit - row * pieces) * span", "    width = min(span, wide - first)",
                *[f"    p_{x} += first * t_{x}" for x in self.walked], *indented(lines)]

    def rows(self, lines: list[str]) -> list[str]:
        """Lines that do something once for each row of the block."""
        return ["for j in range(width):", *indented(lines)] if lines else []

    def recall(self, text: str) -> list[str]:
        """Lines that read the variables of a text."""
        return [f"{x} = load(m_{x}, j)" for x in self.known if re.search(rf"\b{x}\b", text)]

    def sweep(self, step: Step) -> list[str]:
        """Lines that walk once down the columns. Sums go to runs of 128, to groups of 128 runs, to all."""
        sums = [t for t, c in step.folds.items() if c == "+"]
        start = [f"store(m_{t}, j, {self.neutral(c)})" for t, c in step.folds.items()]
        start += [f"store(m_{level}_{t}, j, {self.neutral('+')})" for t in sums for level in ("run", "group")]
        flush = ["runs += 1", "if runs & 127 == 0:", *indented(self.pour(sums, "run_", "group_")),
                 "if runs & 16383 == 0:", *indented(self.pour(sums, "group_", ""))] if sums else []
        count, need = "outer", []
        if step.where:
            count, need = "(outer if need else 0)", ["need = False", *self.rows(
                [*self.recall(step.where), self.typed(f"need |= {step.where}")])]
        return [*self.rows(start), *need, "runs = 0", f"for r in range({count}):",
                *indented(self.offsets("q", "r", "(reduced - 1)", {x: f"p_{x}" for x in self.full})),
                "    i = 0", "    while i < inner:",
                *indented([*self.columns(step), *[f"q_{x} += m * s_{x}" for x in self.full], "i += m",
                           *flush], 2),
                *self.pour(sums, "group_", ""), *self.pour(sums, "run_", "")]

    def pour(self, sums: list[str], source: str, into: str) -> list[str]:
        """Lines that add partial sums to those of the next level, and begin them again."""
        return self.rows([line for t in sums for line in
                          (f"store(m_{into}{t}, j, load(m_{into}{t}, j) + load(m_{source}{t}, j))",
                           f"store(m_{source}{t}, j, {self.neutral('+')})")])

    def columns(self, step: Step) -> list[str]:
        """Lines that do a step on one column, or on four at a time where it only adds and the like."""
        into = {t: f"m_run_{t}" if c == "+" else f"m_{t}" for t, c in step.folds.items()}
        before = [*self.recall(" ".join(value for _, _, value in step.statements)),
                  *[f"{t} = load({into[t]}, j)" for t in step.folds]]
        after = [f"store({into[t]}, j, {t})" for t in step.folds]
        one = self.loop(step, {x: f"q_{x}" for x in self.full}, "t", "width", before, after)
        costly = re.search(r"(exp|log|/)", " ".join(value for _, _, value in step.statements))
        if not step.folds or step.writes("each") or len(step.statements) > 3 or costly:
            return ["m = 1", *one]
        read = [x for x in self.recipe.full if step.reads(x)]
        packed = " and ".join(f"t_{x} == {self.width[x]}" for x in read)
        lines = [f"c{i}_{x} = moved(a_{x}, q_{x} + {i} * s_{x})" for x in read for i in range(_FOUR)]
        work = [line for i in range(_FOUR) for line in self.work(step, {x: f"c{i}_{x}" for x in read})]
        return [f"m = {_FOUR} if i + {_FOUR} <= inner and {packed} else 1", f"if m == {_FOUR}:",
                *indented([*lines, *self.rows([*before, *work, *after])]), "else:", *indented(one)]
