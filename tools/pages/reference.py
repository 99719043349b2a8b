"""The reference: a page for each function of nbgrad and nbgrad.linalg, and one for each other public module.

What a page says comes from the docstring, the stubs' signature, the table's row, and from running the op.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import stubs

import nbgrad as nb
from nbgrad import errors, linalg
from nbgrad.compile.rowprogram import RowProgram
from nbgrad.define.registry import Row
from nbgrad.engine.tensor import Tensor
from nbgrad.kernels.shared import row_programs
from pages import facts
from pages.docstrings import Link, cell, code, first_line, inline, markdown, page, table
from pages.formulas import block, formulas
from pages.names import CLASS, FAMILIES, MODULES, OTHERS, Entry, constants, entries, link, slug

_QUOTED = re.compile(r"(: |-> )'([^']*)'")


@cache
def _by_hand() -> frozenset[str]:
    """The functions whose stubs are written by hand."""
    return frozenset(stubs.template("package.pyi")[1])


def signature(name: str, found: Any) -> str:
    """How a function is called, with the types of the stubs, or its own if it has any."""
    short = name.rpartition(".")[2]
    if stubs.defined_well(short, found) or short in _by_hand():
        shown = _QUOTED.sub(r"\1\2", str(inspect.signature(found)))
        return f"nbgrad.{name}{re.sub(r' -> (None|Any)$', '', shown)}"
    written = ", ".join(stubs.arguments(short, stubs.parameters(found)))
    return f"nbgrad.{name}({written}) -> {stubs.result(short, found)}"


def described(name: str, found: Any, to: Link) -> str:
    """A function or class, by Sphinx's directive: the signature, the docstring, and a class's own methods."""
    kind = "class" if isinstance(found, type) else "function"
    head = "nbgrad.Tensor" if found is Tensor else signature(name, found)
    parts = [markdown(found.__doc__ or "", to)]
    if isinstance(found, type) and found is not Tensor:
        parts += [f"`{key}({_short(method)})`\n: {inline(first_line(method), to)}"
                  for key, method in vars(found).items() if inspect.isfunction(method) and key[0] != "_"]
    return "\n\n".join([f"````{{py:{kind}}} {head}", *parts]) + "\n````"


def _names(entry: Entry) -> str:
    """The line of an op's other names."""
    others = [f"`nb.{name}`" for name in entry.aliases]
    method = inspect.getattr_static(Tensor, entry.name, None)
    if inspect.isfunction(method) and hasattr(nb.ones(2), entry.name):
        others.append(f"the method `x.{entry.name}()`")
    return f"Also {', '.join(others)}." if others else ""


def op_page(entry: Entry, to: Link) -> str:
    """The page of one function."""
    where = f"[{entry.family}]({slug(entry.family)}.md)"
    parts = [where, described(entry.name, entry.found, to), _names(entry)]
    if entry.row is not None:
        parts += list(_of_row(entry, entry.row))
    elif entry.name in facts.table() and entry.family != "Gradients":
        declared = facts.table()[entry.name][-1]
        parts.append(f"Made of other ops, whose derivatives it has (declared in `nbgrad/{declared}`).")
    return page(entry.name, parts, {"orphan": "true"})


def _of_row(entry: Entry, row: Row) -> Iterable[str]:
    """What the table knows."""
    if row.kind == "elementwise":
        found = formulas(row)
        if not (row.op.discrete and found.value.startswith(r"\operatorname")):
            yield "## Formula"
            yield block(found)
            yield _explained(bool(found.cotangents), block(found))
        yield "## Example"
        yield code(facts.example(entry.name, row), "pycon")
    elif calls := facts.shapes(entry.name, row):
        yield "## Shapes"
        yield table(["arguments", "result"], [(f"`{given}`", result) for given, result in calls])
    program = getattr(row_programs, entry.name, None)
    if isinstance(program, RowProgram) and program.function is not None:
        yield "## What is done with a row"
        yield ("Kernels for both devices are written from this function of one row "
               "([how](../contributing.md#add-a-reduction)):")
        yield code(inspect.getsource(program.function).rstrip().splitlines(), "python")
    yield "## In the table"
    yield _row_table(entry, row)
    if row.kind == "elementwise" and (lines := facts.accuracy(entry.name)):
        known = facts.figures()
        yield "## Accuracy"
        yield table(["largest error, in units of the last place", "float32", "float64"], lines)
        yield (f"Measured on {known['processor']} at commit `{known['commit']}` by "
               "`python benchmarks/figures.py measure`; [what is measured](../performance.md#accuracy).")
    if entry.name in facts.recorded():
        yield "## Speed"
        yield (f'<a href="../dashboard/index.html#op={entry.name}">Its history, commit by commit</a>, '
               "beside NumPy's and PyTorch's.")
    yield "## Declaration"
    yield f"All that it takes, in `nbgrad/{row.where.rpartition(':')[0]}`:"
    yield code([facts.declaration(row.where)], "python")


def _explained(differentiated: bool, text: str) -> str:
    if not differentiated:
        return ""
    said = ["$z$ is the result, $g$ the gradient of what follows with respect to it, $\\bar x$ that with "
            "respect to $x$: what one kernel computes on the way back."]
    if "[" in text.replace(r"\sqrt[", ""):
        said.append("$[c]$ is 1 where $c$ holds and 0 elsewhere, also where the other factor is no number.")
    return " ".join(said)


