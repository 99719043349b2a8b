"""Bytes by which a step raises the peak of a new process: the first, which loads kernels, and a later one."""

import os as _os
import subprocess as _subprocess
import sys as _sys
from pathlib import Path as _Path

_ABOVE = _Path(__file__).parents[1]
_CHAIN = """
import numpy as np
import nbgrad as nb
from work.processes import _status
import pathlib
x = nb.asarray(np.linspace(0, 1, 500_000))
def f(x):
    for _ in range(20):
        x = nb.sin(x)
    return nb.sum(x)
g = nb.grad(f)
for repetitions in (1, 3):
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    for _ in range(repetitions):
        g(x)
    print(_status("VmHWM") - before)
"""
_PROGRAMS = {"MLP": ["-m", "work.processes", "MLP", "nbgrad"],
             "transformer": ["-m", "work.processes", "transformer", "nbgrad"], "chain": ["-c", _CHAIN]}


def _collect(self):
    """(first step, later step) by program; what this commit lacks is left out."""
    found = {}
    for name, program in _PROGRAMS.items():
        try:
            for _ in range(2):            # the first run compiles
                done = _subprocess.run([_sys.executable, *program], cwd=_ABOVE, env=_os.environ, check=True,
                                       capture_output=True, text=True)
            found[name] = tuple(map(float, done.stdout.split()))
        except _subprocess.CalledProcessError as error:
            print(f"left out: {name}: {error.stderr[-500:]}")
    return found


_collect.timeout = 900


class peak:  # noqa: N801
    """Peak memory of steps: of training, of a model's gradients, and of a chain of 20 sines of 4 MB."""

    version, timeout, unit = "1", 120, "bytes"
    params, param_names = [list(_PROGRAMS)], ["model"]
    setup_cache = _collect

    def track_first_step(self, found, model):
        return found[model][0] if model in found else float("nan")

    def track_later_step(self, found, model):
        return found[model][1] if model in found else float("nan")

    track_first_step.less_is_better = track_later_step.less_is_better = True
