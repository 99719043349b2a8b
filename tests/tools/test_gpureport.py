"""The report on CUDA's kernels finds what they cost, and refuses what costs too much."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import gpucases
import gpureport
import numpy as np
import pytest
from ptx import weigh
from ptx.written import kernel, place

import nbgrad as nb
from nbgrad import errors

LINE = gpureport.Line("add", "flat", "flat", "float32", "k_add", (14, 14), (0, 0), (0, 0), (1.0, 1.0), 36, 35,
                      25.0, 1.0, 1.0, 1.0)


@pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
def test_report_of_some_ops(tmp_path):
    """In a process of its own: a process has one device."""
    file = tmp_path / "report.json"
    command = [sys.executable, gpureport.__file__, "--ops", "add,sum", "--json", str(file)]
    own = {k: v for k, v in os.environ.items() if not k.startswith(("NBGRAD_DEVICE", "NUMBA_ENABLE_CUDASIM"))}
    root = str(Path(nb.__file__).parents[1])
    done = subprocess.run(command, capture_output=True, text=True, env={**own, "PYTHONPATH": root},
                          timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 demands not met, 0 cases not run" in done.stdout
    lines = {(x["op"], x["what"], x["dtype"], x["kernel"]): x for x in json.loads(file.read_text())}
    add = lines["add", "flat", "float32", "k_add"]
    assert add["bytes"] == add["sectors"] == 1 and add["occ"] == [1, 1] and add["spill"] == [0, 0]
    assert add["beside"] < add["ptx"] < 40
    total = lines["sum", "axis 1", "float64", "k_total"]
    assert 1 <= total["bytes"] < 1.1 and total["shared"][0] == 256 * 8 and total["banks"] == 1
    columns = [x["bytes"] for key, x in lines.items() if key[:3] == ("sum", "few columns", "float32")]
    assert len(columns) == 3 and sum(columns) < 1.1
    assert lines["add", "with a row", "float64", "k_add"]["bytes"] == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize("registers, shared, blocks", [
    (32, 0, 8), (33, 0, 6), (40, 0, 6), (64, 0, 4), (70, 0, 3), (255, 0, 1), (16, 48 * 1024, 3),
    (16, 40 * 1024, 4)])
def test_occupancy(registers, shared, blocks):
    """Blocks of 256 threads that fit: by 64 warps, 65536 registers in four parts and 164 KB."""
    assert gpureport.occupancy("sm_80", 256, registers, shared) == blocks * 8 / 64


def test_occupancy_of_small_blocks_and_of_more_shared_memory():
    assert gpureport.occupancy("sm_80", 32, 16, 0) == 0.5
    assert gpureport.occupancy("sm_90", 256, 16, 48 * 1024) == 4 * 8 / 64


@pytest.mark.parametrize("change, message", [
    ({"spill": (0, 8)}, "spills 8 bytes"), ({"bytes": 1.2}, "1.20 times the least bytes"),
    ({"kind": "reduction", "bytes": 2.0}, "2.00 times"), ({"beside": 61}, "61 instructions beside")])
def test_what_costs_too_much_is_named(change, message):
    (line,) = gpureport.misses([replace(LINE, **change)])
    assert line.startswith("add flat float32, k_add: ") and message in line


def test_what_is_demanded_of_each_kind():
    assert not list(gpureport.misses([LINE]))
    assert not list(gpureport.misses([replace(LINE, kind="strided", bytes=4.0, beside=99)]))
    halves = [replace(LINE, kind="reduction", bytes=0.6)] * 2
    assert ["1.20 times" in line for line in gpureport.misses(halves)] == [True]


def test_mathematics_is_not_what_a_kernel_pays_for_being_one():
    body = """ld.global.f32 %f1, [%rd1]; mov.f32 %f2, 0f3f800000; mul.f32 %f3, %f1, %f2;
    st.global.f32 [%rd0], %f3;"""
    made = kernel(place(0, 4) + place(1, 4) + body)
    assert weigh.beside(made.program) == len(made.program.code) - 2


def test_every_case_names_an_op_once():
    known = [(case.op, case.what, case.dtype) for case in gpucases.cases()]
    assert len(known) == len(set(known)) > 200
    assert {case.kind for case in gpucases.cases()} == {"flat", "strided", "reduction", "rows", "other"}
    for case in gpucases.cases():
        assert all(isinstance(x, np.ndarray) for x in case.make(np.random.default_rng(0)))


def test_errors_say_what_is_missing(tmp_path, monkeypatch, capsys):
    assert gpureport.main(["--ops", "nothing"]) == 2
    assert "--ops='nothing'" in capsys.readouterr().err
    monkeypatch.setattr(gpureport, "find_spec", lambda name: None)
    with pytest.raises(errors.DeviceError, match=r"gpureport: .*numba-cuda.*pip install"):
        gpureport.Examiner(tmp_path)
    monkeypatch.setattr(nb, "__file__", str(tmp_path / "nbgrad" / "__init__.py"))
    with pytest.raises(errors.DeviceError, match=r"gpureport: .*no interpreter of PTX.*checkout"):
        gpureport.Examiner(tmp_path)
