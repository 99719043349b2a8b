"""The check for people with a GPU, run without one: on PTX in the interpreter, in a process of its own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import fake_driver
import pytest

from nbgrad import gpucheck

PROGRAM = """
import sys
from pathlib import Path
from nbgrad import gpucheck
from nbgrad.arrays import cuda
{planted}
from ptx.front import Front, LAUNCHES
cuda.connect("cuda", Front(Path(sys.argv[1]) / "ptx"), **LAUNCHES)
report = sys.argv[1] + "/report.json"
sys.exit(gpucheck.main(["--ops", "add,mean", "--sizes", "100", "--bare", "--report", report]))
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
    assert "second process: not run\nsanitizer: not run" in output
    if planted:
        assert status == 1
        assert "FAILED mean: " in output
        assert "mean case 0" in output
        assert "1 of 2 ops passed" in output
    else:
        assert status == 0
        assert "2 of 2 ops passed" in output


CHECK = """
import sys
from nbgrad import gpucheck
gpucheck.main(["--ops", "add", "--sizes", "", "--report", sys.argv[1]])
"""


@fake_driver.NEEDED
def test_a_second_process_compiles_nothing(tmp_path):
    """On what stands for the driver, which executes no kernel: values are wrong, but kernels are there."""
    around = {"NBGRAD_CACHE_DIR": str(tmp_path / "cache"), "NBGRAD_DEVICE": "cuda",
              "LD_LIBRARY_PATH": str(fake_driver.built(tmp_path))}
    output = fake_driver.run(CHECK, str(tmp_path / "report.json"), **around)
    report = json.loads((tmp_path / "report.json").read_text())
    first, second = report["kernels"], report["second"]
    assert first["loaded"] == second["compiled"] == 0, report
    assert first["compiled"] == second["loaded"] > 0, report
    assert f"second process: 0 compiled, {second['loaded']} loaded from disk; FAILED add\n" in output


@pytest.mark.parametrize(("compiled", "loaded", "failed", "good"), [
    (0, 3, [], True), (1, 3, [], False), (0, 0, [], False), (0, 3, ["add"], False)])
def test_what_a_second_process_is_to_find(compiled, loaded, failed, good):
    assert gpucheck._good({"compiled": compiled, "loaded": loaded, "failed": failed}) is good


def test_without_a_device_it_says_what_is_missing():
    around = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"}
    done = subprocess.run([sys.executable, "-m", "nbgrad.gpucheck", "--ops", "add", "--sizes", "", "--bare"],
                          env=around, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 or (done.returncode == 2 and "CUDA cannot be used: " in done.stderr)
