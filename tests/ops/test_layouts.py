"""Arrays turned, joined and parted, parts put in and taken out, and elementwise compositions."""

import itertools

import numpy as np
import pytest
from composite_checks import check_derivatives, check_values, interpreted, label  # noqa: F401

import nbgrad as nb
from nbgrad import errors
from nbgrad.engine.tree import flatten, map_leaves
from nbgrad.testing import values

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(2, 3, 4))
C = np.array([-1.5, 0.5, 2.0, 3.0])
INTS = np.array([[3, -1, 2], [0, 5, 3]])
BOOLS = np.array([[True, False, True], [True, True, False]])
ODD = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 2.0])

# (function, arguments, parameters): all of these are linear in the arrays
LINEAR = [
    ("fliplr", (B,), {}), ("flipud", (B,), {}), ("flipud", (C,), {}),
    *[("rot90", (A, k), {}) for k in (-1, 0, 1, 2, 7)], ("rot90", (B,), {"axes": (2, 0)}),
    ("rot90", (B, 3), {"axes": (-1, 1)}),
    *[("rollaxis", (B, axis, start), {}) for axis, start in itertools.product((0, -1), (0, 2, 3, -2))],
    *[(f"atleast_{n}d", (x,), {}) for n, x in itertools.product((1, 2, 3), (np.array(2.0), C, A, B))],
    ("atleast_2d", (C, A, np.array(1.0)), {}),
    ("dstack", ([C, A[0]],), {}), ("dstack", ([A, B[0], B[0]],), {}), ("dstack", ([B, B],), {}),
    ("column_stack", ([C, A.T],), {}), ("column_stack", ([C, C],), {}),
    ("column_stack", ([np.array(1.0), np.array(2.0)],), {}),
    *[("array_split", (B, n), {"axis": axis}) for n, axis in itertools.product((1, 2, 3, 5), (0, -1))],
    ("array_split", (C, [1, 3]), {}), ("hsplit", (C, 2), {}), ("hsplit", (A, [1, 3]), {}),
    ("vsplit", (A, 3), {}), ("dsplit", (B, 2), {}),
    ("append", (A, 2.0), {}), ("append", (A, B[0]), {"axis": 1}), ("append", (A, B[0, :1]), {"axis": 0}),
    *[("delete", (A, places), {"axis": axis}) for places, axis in itertools.product(
        (1, -1, [0, 2], slice(None, None, 2), [], [0, 0]), (None, 0, 1))],
    ("delete", (A, np.array([True, False, True, False])), {"axis": 1}),
    ("insert", (A, 1, 2.0), {}), ("insert", (A, 5, C), {}), ("insert", (A, [5], C), {}),
    ("insert", (A, 1, C), {"axis": 0}), ("insert", (A, 2, C[:3]), {"axis": 1}),
    ("insert", (A, [2], C[:3].reshape(3, 1)), {"axis": 1}),
    ("insert", (A, [0, 2, 2], B[0, :, :3]), {"axis": 1}),
    ("insert", (A, slice(0, 2), C), {"axis": 0}), ("insert", (C, [0, -1], [7.0, 8.0]), {}),
    ("insert", (C, np.array([True, False, False, True]), 7.0), {}), ("insert", (C, [], 7.0), {}),
    ("resize", (A, (2, 3)), {}), ("resize", (A, (5, 7)), {}), ("resize", (C, 3), {}),
    ("resize", (C, (0, 2)), {}),
    ("diagflat", (A[:2, :2],), {}), ("diagflat", (C,), {"k": -2}),
    ("block", ([[A, B[0]], [B[0], A]],), {}), ("block", ([C, C],), {}), ("block", (A,), {}),
    ("block", ([[A, np.ones((3, 1))], [np.zeros((1, 4)), 2.0]],), {}), ("block", ([[[B]], [[B]]],), {}),
    ("select", ([A > 0.5, A > 0], [A, B[0]]), {}), ("select", ([A > 0.5, C > 0], [C, 2.0]), {"default": 7.0}),
]
OTHERS = [
    ("vander", (C,), {}), ("vander", (np.r_[C, 0.0], 3), {"increasing": True}), ("vander", (C, 0), {}),
    ("fmax", (A, C), {}), ("fmin", (A, C), {}), ("fabs", (A,), {}), ("deg2rad", (A,), {}),
    ("rad2deg", (A,), {}), ("degrees", (A,), {}), ("radians", (A,), {}), ("heaviside", (A, C), {}),
    ("copysign", (A, C), {}), ("float_power", (np.abs(A), C), {}), ("polyval", (C, A), {}),
    ("polyval", (C, np.array(0.0)), {}), ("nan_to_num", (A,), {}),
]
DISCRETE = [
    ("rot90", (INTS,), {}), ("append", (INTS, 2.5), {}), ("insert", (INTS, 1, 2.7), {}),
    ("delete", (BOOLS, 0), {"axis": 1}), ("resize", (BOOLS, (4, 2)), {}), ("resize", (np.zeros(0), (2,)), {}),
    ("vander", (INTS[0],), {}), ("diagflat", (INTS,), {}), ("block", ([INTS, INTS],), {}),
    ("select", ([INTS > 1], [INTS]), {}), ("select", ([INTS > 1], [INTS]), {"default": 0.5}),
    ("select", ([BOOLS], [1]), {}), ("array_split", (INTS, 2), {"axis": 1}),
    ("fmax", (ODD[:, None], ODD), {}), ("fmin", (ODD[:, None], ODD), {}), ("fmax", (INTS, 2), {}),
    ("heaviside", (ODD, 0.5), {}), ("copysign", (ODD[:, None], ODD), {}), ("fabs", (INTS,), {}),
    ("deg2rad", (INTS,), {}), ("float_power", (INTS + 2, -1), {}), ("polyval", (INTS[0], INTS), {}),
    ("polyval", ([], C), {}), ("nan_to_num", (ODD,), {}), ("nan_to_num", (INTS,), {}),
    ("nan_to_num", (ODD,), {"nan": 1.0, "posinf": 2.0, "neginf": -3.0}), ("copysign", (INTS, -1), {}),
]


