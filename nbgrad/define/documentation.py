"""The documentation of an op: its row's own words, and what follows from the row, said in one way for all.

It is composed when somebody reads it: importing the library does not wait for it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from textwrap import fill
from typing import Any, TypeVar

import numpy as np

from nbgrad import errors
from nbgrad.define.registry import OPS, OURS
from nbgrad.define.signature import operands
from nbgrad.kernels import table

_Class = TypeVar("_Class", bound=type)
_WIDTH = 100
# What parameters mean wherever an op says nothing else
_USUAL = {
    "x": "x: any shape and dtype.",
    "axis": "axis: one, several, or None for all. Raises AxisError for one that x does not have.",
    "keepdims": "keepdims: the axes stay, with length 1.",
    "where": "where: booleans that broadcast to x: which elements count, by default all.",
    "initial": "initial: one element more, a scalar, through which gradients flow too.",
}
_DOUBLE = np.dtype(np.float64)
_KINDS = tuple([np.dtype(name) for name in (
    "float32", "float64", "int64", "bool", "complex64", "complex128")])


class Whole:
    """What reads as `__doc__` of a class of ops: its own text; of an op: all of it.

    What is set as `__doc__` of an op are its own words.
    """

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __get__(self, op: Any, owner: Any = None) -> str | None:
        return self.text if op is None else composed(op)

    def __set__(self, op: Any, words: str | None) -> None:
        op.words = words


def documented(made: _Class) -> _Class:
    """Have the ops of a class say all that their rows know."""
    made.__doc__ = Whole(made.__doc__)  # type: ignore[assignment]
    return made


def composed(op: Any) -> str | None:
    """The documentation of an op: its own words, what follows from its row, and the example last."""
    words, row = getattr(op, "words", None), _row(op)
    if words is None or row is None:
        return words
    text, mark, example = inspect.cleandoc(words).partition("\n>>> ")
    told = _elementwise(op, row) if row.kind == "elementwise" else _structured(op, row.op, text)
    told.append(f"Devices: {', '.join(_devices(row))}.")
    more = "\n".join([fill(line, _WIDTH, subsequent_indent="    ") for line in told])
    shown = f">>> {example}" if mark else called(row)
    return "\n\n".join([part for part in (text.rstrip(), more, shown) if part])


def of_method(op: Any, name: str) -> str | None:
    """The documentation of an op as a method of that name: its own words, and an example of the call."""
    words, row = getattr(op, "words", None), _row(op)
    if words is None or row is None:
        return op.__doc__
    text, mark, example = (inspect.cleandoc(words) if "\n" in words else words).partition("\n>>> ")
    shown = called(row, name) or (f">>> {_on_x(example, op.name, name)}" if mark else "")
    more = f"As `nb.{op.name}`, which says more of dtypes, derivatives and errors."
    usual = _usual(_parameters(op), text)
    return "\n\n".join([part for part in (text.rstrip(), "\n".join([*usual, more]), shown) if part])


def _on_x(example: str, name: str, method: str) -> str:
    """An example that begins with a call of nb.name(x, ...), as that of a method of x."""
    head = f"nb.{name}("
    if not example.startswith(head):
        return example
    depth, end = 0, len(head)
    while depth or example[end] not in ",)":
        depth += (example[end] in "([") - (example[end] in ")]")
        end += 1
    return f"nb.asarray({example[len(head):end]}).{method}({example[end:].removeprefix(', ')}"


def _parameters(op: Any) -> tuple[str, ...]:
    """The names of an op's parameters, without inspect's help: this is asked when the library is imported."""
    code = op.bind.__code__ if hasattr(op, "bind") else None
    return code.co_varnames[:code.co_argcount + code.co_kwonlyargcount] if code else ()


def _usual(parameters: Iterable[str], text: str) -> list[str]:
    """What is said of parameters of which an op's own words say nothing; "where" is a word of theirs too."""
    said = {name: rf"\b{name}" + (":" if name == "where" else r"\b") for name in _USUAL}
    return [meaning for name, meaning in _USUAL.items()
            if name in parameters and not re.search(said[name], text)]


def extended(made: Callable[..., Any], words: str) -> Callable[..., Any]:
    """A method with more words in its documentation, before the example."""
    text, mark, shown = (made.__doc__ or "").partition("\n>>> ")
    made.__doc__ = f"{text.rstrip()}\n\n{words}\n{mark}{shown}"
    return made


def called(row: Any, method: str = "") -> str:
    """A row's example, "operands; ... -> result": a call of the op, or of a method of the first operand."""
    given, arrow, result = row.example.partition(" -> ")
    first, *rest = given.split("; ")
    if not arrow:
        return ""
    call = (f"nb.asarray({first}).{method}({', '.join(rest)})" if method else
            f"nb.{row.op.name}({', '.join([first, *rest])})")
    return f">>> {call}\n{result}"


