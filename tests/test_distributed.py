"""Gradients over partitions that Dask holds: values, repeated bits, lost workers, what is refused."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")

value_and_grad = nb.distributed.value_and_grad
PARAMETERS = {"w": np.linspace(-0.5, 0.5, 4), "b": 0.25, "name": "model", "n": 3}
ROWS = 10_000


def loss(p, x, y):
    return nb.sum(nb.square(x @ p["w"] + p["b"] - y))


def slow_loss(p, x, y):
    time.sleep(0.05)
    return loss(p, x, y)


def of_frames(p, frame):
    return loss(p, frame[list("abcd")].to_numpy(), frame["y"].to_numpy())


def compiled():
    from nbgrad.compile import cache

    return sorted(cache.COMPILED)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Two processes, with an empty kernel cache of their own."""
    folder = tmp_path_factory.mktemp("workers")
    (folder / "cache").mkdir(mode=0o700)
    settings = {"NBGRAD_CACHE_DIR": str(folder / "cache"), "NBGRAD_TIER": "auto", "NBGRAD_QUIET": "1"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)                # workers start with what this process has
    try:
        with (dask.config.set({"temporary-directory": str(folder)}),
              distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0",
                                       silence_logs=50) as cluster,
              distributed.Client(cluster) as client):
            yield client
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@pytest.fixture(scope="module")
def arrays():
    x = np.random.default_rng(0).normal(size=(ROWS, 4))
    return x, np.sin(x.sum(axis=1))


@pytest.fixture(scope="module")
def data(arrays):
    x, y = arrays
    return da.from_array(x, chunks=(430, 4)), da.from_array(y, chunks=430)


def bits(found):
    value, gradient = found
    return value.numpy().tobytes(), gradient["w"].numpy().tobytes(), gradient["b"].numpy().tobytes()


def check(found, arrays, parameters=PARAMETERS):
    value, gradient = found
    expected, slope = nb.value_and_grad(loss)(parameters, *arrays)
    assert type(value) is nb.Tensor
    assert value.shape == ()
    np.testing.assert_allclose(value.numpy(), expected.numpy(), rtol=1e-12)
    np.testing.assert_allclose(gradient["w"].numpy(), slope["w"].numpy(), rtol=1e-10)
    np.testing.assert_allclose(gradient["b"].numpy(), slope["b"].numpy(), rtol=1e-10)
    assert gradient["name"] is gradient["n"] is None


def test_workers_compile_each_kernel_once(client, data, arrays):
    """The first test: the cache is empty. Bits do not depend on what has been compiled."""
    function = value_and_grad(loss, data)
    first = function(PARAMETERS)
    check(first, arrays)
    assert bits(function(PARAMETERS)) == bits(first)
    ours, theirs = client.run(compiled).values()
    assert len({*ours, *theirs}) == len(ours) + len(theirs) > 4


def test_results_repeat_bit_for_bit(client, data):
    found = {bits(value_and_grad(loss, data)(PARAMETERS)) for _ in range(4)}
    assert len(found) == 1
    client.restart()
    found.add(bits(value_and_grad(loss, data)(PARAMETERS)))
    assert len(found) == 1
    workers = list(client.scheduler_info()["workers"])
    persisted = tuple(client.persist(x, workers=workers[:1], allow_other_workers=False) for x in data)
    found.add(bits(value_and_grad(loss, persisted)(PARAMETERS)))
    assert len(found) == 1


@pytest.mark.parametrize("form", ["delayed", "arrays", "futures", "frames", "float32"])
def test_what_data_may_be(client, data, arrays, form):
    x, y = (np.array_split(a, 5) for a in arrays)
    if form == "frames":
        import pandas as pd

        frame = pd.DataFrame(arrays[0], columns=list("abcd")).assign(y=arrays[1])
        frames = pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=5)
        return check(value_and_grad(of_frames, frames)(PARAMETERS), arrays)
    if form == "float32":
        function = value_and_grad(lambda w, x: w * nb.sum(x), abs(data[1]).astype("f4"))
        value, gradient = function(np.float32(2))
        assert value.dtype == gradient.dtype == np.float32
        assert value.item() == 2 * gradient.item() == pytest.approx(2 * np.sum(abs(arrays[1])), rel=1e-6)
        return None
    pair = {"delayed": lambda a: [dask.delayed(np.copy)(part) for part in a], "arrays": list,
            "futures": client.scatter}[form]
    return check(value_and_grad(loss, (pair(x), pair(y)))(PARAMETERS), arrays)


def test_other_forms_of_parameters(client, data, arrays):
    def f(flat, x):
        return nb.sum(nb.square(x @ flat))

    found = value_and_grad(f, data[0])(nb.asarray(PARAMETERS["w"], requires_grad=True).detach())
    expected = nb.value_and_grad(f)(PARAMETERS["w"], arrays[0])
    for z, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(z.numpy(), y.numpy(), rtol=1e-12)
    assert value_and_grad(lambda w, x: w * nb.sum(x), [np.ones(3)])(2.0)[1].item() == 3
    series = pytest.importorskip("pandas").Series(PARAMETERS["w"])
    assert np.array_equal(value_and_grad(f, data[0])(series)[1].numpy(), found[1].numpy())
    with pytest.raises(errors.TraceError, match="detach"):
        nb.grad(lambda w: value_and_grad(f, data[0])(w)[0])(PARAMETERS["w"])


