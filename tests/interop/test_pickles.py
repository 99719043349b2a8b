"""What goes to another process and comes back: ops, transforms' results, contexts, errors, Tensors."""

import copy
import functools
import inspect
import os
import pickle
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from test_errors import CASES

import nbgrad as nb
from nbgrad import errors
from nbgrad.define import scalar
from nbgrad.define.registry import OPS

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
X = np.array([0.5, 2.0])


def again(x):
    """x after each pickle protocol."""
    return [pickle.loads(pickle.dumps(x, protocol)) for protocol in PROTOCOLS]


def public():
    """Every callable that users see, by its place."""
    for module in (nb, nb.linalg, nb.optim, nb.testing):
        for name in getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")]):
            x = getattr(module, name)
            if callable(x) and not inspect.ismodule(x):
                yield f"{module.__name__}.{name}", x


def test_every_public_callable_comes_back_as_itself():
    found = dict(public())
    assert len(found) > 200
    failed = [place for place, x in found.items() if any(y is not x for y in again(x))]
    assert not failed


def test_every_op_of_the_table_comes_back_and_is_its_own_copy():
    for row in OPS.values():
        assert all(y is row.op for y in [*again(row.op), copy.copy(row.op), copy.deepcopy(row.op)])
        assert [y.args[0] for y in again(getattr(nb.backend, row.op.name))] == [row.op] * len(PROTOCOLS)


def square_sum(x):
    """Return what its name says."""
    return nb.sum(x * x)


def with_extra(x, c=2.0):
    return nb.sum(c * x * x), {"c": c}


@nb.checkpoint
def decorated(x):
    return nb.sum(x * x)


@nb.no_grad()
def muted(x):
    return nb.sum(x * x)


class Model:
    def __init__(self, w):
        self.w, self.activation, self.layers = w, nb.tanh, [functools.partial(nb.leaky_relu, slope=0.2)]

    def loss(self, x):
        return nb.sum(self.layers[0](self.activation(self.w * x)))

    slope = nb.grad(loss, argnums=1)


MADE = {
    "grad": nb.grad(square_sum), "value_and_grad": nb.value_and_grad(square_sum, (0,)),
    "has_aux": nb.grad(with_extra, has_aux=True), "jacobian": nb.jacobian(square_sum, mode="fwd"),
    "hessian": nb.hessian(square_sum), "checkpoint": nb.checkpoint(square_sum), "decorated": decorated,
    "of an op": nb.grad(nb.sum), "of another": nb.grad(nb.checkpoint(square_sum)), "muted": muted,
    "partial": functools.partial(nb.grad(with_extra, has_aux=True), c=3.0), "method": Model(X).loss,
    "method of a transform": Model(X).slope,
}


@pytest.mark.parametrize("name", MADE)
def test_what_a_transform_made_comes_back_and_does_the_same(name):
    f = MADE[name]
    assert {repr(g(X)) for g in again(f)} == {repr(f(X))}


def test_what_a_transform_made_looks_like_the_function():
    for f in (MADE["grad"], MADE["jacobian"], MADE["checkpoint"]):
        assert (f.__name__, f.__doc__) == ("square_sum", "Return what its name says.")
        assert inspect.signature(f) == inspect.signature(square_sum)
    np.testing.assert_allclose(Model(X).slope(X).numpy(), nb.grad(Model(X).loss)(X).numpy())


def test_a_function_without_a_name_says_so():
    with pytest.raises((pickle.PicklingError, AttributeError), match=r"lambda|local"):
        pickle.dumps(nb.grad(lambda x: x))


@pytest.mark.parametrize("x", [nb.device("cpu"), nb.no_grad(), nb.float32, np.dtype("int8")],
                         ids=["device", "no_grad", "type", "dtype"])
def test_devices_contexts_and_dtypes_come_back(x):
    for y in again(x):
        assert type(y) is type(x)
        assert not isinstance(x, str) or y == x
    entered = nb.no_grad()
    with entered, nb.device("cpu") as here:
        assert str(again(here)[0]) == "cpu"
        with again(entered)[0]:
            pass


def test_tensors_leaves_and_named_tuples_come_back():
    w = nb.asarray(X, requires_grad=True)
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    for x in (w, nb.asarray(a), nb.linalg.eigh(a), nb.linalg.slogdet(a), nb.unique_all(a), [w, {"w": w}]):
        for y in again(x):
            assert type(y) is type(x) and repr(y) == repr(x)
    shared = again([w, w])[0]
    assert shared[0] is shared[1] and shared[0].is_leaf


