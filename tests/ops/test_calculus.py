"""Sampled functions: integrals, differences, interpolation, convolution, phases."""

import itertools

import numpy as np
import pytest
from composite_checks import checks_of, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors
from nbgrad.testing import values

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(4, 3, 5))
INTS = np.array([[3, -1, 2], [0, 5, 3], [1, 1, 4]])
PLACES = np.array([0.0, 0.5, 0.7, 1.9])
LONG, SHORT = B[0, 0], A[0, :2]
WHERE = np.array([[0.1, 0.6, 1.5], [0.55, -0.5, 2.5]])

# (function, arguments, parameters)
CASES = [
    ("trapezoid", (B,), {}),
    ("trapezoid", (B,), {"axis": 1, "dx": 0.3}),
    ("trapezoid", (B, PLACES), {"axis": 0}),
    ("trapezoid", (A, np.cumsum(np.abs(A), 1)), {"axis": -1}),
    ("trapezoid", (A[:, :1],), {"axis": 1}),
    *[("gradient", (B,), {"axis": axis, "edge_order": order}) for axis, order in itertools.product(
        (None, 0, (2, 0)), (1, 2))],
    ("gradient", (A, np.array(0.3)), {}),
    *[("gradient", (A, np.array([0.0, 0.4, 1.5]), PLACES), {"edge_order": order}) for order in (1, 2)],
    ("gradient", (A, 0.5, PLACES), {"edge_order": 2}),
    ("gradient", (A, PLACES), {"axis": 1}),
    ("gradient", (A[0, :2],), {}),
    ("interp", (WHERE, PLACES, A[0]), {}),
    ("interp", (WHERE, PLACES, A[0]), {"left": 2.0, "right": -1.0}),
    ("interp", (WHERE, np.array([0.7, 2.4, 1.3, 0.2]), A[0]), {"period": 2.0}),
    ("interp", (WHERE, PLACES[:1], A[0, :1]), {}),
    *[(name, pair, {"mode": mode}) for name, pair, mode in itertools.product(
        ("convolve", "correlate"), ((LONG, SHORT), (SHORT, LONG), (LONG, A[1]), (A[1], A[2])),
        ("full", "same", "valid"))],
    ("ediff1d", (A,), {}),
    ("ediff1d", (A, B[0, 0], B[1]), {}),
    ("ediff1d", (A[0], None, np.array(2.0)), {}),
    ("unwrap", (3 * B,), {}),
    ("unwrap", (3 * B,), {"axis": 0, "period": 4.0}),
    ("unwrap", (3 * B,), {"axis": 1, "discont": 5.0}),
]
DISCRETE = [
    ("trapezoid", (INTS,), {}), ("trapezoid", (INTS,), {"dx": 2}), ("gradient", (INTS,), {}),
    ("gradient", (A, np.array([0, 1, 3])), {"axis": 0}),
    ("interp", (INTS, [0, 2, 3], [1, 5, 2]), {}),
    ("interp", ([0.0, np.nan, 3.0], [0, 2, 3], [1, 5, 2]), {}),
    ("interp", ([2.0, 3.0, 2.5], [0, 2, 2, 3, 3], [1, 5, 2, 0, 7]), {}), ("interp", (1.0, PLACES, A[0]), {}),
    ("convolve", (INTS[0], INTS[1]), {}), ("correlate", (INTS[0], INTS[1, :2]), {"mode": "same"}),
    ("convolve", (INTS[0], 2.5), {}),
    ("ediff1d", (INTS,), {"to_end": 7}), ("ediff1d", (np.zeros(0),), {"to_begin": [1.0, 2.0]}),
    ("unwrap", (3 * INTS,), {"period": 4}), ("unwrap", (3 * INTS,), {"period": 5}),
    ("unwrap", (3 * INTS,), {}),
    ("unwrap", (np.array([0.0, 2.0, 0.0, 7.0, 1.0]),), {"period": 4.0}),
]


test_values, test_derivatives = checks_of(CASES, DISCRETE)


def test_the_slope_of_an_interpolation_is_at_a_point_that_to_its_right():
    x, xp, fp = np.array([-1.0, 0.0, 1.0, 3.0, 4.0]), np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 8.0])
    slope = nb.grad(lambda t: nb.sum(nb.interp(t, xp, fp)))(x)
    np.testing.assert_array_equal(slope, [0, 1, 3, 0, 0])
    ends = nb.grad(lambda a, b: nb.sum(nb.interp(x, xp, fp, a, b)), (0, 1))(2.0, 3.0)
    np.testing.assert_array_equal([float(end) for end in ends], [1, 1])


def test_spacings_and_periods_have_gradients():
    nb.testing.check_grads(lambda f, h: nb.gradient(f, h, edge_order=2), [A[0], np.array(0.3)])
    nb.testing.check_grads(lambda y, h: nb.trapezoid(y, dx=h), [A, np.array([0.1, 0.2, 0.3])])
    nb.testing.check_grads(lambda p, period: nb.unwrap(p, period=period), [3 * A, np.array(4.0)])
    nb.testing.check_grads(lambda t, xp, fp, period: nb.interp(t, xp, fp, period=period),
                           [WHERE, np.array([0.7, 2.4, 1.3, 0.2]), A[0], np.array(2.0)])


def test_second_derivatives_of_an_interpolation_are_symmetric():
    matrix = nb.hessian(lambda v: nb.interp(v[0], v[1:3], v[3:]) ** 2)(np.array([0.4, 0.1, 0.9, 2.0, 5.0]))
    np.testing.assert_allclose(values(matrix), values(matrix).T, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.gradient(A, 1.0, 2.0, 3.0), errors.ValueRangeError, "gradient: 3 spacings do not fit 2 axes"),
    (lambda: nb.gradient(A, PLACES), errors.ValueRangeError, "gradient: 1 spacings do not fit 2 axes"),
    (lambda: nb.gradient(A, PLACES, axis=0), errors.ShapeError, r"gradient: got shape \(4,\).*3 samples"),
    (lambda: nb.gradient(A[:2], axis=0, edge_order=2), errors.ShapeError, "axis 0 needs at least 3"),
    (lambda: nb.gradient(A, edge_order=3), errors.ValueRangeError, "edge_order=3"),
    (lambda: nb.interp(1.0, A, A), errors.ShapeError, "interp: .*one axis"),
    (lambda: nb.interp(1.0, [], []), errors.ShapeError, "interp: .*above 0"),
    (lambda: nb.interp(1.0, PLACES, A[0], period=0), errors.ValueRangeError, "interp: period=0"),
    (lambda: nb.convolve(A, SHORT), errors.ShapeError, "convolve: .*vectors"),
    (lambda: nb.correlate([], SHORT), errors.ShapeError, "correlate: .*vectors"),
    (lambda: nb.convolve(LONG, SHORT, "circular"), errors.ValueRangeError, "convolve: mode='circular'"),
    (lambda: nb.ediff1d(INTS, to_end=0.5), errors.DtypeError, "ediff1d: .*same_kind"),
    (lambda: nb.trapezoid(A, axis=2), errors.AxisError, "trapezoid: axis 2"),
    (lambda: nb.unwrap(A, axis=2), errors.AxisError, "unwrap: axis 2"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