@pytest.mark.parametrize("case", LINEAR + OTHERS + DISCRETE, ids=label)
def test_values(case):
    check_values(*case)


@pytest.mark.parametrize("case", OTHERS, ids=label)
def test_derivatives(case):
    check_derivatives(*case)


@pytest.mark.parametrize("case", LINEAR, ids=label)
def test_derivatives_of_what_is_linear(case):
    """The arrays of the first argument move, those of `select` that are chosen from."""
    name, args, params = case
    k = 1 if name == "select" else 0
    moving = [np.asarray(x) for x in flatten(args[k])[0]]

    def f(*xs):
        left = iter(xs)
        given = [*args[:k], map_leaves(lambda _: next(left), args[k]), *args[k + 1:]]
        found = getattr(nb, name)(*given, **params)
        return list(found) if isinstance(found, tuple) else found

    nb.testing.check_grads(f, moving, order=1)


def test_what_is_put_in_has_a_gradient():
    nb.testing.check_grads(lambda x, v: nb.insert(x, [0, 2, 2], v, 1), [A, B[0, :, :3]], order=1)
    nb.testing.check_grads(lambda x, v: nb.append(x, v, 0), [A, B[1]], order=1)


def test_slopes_at_kinks_are_as_is_said():
    x = np.array([0.0, -2.0, 2.0])
    np.testing.assert_array_equal(nb.grad(lambda t: nb.sum(nb.heaviside(t, 0.5)))(x), [0, 0, 0])
    np.testing.assert_array_equal(nb.grad(lambda t: nb.sum(nb.fabs(t)))(x), [0, -1, 1])
    np.testing.assert_array_equal(nb.grad(lambda t: nb.sum(nb.copysign(t, -1.0)))(x), [-1, 1, -1])
    for name in ("fmax", "fmin"):
        slopes = nb.grad(lambda a, b, name=name: nb.sum(getattr(nb, name)(a, b)), (0, 1))(
            np.array([np.nan, 1.0]), np.array([1.0, np.nan]))
        np.testing.assert_array_equal([values(s) for s in slopes], [[0, 1], [1, 0]])
    np.testing.assert_array_equal(nb.grad(lambda t: nb.sum(nb.nan_to_num(t)))(ODD), [1, 1, 0, 0, 0, 1])


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.fliplr(C), errors.ShapeError, r"fliplr: got shape \(4,\)"),
    (lambda: nb.rot90(B, axes=(0, 1, 2)), errors.ValueRangeError, "rot90: axes"),
    (lambda: nb.rot90(B, axes=(1, 1)), errors.ValueRangeError, "rot90: .*twice"),
    (lambda: nb.rollaxis(A, 0, 3), errors.AxisError, "rollaxis: axis 3"),
    (lambda: nb.array_split(A, 0), errors.ValueRangeError, "array_split: .*above 0, got 0"),
    (lambda: nb.vsplit(C, 2), errors.ShapeError, "vsplit: .*2 axes"),
    (lambda: nb.dsplit(A, 2), errors.ShapeError, "dsplit: .*3 axes"),
    (lambda: nb.delete(A, 7, 0), IndexError, "delete: .*out of bounds"),
    (lambda: nb.insert(A, 7, 1.0, 0), IndexError, "insert: .*out of bounds"),
    (lambda: nb.insert(A, 0.5, 1.0), errors.DtypeError, "insert: places must be integers"),
    (lambda: nb.delete(A, [0.5]), errors.DtypeError, "delete: places must be integers"),
    (lambda: nb.insert(A, [0, 1, 2], C), errors.ShapeError, r"insert: .*\(4,\).*\(3,\)"),
    (lambda: nb.resize(C, -1), errors.ValueRangeError, "resize: .*negative"),
    (lambda: nb.vander(A), errors.ShapeError, "vander: .*one axis"),
    (lambda: nb.block([[C], C]), errors.ValueRangeError, r"block: arrays are in \[1, 2\] lists"),
    (lambda: nb.block([]), errors.ValueRangeError, "block: a list is empty"),
    (lambda: nb.select([A > 0], []), errors.ValueRangeError, "select: 1 conditions do not fit 0"),
    (lambda: nb.select([A], [A]), errors.DtypeError, "select: .*booleans"),
    (lambda: nb.polyval(A, C), errors.ShapeError, "polyval: .*one axis"),
    (lambda: nb.nan_to_num(A, copy=False), errors.ProtocolError, "copy"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
