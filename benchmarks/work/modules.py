"""Modules of nbgrad under the names that they have in the commit that is measured."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

_NAMES = {"graph": ("nbgrad.engine.graph", "nbgrad.core"),
          "registry": ("nbgrad.define.registry", "nbgrad.registry")}


def module(what: str) -> ModuleType:
    """The graph or the registry. Raises ImportError for a commit that has none."""
    for name in _NAMES[what]:
        package = name.rpartition(".")[0]
        if find_spec(package) is not None and find_spec(name) is not None:
            return import_module(name)
    raise ImportError(f"there is no {what} in this commit")
