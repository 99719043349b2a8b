"""where= and initial= of reductions: NumPy's values and errors, and derivatives also in the initial value."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.compile import tiers
from nbgrad.testing import values

RNG = np.random.default_rng(8)
X = RNG.normal(size=(3, 4))
MASK = np.array([[True, False, True, True], [False, False, True, True], [True, False, False, True]])
INITIAL = {"sum": 1.5, "prod": -2.0, "max": 0.25, "min": 0.25}
NAMES = [*INITIAL, "mean", "var", "std", "any", "all"]


@pytest.fixture(autouse=True, scope="module")
def interpreted():
    with tiers.chosen("interpreted"):
        yield


def arrays(name):
    yield X
    yield X.astype("f4")
    yield (X * 3).astype("i8")
    yield X > 0 if name in ("any", "all") else X + 1j * X[::-1]


def options(name):
    """Arguments with a mask, and with an initial value where NumPy has one."""
    first = {"initial": INITIAL[name]} if name in INITIAL else {}
    for form in ({}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1, "keepdims": True}):
        for mask in (MASK, MASK[:1], MASK[:, :1], False):
            yield form | first | {"where": mask}
        if first:
            yield form | first
    if name in ("var", "std"):
        yield {"axis": 1, "ddof": 1, "where": MASK}
    if name in ("sum", "prod"):
        yield {"where": MASK}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_are_numpys(name):
    for x in arrays(name):
        for given in options(name):
            if x.dtype.kind == "i" and "initial" in given:
                given["initial"] = int(given["initial"])
            want = np.asarray(getattr(np, name)(x, **given))
            for call in (getattr(nb, name),
                         lambda x, **given: getattr(nb.asarray(x), name)(**given),
                         lambda x, **given: getattr(np, name)(nb.asarray(x), **given)):
                got = values(call(x, **given))
                assert (got.dtype, got.shape) == (want.dtype, want.shape), (given, x.dtype)
                rtol = 1e-5 if x.dtype == "f4" else 1e-13
                np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol)


def test_of_no_element():
    empty = np.ones((0, 3))
    for name, value in INITIAL.items():
        np.testing.assert_array_equal(values(getattr(nb, name)(empty, axis=0, initial=value)), [value] * 3)


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
def test_derivatives_in_the_initial_value_too(name):
    op = getattr(nb, name)
    nb.testing.check_grads(lambda x, y: op(x, axis=0, where=MASK, initial=y), (X, np.float64(0.4)), 2)
    nb.testing.check_grads(lambda x: op(x, axis=1, where=MASK, initial=x[0, 0] * 3), (X,), 2)
    nb.testing.check_grads(lambda x, y: op(x, initial=y), (X + 1j * X.T.reshape(3, 4), 0.1 + 0.2j), 2, 1e-6)


@pytest.mark.parametrize("name", ["mean", "var", "std"])
def test_derivatives_of_the_chosen(name):
    op = getattr(nb, name)
    nb.testing.check_grads(lambda x: op(x, axis=1, where=MASK), (X,), 2)
    nb.testing.check_grads(lambda x: op(x, where=MASK, keepdims=True), (X + 1j * X[:, ::-1],), 2, 1e-6)


def test_what_is_left_out_has_slope_zero_whatever_it_is():
    x = np.array([1.0, np.nan, np.inf, 2.0])
    for name in ("sum", "prod", "mean", "var", "std"):
        slope = nb.grad(getattr(nb, name))(x, where=np.array([True, False, False, True]))
        assert np.all(np.isfinite(values(slope)))
        np.testing.assert_array_equal(values(slope)[1:3], 0)


@pytest.mark.parametrize(("call", "error", "match"), [
    (lambda: nb.max(X, where=MASK), errors.ValueRangeError, "max: where needs initial"),
    (lambda: nb.min(X, axis=0, where=MASK), errors.ValueRangeError, "min: where needs initial"),
    (lambda: nb.sum(X, where=[1, 0, 1, 1]), errors.DtypeError, "booleans as where"),
    (lambda: nb.var(X, where=np.ones((2, 2), bool)), errors.ShapeError, "broadcast"),
    (lambda: nb.sum(X, axis=0, initial=np.ones(4)), errors.ShapeError, "initial is a scalar"),
    (lambda: nb.mean(X, initial=1.0), errors.DtypeError, "mean"),
    (lambda: nb.max(np.ones((0, 2)), axis=0), errors.ShapeError, "max")])
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call()
