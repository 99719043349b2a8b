"""The namespace of the array API standard: its functions, and the libraries that ask Tensors for it."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy_program

import nbgrad as nb
from nbgrad import errors, testing
from nbgrad.compile import tiers
from nbgrad.interop import array_api

xp = nb.ones(1).__array_namespace__()
X = np.array([[0.5, -1.0, 2.0], [3.0, 0.25, -0.75]])
# What only the standard has, or has in another way than NumPy
_OWN = {"__array_api_version__", "__array_namespace_info__", "bool", "fft", "linalg"}


def test_the_namespace_and_its_versions():
    assert xp is array_api
    for version in (None, "2021.12", "2022.12", "2023.12", "2024.12", "2025.12"):
        assert nb.ones(1).__array_namespace__(api_version=version) is xp
    with pytest.raises(errors.ValueRangeError, match=r"2019\.01.*2025\.12"):
        nb.ones(1).__array_namespace__(api_version="2019.01")
    assert nb.grad(lambda x: x.__array_namespace__().sum(x * x))(3.0).item() == 6


def test_array_api_compat_finds_it():
    compat = pytest.importorskip("array_api_compat")
    x = nb.ones((2, 2))
    assert compat.array_namespace(x, 1.0, None) is xp
    assert compat.is_array_api_obj(x)
    assert not compat.is_numpy_array(x)
    assert compat.device(x) == "cpu"
    assert compat.to_device(x, "cpu").tolist() == x.tolist()
    assert compat.size(x) == 4
    with pytest.raises(TypeError, match="Multiple namespaces"):
        compat.array_namespace(x, np.ones(2))


@pytest.mark.parametrize("name", [name for name in array_api.__all__ if name not in _OWN])
def test_the_names_are_numpys(name):
    """NumPy's main namespace follows the standard too: ours has no name that is not there."""
    assert hasattr(np, name)
    mine = getattr(xp, name)
    if isinstance(mine, type) or not callable(mine):
        assert mine is getattr(np, name)


def test_the_names_of_fft_are_numpys():
    assert {name for name in array_api.fft.__all__ if not hasattr(np.fft, name)} == set()
    found = xp.fft.irfft(xp.fft.rfft(xp.asarray(X[:, :2])))
    np.testing.assert_allclose(testing.values(found), X[:, :2], atol=1e-12)


@pytest.mark.parametrize("name", array_api.linalg.__all__)
def test_the_names_of_linalg_are_numpys(name):
    a = X @ X.T
    assert hasattr(np.linalg, name)
    if name in ("diagonal", "trace"):
        stacked = np.stack([a, 2 * a])
        found = getattr(xp.linalg, name)(xp.asarray(stacked), offset=1)
        assert found.tolist() == getattr(np.linalg, name)(stacked, offset=1).tolist()


@pytest.mark.parametrize("name", ["arange", "empty", "eye", "full", "linspace", "ones", "zeros"])
def test_creation_takes_a_device_and_a_dtype(name):
    args = {"full": (3, 2.0), "linspace": (0.0, 1.0, 3)}.get(name, (3,))
    found = getattr(xp, name)(*args, dtype=xp.float32, device="cpu")
    assert (found.dtype, found.device) == (np.float32, "cpu")
    assert name == "empty" or found.tolist() == getattr(np, name)(*args, dtype=np.float32).tolist()
    with pytest.raises(errors.DeviceError):
        getattr(xp, name)(*args, device="nowhere")
    like = getattr(xp, f"{name}_like", None)
    if like is not None:
        assert like(found, *args[1:], device="cpu").shape == found.shape
        with pytest.raises(errors.DeviceError):
            like(found, *args[1:], device="nowhere")


def test_arrays_from_data():
    array = X.copy()
    x = xp.asarray(array)
    array[0, 0] = 7
    assert x.tolist() == X.tolist()
    assert array.flags.writeable
    assert xp.asarray([1, 2], dtype=xp.float32, device="cpu").dtype == np.float32
    assert xp.asarray(array, copy=False)[0, 0].item() == 7
    assert not array.flags.writeable
    assert xp.from_dlpack(X, device="cpu").tolist() == X.tolist()
    assert xp.astype(x, xp.int8, copy=False, device="cpu").dtype == np.int8
    gradient = nb.grad(lambda x: xp.sum(xp.asarray(x, dtype=xp.float32, copy=True) * 2, dtype=xp.float64))(X)
    assert gradient.tolist() == [[2.0] * 3] * 2