@pytest.mark.parametrize("killed", ["one of two", "all"])
def test_a_worker_that_is_killed_loses_nothing(client, data, arrays, killed):
    expected = bits(value_and_grad(loss, data)(PARAMETERS))
    before = client.run(os.getpid)
    pids = list(before.values())[:None if killed == "all" else 1]
    done = threading.Timer(0.3, lambda: [os.kill(pid, signal.SIGKILL) for pid in pids])
    done.start()
    found = value_and_grad(slow_loss, data)(PARAMETERS)
    done.join()
    check(found, arrays)
    assert bits(found) == expected
    client.wait_for_workers(2)
    assert set(pids).isdisjoint(client.run(os.getpid).values())


def test_a_bar_of_partitions(client, data, capsys):
    pytest.importorskip("tqdm")
    plain = bits(value_and_grad(loss, data)(PARAMETERS))
    assert bits(value_and_grad(loss, data, progress=True)(PARAMETERS)) == plain
    assert f"{data[0].npartitions}/{data[0].npartitions}" in capsys.readouterr().err


def test_scipy_minimises_it(client, data, arrays):
    from scipy.optimize import minimize

    def squares(w, x, y):
        return loss({"w": w, "b": nb.asarray(0.25)}, x, y)

    found = minimize(value_and_grad(squares, data), np.zeros(4), jac=True, method="BFGS")
    np.testing.assert_allclose(found.x, np.linalg.lstsq(arrays[0], arrays[1] - 0.25)[0], rtol=1e-5)


# ------------------------------------------------------------------------------------------------ refusals
def test_what_cannot_be_sent(client, data):
    lock, held = threading.Lock(), nb.asarray([1.0], requires_grad=True)

    def locked(p, x):
        with lock:
            return nb.sum(x)

    with pytest.raises(errors.PickleError, match=r"function locked cannot be sent.*top level of a module"):
        value_and_grad(locked, data[0])
    with pytest.raises(errors.TraceError, match="pickle"):
        value_and_grad(lambda p, x, held=held * 2: nb.sum(x) * held[0], data[0])
    with pytest.raises(errors.DtypeError, match="a function"):
        value_and_grad(3, data[0])


def test_partitions_that_do_not_fit(client, data, arrays):
    x, y = data
    with pytest.raises(errors.ShapeError, match=r"chunks .*x\.rechunk\(\{1: -1\}\)"):
        value_and_grad(loss, (x.rechunk((430, 2)), y))
    with pytest.raises(errors.ShapeError, match="24, 12 partitions"):
        value_and_grad(loss, (x, y.rechunk(860)))
    with pytest.raises(errors.ShapeError, match=r"in partition \d+ the collections have 430, 420 rows"):
        value_and_grad(loss, (x, y.rechunk((*[420] * 23, ROWS - 420 * 23))))(PARAMETERS)
    with pytest.raises(errors.ShapeError, match=r"partition 1 is empty \(shape \(0, 4\)\)"):
        value_and_grad(loss, ([arrays[0][:5], arrays[0][:0]], [arrays[1][:5], arrays[1][:0]]))(PARAMETERS)
    with pytest.raises(errors.ShapeError, match=r"partition 0 is empty \(shape \(0,\)\)"):
        value_and_grad(lambda w, part: w * nb.sum(part["x"]), [{"x": np.ones(0)}])(1.0)
    with pytest.raises(errors.ShapeError, match="no partition"):
        value_and_grad(loss, [])
    for wrong in (arrays[0], 3, None):
        with pytest.raises(errors.DtypeError, match="needs a Dask array"):
            value_and_grad(loss, wrong)


@pytest.mark.parametrize("place", [1, 7, 8, 15])
def test_partitions_of_different_dtypes(client, place):
    parts = [np.ones(3, "f4" if k == place else "f8") for k in range(16)]
    with pytest.raises(errors.DtypeError, match=rf"partition {place} (has dtypes )?\('float32',\)"):
        value_and_grad(lambda w, x: w * nb.sum(x), parts)(2.0)


def test_errors_of_the_function_arrive(client, data):
    with pytest.raises(errors.GradientError, match="needs a scalar result"):
        value_and_grad(lambda p, x: x @ p, data[0])(PARAMETERS["w"])
    with pytest.raises(errors.DtypeError, match="only floating-point"):
        value_and_grad(lambda p, x: nb.sum(x), data[0])(3)
    with pytest.raises(errors.AxisError, match=r"sum.*axis 7") as caught:
        value_and_grad(lambda p, x: nb.sum(x, axis=7), data[0])(1.0)
    assert type(caught.value) is errors.AxisError
    with pytest.raises(ZeroDivisionError):
        value_and_grad(lambda p, x: 1 / 0, data[0])(1.0)


def test_without_a_client_or_dask(monkeypatch):
    program = ("import nbgrad as nb, sys\n"
               "assert 'dask' not in sys.modules and 'nbgrad.distributed' not in sys.modules\n"
               "try: nb.distributed.value_and_grad(nb.sum, [])\n"
               "except nb.errors.NbgradError as error: print(error)\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "client = dask.distributed.Client()" in done.stdout
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(errors.MissingPackageError, match="pip install distributed"):
        value_and_grad(loss, [np.ones(3)])
