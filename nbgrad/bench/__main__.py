"""`python -m nbgrad.bench`: times of ops, or of a function of yours, beside NumPy on this machine.

    python -m nbgrad.bench                                          # everyday ops, about 20 seconds
    python -m nbgrad.bench --ops tanh,softmax --sizes 100,1e6 --dtype float32
    python -m nbgrad.bench --ops all --seconds 120
    python -m nbgrad.bench --function model:loss --numpy model:loss_numpy --sizes 1000,64x64

A function is a module that can be imported from here and a name in it; it is called with one random array of
the size for each argument that has no default. A ratio is nbgrad's time over NumPy's for the value: below 1
nbgrad is faster. first: what the first value and gradient took, with kernels compiled or loaded.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import inspect
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import nbgrad
from nbgrad import errors, testing
from nbgrad.bench.clock import amount
from nbgrad.bench.function import Bench, bench
from nbgrad.bench.inputs import Call, call, described
from nbgrad.compile import target
from nbgrad.define.registry import OPS
from nbgrad.errors import value_errors

EVERYDAY = ("add", "multiply", "divide", "exp", "log", "sin", "tanh", "sqrt", "pow", "erf", "relu", "gelu",
            "where", "maximum", "sum", "mean", "max", "var", "softmax", "logsumexp", "layer_norm", "cumsum",
            "sort", "matmul")
Shape = tuple[int, ...]


def sizes(text: str) -> list[Shape]:
    """Shapes from text such as '1000,1e6,64x64'. Raises ValueRangeError."""
    found = []
    for part in text.split(","):
        try:
            shape = tuple(int(float(n)) for n in part.split("x"))
        except (ValueError, OverflowError) as error:
            raise value_errors.bench_size(part) from error
        if min(shape) < 1:
            raise value_errors.bench_size(part)
        found.append(shape)
    return found


def function(where: str) -> Callable[..., Any]:
    """The function of 'module:name'. Raises ValueRangeError if there is none."""
    module, _, name = where.partition(":")
    try:
        found = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError, ValueError) as error:
        raise value_errors.bench_function(where, str(error)) from error
    if not callable(found):
        raise value_errors.bench_function(where, f"{name} is a {type(found).__name__}")
    return found


def _needed(f: Callable[..., Any]) -> int:
    """How many arguments f must be given; one if it does not say."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except ValueError:                    # some functions written in C have no signature
        return 1
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return max(1, sum(p.kind in positional and p.default is p.empty for p in parameters))


def _functions(chosen: argparse.Namespace) -> Iterator[tuple[str, Call]]:
    """A name and a call for each size of the user's function."""
    f = function(chosen.function)
    native = function(chosen.numpy) if chosen.numpy else None
    rng = np.random.default_rng(0)
    for shape in sizes(chosen.sizes):
        args = [rng.uniform(0.1, 1, shape).astype(chosen.dtype) for _ in range(_needed(f))]
        yield chosen.function, (f, args, native, described([shape] * len(args)))


def _ops(chosen: argparse.Namespace) -> Iterator[tuple[str, Call]]:
    """A name and a call for each op and size; an op whose case has one size comes once."""
    names = EVERYDAY if chosen.ops is None else OPS if chosen.ops == "all" else chosen.ops.split(",")
    for row in [testing.row_of(name) for name in names]:
        seen = set()
        for shape in sizes(chosen.sizes):
            made = call(row, int(np.prod(shape)), chosen.dtype)
            if made is not None and made[3] not in seen:
                seen.add(made[3])
                yield row.op.name, made


def cells(name: str, shapes: str, *rest: str) -> str:
    """A line of the table."""
    widths = (">10s", ">8s", "20s", ">10s", ">10s", ">10s")
    return f"{name[:17]:18s}{shapes[:17]:18s}" + " ".join(map(format, rest, widths))


def line(name: str, shapes: str, found: Bench) -> str:
    """The line of an op or function; its bar is as long as its ratio."""
    ratio = "" if found.ratio is None else f"{found.ratio:.2f}"
    bar = "" if found.ratio is None else "#" * min(20, max(1, round(10 * found.ratio)))
    gradient = "" if found.gradient is None else amount(found.gradient)
    first = amount(found.first + (found.first_gradient or 0))
    return cells(name, shapes, amount(found.forward), ratio, bar, gradient, first, amount(found.peak, "B"))


def machine() -> dict[str, Any]:
    """What figures have to be read with: processor, threads, versions."""
    return {"processor": target.processor()[0], "threads": nbgrad.get_num_threads(),
            "python": platform.python_version(), "nbgrad": nbgrad.__version__,
            **{name: version(name) for name in ("numpy", "scipy", "numba")}}


def measured(calls: Sequence[tuple[str, Call]], seconds: float,
             show: Callable[[str], None]) -> list[dict[str, Any]]:
    """The figures of all calls, shown as they come. What bench refuses is named and left out."""
    rows = []
    for name, (f, args, native, shapes) in calls:
        try:
            found = bench(f, *args, numpy=native, seconds=seconds)
        except errors.NbgradError as error:
            show(cells(name, shapes) + f"left out: {error}")
            rows.append({"name": name, "shapes": shapes, "error": str(error)})
            continue
        show(line(name, shapes, found))
        rows.append({**found.as_dict(), "name": name, "shapes": shapes})
    return rows


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nbgrad.bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--ops", metavar="NAMES", help="of the op table, with commas; or all")
    what.add_argument("--function", metavar="MODULE:NAME", help="yours")
    parser.add_argument("--numpy", metavar="MODULE:NAME", help="the same function by NumPy")
    parser.add_argument("--sizes", default="1000,1e6", help="such as 1000,1e6,64x64; default %(default)s")
    parser.add_argument("--dtype", default="float64", choices=testing.FLOATS)
    parser.add_argument("--seconds", type=float, default=20, help="in all, about; default %(default)s")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too; - writes them alone")
    return parser


def main(given: Sequence[str] | None = None) -> int:
    parser = arguments()
    chosen = parser.parse_args(given)
    sys.path.insert(0, "")                # modules of the folder that it is called in
    start = time.perf_counter()
    try:
        calls = list(_functions(chosen) if chosen.function else _ops(chosen))
        if not 0 < chosen.seconds < float("inf"):
            raise value_errors.bad_value("bench", f"seconds={chosen.seconds} is not a positive number")
    except errors.NbgradError as error:
        parser.error(str(error))
    alone = chosen.json == "-"
    show: Callable[[str], None] = (lambda text: None) if alone else functools.partial(print, flush=True)
    head = machine()
    show(", ".join(f"{key} {value}" for key, value in head.items()) + f", {chosen.dtype}")
    show(cells("", "shapes", "forward", "/ NumPy", "", "gradient", "first", "peak"))
    rows = measured(calls, chosen.seconds / max(1, 4 * len(calls)), show)
    show(f"{len(rows)} rows in {time.perf_counter() - start:.0f} s")
    if chosen.json:
        text = json.dumps({**head, "dtype": chosen.dtype, "rows": rows}, indent=1)
        print(text) if alone else Path(chosen.json).write_text(text + "\n")
    return 1 if any("error" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
