"""Programs on what stands for a CUDA device and does as little as it may, late: see ptx/streams.py.

Each is a process of its own, as the device of a process is chosen once.
"""

import os
import subprocess
import sys
from pathlib import Path

START = """
import sys
from pathlib import Path
import numpy as np
import nbgrad as nb
from nbgrad.arrays import cuda, driver, streams
from ptx.front import Front, LAUNCHES

def connect(late=True, keep=True, stage=256, **limits):
    front = Front(Path(sys.argv[1]), late, **limits)
    cuda.connect("cuda", front, **LAUNCHES | {"keep": keep, "stage": stage})
    nb.device("cuda").__enter__()
    return front

def message(f, *args, **named):
    try:
        f(*args, **named)
    except nb.errors.NbgradError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")

def fails():
    '''Start a kernel that writes far behind its array.'''
    x = nb.zeros(3)
    flat, _ = x.value.flat
    broken = cuda.host().api.jit(wild)
    cuda.launch(broken, 1, 4, flat)

def wild(x):
    x[1 << 40] = 1.0
"""


def run(program, folder):
    """The output of a program, which must end well and say nothing else."""
    around = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_ENABLE", "NBGRAD_DEVICE"))}
    around["PYTHONPATH"] = os.pathsep.join([*sys.path, str(Path(__file__).parent)])
    file = folder / "program.py"          # Numba wants to see the source of what it compiles
    file.write_text(START + program)
    done = subprocess.run([sys.executable, "-W", "error", str(file), str(folder)], env=around,
                          capture_output=True, text=True, timeout=300, check=False)
    assert not done.stderr, done.stderr
    assert done.returncode == 0
    return " ".join(done.stdout.split())
