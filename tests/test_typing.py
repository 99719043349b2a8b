"""What type checkers say of a user's program: nothing of a right one, something of each wrong line."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nbgrad

HERE, ROOT = Path(__file__).parent, Path(nbgrad.__file__).parent.parent
PROGRAM, ERRORS = HERE / "typing_program.py", HERE / "typing_errors.py"
WRONG = {n for n, line in enumerate(ERRORS.read_text().splitlines(), 1) if line.endswith("# wrong")}


def mypy(tmp_path):
    """(file, line) of each error in both programs."""
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent",
               f"--cache-dir={tmp_path}", PROGRAM, ERRORS]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False,
                          env={**os.environ, "MYPYPATH": str(ROOT)})
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"^(.*?):(\d+): error", done.stdout, re.MULTILINE)
    return {(Path(file).name, int(line)) for file, line in found}, done.stdout


def pyright_program():
    return shutil.which("pyright") or pytest.skip("pyright is not installed")


def pyright(tmp_path):
    program = pyright_program()
    for file in (PROGRAM, ERRORS):
        shutil.copy(file, tmp_path)
    settings = {"include": [PROGRAM.name, ERRORS.name], "typeCheckingMode": "strict",
                "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [program, "--outputjson", "--pythonpath", sys.executable, "-p", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=300)
    found = [d for d in json.loads(done.stdout)["generalDiagnostics"] if d["severity"] == "error"]
    return {(Path(d["file"]).name, d["range"]["start"]["line"] + 1) for d in found}, done.stdout


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_right_program_passes_and_each_misspelling_is_an_error(checker, tmp_path):
    found, report = checker(tmp_path)
    assert {line for file, line in found if file == PROGRAM.name} == set(), report
    assert {line for file, line in found if file == ERRORS.name} == WRONG, report


def test_every_public_symbol_has_a_known_type():
    command = [pyright_program(), "--pythonpath", sys.executable, "--verifytypes", "nbgrad",
               "--ignoreexternal"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert "Type completeness score: 100%" in done.stdout, done.stdout


def test_the_right_program_runs():
    subprocess.run([sys.executable, PROGRAM], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
