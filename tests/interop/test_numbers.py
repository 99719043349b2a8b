"""Tensors where Python asks for numbers: round, divmod, math.floor, ceil and trunc, formats."""

import math

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("f", [round, math.floor, math.ceil, math.trunc, int])
@pytest.mark.parametrize("value", [0.0, -0.0, 2.5, 3.5, -2.5, 2.675, -7.3, 1e30])
def test_integers_of_scalars_are_numpys(f, value, dtype):
    scalar = np.dtype(dtype).type(value)
    found = f(nb.asarray(scalar))
    assert type(found) is int and found == f(scalar.item())


@pytest.mark.parametrize("f", [round, math.floor, math.ceil, math.trunc])
def test_integers_of_scalars_of_other_kinds(f):
    assert f(nb.asarray(7)) == 7
    assert f(nb.asarray(True)) == 1
    with pytest.raises(ValueError, match="NaN"):
        f(nb.asarray(np.nan))
    with pytest.raises(OverflowError, match="infinity"):
        f(nb.asarray(np.inf))


@pytest.mark.parametrize("f", [math.floor, math.ceil, math.trunc])
def test_several_elements_are_no_integer(f):
    with pytest.raises(errors.ValueRangeError, match=rf"{f.__name__}\(\) of a tensor of shape \(2,\)"):
        f(nb.ones(2))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("digits", [0, 2, -1, np.int64(1)])
def test_round_to_digits(digits, dtype):
    x = np.array([[12.345, -0.055], [2.5, 150.0]]).astype(dtype)
    found = round(nb.asarray(x), digits)
    np.testing.assert_array_equal(found, np.round(x, digits))
    assert found.dtype == dtype
    np.testing.assert_array_equal(round(nb.asarray(x.T), digits), np.round(x.T, digits))
    scalar = round(nb.asarray(x[0, 0]), digits)
    assert scalar.shape == () and scalar.dtype == dtype and scalar.item() == np.round(x[0, 0], digits)


def test_round_of_arrays_without_digits():
    np.testing.assert_array_equal(round(nb.asarray([0.5, 1.5, -2.7])), [0, 2, -3])
    assert round(nb.ones((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("x, y", [
    ([5.5, -3.25, 0.0], 2.0), (7.5, [2.0, -2.0]), ([7, -7], [2, 2]), (np.float32([5.5, -5.5]), np.float32(2)),
    ([[1.0], [5.0]], [2.0, 3.0]), (np.ones((0, 2)), 2.0), (-7.5, 2.0)])
def test_divmod(x, y):
    want = divmod(np.asarray(x), np.asarray(y))
    plain = x if isinstance(x, float) else np.asarray(x)
    a, b = nb.asarray(x), nb.asarray(y)
    for found in (divmod(a, b), divmod(a, y), divmod(plain, b)):
        for part, expected in zip(found, want, strict=True):
            np.testing.assert_array_equal(part, expected)
            assert part.dtype == expected.dtype
    quotient, rest = divmod(a, b)
    np.testing.assert_array_equal(quotient * b + rest, np.broadcast_to(x, rest.shape))


def test_divmod_of_what_is_no_number():
    with pytest.raises(TypeError, match="unsupported operand"):
        divmod(nb.ones(2), "a")


def test_inside_a_gradient_integers_are_constants_and_the_rest_has_slopes():
    def f(x):
        assert (math.floor(x), math.ceil(x), math.trunc(x), round(x)) == (2, 3, 2, 3)
        quotient, rest = divmod(x, 2.0)
        return quotient + 3 * rest + round(x, 1) + math.floor(x) * x

    assert nb.grad(f)(2.75).item() == 5
    assert nb.jvp(f, (2.75,), (1.0,))[1].item() == 5
    assert nb.grad(nb.grad(f))(2.75).item() == 0


def test_formats_inside_a_gradient():
    seen = []

    def f(x):
        seen.append(f"{x:.2f} {x:>8} {x} {nb.sum(x):e}")
        return x * x

    for take in (lambda: nb.grad(f)(2.567), lambda: nb.jvp(f, (2.567,), (1.0,)),
                 lambda: f(nb.asarray(2.567, requires_grad=True)), lambda: nb.grad(nb.grad(f))(2.567)):
        take()
        assert seen.pop() == f"2.57 {2.567:>8} 2.567 {2.567:e}"


def test_formats_are_those_of_the_number():
    assert f"{nb.asarray(3):d} {nb.asarray(255):#x} {nb.asarray(0.25):.0%}" == "3 0xff 25%"
    assert f"{nb.asarray(np.float32(0.1)):.9f}" == f"{np.float32(0.1):.9f}"
    with pytest.raises(ValueError, match="Unknown format code 'd'"):
        f"{nb.asarray(3.5):d}"


@pytest.mark.parametrize("shape", [(2,), (0,), (2, 3)])
def test_formats_of_several_elements(shape):
    x = nb.ones(shape)
    assert f"{x}" == repr(x)
    with pytest.raises(errors.ProtocolError, match=r"the format '\.2f' is for one number"):
        f"{x:.2f}"


@pytest.mark.parametrize("use", [round, math.floor, lambda x: f"{x:.2f}"])
def test_symbols_have_no_value(use):
    with pytest.raises(errors.TraceError, match="scalar symbols"):
        nb.elementwise("symbol", lambda x: x * len(str(use(x))))(1.0)
