"""Public names: which function each is, in which family of the reference, and on which page."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

import nbgrad as nb
from nbgrad import distributed, errors, fft, interop, linalg, optim, random, signal, special, stats, testing
from nbgrad.define.registry import OPS, Row
from nbgrad.engine.tensor import Tensor
from pages.docstrings import Link

# Families of the reference: title -> the modules whose public functions they have, below nbgrad
FAMILIES: dict[str, str] = {
    "Gradients": "engine.transforms ops.jacobians engine.checkpoint ops.sides ops.subgradients",
    "Making arrays": "ops.create define.broadcast ops.dtypes ops.grids ops.positions",
    "Elementwise functions": "ops.elementwise ops.powers ops.numerics ops.parts "
                             "ops.formulas",
    "Activation functions": "ops.activations",
    "Comparisons, logic and bits": "ops.compare ops.close",
    "Sums, means and extremes": "ops.reduce ops.deviation ops.cumulative ops.exponential ops.norms",
    "Statistics": "ops.statistics ops.nans ops.counts",
    "Sampled functions": "ops.calculus",
    "Polynomials": "ops.polynomials",
    "Shapes": "ops.shape ops.arrange ops.layouts ops.insertion ops.split ops.pad ops.diagonal ops.calls",
    "Indices, search and order": "ops.index ops.triangles ops.along ops.search ops.sort ops.sets "
                                 "ops.selection ops.unique ops.inplace",
    "Products": "ops.contract ops.products ops.sliding ops.gdot",
    "Complex numbers": "define.complex ops.complexity",
    "Linear algebra": "ops.linalg ops.factor ops.eig ops.svd ops.expm ops.qr ops.lu ops.least_squares "
                      "ops.conditions ops.matrix_functions ops.banded ops.last_axes ops.patterned linalg",
    "Neural networks": "ops.nn ops.conv ops.pooling ops.norm ops.embedding ops.random",
    "Ops of your own": "define.declare define.structured",
    "Solvers": "solvers.roots solvers.minima solvers.integrals solvers.initial solvers.ivp",
    "Devices, threads, files, timing": "arrays.devices compile.threads kernels.libraries interop.files "
                                       "bench.function",
}
_FAMILY = {module: title for title, modules in FAMILIES.items() for module in modules.split()}
MODULES = {"fft": fft, "signal": signal, "special": special, "random": random, "stats": stats, "optim": optim,
           "interop": interop, "distributed": distributed, "testing": testing, "errors": errors}
OTHERS = ("linalg", "backend", "devices")
CLASS = "tensor_class"                    # nb.tensor has the page named tensor


@dataclass
class Entry:
    """A public function: its name on nbgrad or in linalg, its other names, and its row if it has one."""

    name: str
    found: Any
    aliases: list[str]
    row: Row | None
    module: str

    @property
    def family(self) -> str:
        """The title of its family. Raises KeyError for a module that FAMILIES lacks."""
        return _FAMILY[self.module]


def slug(title: str) -> str:
    return "_".join(title.lower().replace(",", "").split())


def _entry(name: str, found: Any, aliases: list[str]) -> Entry:
    row = OPS.get(name)
    plain: Any = inspect.unwrap(found)
    module = row.where.rpartition(":")[0].removesuffix(".py").replace("/", ".") if row else plain.__module__
    return Entry(name, found, aliases, row, module.removeprefix("nbgrad."))


def entries() -> list[Entry]:
    """Every public function of nbgrad, and of nbgrad.linalg what nbgrad has not, once."""
    names: dict[int, list[str]] = {}
    for name in dir(nb):
        found = getattr(nb, name)
        if callable(found) and found is not Tensor and not _is_dtype(found):
            names.setdefault(id(found), []).append(name)
    for name in linalg.__all__:
        names.setdefault(id(getattr(linalg, name)), []).append(f"linalg.{name}")
    made = []
    for group in names.values():
        own = getattr(_found(group[0]), "__name__", "")
        first = own if own in group else group[0]
        made.append(_entry(first, _found(first), [name for name in group if name != first]))
    return made


def _found(name: str) -> Any:
    module, _, last = name.rpartition(".")
    return getattr(linalg if module else nb, last)


def constants() -> list[str]:
    """Public names of nbgrad that are numbers, dtypes or None."""
    return [name for name in nb.__all__ if _is_dtype(getattr(nb, name)) or not (
        callable(getattr(nb, name)) or isinstance(getattr(nb, name), ModuleType))]


def _is_dtype(x: Any) -> bool:
    return isinstance(x, type) and issubclass(x, np.generic)


def targets() -> dict[str, str]:
    """The page, without its ending, on which each public name is described."""
    found = {name: entry.name for entry in entries() for name in (entry.name, *entry.aliases)}
    found |= dict.fromkeys(constants(), "constants")
    for title, module in MODULES.items():
        found |= {f"{title}.{name}": title for name in dir(module) if not name.startswith("_")}
        found[title] = title
    found |= {name: "errors" for name in dir(errors) if name[0].isupper()}
    return found | {"Tensor": CLASS, **dict.fromkeys(OTHERS, "modules")}


def link(folder: str = "") -> Link:
    """What finds the page of a public name, from pages beside a folder."""
    known = targets()
    return lambda name: f"{folder}{known[name]}.md" if name in known else None
