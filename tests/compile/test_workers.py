"""Kernels that another process compiles: when they are used, and what happens to who waits for one."""

import os
import subprocess
import sys

import pytest

from nbgrad.arrays import devices
from nbgrad.arrays.config import read
from nbgrad.errors import ValueRangeError

pytestmark = pytest.mark.skipif(devices.kind() != "cpu", reason="the tiers are the CPU's")
START = """
import os, signal, subprocess, sys, threading, time, traceback
import numpy as np
import nbgrad as nb
from nbgrad.compile import cache, tiers, workers
tiers.EARNED = 1e5
x = np.linspace(0.0, 1.0, 10)

def sine():
    np.testing.assert_allclose(nb.sin(x).numpy(), np.sin(x), rtol=1e-15)

def begin():
    while not workers._workers:
        sine()
    return workers._workers[0].process

def calls():
    for count in range(1000):
        sine()
        if cache.COMPILED:
            return count

def names():
    return {kernel.__name__[:-33] for kernel in cache.LOADED.values()}
"""


def run(tmp_path, program, **more):
    """(lines printed, text on stderr) of a program of its own, with an empty cache."""
    settings = {"NBGRAD_CACHE_DIR": str(tmp_path / "cache"), "NBGRAD_TIER": "auto", "NBGRAD_WORKERS": "1",
                "NBGRAD_QUIET": "0", **more}
    done = subprocess.run([sys.executable, "-c", START + program], env={**os.environ, **settings}, text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


def test_another_process_compiles_and_this_one_does_not_import_the_compiler(tmp_path):
    program = "print(calls(), len(cache.COMPILED), 'numba' in sys.modules, len(workers._workers))"
    assert run(tmp_path, program)[0][1:] == ["1", "False", "1"]


def test_a_kernel_is_used_from_the_same_call_on_however_long_it_takes_to_compile(tmp_path):
    program = "begin(); time.sleep({}); print(calls())"
    late, early = [run(tmp_path / str(pause), program.format(pause))[0] for pause in (0, 5)]
    assert late == early
    assert int(late[0]) > 1


def test_many_kernels_are_compiled_in_their_order(tmp_path):
    program = """
ops = [nb.sin, nb.cos, nb.exp, nb.tanh, nb.sqrt]
for _ in range(500):
    for op in ops:
        np.testing.assert_allclose(op(x).numpy(), getattr(np, op.__name__)(x), rtol=1e-15)
print(len({"k_" + op.__name__ for op in ops} - names()), "numba" in sys.modules)
"""
    assert run(tmp_path, program)[0] == ["0", "False"]


def test_a_worker_that_dies_leaves_its_kernel_interpreted_and_says_so_once(tmp_path):
    program = """
process = begin()
process.kill(); process.wait()
for _ in range(500):
    sine(), nb.cos(x)
print("k_sin" in names(), "k_cos" in names())
np.testing.assert_allclose(nb.sin(np.ones(5_000_000)).numpy(), np.sin(1.0), rtol=1e-15)
print("k_sin" in names())
"""
    printed, said = run(tmp_path, program)
    assert printed == ["False", "True", "True"]
    assert said.count("has ended") == 1
    assert "k_sin" in said
    assert run(tmp_path / "quiet", program, NBGRAD_QUIET="1") == (printed, "")


def test_where_no_process_can_be_started_this_one_compiles(tmp_path):
    program = """
def refuse(*_, **__):
    raise PermissionError("no processes here")
subprocess.Popen = refuse
print(calls() is not None, len(workers._workers))
"""
    assert run(tmp_path, program) == (["True", "0"], "")


def test_a_worker_that_compiles_for_another_processor_is_not_asked(tmp_path):
    program = """
begin()
workers._workers[0].end()
request = "another foundation", "k_sin_key", "k_sin", "def k_sin(x): pass", (float,), None, False
assert workers.begin("key", "k_sin", request)
print(workers.take("key"))
"""
    assert run(tmp_path, program)[0] == ["None"]


def test_what_a_worker_cannot_compile_is_an_error_of_the_one_who_asks(tmp_path):
    program = """
request = "k_wrong", ["wrong"], (float,), lambda: ("def k_wrong(x): return x.nothing", float), False
assert cache.begin(*request)
try:
    cache.compile_written(*request)
except Exception as error:
    print(type(error).__name__)
"""
    assert run(tmp_path, program)[0] == ["TypingError"]


def test_a_child_process_leaves_the_workers_to_its_parent(tmp_path):
    program = """
process = begin()
child = os.fork()
if not child:
    found = calls()
    os._exit(0 if found is not None and not workers._workers else 1)
print(os.waitpid(child, 0)[1], calls() is not None, process.poll(), "numba" in sys.modules)
"""
    assert run(tmp_path, program)[0] == ["0", "True", "None", "False"]


def test_who_is_interrupted_while_waiting_loses_nothing(tmp_path):
    program = """
signal.signal(signal.SIGINT, signal.default_int_handler)        # a shell's background job ignores it
process, here = begin(), threading.get_ident()
os.kill(process.pid, signal.SIGSTOP)

def interrupt():
    while "receive" not in [f.f_code.co_name for f, _ in traceback.walk_stack(sys._current_frames()[here])]:
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
try:
    calls()
except KeyboardInterrupt:
    print("interrupted")
print(len(workers._workers), calls() is not None, process.poll())
"""
    assert run(tmp_path, program)[0] == ["interrupted", "0", "True", "-9"]


def test_workers_end_with_the_program(tmp_path):
    printed, _ = run(tmp_path, "print(begin().pid)")
    with pytest.raises(ProcessLookupError):
        os.kill(int(printed[0]), 0)


def test_the_number_of_workers_is_a_setting():
    assert read({"NBGRAD_WORKERS": "3"}).workers == 3
    assert 0 <= read({}).workers <= 4
    with pytest.raises(ValueRangeError, match="NBGRAD_WORKERS='many'"):
        read({"NBGRAD_WORKERS": "many"})
