"""`python -m nbgrad.warm`: compile kernels now and keep them in the cache, so that programs start at once.

    python -m nbgrad.warm                        # elementwise ops and reductions, with their derivatives
    python -m nbgrad.warm tanh mean              # these ops
    python -m nbgrad.warm train.py --epochs 1    # whatever a program needs: it is run

What would be interpreted at first (see NBGRAD_TIER) is compiled here.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import runpy
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from nbgrad import errors, testing
from nbgrad.compile import cache, store, tiers
from nbgrad.define.registry import OPS, Row
from nbgrad.engine.transforms import jvp, vjp
from nbgrad.engine.tree import map_leaves
from nbgrad.errors import table_errors


def warm(row: Row, dtype: str) -> None:
    """Run an op of the table on its test inputs in a dtype, and its derivatives in both modes."""
    for case in testing.cases(row, dtype):
        f, xs = testing.function(row, case)
        if row.op.discrete or not xs:
            f(*xs)
            continue
        y, pull = vjp(f, *xs)
        pull(map_leaves(lambda leaf: np.ones(leaf.shape, dtype), y))
        jvp(f, xs, [np.ones(x.shape, dtype) for x in xs])


def _counted(work: tuple[str, str]) -> tuple[int, int]:
    """(kernels compiled, kernels loaded) for an op, by name, and a dtype."""
    before = cache.counts()
    warm(OPS[work[0]], work[1])
    after = cache.counts()
    return after[0] - before[0], after[1] - before[1]


def ops(names: Sequence[str], dtypes: Sequence[str], jobs: int) -> tuple[int, int]:
    """(kernels compiled, kernels loaded) for ops in the dtypes, by so many processes.

    Shows how far it is where tqdm is installed and someone watches.
    """
    work = [(name, dtype) for name in names for dtype in dtypes]
    context = multiprocessing.get_context("spawn")
    workers = ProcessPoolExecutor(jobs, context, tiers.choose, ("compiled",)) if jobs > 1 else nullcontext()
    with workers as pool:
        counts: Iterable[tuple[int, int]] = pool.map(_counted, work) if pool else map(_counted, work)
        if find_spec("tqdm"):
            counts = import_module("tqdm").tqdm(counts, total=len(work), unit="op", leave=False, disable=None)
        compiled, loaded = zip(*counts, strict=True)
    return sum(compiled), sum(loaded)


def summary(compiled: int, loaded: int, seconds: float) -> str:
    """What was compiled and loaded, and what the cache folder holds now."""
    sizes = store.sizes()
    return (f"{compiled} kernels compiled, {loaded} loaded, {seconds:.1f} s; "
            f"{store.folder()} holds {len(sizes)}, {sum(sizes) / 1e6:.1f} MB")


def script(arguments: list[str]) -> None:
    """Run a program as `python` does: arguments are its file and what it is given."""
    sys.argv = arguments
    sys.path[0] = str(Path(arguments[0]).resolve().parent)
    runpy.run_path(arguments[0], run_name="__main__")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m nbgrad.warm", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", action="append", choices=testing.FLOATS, help="default: all of these")
    parser.add_argument("what", nargs=argparse.REMAINDER, help="ops, or a Python file and its arguments")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (ops only)")
    chosen = parser.parse_args()
    if chosen.what[:1] == ["--"]:
        del chosen.what[0]
    tiers.choose("compiled")
    program = chosen.what if chosen.what and chosen.what[0].endswith(".py") else None
    rows = [row for row in OPS.values() if row.kind == "elementwise" or row.family == "reduce"]
    try:
        if store.folder() is None:
            raise table_errors.no_cache()
        if chosen.what and not program:
            rows = [testing.row_of(name) for name in chosen.what]
    except errors.NbgradError as error:
        parser.error(str(error))
    start = time.perf_counter()
    if program is None:
        counts = ops([row.op.name for row in rows], chosen.dtype or testing.FLOATS, chosen.jobs)
        print(summary(*counts, time.perf_counter() - start))
        return
    try:
        script(program)
    finally:                              # a program may end by an exception: SystemExit is one
        print(summary(*cache.counts(), time.perf_counter() - start))


if __name__ == "__main__":
    main()
