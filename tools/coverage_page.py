"""`python tools/coverage_page.py`: write docs/coverage.md, what public functions do, by running examples.

The functions are those of the reference, by family; the example is the first call of a function in its own
documentation. `--check` fails if the file is not what would be written.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import doctest
import inspect
import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pages.docstrings import cell, table
from pages.names import FAMILIES, Entry, entries

import nbgrad as nb
from nbgrad import info
from nbgrad.compile import tiers
from nbgrad.engine.tensor import Tensor
from nbgrad.engine.tree import flatten, map_leaves

FILE = Path(nb.__file__).parent.parent / "docs" / "coverage.md"
DTYPES = ("bool", "int32", "int64", "float32", "float64", "complex64", "complex128")
# Families of what is no function of arrays
_OTHERS = ("Gradients", "Ops of your own", "Devices, threads, files, timing")
_HEAD = ["function", "reverse", "forward", "second order", "dtypes", "kernels",
         "derivative, and what it is at kinks"]
INTRODUCTION = """# What each function does

`python tools/coverage_page.py` writes this page, by calling each public function as the first example of its
documentation does.

- *reverse*, *forward*: whether `vjp` and `jvp` give its derivative; *second order*: whether `vjp` of `vjp`
  does. "-": there is none to give, as the result is no float or nothing that goes in is one.
- *dtypes*: what becomes of each dtype that the example's floats may be given in; others are refused. Complex
  numbers are for the CPU, and on CUDA devices for elementwise functions, sums, shapes, indices and products.
- *kernels*: the devices for which an op has one. What is made of ops has theirs; what looks at values (sets,
  counts, places) does so in the memory of the CPU.
