"""What a user waits for: imports, first calls with an empty and a full kernel cache, kernels made and loaded.

Each figure is of new processes with a cache of their own. They drift with the machine: read them beside
others of the same day, and the import as a ratio.
"""

import os as _os
import statistics as _statistics
import subprocess as _subprocess
import sys as _sys
import tempfile as _tempfile
import time as _time

_FIRST = "import nbgrad as nb; nb.grad(lambda x: nb.sum(nb.tanh(x) * x))(nb.asarray([0.5, 1.0]))"
_MANY = """
import time, pathlib, os
import numpy as np
import nbgrad as nb
ones = nb.asarray(np.full(3, 0.5))
start = time.perf_counter()
for name in ("exp log sin cos tan asin acos atan sinh cosh tanh asinh sqrt square expm1 log1p exp2 log2 "
             "log10 reciprocal negative abs cbrt sigmoid erf").split():
    if hasattr(nb, name):
        nb.grad(lambda x: nb.sum(getattr(nb, name)(x)))(ones)
seconds = time.perf_counter() - start
files = [f for f in pathlib.Path(os.environ["NBGRAD_CACHE_DIR"]).rglob("*") if f.is_file()]
print(seconds, len(files))
"""


def _run(program, folder, tier="auto"):
    """(seconds, output) of a new process with this kernel cache."""
    start = _time.perf_counter()
    around = {**_os.environ, "NBGRAD_CACHE_DIR": folder, "NBGRAD_TIER": tier}
    done = _subprocess.run([_sys.executable, "-c", program], env=around, check=True, capture_output=True,
                           text=True)
    return _time.perf_counter() - start, done.stdout


def _collect(self):
    """Figures by name; nan for what this commit cannot do."""
    with _tempfile.TemporaryDirectory() as folder:
        try:
            _run("import nbgrad, numba", folder)
            pairs = [(_run("import nbgrad", folder)[0], _run("import numba", folder)[0]) for _ in range(3)]
            cold = _run(_FIRST, folder)[0]
            warm = _statistics.median(_run(_FIRST, folder)[0] for _ in range(3))
        except _subprocess.CalledProcessError as error:
            print(f"first calls are left out: {error.stderr[-500:]}")
            return {}
    found = {"import_over_numba": _statistics.median(ours / numbas for ours, numbas in pairs),
             "first_call_cold": cold, "first_call_warm": warm}
    with _tempfile.TemporaryDirectory() as folder:
        try:
            seconds, files = map(float, _run(_MANY, folder, "compiled")[1].split())
            loads = [float(_run(_MANY, folder, "compiled")[1].split()[0]) for _ in range(3)]
        except _subprocess.CalledProcessError as error:
            print(f"kernels are left out: {error.stderr[-500:]}")
            return found
    return {**found, "kernel": seconds / files, "load_100_kernels": 100 * _statistics.median(loads) / files}


_collect.timeout = 900


def _look(name, unit):
    def look(self, found):
        return found.get(name, float("nan"))
    look.less_is_better, look.unit = True, unit
    return look


class latency:  # noqa: N801
    """The figures of _collect."""

    version, timeout = "1", 120
    setup_cache = _collect
    track_import_over_numba = _look("import_over_numba", "time / Numba's import time")
    track_first_call_cold = _look("first_call_cold", "seconds")
    track_first_call_warm = _look("first_call_warm", "seconds")
    track_kernel = _look("kernel", "seconds to compile one kernel")
    track_load_100_kernels = _look("load_100_kernels", "seconds")