@pytest.mark.parametrize("name", CASES)
def test_an_error_comes_back_with_its_message(name, own_ops):
    with warnings.catch_warnings(), pytest.raises(CASES[name][1]) as found:
        warnings.simplefilter("ignore")
        CASES[name][0]()
    for error in again(found.value):
        assert type(error) is type(found.value) and str(error) == str(found.value)


# ------------------------------------------------------------------------------------------- what is refused
def test_an_op_that_is_not_in_the_table_cannot_be_named():
    with pytest.raises(errors.PickleError, match=r"by its name in the table.*partial"):
        pickle.dumps(scalar.masked)
    assert copy.deepcopy(scalar.masked) is scalar.masked


def test_an_op_that_is_not_declared_there_says_what_to_do(own_ops, monkeypatch):
    op = nb.elementwise("gone_of_tests", lambda x: 2 * x)
    pickled = pickle.dumps(op)
    row = OPS.pop("gone_of_tests")
    with pytest.raises(errors.PickleError, match=r"'gone_of_tests'.*module test_pickles does not.*top level"):
        pickle.loads(pickled)
    monkeypatch.setitem(OPS, "gone_of_tests", replace(row, home="elsewhere"))
    with pytest.raises(errors.PickleError, match=r"of the module test_pickles, but here.*elsewhere.*Rename"):
        pickle.loads(pickled)


def test_a_device_with_a_stream_stays_in_its_process(monkeypatch):
    here = nb.device("cpu")
    monkeypatch.setattr(here, "_stream", object())
    with pytest.raises(errors.PickleError, match="stream belongs to its process"):
        pickle.dumps(here)


# ------------------------------------------------------------------------------------------------- processes
MODULE = """
import nbgrad as nb
damped = nb.elementwise("damped", lambda x, rate=1.0: nb.exp(-rate * x) * nb.sin(x), at=(0, 3))
def loss(x):
    return nb.sum(damped(x) * nb.relu(x))
"""
PROGRAM = """
import functools, multiprocessing, sys
import numpy as np
import nbgrad as nb
from mymodule import damped, loss
own = nb.elementwise("own_of_main", lambda x: nb.sin(x) * x)
X = np.array([0.5, -2.0])
WORK = [nb.sin, nb.sum, own, damped, functools.partial(damped, rate=2.0), nb.grad(loss), nb.hessian(loss)]
def run(f):
    return f(X)
def fail(x):
    return nb.sum(x, axis=5)
if __name__ == "__main__":
    for method in sys.argv[1:]:
        with multiprocessing.get_context(method).Pool(1) as pool:
            same = [np.array_equal(z.numpy(), f(X).numpy()) for z, f in zip(pool.map(run, WORK), WORK)]
            print(method, all(same), pool.apply(run, (nb.relu,)), pool.apply(getattr, (own, "name")))
            assert pool.apply(functools.partial, (own,)).func is own
            try:
                pool.apply(fail, (X,))
            except nb.errors.AxisError as error:
                print(error)
"""
LOKY = """
import numpy as np
from joblib import Parallel, delayed
import nbgrad as nb
from mymodule import damped, loss
own = nb.elementwise("own_of_main", lambda x: nb.sin(x) * x)
def local(x):
    return own(x)
X = np.array([0.5, -2.0])
work = [nb.sin, damped, nb.grad(loss), nb.grad(lambda x: nb.sum(x * x)), lambda x: nb.cos(damped(x))]
with Parallel(n_jobs=2) as pool:
    for f, z in zip(work, pool(delayed(f)(X) for f in work)):
        assert np.array_equal(z.numpy(), f(X).numpy())
    try:
        pool([delayed(local)(X)])
    except Exception as error:
        print(type(error).__name__, error.__cause__)
"""


def execute(folder, program, *arguments):
    (folder / "mymodule.py").write_text(MODULE)
    (folder / "program.py").write_text(program)
    places = os.pathsep.join([os.path.dirname(os.path.dirname(nb.__file__)), *sys.path])
    done = subprocess.run([sys.executable, "program.py", *arguments], cwd=folder, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": places}, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_take_ops_and_gradients_however_they_are_started(method, tmp_path):
    found = execute(tmp_path, PROGRAM, method).splitlines()
    assert found[0] == f"{method} True tensor([0.5, 0.0]) own_of_main".replace("0.0]", "0. ]")
    assert found[1].startswith("sum: axis 5 is out of range")


def test_joblibs_workers_take_ops_of_modules_and_say_what_to_do_about_others(tmp_path):
    pytest.importorskip("joblib")
    assert "'own_of_main', which is not declared here: the program itself" in execute(tmp_path, LOKY)