- The last column is what the documentation says of the derivative; where several conventions are possible, at
  kinks, ties and jumps, it says which one holds."""


# ------------------------------------------------------------------------------------------------ the example
class Example:
    """A call of a function: its arguments, and the arrays of floats in them.

    whole : nested lists of numbers are arrays; else what is in the outermost list is
    real : the first argument is made an array of floats, of complex numbers their real parts, if none is one
    """

    def __init__(self, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], whole: bool,
                 real: bool) -> None:
        self.function = function
        self.args = [_array(a, whole) for a in args]
        self.kwargs = {name: _array(a, whole) for name, a in kwargs.items()}
        if real and args and not any(map(_is_float, self._leaves())):
            self.args[0] = map_leaves(_as_float, self.args[0])
        self.floats = list(filter(_is_float, self._leaves()))

    def _leaves(self) -> list[Any]:
        return flatten((self.args, self.kwargs))[0]

    def __call__(self, *xs: Any) -> list[Any]:
        """What it gives of other arrays in the place of those of floats, without what is no Tensor."""
        left = iter(xs or self.floats)
        args, kwargs = map_leaves(lambda leaf: nb.tensor(next(left)) if _is_float(leaf) else leaf,
                                  (self.args, self.kwargs))
        with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
            found = self.function(*args, **kwargs)
        found = args[0] if found is None else found          # which it has written into
        return [z for z in flatten(found)[0] if type(z) is Tensor]

    def smooth(self, *xs: Any) -> list[Any]:
        return [z for z in self(*xs) if z.dtype.kind in "fc"]

    def given(self, dtype: str = "float64") -> list[Any]:
        with np.errstate(invalid="ignore"):
            return [x.astype(dtype) for x in self.floats]

    def runs(self) -> bool:
        return _works(self) == "yes"


def _array(x: Any, whole: bool) -> Any:
    """An argument of the example with arrays for lists of numbers."""
    if isinstance(x, Tensor):
        return x.detach().numpy()
    if not isinstance(x, list) or not x:
        return x
    parts = [_array(part, True) for part in x]
    numbers = all(isinstance(part, (int, float, complex, np.ndarray)) for part in parts)
    alike = whole or not any(isinstance(part, np.ndarray) for part in parts)
    return np.asarray(parts) if numbers and alike and len(set(map(np.shape, parts))) == 1 else parts


def _as_float(x: Any) -> Any:
    """A number or an array as one of floats."""
    number = isinstance(x, (int, float, complex, np.ndarray)) and not isinstance(x, bool)
    return np.asarray(np.real(x), float) if number else x


def _is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def example(entry: Entry) -> Example | None:
    """The first call of a function in its documentation, of floats if it takes them; None without one."""
    space: dict[str, Any] = {"nb": nb, "np": np}
    names = {entry.name, *entry.aliases}
    for case in doctest.DocTestParser().get_examples(inspect.getdoc(entry.found) or ""):
        for node in ast.walk(ast.parse(case.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("nb.") in names:
                args = [eval(ast.unparse(a), space) for a in node.args]
                kwargs = {k.arg: eval(ast.unparse(k.value), space) for k in node.keywords if k.arg}
                found = [Example(entry.found, args, kwargs, whole, real)
                         for real in (True, False) for whole in (True, False)]
                return next(filter(Example.runs, found), None)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(case.source, space)
    return None


# -------------------------------------------------------------------------------------------- what is found
def _works(derivative: Callable[[], Any]) -> str:
    try:
        derivative()
    except nb.errors.NbgradError as error:
        return f"no ({type(error).__name__})"
    return "yes"


def derivatives(call: Example) -> list[str]:
    """Whether there are derivatives: in reverse mode, in forward mode, and of second order."""
    xs = call.given()
    if not xs or not call.smooth(*xs):
        return ["-"] * 3

    def back(*xs: Any) -> list[Any]:
        z, pullback = nb.vjp(call.smooth, *xs)
        # of complex results their own conjugates, in which the phases of eigenvectors do not count
        given = [nb.conj(part) if part.dtype.kind == "c" else nb.ones_like(part) for part in z]
        return [g for g in pullback(given) if g is not None]

    return [_works(lambda: back(*xs)), _works(lambda: nb.jvp(call.smooth, tuple(xs), tuple(xs))),
            _works(lambda: nb.vjp(back, *xs)[1]([nb.asarray(x) for x in back(*xs)]))]


def dtypes(call: Example) -> str:
    """The dtypes of the results by that of the floats that go in."""
    if not call.floats:
        return ", ".join(dict.fromkeys(f"{z.dtype}" for z in call())) or "-"
    found: dict[str, list[str]] = {}
    for dtype in DTYPES:
        try:
            out = ", ".join(dict.fromkeys(f"{z.dtype}" for z in call(*call.given(dtype))))
        except (nb.errors.NbgradError, IndexError, TypeError):
            continue
        found.setdefault(out or "none", []).append(dtype)
    same = [d for d in DTYPES if d in found.get(d, ())]
    others = {out: ", ".join([d for d in each if d != out]) for out, each in found.items()}
    changed = [f"{given} → {out}" for out, given in others.items() if given]
    return "; ".join([*([", ".join(same)] if same else []), *changed])


def said(entry: Entry) -> str:
    """The sentences of a function's documentation that speak of its derivative."""
    text = (inspect.getdoc(entry.found) or "").split(">>>")[0]
    sentences = re.split(r"(?<=\.)\s+", " ".join(text.split()))
    found = [s for s in sentences if re.search(r"derivative|gradient|slope|Linear", s, re.IGNORECASE)
             and not s.startswith("Raises")]
    return " ".join(found)


def kernels(entry: Entry) -> str:
    if entry.row is None:
        return "of its ops"
    found = zip(info.table.DEVICES, info._devices(entry.row))
    return ", ".join(device for device, has in found if has == "yes")


def line(entry: Entry) -> tuple[str, ...]:
    """A function's line of the table."""
    call = example(entry)
    known = [*derivatives(call), dtypes(call)] if call else ["-"] * 4
    names = ", ".join(f"`{name}`" for name in [entry.name, *entry.aliases])
    return (names, *known, kernels(entry), cell(said(entry), lambda name: None))


def page() -> str:
    """docs/coverage.md"""
    every = entries()
    parts = [INTRODUCTION]
    with tiers.chosen("interpreted"):
        for family in FAMILIES:
            found = sorted((e for e in every if e.family == family), key=lambda e: e.name)
            if family not in _OTHERS:
                parts += [f"## {family}", table(_HEAD, [line(entry) for entry in found])]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python tools/coverage_page.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file would change")
    made = page()
    if not parser.parse_args().check:
        FILE.write_text(made, encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != made:
        parser.exit(1, f"{FILE} is not what python tools/coverage_page.py writes\n")


if __name__ == "__main__":
    main()
