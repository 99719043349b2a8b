"""Sliding windows and convolutions of any number of axes, against NumPy and SciPy."""

import numpy as np
import pytest
import scipy.signal
from composite_checks import check_row, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad.compile import tiers
from nbgrad.errors import AxisError, ProtocolError, ShapeError, ValueRangeError
from nbgrad.ops.sliding import slide

RNG = np.random.default_rng(5)
PAIRS = [((5,), (3,)), ((3,), (6,)), ((4, 5), (3, 2)), ((2, 3), (4, 4)), ((3, 4, 2), (2, 3, 2)), ((1,), (1,)),
         ((), ())]
ATOL = {"float32": 1e-5, "float64": 1e-13, "complex64": 1e-5, "complex128": 1e-13, "int64": 0}


def numbers(shape, dtype):
    x = RNG.normal(size=shape) * 3
    return (x + 1j * RNG.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


@pytest.mark.parametrize("window, axis", [((2, 3), None), (2, 0), ((2, 2), (1, 1)), ((3,), -1),
                                          ((1, 4), (0, 1)), ((0,), 0), ((2,), (-2,)), ((), ())], ids=str)
def test_windows_are_numpys(window, axis):
    x = numbers((4, 5), "float64")
    want = np.lib.stride_tricks.sliding_window_view(x, window, axis)
    for view in (nb.sliding_window_view, np.lib.stride_tricks.sliding_window_view):
        np.testing.assert_array_equal(view(nb.asarray(x), window, axis).numpy(), want)
    nb.testing.check_grads(lambda x: nb.sliding_window_view(x, window, axis), (x,), order=2)


def test_the_op():
    """Also on rows that are long enough for the kernel, and on as many axes as one likes."""
    check_row("slide", ((60,), (13,), {"pads": ((12, 12),)}), ((40,), (40,), {"pads": ((3, 0),)}),
              ((3, 40), (2, 5), {"pads": ((0, 0), (0, 0))}), ((2, 3, 4), (1, 2, 3), {"pads": ((0, 0),) * 3}))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shapes", [((50,), (13,)), ((3, 2500), (2, 3)), ((2, 3, 50), (1, 2, 6))], ids=str)
def test_the_kernel_is_numpys_sum(dtype, shapes):
    a, v = (numbers(shape, dtype) for shape in shapes)
    with tiers.chosen("compiled"):
        found = slide(a, v, ((0, 0),) * a.ndim).numpy()
    want = np.tensordot(np.lib.stride_tricks.sliding_window_view(a, v.shape), v, a.ndim)
    assert found.dtype == want.dtype
    np.testing.assert_allclose(found, want, rtol=0, atol=100 * ATOL[dtype])


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("shapes", PAIRS, ids=str)
@pytest.mark.parametrize("dtype", ATOL)
def test_convolutions_are_scipys(dtype, shapes, mode):
    a, v = (numbers(shape, dtype) for shape in shapes)
    longer = [n - m for n, m in zip(*shapes, strict=True)]
    inside = min(longer, default=0) >= 0 or max(longer) <= 0
    for name in ("convolve", "correlate"):
        ours, scipys = getattr(nb.signal, name), getattr(scipy.signal, name)
        for method in ("direct", "fft", "auto"):
            if mode == "valid" and not inside:
                with pytest.raises(ShapeError, match="at least as long as the other"):
                    ours(a, v, mode, method)
                continue
            found = ours(a, v, mode, method)
            want = scipys(a, v, mode, "direct")
            assert (found.shape, found.dtype) == (want.shape, want.dtype)
            np.testing.assert_allclose(found.numpy(), want, rtol=0, atol=ATOL[dtype] * 100)


@pytest.mark.parametrize("method", ["direct", "fft"])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("shapes", PAIRS[:5], ids=str)
def test_derivatives_of_convolutions(shapes, mode, method):
    if mode == "valid" and shapes == PAIRS[3]:
        shapes = ((2, 3), (2, 4))
    a, v = (numbers(shape, "float64") for shape in shapes)
    for f in (nb.signal.convolve, nb.signal.correlate):
        nb.testing.check_grads(lambda a, v, f=f: f(a, v, mode, method), (a, v), order=2)


def test_convolution_over_some_axes_broadcasts_others():
    a, v = numbers((3, 5), "float64"), numbers((1, 2), "float64")
    for mode in ("full", "same", "valid"):
        np.testing.assert_allclose(nb.signal.fftconvolve(a, v, mode, axes=1).numpy(),
                                   scipy.signal.fftconvolve(a, v, mode, axes=1), atol=1e-13)
    nb.testing.check_grads(lambda a, v: nb.signal.fftconvolve(a, v, axes=1), (a, v), order=2)


def test_the_complex_derivative_is_that_of_the_parts():
    a, v = numbers((4,), "complex128"), numbers((3,), "complex128")
    def loss(a, v):
        return nb.sum(nb.abs(nb.signal.correlate(a, v)) ** 2)

    gradient = nb.grad(loss, (0, 1))(a, v)
    for k, part in ((0, 1.0), (0, 1j), (1, 1.0), (1, 1j)):
        step = [np.zeros_like(a), np.zeros_like(v)]
        step[k][1] = 1e-6 * part
        difference = (loss(a + step[0], v + step[1]) - loss(a - step[0], v - step[1])).item() / 2e-6
        np.testing.assert_allclose((gradient[k].numpy()[1] * part).real, difference, rtol=1e-6)


@pytest.mark.parametrize("call, error, says", [
    (lambda: nb.sliding_window_view(np.ones(3), 4), ShapeError, "longer than axis 0"),
    (lambda: nb.sliding_window_view(np.ones(3), (1, 1)), ShapeError, "2 windows do not fit 1 axes"),
    (lambda: nb.sliding_window_view(np.ones(3), -1), ValueRangeError, "negative"),
    (lambda: nb.sliding_window_view(np.ones(3), 2, axis=1), AxisError, "axis 1"),
    (lambda: nb.sliding_window_view(np.ones(3), 2, writeable=True), ProtocolError, "writeable"),
    (lambda: nb.signal.convolve(np.ones(3), np.ones((2, 2))), ShapeError, "as many axes"),
    (lambda: nb.signal.convolve(np.ones(3), np.ones(0)), ShapeError, "no elements"),
    (lambda: nb.signal.convolve(np.ones(3), np.ones(2), "most"), ValueRangeError, "full"),
    (lambda: nb.signal.correlate(np.ones(3), np.ones(2), method="fast"), ValueRangeError, "direct"),
    (lambda: nb.signal.fftconvolve(np.ones((3, 2)), np.ones((2, 3)), "valid"), ShapeError, "valid"),
], ids=lambda x: getattr(x, "__name__", None) or str(x))
def test_what_does_not_fit_is_said(call, error, says):
    with pytest.raises(error, match=says):
        call()
