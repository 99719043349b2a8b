"""A user's function is one function: its derivatives are those of what it was when its value was computed."""

from functools import cache

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors

SCALE = 2.0


def _scaled(x, y):
    return nb.sin(SCALE * x) * y


# What makes functions of two operands that read SCALE whenever they are asked.
READERS = {
    "a value": lambda: nb.elementwise("reader_of_tests", _scaled),
    "a value and partials": lambda: nb.elementwise(
        "partial_reader_of_tests", _scaled,
        lambda x, y, z: (SCALE * nb.cos(SCALE * x) * y, nb.sin(SCALE * x))),
    "partials that read nothing else": lambda: nb.elementwise(
        "linear_reader_of_tests", lambda x, y: SCALE * x + y, lambda x, y, z: (SCALE, 1)),
    "a parameter": lambda: nb.elementwise(
        "parameter_reader_of_tests", lambda x, y, k=1.0, n=2: nb.sin(SCALE * x * k) ** n * y),
    "a choice": lambda: nb.elementwise(
        "choosing_reader_of_tests", lambda x, y: nb.where(x > 0.3, SCALE * x, y * x)),
    "gdot": lambda: lambda x, y: nb.gdot(x.reshape(1, -1), y.reshape(-1, 1), lambda a, b: SCALE * a * a * b),
    "gdot's largest": lambda: lambda x, y: nb.gdot(
        x.reshape(1, -1), y.reshape(-1, 1), lambda a, b: SCALE * a + b, "max"),
}
reader = cache(lambda what: READERS[what]())          # made late: other tests go through the table


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("what", READERS)
def test_what_a_function_refers_to_may_change_before_its_derivative(what, dtype, monkeypatch):
    f = reader(what)
    x, y = np.array([0.25, 0.5, 0.75], dtype), np.array([1.0, 2.0, 3.0], dtype)
    value, pull = nb.vjp(lambda x, y: nb.sum(f(x, y)), x, y)
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    rounding = 4e-3 if dtype == np.float32 else 1e-7
    gradient = pull(np.ones((), dtype))
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    step = 1e-6
    for i, found in enumerate(gradient):
        for k in range(3):
            args = [np.array([0.25, 0.5, 0.75]), np.array([1.0, 2.0, 3.0])]
            ends = []
            for sign in (1, -1):
                moved = [a.copy() for a in args]
                moved[i][k] += sign * step
                ends.append(float(nb.sum(f(*map(nb.asarray, moved)))))
            np.testing.assert_allclose(found.numpy()[k], (ends[0] - ends[1]) / (2 * step), rtol=rounding)
    assert np.isfinite(float(value))


def test_gradients_of_a_loop_are_those_of_each_turn():
    x, total = nb.tensor([1.0, 2.0], requires_grad=True), nb.asarray(0.0)
    for c in (2.0, 3.0, 5.0):
        total = total + nb.sum(nb.gdot(x, nb.ones(2), lambda a, b: c * a * b))       # noqa: B023
    total.backward()
    assert x.grad.numpy().tolist() == [10.0, 10.0]


def test_partials_that_raise_do_so_when_they_are_needed():
    def partials(x, z):
        raise NotImplementedError("no derivative yet")

    f = nb.elementwise("unfinished_of_tests", lambda x: nb.exp(x) + 1.0, partials)
    assert float(f(nb.asarray(0.0))) == 2.0
    for _ in range(2):
        with pytest.raises(NotImplementedError, match="no derivative yet"):
            nb.grad(f)(0.0)


def test_a_parameter_has_no_derivative_in_a_function_of_it():
    inner = nb.elementwise("bent_of_tests", lambda x, k=1.0: nb.exp(k * x))
    outer = nb.elementwise("bending_of_tests", lambda x, k: inner(x, k=k))
    assert float(outer(nb.asarray(0.5), nb.asarray(2.0))) == pytest.approx(np.exp(1.0))
    assert float(nb.grad(lambda x: outer(x, 2.0))(0.5)) == pytest.approx(2 * np.exp(1.0))
    with pytest.raises(errors.TraceError, match="k, a parameter"):
        nb.grad(lambda k: outer(0.5, k))(2.0)
