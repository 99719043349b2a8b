"""`python -m nbgrad.bench`: its table, its JSON, the user's function, and what it refuses."""

import json
import subprocess
import sys

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.bench import __main__ as command
from nbgrad.bench.function import bench
from nbgrad.bench.inputs import call
from nbgrad.define.registry import OPS

MODEL = """
import numpy as np
import nbgrad as nb

def loss(x, y, scale=2.0):
    return nb.sum(nb.tanh(x) * y) * scale

def loss_numpy(x, y, scale=2.0):
    return np.sum(np.tanh(x) * y) * scale

def wrong(x, y):
    return np.sum(x)
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    name = f"model_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return name


def test_a_table_of_ops(capsys):
    assert command.main(["--ops", "tanh,matmul,argmax", "--sizes", "10,100", "--seconds", "0.01"]) == 0
    head, columns, *rows, last = capsys.readouterr().out.splitlines()
    assert "numpy" in head and "threads" in head and "/ NumPy" in columns
    assert [row.split()[0] for row in rows] == ["tanh"] * 2 + ["matmul"] * 2 + ["argmax"] * 2
    assert all("#" in row and len(row) < 110 for row in rows)
    assert last.startswith("6 rows in")


def test_figures_as_json(capsys, tmp_path):
    given = ["--ops", "add", "--sizes", "50", "--dtype", "float32", "--seconds", "0.01", "--json"]
    assert command.main([*given, "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dtype"] == "float32" and found["threads"] >= 1
    (row,) = found["rows"]
    assert row["name"] == "add" and row["shapes"] == "2 of 50" and row["ratio"] > 0
    assert command.main([*given, str(tmp_path / "figures.json")]) == 0
    assert json.loads((tmp_path / "figures.json").read_text())["rows"]


def test_a_function_of_the_users(model, capsys):
    given = ["--function", f"{model}:loss", "--sizes", "8,4x2", "--seconds", "0.01"]
    assert command.main([*given, "--numpy", f"{model}:loss_numpy"]) == 0
    out = capsys.readouterr().out
    assert "2 of 8 " in out and "2 of 4x2" in out and "#" in out
    assert command.main(given) == 0


def test_what_cannot_be_measured_is_named_and_left_out(model, capsys):
    given = ["--function", f"{model}:loss", "--numpy", f"{model}:wrong", "--seconds", "0.01"]
    assert command.main(given) == 1
    assert capsys.readouterr().out.count("left out: bench: the NumPy function gives values") == 2


@pytest.mark.parametrize(("given", "words"), [
    (["--ops", "tanh,nothing"], "nothing: is not in the op table"),
    (["--sizes", "10,zero"], "'zero' is not a size"),
    (["--sizes", "4x0"], "'4x0' is not a size"),
    (["--sizes", "inf"], "'inf' is not a size"),
    (["--seconds", "0", "--ops", "tanh"], "seconds=0.0 is not a positive number"),
    (["--function", "no_such_module:f"], "No module named 'no_such_module'"),
    (["--function", "math"], "is not a function that can be imported"),
    (["--function", "math:pi"], "pi is a float"),
    (["--function", "math:exp", "--ops", "tanh"], "not allowed with"),
])
def test_bad_arguments_are_refused(given, words, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(given)
    assert stopped.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_op_has_a_call(dtype):
    for row in OPS.values():
        made = call(row, 100, dtype)
        assert made is not None, row.op.name
        f, args, like, shapes = made
        assert callable(f) and (like is None or callable(like)) and shapes, row.op.name
        kinds = {a.dtype.name for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"}
        assert kinds <= {dtype}, row.op.name


def test_sizes_are_reached():
    assert call(OPS["exp"], 1000, "float64")[3] == "1000"
    assert call(OPS["matmul"], 1200, "float64")[3] == "20x30 30x40"
    assert call(OPS["var_vjp"], 1200, "float64")[3] == "30x1 30x40"
    assert call(OPS["where"], 7, "float64")[3] == "3 of 7"


def test_the_module_runs_without_a_warning():
    given = ["-W", "error", "-m", "nbgrad.bench", "--ops", "exp", "--sizes", "10", "--seconds", "0.01"]
    done = subprocess.run([sys.executable, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_the_function_keeps_its_name_beside_the_package():
    assert callable(nb.bench) and nb.bench is bench


def test_sizes_are_parsed():
    assert command.sizes("10,1e3,4x5") == [(10,), (1000,), (4, 5)]
    with pytest.raises(errors.ValueRangeError, match="-1"):
        command.sizes("-1")