CALLS = {
    "broadcast_arrays": lambda x, ns: ns.broadcast_arrays(x, x[:1], x[0, 1]),
    "meshgrid": lambda x, ns: ns.meshgrid(x[0], x[1], x[0, :2]),
    "meshgrid ij": lambda x, ns: ns.meshgrid(x[0], x[1], indexing="ij"),
    "meshgrid of one": lambda x, ns: ns.meshgrid(x[0]),
    "meshgrid of none": lambda x, ns: ns.meshgrid(),
    "unstack": lambda x, ns: ns.unstack(x, axis=-1),
    "copysign": lambda x, ns: [ns.copysign(x, x[::-1])],
    "conj and real": lambda x, ns: [ns.conj(x), ns.real(x)],
    "sum": lambda x, ns: [ns.sum(x, axis=1, dtype=ns.float32, keepdims=True)],
    "prod": lambda x, ns: [ns.prod(x, axis=0, dtype=ns.float64)],
    "trace": lambda x, ns: [ns.linalg.trace(x, offset=1, dtype=ns.float64)],
}


@pytest.fixture
def interpreted():
    """What is made of ops does not wait for the compiler."""
    with tiers.chosen("interpreted"):
        yield


@pytest.mark.parametrize("name", CALLS)
def test_what_the_namespace_adds(name, interpreted):
    call = CALLS[name]
    found, expected = call(nb.asarray(X), xp), call(X, np)
    assert len(found) == len(expected)
    for z, y in zip(found, expected, strict=True):
        assert (z.dtype, z.shape) == (y.dtype, y.shape)
        np.testing.assert_allclose(z.numpy(), y, rtol=1e-6 if z.dtype == "f4" else 1e-15)
    if found and name != "sum":
        testing.check_grads(lambda x: sum([nb.sum(z * z) for z in call(x, xp)]), [X], 2)


def test_what_does_not_broadcast_is_refused():
    with pytest.raises(errors.ShapeError, match=r"\(2, 3\).*\(2,\)"):
        xp.broadcast_arrays(X, X[:, 0])
    with pytest.raises(errors.ValueRangeError, match="indexing='yx'"):
        xp.meshgrid(X[0], indexing="yx")


def test_what_it_tells_of_itself():
    info = xp.__array_namespace_info__()
    assert info.default_device() in info.devices()
    assert info.capabilities()["boolean indexing"]
    assert nb.asarray(1.0).dtype == info.default_dtypes(device="cpu")["real floating"]
    assert nb.asarray(1).dtype == info.default_dtypes()["integral"]
    assert nb.argmax(X).dtype == info.default_dtypes()["indexing"]
    assert info.dtypes(kind="real floating") == {"float32": np.float32, "float64": np.float64}
    for dtype in info.dtypes().values():
        assert xp.zeros(2, dtype=dtype).dtype == dtype
    assert set(dir(xp)) == {*array_api.__all__}
    assert all(inspect.getdoc(getattr(xp, name)) for name in dir(xp) if callable(getattr(xp, name)))


def test_scipys_functions_take_tensors():
    done = subprocess.run([sys.executable, scipy_program.__file__], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(Path(nb.__file__).parents[1]),
                               "SCIPY_ARRAY_API": "1", "NBGRAD_TIER": "interpreted"}, check=False)
    assert done.returncode == 0, done.stderr
    found = dict(line.split("\t", 1) for line in done.stdout.splitlines())
    for name in scipy_program.FUNCTIONS:
        value, gradient = map(float, found[name].split("\t"))
        assert value < 1e-13, name
        assert gradient < 1e-7, name
    assert {found[name] for name in scipy_program.REFUSED} == {"refused"}


def test_einops_array_api_takes_tensors(interpreted):
    einops = pytest.importorskip("einops.array_api")
    x = np.arange(24.0).reshape(2, 3, 4)
    weight = np.sin(x).ravel()
    for f in (lambda x: einops.rearrange(x, "b c d -> (d c b)"),
              lambda x: einops.repeat(einops.reduce(x, "b (c e) d -> b c", "mean", e=3), "b c -> (b c 12)"),
              lambda x: einops.reduce(x, "b c (d e) -> (b c d)", "max", e=2)):
        value, gradient = nb.value_and_grad(lambda x, f=f: nb.sum(f(x) * weight[:f(x).size]))(x)
        assert value.item() == pytest.approx(np.sum(f(x) * weight[:f(x).size]), rel=1e-14)
        testing.check_grads(lambda x, f=f: f(x * x), [x + 1], 1)
        assert np.any(gradient.numpy())
