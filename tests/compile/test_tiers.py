"""Tiers: kernels are interpreted until they have earned to be compiled, at the same place in each run.

Programs run in processes of their own, with an empty cache.
"""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from nbgrad.arrays import devices
from nbgrad.arrays.config import read
from nbgrad.compile import tiers
from nbgrad.errors import ValueRangeError

pytestmark = pytest.mark.skipif(devices.kind() != "cpu", reason="the tiers are the CPU's")
START = """
import numpy as np
import nbgrad as nb
from nbgrad.compile import cache, tiers
"""


def run(tmp_path, program, tier="auto", **more):
    environment = {**os.environ, "NBGRAD_TIER": tier, "NBGRAD_CACHE_DIR": str(tmp_path / "cache"), **more}
    done = subprocess.run([sys.executable, "-c", START + program], env=environment, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_short_program_compiles_nothing(tmp_path):
    program = """
import sys
x = np.linspace(-1, 2, 100)
f = lambda x: nb.sum(nb.softmax(nb.tanh(x * x.reshape(100, 1)), axis=1) @ x)
print(float(f(x)), float(np.sum(nb.grad(f)(x))), len(cache.COMPILED), "numba" in sys.modules)
"""
    *short, compiled, imported = run(tmp_path, program)
    assert (compiled, imported) == ("0", "False")
    *long, compiled, _ = run(tmp_path, program, "compiled")
    assert int(compiled) > 5
    np.testing.assert_allclose(np.array(short, float), np.array(long, float), rtol=1e-13)


COUNTED = """
tiers.EARNED = 1e6
x, last, found = np.linspace(1, 2, 100).reshape(10, 10), 0, []
for i in range(1000):
    {what}
    if len(cache.COMPILED) != last:
        last = len(cache.COMPILED)
        found.append(i)
print(*found)
"""


@pytest.mark.parametrize("what", [
    "nb.sin(x)", "nb.vjp(nb.sin, x)[1](x)", "nb.sin(x[::2])", "nb.add(x, x[0])", "nb.sum(x, 1)",
    "nb.var(x, 0)", "nb.tril(x)", "nb.max_pool2d(x.reshape(1, 1, 10, 10), 2)"])
def test_kernels_are_compiled_at_the_same_place(tmp_path, what):
    """A kernel that has earned it, at a call that depends on nothing but the calls before."""
    program = COUNTED.format(what=what)
    once = run(tmp_path / "a", program)
    assert once
    assert int(once[0]) > 0, once
    assert run(tmp_path / "b", program) == once
    assert run(tmp_path / "b", program) == []         # it is on disk: nothing is compiled


def test_results_go_on(tmp_path):
    """Before and after it, and where a view, a plan or a recorded gradient is at hand from before."""
    program = """
tiers.EARNED = 5e5
rng = np.random.default_rng(0)
x, y = rng.normal(size=(20, 30)), nb.asarray(rng.normal(size=(30,)))
def f(x):
    return nb.sum(nb.logsumexp(nb.tanh(x.T).T * y + x[:, ::-1], axis=1) ** 2)
first, pull = nb.grad(f)(x), nb.vjp(f, x)[1]
for i in range(600):
    again = nb.grad(f)(x)
    np.testing.assert_allclose(again, first, rtol=1e-12, atol=1e-14)
np.testing.assert_allclose(pull(1.0)[0], first, rtol=1e-12, atol=1e-14)
from nbgrad.ops.elementwise import tanh
print(len(cache.COMPILED) > 5, any(flat.interim for flat in tanh.loops.flats.values()))
"""
    assert run(tmp_path, program) == ["True", "False"]


def test_large_work_is_compiled_at_once(tmp_path):
    program = """
x = np.ones(1 << 23, np.float32)
nb.sqrt(x)
compiled = len(cache.COMPILED)
nb.sum(x)
print(compiled, len(cache.COMPILED) > compiled)
"""
    found = run(tmp_path, program)
    assert int(found[0]) >= 1
    assert found[1] == "True"


def test_interpreted_reads_no_cache_and_compiles_nothing(tmp_path):
    program = "tiers.EARNED = 0\nnb.sin(np.ones(3)); print(len(cache.COMPILED), len(cache.LOADED))"
    assert run(tmp_path, program, "compiled")[0] == "1"
    assert run(tmp_path, program, "interpreted") == ["0", "0"]


def test_there_are_three():
    assert read({}).tier == "auto"
    with pytest.raises(ValueRangeError, match=r"'jit' is no tier\. Choose one of auto, compiled"):
        read({"NBGRAD_TIER": "jit"})


def test_a_kernel_takes_its_interpreters_place():
    said, built = [], []
    interim = tiers.Interim(lambda x: "interpreted", 0, 1.0, most=10).until(
        lambda: built.append(1) or (lambda x: "compiled"), SimpleNamespace(due=lambda spent: False))
    tiers.announce(lambda: said.append(1))
    small, large = np.ones(10), np.ones(11)
    with tiers.chosen("auto"):
        got = [interim(small), interim(small), interim(large), interim(small)]
    assert got == ["interpreted", "interpreted", "compiled", "compiled"]
    assert built == said == [1]
