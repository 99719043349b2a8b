"""Order statistics, moments of several variables, and reductions that leave nan out."""

import numpy as np
import pytest
from composite_checks import check_values, checks_of, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors
from nbgrad.testing import values

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(2, 3, 4))
INTS = np.array([[3, -1, 2], [0, 5, 3]])
Q = np.array([0.1, 0.55, 0.8])
HOLES = np.where(np.random.default_rng(2).random((3, 5)) < 0.3, np.nan,
                 np.random.default_rng(3).normal(size=(3, 5)))
HOLES[1] = np.nan

# (function, arguments, parameters)
CASES = [
    *[("ptp", (B,), {"axis": axis}) for axis in (None, 1, (0, -1))],
    ("ptp", (A,), {"axis": 0, "keepdims": True}),
    *[("median", (B,), {"axis": axis}) for axis in (None, 1, -1, (0, 2), ())],
    ("median", (A,), {"axis": 1, "keepdims": True}),
    *[("quantile", (B, Q), {"axis": axis, "keepdims": keep}) for axis, keep in (
        (None, False), (1, True), ((0, 2), False), ((-1, 1), True))],
    *[("quantile", (A, Q.reshape(3, 1)), {"axis": 0, "method": method}) for method in (
        "linear", "lower", "higher", "midpoint", "nearest")],
    ("quantile", (A, 0.3), {}),
    ("percentile", (A, 100 * Q), {"axis": 1}),
    ("percentile", (A, 35), {"axis": 1, "method": "midpoint"}),
    ("average", (B, (1, 2), np.abs(A)), {"returned": True}),
    ("average", (B,), {"axis": 0, "returned": True}),
    ("cov", (A,), {}),
    ("cov", (A, B[0]), {"ddof": 0}),
    ("cov", (A,), {"rowvar": False, "bias": True}),
    ("cov", (A[0],), {}),
    ("cov", (A, A[0] ** 2), {"ddof": 2}),
    ("cov", (A,), {"fweights": np.array([1, 3, 0, 2]), "aweights": np.array([0.5, 1.0, 2.0, 0.1])}),
    ("cov", (A,), {"aweights": np.array([0.5, 1.0, 2.0, 0.1])}),
    ("corrcoef", (A,), {}),
    ("corrcoef", (A[0], A[1]), {}),
    ("corrcoef", (A,), {"rowvar": False}),
]
DISCRETE = [
    ("ptp", (INTS,), {"axis": 1}), ("median", (INTS,), {"axis": 0}), ("median", (INTS > 1,), {}),
    *[("quantile", (INTS, 0.3), {"method": method, "axis": 1}) for method in (
        "linear", "lower", "higher", "midpoint", "nearest")],
    ("quantile", (INTS, [0, 1]), {}), ("quantile", (A, [0, 1]), {}), ("quantile", (A, 1), {}),
    ("percentile", (INTS, [0, 50, 100]), {}), ("quantile", (A, [0.25, 0.5]), {"axis": 0}),
    ("quantile", (A, np.float32(0.3)), {}), ("median", (HOLES,), {"axis": 0}),
    ("quantile", (HOLES, 0.4), {"axis": 1}), ("median", (np.array(2.0),), {}),
    ("cov", (INTS,), {}), ("cov", (A,), {"dtype": "float32"}), ("average", (INTS,), {"returned": True}),
]
NANS = ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian"]


test_values, test_derivatives = checks_of(CASES, DISCRETE)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")      # NumPy's, of rows that are nan alone
def test_what_is_nan_is_left_out_and_has_no_slope(axis):
    for name in NANS:
        check_values(name, (HOLES,), {"axis": axis, "keepdims": axis == 1})
        x = HOLES[[0, 2]] if axis == 1 else np.delete(HOLES, 1, 0)
        x = np.vstack([x, np.arange(5.0) + 0.5])
        slope = values(nb.grad(lambda t, name=name: nb.sum(getattr(nb, name)(t, axis)))(x))
        assert (slope[np.isnan(x)] == 0).all()
        assert np.isfinite(slope).all()
        check_numbers(name, x, axis)
    for name in ("nancumsum", "nancumprod"):
        check_values(name, (HOLES,), {"axis": axis})
    for name, q in (("nanquantile", 0.3), ("nanpercentile", [10.0, 90.0])):
        check_values(name, (HOLES, q), {"axis": axis})


def check_numbers(name, x, axis):
    """Derivatives in the elements that are numbers."""
    where = np.isnan(x)
    nb.testing.check_grads(lambda t: getattr(nb, name)(nb.where(where, np.nan, t), axis),
                           [np.where(where, 0.0, x)])


