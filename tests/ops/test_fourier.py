"""Fourier transforms: NumPy's values for every length, axis and norm, and derivatives in both modes."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.compile import tiers
from nbgrad.testing import values

RNG = np.random.default_rng(8)
ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
SEVERAL = ("fftn", "ifftn", "fft2", "ifft2", "rfftn", "irfftn", "rfft2", "irfft2")
OF_REALS = ("rfft", "ihfft", "rfftn", "rfft2")


@pytest.fixture(autouse=True)
def interpreted():
    with tiers.chosen("interpreted"):
        yield


def drawn(name, shape):
    x = RNG.normal(size=shape)
    return x if name in OF_REALS else x + 1j * RNG.normal(size=shape)


def same(name, x, *args, **kwargs):
    """Ours, and NumPy's of Tensors, are NumPy's in value, shape and dtype."""
    want = getattr(np.fft, name)(x, *args, **kwargs)
    for got in (getattr(nb.fft, name)(x, *args, **kwargs),
                getattr(np.fft, name)(nb.asarray(x), *args, **kwargs)):
        got = values(got)
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        rtol = 1e-5 if want.dtype.itemsize in (4, 8) and want.dtype != "f8" else 1e-13
        np.testing.assert_allclose(got, want, rtol, rtol * np.abs(want).max(initial=0))


def transposed(f, x):
    """Re <g, f(t)> is Re <pullback(g), t>, and a jvp is f of the tangent: f is linear."""
    y, pullback = nb.vjp(f, x)
    g, t = RNG.normal(size=y.shape), RNG.normal(size=x.shape)
    if y.is_complex():
        g = g + 1j * RNG.normal(size=y.shape)
    if np.iscomplexobj(x):
        t = t + 1j * RNG.normal(size=x.shape)
    pushed = values(nb.jvp(f, (x,), (t,))[1])
    np.testing.assert_allclose(pushed, values(f(t)), rtol=1e-12, atol=1e-12)
    back = values(pullback(g)[0])
    assert back.dtype == x.dtype
    assert np.real(np.sum(back * t)) == pytest.approx(np.real(np.sum(g * pushed)), rel=1e-10)


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("name", ONE)
def test_one_axis(name, norm):
    for shape in ((5,), (6,), (2, 4, 3)):
        for n in (None, 1, 2, 7, 8):
            for axis in range(-1, len(shape)):
                x = drawn(name, shape)
                same(name, x, n, axis, norm)
                transposed(lambda x, n=n, axis=axis: getattr(nb.fft, name)(x, n, axis, norm), x)


@pytest.mark.parametrize("name", SEVERAL)
def test_several_axes(name):
    for s, axes in ((None, None), (None, (0, 1)), ((3, 6), (0, 2)), ((5, 4), (-1, 0)), ((-1, 3), (1, 0))):
        if axes is None and name.endswith("2"):
            axes = (-2, -1)
        x = drawn(name, (3, 4, 5))
        same(name, x, s, axes, "ortho")
        transposed(lambda x, s=s, axes=axes: getattr(nb.fft, name)(x, s, axes), x)


@pytest.mark.parametrize("dtype", ["float32", "complex64", "int8", "bool", "float64"])
def test_dtypes(dtype):
    x = RNG.normal(size=(3, 6)).astype(dtype)
    for name in ONE + SEVERAL:
        if not (dtype.startswith("complex") and name in OF_REALS):
            same(name, x)


def test_an_axis_named_twice_is_transformed_twice():
    same("fftn", drawn("fftn", (3, 4)), None, (0, 0))


def test_second_derivatives():
    x = RNG.normal(size=6)
    nb.testing.check_grads(lambda x: nb.sum(nb.abs(nb.fft.rfft(nb.sin(x))) ** 3), [x], 2)
    nb.testing.check_grads(lambda x: nb.fft.irfft(nb.fft.rfft(x, 9) * nb.fft.rfft(x**2, 9), 9), [x], 2)


def test_frequencies_and_shifts():
    for n in (1, 4, 5):
        np.testing.assert_array_equal(values(nb.fft.fftfreq(n, 0.5)), np.fft.fftfreq(n, 0.5))
        np.testing.assert_array_equal(values(nb.fft.rfftfreq(n, 0.5)), np.fft.rfftfreq(n, 0.5))
    found = nb.fft.fftfreq(4, dtype="float32", device="cpu")
    assert (found.dtype, found.device) == (np.float32, "cpu")
    with pytest.raises(errors.DeviceError):
        nb.fft.rfftfreq(4, device="tape")
    nb.testing.check_grads(lambda d: nb.fft.fftfreq(5, d), [np.array(0.7)], 2)
    for x in (RNG.normal(size=5), RNG.normal(size=(4, 3))):
        for name in ("fftshift", "ifftshift"):
            for axes in (None, 0, (0,), (x.ndim - 1,)):
                same(name, x, axes)
            transposed(getattr(nb.fft, name), x)


@pytest.mark.parametrize(("call", "kind"), [
    (lambda: nb.fft.fft(np.ones(4), 0), ValueError),
    (lambda: nb.fft.fft(np.ones(4), norm="none"), ValueError),
    (lambda: nb.fft.fft(np.ones(4), axis=1), IndexError), (lambda: nb.fft.fft(1.0), ValueError),
    (lambda: nb.fft.rfft(np.ones(4) * 1j), TypeError),
    (lambda: nb.fft.fftn(np.ones((2, 2)), (1, 2, 3)), ValueError),
    (lambda: nb.fft.irfft(np.ones(1)), ValueError), (lambda: nb.fft.fft(np.ones(4), 2.5), TypeError),
    (lambda: nb.fft.fftfreq(0), ValueError), (lambda: nb.fft.rfftfreq(2.0), TypeError),
    (lambda: nb.fft.fftn(np.ones(3), axes=()), ValueError),
    (lambda: np.fft.fft(nb.ones(4), out=np.ones(4)), TypeError)])
def test_bad_input(call, kind):
    with pytest.raises(kind) as info:
        call()
    assert isinstance(info.value, errors.NbgradError)
