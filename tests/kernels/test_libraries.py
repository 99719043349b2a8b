"""CuPy in the place of CUDA's kernels: NumPy stands for it, in the simulator."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import nbgrad as nb

simulated = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
PROGRAM = """
import numpy as np, cupy_of_numpy
cupy_of_numpy.install()
import nbgrad as nb
from nbgrad import testing
from nbgrad.define.registry import OPS
nb.use_cupy()
for name in ("matmul", "solve", "inv", "slogdet", "cholesky", "eigh", "solve_triangular"):
    for dtype in testing.FLOATS:
        testing.check_values(OPS[name], dtype)
assert cupy_of_numpy.CALLED == {"matmul", "solve", "inv", "slogdet", "cholesky", "eigh", "solve_triangular"}
x = np.random.default_rng(0).normal(size=(3, 3))
a = x @ x.T + np.eye(3)
testing.check_grads(lambda a: nb.linalg.solve(a, nb.linalg.inv(a) @ a.T), [a], 1)
testing.check_grads(lambda a: nb.linalg.cholesky(a), [a], 1)
assert np.isnan(nb.linalg.cholesky(np.array([[np.nan]])).numpy()).all()
assert np.isnan(nb.linalg.eigh(np.array([[np.inf]])).eigenvectors.numpy()).all()
zeros = np.zeros((2, 2))
for f in (nb.linalg.inv, lambda a: nb.linalg.solve(a, a), nb.linalg.cholesky,
          lambda a: nb.solve_triangular(a, a)):
    try:
        f(zeros)
    except nb.errors.SingularError:
        continue
    raise AssertionError
cupy_of_numpy.CALLED.clear()
nb.use_cupy(False)
nb.linalg.solve(a, x @ x)
print(cupy_of_numpy.CALLED)
"""


@simulated
def test_cupy_in_the_place_of_kernels():
    around = {**os.environ, "NBGRAD_DEVICE": "cuda-sim", "PYTHONPATH": os.pathsep.join(
        [str(Path(__file__).parents[1]), str(Path(nb.__file__).parents[1])])}
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], env=around, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.skipif(find_spec("cupy") is not None, reason="CuPy is installed")
def test_cupy_that_is_not_installed():
    with pytest.raises(nb.errors.DeviceError, match=r"CuPy cannot be imported.*pip install cupy-cuda13x"):
        nb.use_cupy()
