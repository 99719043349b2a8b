"""The compiled fast path: it does what the engine does, declines the rest, and loses no reference."""

import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.define import fastpath, registry
from nbgrad.define.scalar import add, multiply
from nbgrad.engine.graph import TAPE, Graph

X = np.linspace(-0.9, 0.9, 7)
OPS = [nb.tanh, nb.exp, nb.sin, nb.negative, nb.asin]
needs_fastpath = pytest.mark.skipif(fastpath._engine() is None, reason="no fast path on this Python")


def chain(t, u):
    for op in OPS:
        t = op(t * 0.3 + u)
    return nb.sum(t * t + nb.maximum(t, u) / (u + 3.0))


def general_path(f, *args):
    """f with every op's fast path taken away."""
    paths = [op.op.fastpath for op in registry.OPS.values() if hasattr(op.op, "fastpath")]
    paths += [add.fastpath, multiply.fastpath]
    kept = [(path, path.forward, path.record) for path in paths]
    for path in paths:
        path.forward = path.record = None
    try:
        return f(*args)
    finally:
        for path, forward, record in kept:
            path.forward, path.record = forward, record


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_fast_path_and_the_general_path_agree(dtype):
    x, u = nb.asarray(X.astype(dtype)), nb.asarray(np.cos(X).astype(dtype))
    whole = nb.value_and_grad(chain, (0, 1))
    expected = general_path(whole, x, u)
    for _ in range(3):
        value, gradients = whole(x, u)
        np.testing.assert_array_equal(value.numpy(), expected[0].numpy())
        for g, e in zip(gradients, expected[1], strict=True):
            assert g.dtype == dtype
            np.testing.assert_array_equal(g.numpy(), e.numpy())


@needs_fastpath
def test_the_fast_path_is_taken():
    x = nb.asarray(X)
    chain(x, x)
    leaf = Graph().leaf(x.value)
    for _ in range(2 * fastpath._OFTEN):
        nb.grad(lambda t: nb.sum(nb.tanh(t)))(x)
    made = nb.tanh.fastpath.forward(leaf)
    assert type(made) is nb.Tensor
    assert made.trace is leaf.trace
    assert made.mark.parents == (leaf.mark,)
    assert made.mark.op is nb.tanh
    np.testing.assert_array_equal(made.value, nb.tanh(x).numpy())
    assert nb.tanh.fastpath.forward(x).trace is None


@needs_fastpath
def test_the_fast_path_declines_what_it_is_not_made_for():
    x = nb.asarray(X)
    nb.grad(lambda t: nb.sum(t * x + x * 2.0))(x)
    fast = multiply.fastpath.forward
    assert fast(x, x) is not None
    old, young = Graph(), Graph()
    a, b = old.leaf(x.value), young.leaf(x.value)
    for left, right in ((a, b), (x, X), (X, x), (x, x[:1]), (x, 2), (x, True), (x, None), (x, "2"),
                        (2.0, 3.0), (x, nb.asarray(X.astype(np.float32))), (nb.asarray(np.arange(7)), x),
                        (young.leaf(a), x), (x, np.float64(2))):
        assert fast(left, right) is None
    a.trace.id = 0
    assert fast(a, x) is None
    leaf = nb.tensor(X, requires_grad=True)
    assert fast(leaf, x).trace is TAPE
    with nb.no_grad():
        assert fast(leaf, x) is None
        assert not (leaf * x).requires_grad
    assert nb.less.fastpath.forward is None or nb.less.fastpath.forward(leaf, x) is None


def test_more_combinations_of_dtypes_than_there_are_plans():
    kinds = [np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32]
    for _ in range(3):
        for kind in kinds:
            x = nb.asarray(np.arange(5).astype(kind))
            np.testing.assert_array_equal((x + x).numpy(), np.arange(5) * 2)
            assert (x + x).dtype == kind


@pytest.mark.parametrize("run", [
    nb.tanh, lambda x: x * x, lambda x: x * 2.0, nb.grad(lambda t: chain(t, t)),
    nb.grad(lambda t: nb.sum(nb.grad(lambda u: nb.sum(nb.tanh(u) * u))(t)))])
def test_no_reference_is_lost_or_kept(run):
    x = nb.asarray(X)
    for _ in range(2 * fastpath._OFTEN):                # until all that is compiled for it is there
        run(x)
    for _ in range(3):                                  # what the compiler leaves goes away in several rounds
        gc.collect()
    watched = [None, x.value, x, np.dtype(np.float64), nb.tanh, multiply, 0]
    before, objects = [sys.getrefcount(w) for w in watched], len(gc.get_objects())
    for _ in range(300):
        run(x)
    gc.collect()
    after = [sys.getrefcount(w) for w in watched]
    assert all(abs(a - b) < 30 for a, b in zip(after, before, strict=True))
    assert abs(len(gc.get_objects()) - objects) < 100


def test_an_error_in_a_pullback_is_the_op_s_own():
    @nb.op(vjp=lambda g, z, x: 1 / 0, kernel=lambda x: x + 0)
    def breaks_in_its_pullback(x):
        return (nb.asarray(x),), {}

    with pytest.raises(ZeroDivisionError):
        nb.grad(lambda t: nb.sum(nb.tanh(breaks_in_its_pullback(nb.tanh(t)))))(X)


def test_without_the_fast_path_everything_takes_the_general_path():
    code = """
import sysconfig
known = sysconfig.get_config_var
sysconfig.get_config_var = lambda name: 1 if name == "Py_GIL_DISABLED" else known(name)
import numpy as np, nbgrad as nb
x = np.linspace(-1, 1, 5)
for _ in range(3):
    g = nb.grad(lambda t: nb.sum(nb.tanh(t * t)))(x)
assert nb.tanh.fastpath.forward is None
np.testing.assert_allclose(g.numpy(), (1 - np.tanh(x * x) ** 2) * 2 * x)
print("the general path")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                         check=False, env=dict(os.environ))
    assert "the general path" in run.stdout, run.stderr


def test_a_tensor_may_be_given_another_value_while_a_kernel_reads_it():
    x = nb.asarray(np.zeros(300_000))
    stop, torn = threading.Event(), []

    def change():
        while not stop.is_set():
            x.__iadd__(1.0)

    other = threading.Thread(target=change)
    other.start()
    try:
        for _ in range(200):
            y = (x * 2.0).numpy()
            torn.append(bool(np.ptp(y)))
    finally:
        stop.set()
        other.join()
    assert not any(torn)
