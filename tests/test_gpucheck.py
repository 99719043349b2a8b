"""The check for people with a GPU, run without one: on PTX in the interpreter, in a process of its own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from nbgrad import gpucheck
from nbgrad.arrays import cuda
{planted}
from ptx.front import Front, LAUNCHES
cuda.connect("cuda", Front(Path(sys.argv[1]) / "ptx"), **LAUNCHES)
sys.exit(gpucheck.main(["--ops", "add,mean", "--sizes", "100", "--report", sys.argv[1] + "/report.json"]))
"""
WRONG = ("from nbgrad.kernels.shared import row_programs\n"
         "vars(row_programs.mean)['steps'] = row_programs.total.steps")       # which does not divide


def checked(folder, planted=""):
    """Exit status, output and report of a run."""
    around = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(Path(__file__).parent)])}
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(planted=planted), str(folder)], env=around,
                          capture_output=True, text=True, timeout=300, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout, json.loads((folder / "report.json").read_text())


@pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
@pytest.mark.parametrize("planted", ["", WRONG], ids=["as it is", "a wrong kernel"])
def test_a_run_reports_what_passed(tmp_path, planted):
    status, output, report = checked(tmp_path, planted)
    assert report["ops"]["add"] == "passed"
    assert report["facts"]["numba-cuda"] != "not installed"
    assert {row["op"] for row in report["times"]} >= {"add", "exp", "sum", "softmax"}
    assert "not run" in report["sanitizer"]
    if planted:
        assert status == 1
        assert "FAILED mean: " in output
        assert "mean case 0" in output
        assert "1 of 2 ops passed" in output
    else:
        assert status == 0
        assert "2 of 2 ops passed" in output


def test_without_a_device_it_says_what_is_missing():
    around = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"}
    done = subprocess.run([sys.executable, "-m", "nbgrad.gpucheck", "--ops", "add", "--sizes", "", "--bare"],
                          env=around, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 or (done.returncode == 2 and "CUDA cannot be used: " in done.stderr)
