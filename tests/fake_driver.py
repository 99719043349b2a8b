"""Programs on what stands for NVIDIA's driver: tests/driver/cuda.c."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

COMPILER = shutil.which("cc")
NEEDED = pytest.mark.skipif(find_spec("numba_cuda") is None or COMPILER is None or sys.platform != "linux",
                            reason="numba-cuda or a C compiler is not installed")


def built(folder):
    """The folder, with a libcuda.so.1 in it."""
    source = Path(__file__).parent / "driver" / "cuda.c"
    command = [COMPILER, "-w", "-shared", "-fPIC", "-o", folder / "libcuda.so.1", source]
    subprocess.run(command, check=True)
    (folder / "libcuda.so").symlink_to(folder / "libcuda.so.1")
    return folder


def started(program, *arguments, **around):
    """A process that runs a program."""
    before = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_ENABLE")}
    return subprocess.Popen([sys.executable, "-W", "error", "-c", program, *arguments], env=before | around,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process):
    """The output of a process, or the last line of what it died of."""
    with process:
        out, err = process.communicate(timeout=300)
    return out if process.returncode == 0 else err.strip().splitlines()[-1]


def run(program, *arguments, **around):
    """The output of a program, or the last line of what it died of."""
    return ended(started(program, *arguments, **around))
