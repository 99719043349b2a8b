"""What is known of an op by its row of the table, by running it, and by the recorded measurements."""

from __future__ import annotations

import ast
import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import nbgrad as nb
from nbgrad import info
from nbgrad.define import inputs
from nbgrad.define.registry import Row
from nbgrad.engine.tree import flatten

ROOT = Path(nb.__file__).parent
REPOSITORY = ROOT.parent
DTYPES = ("bool", "int32", "int64", "float32", "float64")
_MOST = 8                                 # calls in a table of shapes
_NUMBERS = {bool: "np.array([True, False, True])", int: "np.array([5, -3, 12])"}


@cache
def table() -> dict[str, tuple[str, ...]]:
    """Of each op and composite (op, kind, rule, kernels by device, where declared), by nbgrad.info."""
    return {line[0]: line for line in info.ops()[1:]}


# ----------------------------------------------------------------------------------------- the declaration
@cache
def _statements(file: str) -> list[tuple[int, int, ast.stmt]]:
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    return [(min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", [])]]),
             node.end_lineno or node.lineno, node) for node in body]


def declaration(where: str) -> str:
    """The statement that declares an op, from file:line, without its docstring."""
    file, _, line = where.rpartition(":")
    first, last, node = next(each for each in _statements(file) if each[0] <= int(line) <= each[1])
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    kept = list(range(first, last + 1))
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        text = node.body[0]
        kept = [n for n in kept if not text.lineno <= n <= (text.end_lineno or 0)]
    return "\n".join(lines[n - 1] for n in kept).rstrip()


# ------------------------------------------------------------------------------------------ by running it
def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def example(name: str, row: Row) -> list[str]:
    """Lines of an interpreter in which an elementwise op is called, and differentiated if it can be."""
    rng, spans = _rng(name), inputs.spans(row)
    names = "xyzuv"[:len(spans)]
    listed = ", ".join(names)
    space: dict[str, Any] = {"nb": nb, "np": np}
    lines = []
    for letter, span in zip(names, spans):
        low, high = span if isinstance(span, tuple) else (0.0, 1.0)
        drawn = np.round(np.sort(rng.uniform(low, high, 3)), 1)
        text = _NUMBERS.get(span, f"np.array({drawn.tolist()})")
        lines.append(f">>> {letter} = {text}")
        space[letter] = eval(text, space)
    call = f"nb.{name}({listed})"
    lines += [f">>> print({call})", *str(eval(call, space)).splitlines()]
    places = [k for k, span in enumerate(spans) if isinstance(span, tuple)]
    if not row.op.discrete and places:
        by = f", {tuple(places)}" if len(places) > 1 else f", {places[0]}" if places[0] else ""
        call = f"nb.grad(lambda {listed}: nb.sum(nb.{name}({listed})){by})({listed})"
        found = eval(call, space)
        for k, part in enumerate(found if len(places) > 1 else [found]):
            if len(places) == 1:
                lines += [f">>> print({call})", *str(part).splitlines()]
            elif k == 0:
                lines += [f">>> for d in {call}:", "...     print(d)", *str(part).splitlines()]
            else:
                lines += str(part).splitlines()
    return lines


def dtypes(name: str, row: Row) -> dict[str, list[str]]:
    """The operands' dtypes by that of the result, or by "refused"."""
    op: Any = row.op
    found: dict[str, list[str]] = {}
    for dtype in DTYPES:
        args, params = _some_call(name, row, dtype)
        if args is None:
            continue
        try:
            outs = flatten(op(*args, **params))[0]
        except nb.errors.DtypeError:
            found.setdefault("refused", []).append(dtype)
        except nb.errors.SingularError:       # of integers, which make another matrix
            continue
        else:
            result = ", ".join(dict.fromkeys(f"`{out.dtype}`" for out in outs))
            found.setdefault(result, []).append(dtype)
    return found


def _some_call(name: str, row: Row, dtype: str) -> tuple[list[Any] | None, dict[str, Any]]:
    """Arguments of an op whose floats have become the dtype, and its parameters; None if it takes none."""
    if row.kind == "elementwise":
        return [np.ones(2, bool if span is bool else dtype) for span in inputs.spans(row)], {}
    if not row.cases:
        return None, {}
    args, params = inputs.make(_rng(name), row.cases[0], "float64")
    floats = [isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in args]
    if not any(floats):
        return None, {}
    return [a.astype(dtype) if cast else a for a, cast in zip(args, floats)], params


def shapes(name: str, row: Row) -> list[tuple[str, str]]:
    """(arguments, shape of the result) of calls that the tests make, by running them."""
    op: Any = row.op
    found: dict[str, str] = {}
    for case in row.cases:
        args, params = inputs.make(_rng(name), case, "float64")
        text = ", ".join([*map(_shape, args), *[f"{k}={_parameter(v)}" for k, v in params.items()]])
        if len(text) <= 60 and text not in found and len(found) < _MOST:
            outs = flatten(op(*args, **params))[0]
            found[text] = " and ".join(f"`{_shape(out)}`" for out in outs)
    return list(found.items())


def _shape(x: Any) -> str:
    return str(tuple(x.shape)) if hasattr(x, "shape") else repr(x)


def _parameter(x: Any) -> str:
    return _shape(x) if isinstance(x, np.ndarray) else repr(x)


# ------------------------------------------------------------------------------------------- measurements
@cache
def figures() -> dict[str, Any]:
    """The recorded errors of elementwise ops, and the machine and commit that they are of."""
    found: dict[str, Any] = json.loads((REPOSITORY / "benchmarks" / "figures.json").read_text())
    return found


def accuracy(name: str) -> list[tuple[str, ...]]:
    """Lines of the largest errors in units of the last place: what, in float32, in float64."""
    known = figures()
    values = [known["accuracy"][dtype].get(name) for dtype in ("float32", "float64")]
    partials = [known["derivatives"][dtype].get(name) for dtype in ("float32", "float64")]
    lines: list[tuple[str, ...]] = []
    if partials[0] or any(values):
        lines.append(("value", *[_ulp(v or 0.0) for v in values]))
    if partials[0] and partials[1]:
        lines += [(f"{order} derivatives", *[_ulp(p[k]) for p in partials])
                  for k, order in enumerate(("first", "second"))]
    return lines


def special_accuracy() -> list[tuple[str, ...]]:
    """Lines of the largest errors of special functions: name, values and first derivatives by dtype."""
    errors = figures()["special"]["errors"]
    return [(f"`{name}`", *[_ulp(errors[dtype][name][k]) for k in (0, 1) for dtype in ("float32", "float64")])
            for name in errors["float64"]]


def _ulp(error: float) -> str:
    return "exact" if error == 0 else f"{error:.2f}" if error < 1e5 else f"{error:.0e}"


@cache
def recorded() -> frozenset[str]:
    """The ops whose speed is recorded commit by commit."""
    known = json.loads((REPOSITORY / "benchmarks" / "results" / "benchmarks.json").read_text())
    return frozenset(name.split(".")[1] for name in known if name.startswith("ops."))