def example(op: Any) -> str:
    """The arguments of a row's example, "x; y; ..."."""
    return str(_row(op).example.partition(" -> ")[0])


def _row(op: Any) -> Any:
    """The row of an op, or of the op that a spelling is of; None if it has none."""
    own = getattr(op, "op", op)
    row = OPS.get(getattr(own, "name", ""))
    return row if row is not None and row.op is own else None


def _devices(row: Any) -> list[str]:
    return [device for device in table.DEVICES
            if row.kind == "elementwise" or table.has(row.op.name, row.family, device)]


# -------------------------------------------------------------------------------------------- elementwise
def _elementwise(op: Any, row: Any) -> list[str]:
    names = operands(op)
    shapes = "shapes that broadcast" if len(names) > 1 else "any shape"
    program = getattr(op, "usual", op)
    # To trace a user's function is left to its first call.
    results = _results(program, len(names)) if program.primitive or row.home == OURS else {}
    dtypes = f" Dtypes: {_grouped(results)}." if results else ""
    failures = [f"DtypeError for what is no array of {'these' if results else 'numbers'}"]
    if len(names) > 1:
        failures.append("ShapeError for shapes that do not broadcast")
    if len(names) > 1 and np.dtype(np.int64) in results.values():
        failures.append("OverflowError for a Python integer that the dtype does not hold")
    told = [f"{', '.join(names)}: {shapes}.{dtypes}",
            _derivative(op, row, names), f"Raises {', '.join(failures)}."]
    if program.primitive and _DOUBLE in results and program.program((_DOUBLE,) * len(names)).costly:
        told.append("Accuracy: 4 units in the last place, compiled for the CPU.")
    return told


def _results(op: Any, count: int) -> dict[Any, Any]:
    """The dtype of the result, by that of all operands, for those that it takes."""
    found = {}
    for kind in _KINDS:
        try:
            found[kind] = op.program((kind,) * count).dtypes[0]
        except errors.DtypeError:             # it does not take them
            continue
    return found


def _grouped(results: dict[Any, Any]) -> str:
    """By result: "float32 -> float32; float64, int64, bool -> float64"."""
    groups: dict[Any, list[str]] = {}
    for given, result in results.items():
        groups.setdefault(result, []).append(given.name)
    return "; ".join([f"{', '.join(given)} -> {result}" for result, given in groups.items()])


def _derivative(op: Any, row: Any, names: tuple[str, ...]) -> str:
    formulas = (row.formula,) if isinstance(row.formula, str) else row.formula
    if op.discrete:
        of = "" if getattr(op.on_complex, "discrete", True) else " of real numbers"
        return f"No derivative{of}: in gradients the result is a constant."
    if not row.formula:
        return f"Derivative: {'by the rule of its declaration' if op.d else 'derived from its value'}."
    each = [f": {formula}" if len(names) == 1 else f" in {name}: {formula}"
            for name, formula in zip(names, formulas, strict=True) if formula]
    told = ";".join(each)
    known = " (z is the result)" if re.search(r"\bz\b", told) else ""
    return f"Derivative{told}{known}."


# --------------------------------------------------------------------------------------------- structured
def _structured(spelling: Any, op: Any, text: str) -> list[str]:
    told = _usual(inspect.signature(spelling).parameters, text)
    if op.discrete:
        told.append("No derivative: in gradients the result is a constant.")
    elif op.linear:
        told.append("Derivative: the op is linear, so a tangent goes through it as its inputs do.")
    elif op.multilinear:
        told.append(f"Derivative: linear in {_inputs(op)}, each alone; the product rule.")
    elif "erivative" not in text:
        told.append("Derivative: by the rules of its declaration.")
    too = " too" if "Raises" in text else ""
    other = ", and for complex numbers" if op.on_complex == "refused" else ""
    if not other:
        everywhere = (op.on_complex == "parts" or op.family in table.COMPLEX_FAMILIES
                      or table.has(f"complex_{op.name}", op.family, "cuda"))
        told.append(f"Complex numbers are taken{'' if everywhere else ', on the CPU'}.")
    return [*told, f"Raises DtypeError{too} for what is no array of numbers{other}."]


def _inputs(op: Any) -> str:
    """The names of the inputs in which an op is linear."""
    parameters = list(inspect.signature(op).parameters.values())
    if parameters[0].kind is parameters[0].VAR_POSITIONAL:
        return parameters[0].name
    return " and ".join([parameters[i].name for i in sorted(op.multilinear)])
