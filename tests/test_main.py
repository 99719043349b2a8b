"""`python -m nbgrad`: its help names the commands that there are, and exit statuses."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import nbgrad as nb
from nbgrad.__main__ import main

ROOT = Path(nb.__file__).parent
COMMANDS = sorted([f.stem for f in ROOT.glob("*.py") if "__main__" in f.read_text() and f.stem[0] != "_"]
                  + [f.parent.name for f in ROOT.glob("*/__main__.py")])


def test_the_help_lists_every_command(capsys):
    assert main([]) == 0
    text = capsys.readouterr().out
    assert COMMANDS == ["bench", "gpucheck", "info", "warm"]
    for name in COMMANDS:
        assert f"python -m nbgrad.{name} " in text and find_spec(f"nbgrad.{name}")


@pytest.mark.parametrize("given, status, said", [
    (["--version"], 0, f"nbgrad {nb.__version__}\n"), (["--help"], 0, "usage: python -m nbgrad"),
    (["--nonsense"], 2, "unrecognized arguments: --nonsense"), (["info"], 2, "unrecognized arguments: info")])
def test_exit_statuses(given, status, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(given)
    assert end.value.code == status
    out, err = capsys.readouterr()
    assert said in (err if status else out)


def test_it_runs_as_a_command():
    command = [sys.executable, "-m", "nbgrad", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"nbgrad {nb.__version__}\n"
