"""What is not compiled computes what compiled kernels compute: with NBGRAD_DISABLE_JIT=1 the whole library
runs as Python, with NBGRAD_TIER=interpreted by NumPy's functions.

Run as a program, this file saves the results of all ops of the table, forward and VJP, to a file.
"""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import nbgrad as nb
import nbgrad.linalg
from nbgrad import testing
from nbgrad.arrays import devices
from nbgrad.arrays.config import read
from nbgrad.compile import cache
from nbgrad.define.registry import OPS
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.errors import DeviceError

LARGE = 300                               # elements of an operand that Python is too slow for
ULPS = 8                                  # of the largest element: for other mathematics and orders of sums
WITHOUT = {**os.environ, "NBGRAD_DISABLE_JIT": "1", "NBGRAD_DEVICE": "cpu"}
INTERPRETED = {**os.environ, "NBGRAD_TIER": "interpreted", "NBGRAD_DEVICE": "cpu"}


def cases(row):
    small = (case for case in testing.cases(row, "float64") if all(np.size(x) <= LARGE for x in case.args))
    yield from islice(small, 4)
    yield from islice(testing.cases(row, "float32"), 1)


def _cotangent(y):
    """Unlike numbers: of equal ones too much cancels."""
    return np.cos(3 + np.arange(y.size)).reshape(y.shape).astype(testing.values(y).dtype)


def results():
    """Name -> value, for small test inputs of every op: its results, and the cotangents of its operands."""
    found = {}

    def keep(name, tree):
        for place, leaf in enumerate(flatten(tree)[0]):
            found[f"{name} {place}"] = np.asarray(testing.values(leaf))

    for name, row in sorted(OPS.items()):
        if row.family in ("fourier", "special"):      # SciPy's functions, there once they are asked for
            continue
        for number, case in enumerate(cases(row)):
            label = f"{name}, {case.label} {number}"
            keep(label, row.op(*case.args, **case.params))
            floats = all(np.asarray(x).dtype.kind == "f" for x in case.args)
            if not row.op.discrete and floats:
                y, pullback = nb.vjp(lambda *xs, row=row, case=case: row.op(*xs, **case.params), *case.args)
                keep(f"{label} vjp", list(pullback(map_leaves(_cotangent, y))))
    return found


@pytest.mark.skipif(devices.kind() != "cpu", reason="the CPU's kernels alone run uncompiled")
def test_every_op_computes_the_same(tmp_path):
    running = {}
    for way, environment in (("plain", WITHOUT), ("interpreted", INTERPRETED)):
        command = [sys.executable, __file__, str(tmp_path / f"{way}.npz")]
        running[way] = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE)
    compiled = results()
    for way, process in running.items():
        said, _ = process.communicate()
        assert process.returncode == 0
        assert said.split() == ["0", "False"]     # kernels compiled; whether Numba was imported
        with np.load(tmp_path / f"{way}.npz") as found:
            _compare(way, found, compiled)


def _compare(way, found, compiled):
    assert set(found.files) == set(compiled)
    for name, x in compiled.items():
        y, label = found[name], f"{way}: {name}"
        assert (x.dtype, x.shape) == (y.dtype, y.shape), label
        if x.dtype.kind == "f":
            rounding = ULPS * np.finfo(x.dtype).eps * np.abs(x[np.isfinite(x)]).max(initial=0)
            np.testing.assert_allclose(y, x, rtol=0, atol=rounding, err_msg=label)
        else:
            np.testing.assert_array_equal(y, x, err_msg=label)


def test_a_debugger_and_coverage_see_the_lines_of_kernels():
    program = """
import sys
import numpy as np
import nbgrad as nb
seen = set()
def trace(frame, event, arg):
    seen.add(frame.f_code.co_filename.rpartition("nbgrad")[2] + ":" + frame.f_code.co_name)
    return None
sys.settrace(trace)
nb.layer_norm(np.ones((2, 3)), (1,))
nb.sin(np.ones(3))
print(*sorted(seen))
"""
    done = subprocess.run([sys.executable, "-c", program], env=WITHOUT, text=True, capture_output=True,
                          check=True)
    seen = done.stdout.split()
    assert f"{os.sep}kernels{os.sep}cpu{os.sep}norm.py:normalise_rows" in seen
    assert f"{os.sep}kernels{os.sep}cpu{os.sep}norm.py:row_moments" in seen
    assert "k_sin>:k_sin" in done.stdout


def test_an_example_runs(tmp_path):
    example = Path(__file__).parents[2] / "examples" / "descent.py"
    command = [sys.executable, str(example), "--steps", "60", "--out", str(tmp_path / "paths.png")]
    done = subprocess.run(command, env=WITHOUT, text=True, capture_output=True, check=True)
    assert "from a minimum" in done.stdout


def test_other_devices_need_compiled_kernels():
    for device in ("cuda", "cuda-sim"):
        with pytest.raises(DeviceError, match=f"NBGRAD_DEVICE is {device}. Choose cpu"):
            read({"NBGRAD_DISABLE_JIT": "1", "NBGRAD_DEVICE": device})
    assert read({"NBGRAD_DISABLE_JIT": "1", "NBGRAD_DEVICE": "auto"}).device == "cpu"
    assert not read({"NBGRAD_DISABLE_JIT": "1"}).compiled
    for value in ("", "0"):
        assert read({"NBGRAD_DISABLE_JIT": value, "NBGRAD_DEVICE": "cuda"}).compiled


if __name__ == "__main__":
    np.savez(sys.argv[1], **results())
    print(len(cache.COMPILED), "numba" in sys.modules)
