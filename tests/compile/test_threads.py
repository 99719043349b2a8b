"""Threads: kernels shared out over several give the same values, and their number is checked."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.compile import threads

several = pytest.mark.skipif(threads._team.most < 2, reason="needs two processors and libgomp.so.1")


@pytest.fixture(params=[1, 2])
def team(request):
    before = nb.get_num_threads()
    if request.param > threads._team.most:
        pytest.skip("needs two processors and libgomp.so.1")
    nb.set_num_threads(request.param)
    yield request.param
    nb.set_num_threads(before)


@pytest.mark.parametrize("n", [0, 1, 5, 16383, 16384, 65537, 300_001])
def test_values_do_not_depend_on_the_number_of_threads(n, team):
    x = np.linspace(-2, 2, n)
    np.testing.assert_array_equal((nb.asarray(x) * 2 + x).numpy(), x * 2 + x)
    np.testing.assert_allclose(nb.tanh(nb.asarray(x)).numpy(), np.tanh(x), rtol=1e-14)


@pytest.mark.parametrize("shape", [(300, 400), (3, 70_000), (70_000, 3), (2, 3, 20_000), (500, 1, 300)])
def test_strided_operands_are_walked_by_several_threads(shape, team):
    x = np.random.default_rng(0).random(shape)
    y = np.asfortranarray(x)[..., ::-1]
    row, column = x[:1], x[..., :1]
    for a, b in ((x, y), (x, row), (x, column), (row, column), (x[::2], y[::2]), (np.asfortranarray(x), y)):
        np.testing.assert_array_equal((nb.asarray(a) + nb.asarray(b)).numpy(), a + b)


@pytest.mark.parametrize("n", [0, -1, 10_000, 1.5, True, "2", None])
def test_a_number_of_threads_out_of_range_is_refused(n):
    with pytest.raises(nb.errors.ValueRangeError, match="set_num_threads"):
        nb.set_num_threads(n)


def _printed(code, **environment):
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                         check=False, env={**os.environ, **environment})
    return run.stdout + run.stderr


def test_the_environment_sets_the_number_of_threads():
    code = "import nbgrad as nb; print('threads', nb.get_num_threads())"
    assert "threads 1" in _printed(code, NBGRAD_NUM_THREADS="1")
    assert "threads 1" in _printed(code, OMP_NUM_THREADS="1,2")
    assert f"threads {threads._team.most}" in _printed(code, NBGRAD_NUM_THREADS="10000")
    for wrong in ("0", "many", "-1", ""):
        assert "NBGRAD_NUM_THREADS" in _printed(code, NBGRAD_NUM_THREADS=wrong)


@several
def test_a_forked_process_works_alone():
    code = """
import os, numpy as np, nbgrad as nb
x = nb.asarray(np.ones(1_000_000))
(x * x).numpy()
child = os.fork()
if not child:
    fine = nb.get_num_threads() == 1 and float(nb.sum(x * x)) == 1_000_000
    try:
        nb.set_num_threads(2)
    except nb.errors.ValueRangeError as error:
        fine = fine and "fork" in str(error)
    os._exit(0 if fine else 1)
print("child", os.waitpid(child, 0)[1])
"""
    assert "child 0" in _printed(code)


def test_python_threads_share_one_team(team):
    x = np.linspace(-2, 2, 200_000)
    wrong = []

    def work():
        for _ in range(20):
            if not np.array_equal((nb.asarray(x) * 3).numpy(), x * 3):
                wrong.append(True)

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
