"""`python -m nbgrad.info`: versions, device, cache and ops; `--ops` and `--kernels` print the tables."""

from __future__ import annotations

import argparse
import inspect
import platform
import signal
from importlib.metadata import version

import nbgrad
import nbgrad.linalg  # its ops are in the table once it is imported
from nbgrad.arrays.config import settings
from nbgrad.compile import store, target
from nbgrad.define.declare import Choice
from nbgrad.define.registry import OPS, Row
from nbgrad.define.scalar import Elementwise
from nbgrad.kernels import table


def _rule(row: Row) -> str:
    """Where an op's derivative comes from."""
    op = row.op
    if op.discrete:
        return "none (discrete)"
    if isinstance(op, Choice):
        return "partials" if op.d else "derived"
    if isinstance(op, Elementwise):
        return "partials" if op.d else "derived"
    if getattr(op, "linear", False):
        return "vjp, linear"
    return "vjp, multilinear" if getattr(op, "multilinear", None) else "vjp"


def _devices(row: Row) -> list[str]:
    """For each device whether it has a kernel of an op."""
    return ["yes" if row.kind == "elementwise" or table.has(row.op.name, row.family, d) else "no"
            for d in table.DEVICES]


def _common(where: str) -> list[str]:
    """For each device whether it has kernels of all ops that a file declares, as composites there need."""
    file = where.partition(":")[0]
    of_file = [_devices(row) for row in OPS.values()
               if row.kind != "special" and row.where.partition(":")[0] == file]
    return [min(column) for column in zip(["yes"] * len(table.DEVICES), *of_file, strict=True)]


def _print(rows: list[tuple[str, ...]]) -> None:
    """A table with aligned columns; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _composites() -> dict[str, str]:
    """The public functions that are made of ops and have no row of their own: name -> where declared."""
    found = {}
    for name in nbgrad.__all__:
        function = inspect.unwrap(getattr(nbgrad, name))
        if name not in OPS and inspect.isfunction(function) and function.__module__.startswith("nbgrad.ops."):
            place = "/".join(function.__module__.split(".")[1:])
            found[name] = f"{place}.py:{function.__code__.co_firstlineno}"
    return found


def ops() -> list[tuple[str, ...]]:
    """The op table, and the functions made of its ops: op, kind, rule, kernels by device, where declared."""
    head = ("op", "kind", "rule", *table.DEVICES, "declared")
    rows = [(name, row.kind, _rule(row), *_devices(row), row.where)
            for name, row in OPS.items() if not row.private]
    rows += [(name, "composite", "of its ops", *_common(where), where)
             for name, where in _composites().items()]
    return [head, *sorted(rows)]


def kernels() -> list[tuple[str, ...]]:
    """Kernels in the cache folder, by name, with how many compiled variants each has."""
    sizes = store.sizes()
    return [("folder", "kernels", "bytes"), (str(store.folder()), str(len(sizes)), str(sum(sizes)))]


def summary() -> list[tuple[str, ...]]:
    """Versions, device and cache."""
    (_, (where, count, size)) = kernels()
    facts: list[tuple[str, ...]] = [("nbgrad", nbgrad.__version__),
                                    ("python", platform.python_version())]
    facts += [(name, version(name)) for name in ("numpy", "scipy", "numba", "llvmlite")]
    facts += [("processor", target.processor()[0]), ("device", settings.device), ("tier", settings.tier),
              ("cache", f"{where}: {count} kernels, {int(size) / 1e6:.1f} MB"), ("ops", str(len(OPS)))]
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m nbgrad.info", description=__doc__)
    parser.add_argument("--ops", action="store_true", help="the op table")
    parser.add_argument("--kernels", action="store_true", help="the kernel cache")
    chosen = parser.parse_args()
    _print(ops() if chosen.ops else kernels() if chosen.kernels else summary())


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):            # a reader that has seen enough, such as head, is no error
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
