"""The functions of NumPy's and SciPy's that take Tensors, as nbgrad.interop.numpy_functions finds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import scipy.special

import nbgrad as nb
from nbgrad.interop.numpy_functions import ASKED, NAMES, Functions
from nbgrad.interop.numpy_spellings import FUNCTIONS, METHODS
from pages.docstrings import Link, table

MODULES: tuple[ModuleType, ...] = (np, np.linalg, scipy.special)
INTRODUCTION = """NumPy asks a Tensor what its functions are to do, and nbgrad's function of the same name
answers. These lists are made by asking for every function of NumPy's. Arguments mean what they mean in
NumPy; the arguments that a line names are refused by an error that names them. `out=` is a Tensor; ufuncs
take `dtype=` and `casting=` too, and `where=` beside `out=`. SciPy's other
functions take derivatives instead: `scipy.optimize.minimize(nb.value_and_grad(f), x, jac=True)`."""
# Arguments that say where a result goes or how NumPy is called, which no function of ours takes
_COMMON = frozenset(["out", "like", "order", "subok", "signature", "extobj"])


def functions(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The functions and ufuncs of a module that ask Tensors what to do, by all their names."""
    for name in sorted(dir(module)):
        found = getattr(module, name)
        dispatched = isinstance(found, np.ufunc) or hasattr(found, "_implementation")
        if dispatched and not name.startswith("_"):
            yield name, found


def supported(module: ModuleType, known: Functions) -> tuple[dict[str, tuple[Any, Any]], list[str]]:
    """The functions that have one of ours: names -> (theirs, ours); and the names of the others."""
    names: dict[int, list[str]] = {}
    pairs: dict[int, tuple[Any, Any]] = {}
    others = []
    for name, theirs in functions(module):
        ours = known.known(theirs)
        if theirs in ASKED:
            continue
        if ours is None:
            others.append(name)
        else:
            names.setdefault(id(theirs), []).append(name)
            pairs[id(theirs)] = theirs, ours
    return {", ".join(found): pairs[key] for key, found in names.items()}, others


def left_out(theirs: Any, ours: Callable[..., Any]) -> list[str]:
    """The arguments of NumPy's function that are refused, but for those that none of ours takes."""
    if isinstance(theirs, np.ufunc):
        return []
    own = inspect.signature(ours).parameters
    if any(p.kind is p.VAR_POSITIONAL for p in own.values()):
        return []
    optional = [p.name for p in inspect.signature(theirs).parameters.values()
                if p.default is not p.empty and p.name not in _COMMON and p.kind is not p.VAR_KEYWORD]
    return [name for name in optional if NAMES.get(name, name) not in own]


def _shown(module: ModuleType, names: str) -> str:
    short = {np: "np", np.linalg: "np.linalg", scipy.special: "scipy.special"}[module]
    return ", ".join(f"`{short}.{name}`" for name in names.split(", "))


def _ours(theirs: Any, ours: Any, to: Link) -> str:
    usual = getattr(ours, "usual", theirs if theirs in FUNCTIONS else ours)
    name: str = usual.__name__
    target = to(name) or to(f"linalg.{name}")
    return f"[`nb.{name}`]({target})" if target else "written in ops"


def page(to: Link) -> str:
    """The page: a table for each module, and what is refused."""
    known, parts = Functions(nb), ["# Functions of NumPy's that take Tensors", INTRODUCTION]
    for module in MODULES:
        found, others = supported(module, known)
        rows = [(_shown(module, names), _ours(*pair, to), ", ".join(f"`{a}`" for a in left_out(*pair)))
                for names, pair in found.items()]
        title = {np: "NumPy", np.linalg: "numpy.linalg", scipy.special: "scipy.special"}[module]
        parts += [f"## {title}: {sum(len(n.split(', ')) for n in found)} names",
                  table(["function", "is", "arguments that are refused"], rows)]
        if module is not scipy.special:
            parts += ["Refused in a gradient, and NumPy's own on the values elsewhere: "
                      + ", ".join(f"`{name}`" for name in others) + "."]
    methods = ", ".join(f"`np.{ufunc.__name__}.{method}`" for ufunc, method in METHODS)
    asked = ", ".join(sorted(f"`{function.__name__}`" for function in ASKED))
    parts.append(f"What gives no array that a gradient could flow through is NumPy's own always: {asked}.")
    return "\n\n".join([*parts, "## Methods of ufuncs", f"{methods}, and `outer` of every ufunc above.\n"])


def counts() -> dict[str, int]:
    """How many names of each module are supported."""
    found = {module.__name__: supported(module, Functions(nb))[0] for module in MODULES}
    return {name: sum(len(names.split(", ")) for names in each) for name, each in found.items()}