@pytest.mark.parametrize("name", [*NANS, "nancumsum", "nancumprod"])
def test_integers_are_never_nan(name):
    check_values(name, (INTS,), {"axis": 1})


def test_derivatives_where_there_are_ties_are_as_is_said():
    x = np.array([2.0, 5.0, 2.0, 5.0])
    np.testing.assert_array_equal(nb.grad(nb.ptp)(x), [-0.5, 0.5, -0.5, 0.5])
    np.testing.assert_array_equal(nb.grad(nb.median)(x), [0, 0.5, 0.5, 0])
    line = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    slopes = nb.grad(lambda q: nb.sum(nb.quantile(line, q)))(np.array([0.0, 0.25, 0.5, 1.0]))
    np.testing.assert_array_equal(slopes, [4, 8, 16, 32])
    np.testing.assert_array_equal(nb.grad(lambda t: nb.quantile(t, 0.5))(line), [0, 0, 1, 0, 0])


def test_second_derivatives_in_x_and_q_are_symmetric():
    matrix = nb.hessian(lambda both: nb.sum(nb.quantile(both[:4], both[4:]) ** 2))(np.r_[A[0], 0.2, 0.7])
    np.testing.assert_allclose(values(matrix), values(matrix).T, atol=1e-13)


def test_nothing_has_no_quantile():
    assert np.isnan(values(nb.median(np.zeros((0,)))))
    assert nb.median(np.zeros((3, 0)), axis=0).shape == (0,)
    with pytest.raises(errors.ShapeError, match=r"quantile.*\(0, 3\) hold no element"):
        nb.quantile(np.zeros((0, 3)), 0.5)
    with pytest.raises(errors.ShapeError, match=r"ptp.*\(0, 3\) hold no element"):
        nb.ptp(np.zeros((0, 3)), axis=0)
    with pytest.raises(errors.ShapeError, match=r"nanmin.*\(0, 3\) hold no element"):
        nb.nanmin(np.zeros((0, 3)))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.quantile(A, 1.5), errors.ValueRangeError, "quantile: q=1.5 does not lie from 0 to 1"),
    (lambda: nb.percentile(A, [np.nan]), errors.ValueRangeError, "percentile: q=.* from 0 to 100"),
    (lambda: nb.quantile(A, 0.5, method="weibull"), errors.ValueRangeError, "method='weibull'.*nearest"),
    (lambda: nb.quantile(A > 0, 0.5), errors.DtypeError, "quantile: not defined for dtypes bool"),
    (lambda: nb.median(A, axis=2), errors.AxisError, "median: axis 2"),
    (lambda: nb.cov(B), errors.ShapeError, r"cov: got shape \(2, 3, 4\)"),
    (lambda: nb.cov(A, np.ones(3)), errors.ShapeError, "cov: shapes"),
    (lambda: nb.cov(A, fweights=np.ones(4)), errors.DtypeError, "cov: fweights must be integers"),
    (lambda: nb.cov(A, aweights=np.ones(3)), errors.ShapeError, r"cov: .*shape \(4,\)"),
    (lambda: nb.cov(A, aweights=-np.ones(4)), errors.ValueRangeError, "cov: weights cannot be negative"),
    (lambda: nb.nanvar(A, ddof=1, correction=1), errors.ValueRangeError, "nanvar: got both"),
    (lambda: np.median(nb.asarray(A), overwrite_input=True), errors.ProtocolError, "overwrite_input"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_correlations_of_one_have_their_second_derivatives():
    """At perfect correlation the value is as large as can be: its gradient is 0, its Hessian is not."""
    x = np.array([1.0, 2.0, 4.0, 7.0])
    y, step = 2 * x + 1, 1e-3
    moved = step * np.eye(4)
    expected = [[sum(s * t * np.corrcoef(x, y + s * a + t * b)[0, 1] for s in (1, -1) for t in (1, -1))
                 / (4 * step**2) for b in moved] for a in moved]

    def f(y):
        return nb.corrcoef(nb.asarray(x), y)[0, 1]

    assert float(f(nb.asarray(y))) <= 1
    np.testing.assert_allclose(nb.grad(f)(y).numpy(), 0, atol=1e-12)
    np.testing.assert_allclose(nb.hessian(f)(y).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("x", [[1, np.inf], [1, 2, np.inf], [-np.inf, 1, np.inf], [np.inf, np.inf],
                               [-np.inf, -np.inf, 3], [-np.inf, np.inf], [-np.inf, 2], [2, np.inf, np.inf]])
def test_quantiles_of_infinities_are_numpys(x):
    q = np.linspace(0, 1, 9)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(nb.quantile(x, q).numpy(), np.quantile(np.array(x, float), q))
