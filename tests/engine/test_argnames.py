"""argnums and argnames: which arguments a transform differentiates by, however a call passes them."""

import functools
import pickle

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.errors import DtypeError, ValueRangeError


def f(x, y=3.0, *, rate=1.0):
    return x * y**2 * rate


CALLS = {
    "by place": lambda t: t(2.0, 3.0, rate=5.0),
    "by keyword": lambda t: t(2.0, y=3.0, rate=5.0),
    "all by keyword": lambda t: t(rate=5.0, y=3.0, x=2.0),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_name_finds_its_argument_however_it_is_passed(call):
    assert call(nb.grad(f, argnames="x")).item() == 45
    assert call(nb.grad(f, argnames="y")).item() == 60
    assert call(nb.grad(f, argnames="rate")).item() == 18
    assert [g.item() for g in call(nb.grad(f, argnames=("rate", "x")))] == [18, 45]
    assert [g.item() for g in call(nb.grad(f, argnames=["y"]))] == [60]


def test_places_come_before_names():
    assert [g.item() for g in nb.grad(f, 0, argnames="rate")(2.0, 3.0, rate=5.0)] == [45, 18]
    value, (gy, grate) = nb.value_and_grad(f, (1,), argnames="rate")(2.0, 3.0, rate=5.0)
    assert (value.item(), gy.item(), grate.item()) == (90, 60, 18)
    (g, h), aux = nb.grad(lambda x, y: (x * y, "aux"), 0, True, argnames="y")(2.0, y=3.0)
    assert (g.item(), h.item(), aux) == (3, 2, "aux")


def test_without_either_it_is_the_first():
    assert nb.grad(f)(2.0).item() == 9


def test_a_keyword_of_a_function_that_takes_any():
    assert nb.grad(lambda **k: k["a"] * k["b"], argnames="b")(a=4.0, b=1.0).item() == 4


def test_trees_by_name():
    g = nb.grad(lambda x, p: x * p["w"] * p["b"], argnames="p")(2.0, p={"w": 3.0, "b": 5.0, "n": 1})
    assert (g["w"].item(), g["b"].item(), g["n"]) == (10, 6, None)


class Model:
    def loss(self, w, x):
        return nb.sum(w * x)

    slope = nb.grad(loss, argnames="w")


def test_methods_partials_and_nested_transforms():
    np.testing.assert_array_equal(Model().slope(np.ones(2), np.array([2.0, 3.0])), [2, 3])
    np.testing.assert_array_equal(nb.grad(Model().loss, argnames="w")(np.ones(2), x=3.0), [3, 3])
    assert nb.grad(functools.partial(f, rate=2.0), argnames="y")(2.0, 3.0).item() == 24
    assert nb.grad(nb.grad(f, argnames="y"), argnames="y")(2.0, 3.0).item() == 4
    assert nb.grad(nb.grad(f, argnames="y"), argnames="rate")(2.0, 3.0, rate=1.0).item() == 12


def test_the_transform_can_be_pickled():
    assert pickle.loads(pickle.dumps(nb.grad(f, argnames="y")))(2.0, 3.0).item() == 12


def g(x, s=1.0):
    return s * nb.stack([x[0] * x[1], x[0] ** 2, nb.sum(x)])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("transform", [nb.jacfwd, nb.jacrev, nb.jacobian])
def test_jacobians_by_name_place_and_layout(transform, dtype):
    x, want = np.array([2.0, 3.0], dtype), np.array([[3, 2], [4, 0], [1, 1]])
    found = transform(g, argnames="x")(x=x, s=2.0)
    np.testing.assert_array_equal(found, 2 * want)
    assert found.dtype == dtype
    np.testing.assert_array_equal(transform(g)(x), want)
    np.testing.assert_array_equal(transform(g, layout="denominator")(x), want.T)
    by_x, by_s = transform(g, 0, argnames="s")(x, s=2.0)
    np.testing.assert_array_equal(by_x, 2 * want)
    np.testing.assert_array_equal(by_s, [6, 4, 5])
    assert transform(g)(np.ones(2)).shape == (3, 2)
    assert transform(nb.exp)(np.ones(0)).shape == (0, 0)
    assert transform(nb.exp)(1.0).shape == ()


def test_jacobians_take_the_mode_of_their_name():
    """Backward passes run the function once, forward passes once for each input more."""
    calls = []

    def counted(x):
        calls.append(type(x.trace).__name__)
        return nb.sin(x)

    for transform, want in ((nb.jacrev, ["Graph"]), (nb.jacfwd, ["Graph"] + 3 * ["Tangents"])):
        calls.clear()
        transform(counted)(np.ones(3))
        assert calls == want


def test_hessians_of_several_arguments():
    def h(x, y):
        return nb.sum(x**2) * y

    (xx, xy), (yx, yy) = nb.hessian(h, argnames=("x", "y"))(np.array([1.0, 2.0]), y=3.0)
    np.testing.assert_array_equal(xx, 6 * np.eye(2))
    np.testing.assert_array_equal(xy, [2, 4])
    np.testing.assert_array_equal(yx, [2, 4])
    assert yy.item() == 0
    np.testing.assert_array_equal(nb.hessian(h, argnames="x")(np.array([1.0, 2.0]), 3.0), xx)
    np.testing.assert_array_equal(nb.jacfwd(nb.jacrev(h))(np.array([1.0, 2.0]), 3.0), xx)


@pytest.mark.parametrize("make, error, message", [
    (lambda: nb.grad(f, argnames="z")(1.0, 2.0), ValueRangeError,
     "grad: argnames 'z' is not among the arguments of this call: x, y. Pass it"),
    (lambda: nb.grad(f, argnames="y")(1.0), ValueRangeError, "left to its default has no gradient"),
    (lambda: nb.jacobian(lambda *xs: xs[0], argnames="xs")(1.0), ValueRangeError, "none that has a name"),
    (lambda: nb.grad(f, 0, argnames="x")(1.0), ValueRangeError, "grad: .* names an argument twice"),
    (lambda: nb.grad(f, argnames=0), DtypeError, "grad: got int, but needs argnames"),
    (lambda: nb.hessian(f, "x"), DtypeError, "grad: got str, but needs argnums"),
    (lambda: nb.grad(f, argnames="rate")(1.0, rate=1), DtypeError, "grad: only floating-point"),
])
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
