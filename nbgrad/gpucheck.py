"""`python -m nbgrad.gpucheck`: whether nbgrad's CUDA kernels are right on your GPU, and how fast they are.

Every op of the table is checked on the device as the library's own tests check it: values, derivatives in
both modes, second derivatives, float32. Then a few ops are timed, and a second process runs some on kernels
that this one kept on disk: it is to compile none. `--report FILE` writes what was found as JSON: please send
it to us, as development has no GPU. Where NVIDIA's compute-sanitizer is installed, it watches a few ops. The
exit status is 1 if something failed, 2 if there is no device.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import nbgrad
import nbgrad.linalg  # its ops are in the table once it is imported
from nbgrad import errors, testing
from nbgrad.arrays import cuda
from nbgrad.arrays.devices import Device
from nbgrad.compile import cache, store
from nbgrad.define.registry import OPS, Row
from nbgrad.errors import table_errors
from nbgrad.kernels import table

_WATCHED = "add,exp,sum,softmax,matmul,getitem"
_REPEATS = 7


def facts() -> dict[str, str]:
    """The device, its driver, and the versions of all that takes part."""
    found = {"nbgrad": nbgrad.__version__, "python": platform.python_version(), "system": platform.platform()}
    for name in ("numpy", "numba", "numba-cuda", "cuda-bindings"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found | cuda.description()


def _has_kernel(row: Row) -> bool:
    return row.kind == "elementwise" or table.has(row.op.name, row.family, "cuda")


def check_ops(rows: Sequence[Row]) -> dict[str, str]:
    """For each op "passed", or what failed. One that lacks a kernel says so."""
    found = {}
    for row in rows:
        try:
            if not _has_kernel(row):
                raise table_errors.no_kernel(row.op.name, "cuda")
            testing.check(row.op)
            found[row.op.name] = "passed"
        except (AssertionError, errors.NbgradError) as error:
            found[row.op.name] = " ".join(str(error).split())
        print(".F"[found[row.op.name] != "passed"], end="", flush=True)
    print()
    return found


def _seconds(f: Callable[[], Any]) -> float:
    """Median time of a call that the device has finished."""
    f()
    taken = []
    for _ in range(_REPEATS):
        cuda.synchronize()
        start = time.perf_counter()
        f()
        cuda.synchronize()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Seconds of some ops, forward and with the gradient, by number of elements."""
    rng, found = np.random.default_rng(0), []
    for n in sizes:
        side = max(int(n ** 0.5), 1)
        x, square = (rng.normal(size=s).astype(np.float32) for s in ((n,), (side, side)))
        for name, f, data in (
                ("add", lambda t: t + t, x), ("exp", nbgrad.exp, x), ("sum", nbgrad.sum, x),
                ("softmax", lambda t: nbgrad.softmax(t, axis=1), square),
                ("matmul", lambda t: t @ t, square)):
            t = nbgrad.asarray(data)
            found.append({"op": name, "elements": int(data.size), "dtype": "float32",
                          "forward_s": _seconds(partial(f, t)),
                          "gradient_s": _seconds(partial(nbgrad.grad(partial(_total, f)), t))})
    return found


def _total(f: Callable[[Any], Any], t: Any) -> Any:
    return nbgrad.sum(f(t))


def second(names: str) -> dict[str, Any]:
    """What another process makes of ops by name: kernels that it compiled and loaded, and ops that failed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        command = [sys.executable, "-m", "nbgrad.gpucheck", "--ops", names, "--sizes", "", "--bare",
                   "--report", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not file.exists():
            return {"compiled": 0, "loaded": 0, "failed": [done.stderr[-2000:]]}
        report = json.loads(file.read_text())
    failed = [name for name, what in report["ops"].items() if what != "passed"]
    return report["kernels"] | {"failed": failed}


def watch() -> str:
    """What compute-sanitizer says of a few ops, if it is installed."""
    tool = shutil.which("compute-sanitizer")
    if tool is None:
        return "not run: compute-sanitizer is not on the PATH"
    command = [tool, "--error-exitcode", "9", sys.executable, "-m", "nbgrad.gpucheck", "--ops", _WATCHED,
               "--sizes", "", "--bare"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "no errors" if done.returncode == 0 else f"exit status {done.returncode}: {done.stdout[-2000:]}"


def _rows(names: str | None) -> list[Row]:
    """The rows of ops by name; default: of all that have a kernel."""
    if names is None:
        return [row for _, row in sorted(OPS.items()) if _has_kernel(row)]
    return [testing.row_of(name) for name in names.split(",")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and report. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m nbgrad.gpucheck", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", help="names, with commas; default: all that CUDA has")
    parser.add_argument("--sizes", default="1000,100000,10000000", help="numbers of elements to time")
    parser.add_argument("--report", type=Path, help="a file for the report, in JSON")
    parser.add_argument("--bare", action="store_true", help="start no other process")
    chosen = parser.parse_args(arguments)
    try:
        rows, device = _rows(chosen.ops), Device("cuda")
    except errors.NbgradError as error:
        print(error, file=sys.stderr)
        return 2
    with device:
        report: dict[str, Any] = {"facts": facts()}
        print("\n".join(f"{name}: {value}" for name, value in report["facts"].items()))
        report["ops"] = check_ops(rows)
        report["times"] = measure([int(n) for n in chosen.sizes.split(",") if n])
    report["kernels"] = dict(zip(("compiled", "loaded"), cache.counts(), strict=True))
    alone = chosen.bare or store.folder() is None
    report["second"] = None if alone else second(chosen.ops or _WATCHED)
    report["sanitizer"] = "not run" if chosen.bare else watch()
    failed = {name: what for name, what in report["ops"].items() if what != "passed"}
    for name, what in failed.items():
        print(f"FAILED {name}: {what}")
    for row in report["times"]:
        print(f"{row['op']:8} {row['elements']:>9} elements  forward {1e6 * row['forward_s']:10.1f} us"
              f"  gradient {1e6 * row['gradient_s']:10.1f} us")
    print(f"kernels: {_counted(report['kernels'])}")
    print(f"second process: {_counted(report['second']) if report['second'] else 'not run'}")
    print(f"sanitizer: {report['sanitizer']}")
    print(f"{len(report['ops']) - len(failed)} of {len(report['ops'])} ops passed")
    if chosen.report is not None:
        chosen.report.write_text(json.dumps(report, indent=1) + "\n")
    return 1 if failed or not _good(report["second"]) or report["sanitizer"].startswith("exit status") else 0


def _counted(found: dict[str, Any]) -> str:
    """How many kernels a process compiled and loaded, and which ops failed in it."""
    failed = f"; FAILED {', '.join(found['failed'])}" if found.get("failed") else ""
    return f"{found['compiled']} compiled, {found['loaded']} loaded from disk{failed}"


def _good(second: dict[str, Any] | None) -> bool:
    """Whether a second process, if there was one, had what it needed on disk, and that was right."""
    return second is None or (second["loaded"] > 0 and not second["compiled"] and not second["failed"])


if __name__ == "__main__":
    sys.exit(main())