def _row_table(entry: Entry, row: Row) -> str:
    _, kind, rule, *devices, _ = facts.table()[row.op.name]
    rules = {"partials": "partial derivatives in the row", "derived": "derived from the value",
             "none (discrete)": "none: the result jumps", "vjp": "a rule in ops",
             "vjp, linear": "a rule in ops; the op is linear",
             "vjp, multilinear": "a rule in ops; the op is linear in each operand alone"}
    lines = [("kind", kind), ("derivative", rules.get(rule, rule)),
             ("kernels", ", ".join(d for d, there in zip(("CPU", "CUDA"), devices) if there == "yes"))]
    lines += [(f"of {', '.join(f'`{g}`' for g in given)}", result)
              for result, given in facts.dtypes(entry.name, row).items()]
    return table(["", ""], lines)


def family_page(title: str, found: list[Entry], to: Link) -> str:
    """The list of a family's functions."""
    rows = [(f"[`nb.{e.name}`]({e.name}.md)", cell(first_line(e.found), to)) for e in found]
    return page(title, [table(["function", ""], rows)])


def module_page(title: str, module: ModuleType, to: Link) -> str:
    """All public names of a module on one page."""
    parts = [markdown(module.__doc__ or "", to)]
    for name in sorted(dir(module)):
        found = getattr(module, name)
        if name.startswith("_"):
            continue
        if not callable(found):
            said = getattr(found, "__dict__", {}).get("__doc__")        # its own, not that of its class
            parts += [f"## {name}", markdown(said, to) if said else f"`{found!r}`"]
            continue
        said = _raised(found, to) if title == "errors" else described(f"{title}.{name}", found, to)
        parts += [f"## {name}", said]
    return page(f"nbgrad.{title}", [*parts, *(_special_accuracy() if title == "special" else ())])


def _special_accuracy() -> Iterable[str]:
    """The recorded errors of special functions."""
    known = facts.figures()["special"]
    yield "## Accuracy"
    yield table(["largest error, in units of the last place", "value, float32", "value, float64",
                 "first derivatives, float32", "first derivatives, float64"], facts.special_accuracy())
    yield (f"Measured on {known['processor']} at commit `{known['commit']}` by `python benchmarks/figures.py "
           "special`; [what is measured](../performance.md#accuracy). Values are SciPy's; many arguments are "
           "hard.")


def _raised(found: type, to: Link) -> str:
    """An exception, and what else it is."""
    bases = [base.__name__ for base in found.__bases__ if base is not errors.NbgradError]
    return " ".join([inline(first_line(found), to), f"It is a {' and a '.join(f'`{b}`' for b in bases)} too."
                     if bases and found is not errors.NbgradError else ""]).strip()


def tensor_page(to: Link) -> str:
    """Every method and property of Tensor."""
    rows = []
    for name in sorted(dir(nb.ones(2))):
        found = inspect.getattr_static(Tensor, name, None)
        if name.startswith("_") or found is None:
            continue
        reads = isinstance(found, property)
        shown = f"`x.{name}`" if reads or not callable(found) else f"`x.{name}({_short(found)})`"
        target = to(name)
        text = cell(first_line(found.fget if reads else found) if reads or callable(found) else "", to)
        rows.append((f"[{shown}]({target})" if target else shown, text))
    return page("Tensor", [
        described("Tensor", Tensor, to), "## Methods and properties",
        "A name of NumPy's or PyTorch's that is not here raises MissingError, which says what to do instead.",
        table(["", ""], rows)])


def _short(found: Any) -> str:
    """The parameters of a method, without their types."""
    parameters = list(inspect.signature(found).parameters.values())[1:]
    return ", ".join(str(p.replace(annotation=p.empty)) for p in parameters)


def _constant(found: Any) -> str:
    """What a public name stands for that is no function."""
    if isinstance(found, type):
        return f"NumPy's dtype `{np.dtype(found)}`"
    indexed = hasattr(type(found), "__getitem__") and not isinstance(found, str)
    return cell(first_line(found), lambda name: None) if indexed else f"`{found!r}`"


def constants_page() -> str:
    rows = [(f"`nb.{name}`", _constant(getattr(nb, name))) for name in constants()]
    return page("Constants and dtypes", [table(["name", ""], rows)])


def modules_page(to: Link) -> str:
    parts = []
    for name in OTHERS:
        parts += [f"## nbgrad.{name}", markdown(getattr(nb, name).__doc__ or "", to)]
    names = [f"[`{name}`]({to(name) or to(f'linalg.{name}')})" for name in linalg.__all__]
    return page("Other modules", [*parts, "## Names of nbgrad.linalg", ", ".join(names)])


def pages() -> dict[str, str]:
    """Every page of the reference, by its name."""
    to, everything = link(), entries()
    made = {entry.name: op_page(entry, to) for entry in everything}
    families = {title: sorted([e for e in everything if e.family == title], key=lambda e: e.name)
                for title in FAMILIES}
    made |= {slug(title): family_page(title, found, to) for title, found in families.items()}
    made |= {name: module_page(name, module, to) for name, module in MODULES.items()}
    made |= {CLASS: tensor_page(to), "constants": constants_page(), "modules": modules_page(to)}
    listed = [*map(slug, FAMILIES), CLASS, *MODULES, "constants", "modules"]
    parts = ["Every public name. What a page says is read off the op table, the docstrings and the recorded "
             "measurements when the site is built.",
             "\n".join(["```{toctree}", ":maxdepth: 1", "", *listed, "```"])]
    parts += [f"## {title}\n\n" + ", ".join(f"[`{e.name}`]({e.name}.md)" for e in found)
              for title, found in families.items()]
    return made | {"index": page("Reference", parts)}
