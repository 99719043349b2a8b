"""Elements chosen, sets, and places in arrays: NumPy's values, and slope 1 in what is chosen."""

import numpy as np
import pytest
from composite_checks import check_values, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors
from nbgrad.engine.tree import flatten
from nbgrad.testing import values

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(2, 3, 4))
C = np.array([-1.5, 0.5, 2.0, 3.0])
INTS = np.array([[3, -1, 2], [0, 5, 3]])
BOOLS = np.array([[True, False, True], [True, True, False]])
NANS = np.array([[np.nan, 1.0, -2.0, np.nan], [4.0, np.nan, 4.0, -1.0]])
ZEROS = np.array([[0.0, 0, 0, 0], [0, 1, 0, 0], [0, 2, 3, 0], [0, 0, 0, 0]])
EMPTY = np.zeros((0, 3))

# (function, arguments, parameters): all of these are linear in the arrays, where nothing but they moves
LINEAR = [
    ("choose", (INTS % 3, [B[0, :2, :3], 2.0, A[0, :3]]), {}),
    *[("choose", (INTS, [A[0, :3], A[1, :3]]), {"mode": mode}) for mode in ("wrap", "clip")],
    ("compress", ([True, False, True], A), {"axis": 0}), ("compress", ([0, 1], A), {"axis": -1}),
    ("compress", (np.array([True, False, True]), A), {}), ("compress", ([], A), {"axis": 1}),
    ("extract", (A > 0, A), {}), ("extract", ([0, 1, 1], C), {}), ("trim_zeros", (ZEROS,), {}),
    ("trim_zeros", (ZEROS, "f"), {}), ("trim_zeros", (ZEROS, "B"), {"axis": 1}),
    ("trim_zeros", (ZEROS[1],), {}),
    ("trim_zeros", (0 * A,), {}), ("unique", (A,), {}), ("unique", (np.r_[C, C[::2]],), {}),
    ("unique", (A[[0, 1, 0]],), {"axis": 0}), ("union1d", (C, A), {}),
    ("intersect1d", (C, np.r_[A[0], C[:2]]), {}),
    ("intersect1d", (C, np.r_[A[0], C[:2]]), {"assume_unique": True}),
    ("setdiff1d", (np.r_[C, C], C[1:3]), {}),
    ("setdiff1d", (C[::-1], C[1:3]), {"assume_unique": True}), ("setxor1d", (C, np.r_[A[0], C[:2]]), {}),
    ("setxor1d", (C, np.r_[A[0], C[:2]]), {"assume_unique": True}),
    ("piecewise", (A, [A < 0, A > 1], [np.negative, lambda x, k=2.0: k * x]), {}),
    ("piecewise", (A, [A < 0, A < -1], [7.0, lambda x: 3 * x, lambda x: -x]), {}),
    ("piecewise", (C, C > 1, [lambda x, k: k * x, 2.0], 5.0), {}),
]
DISCRETE = [
    ("unique", (INTS,), {"return_index": True, "return_inverse": True, "return_counts": True}),
    ("unique", (NANS,), {}), ("unique", (NANS,), {"equal_nan": False, "return_counts": True}),
    ("unique", (BOOLS,), {"axis": 1, "return_inverse": True}), ("unique", (EMPTY,), {}),
    ("union1d", (INTS, [7, 3]), {}), ("intersect1d", (INTS, [7, 3, 3, 0]), {"return_indices": True}),
    ("intersect1d", (INTS, C), {}), ("setdiff1d", (INTS, EMPTY), {}), ("setxor1d", (INTS, [7, 3]), {}),
    ("setxor1d", (NANS, C), {}), ("setdiff1d", (NANS, C), {}),
    ("flatnonzero", (INTS,), {}), ("flatnonzero", (np.array(0.0),), {}), ("argwhere", (INTS > 1,), {}),
    ("argwhere", (np.array(3.0),), {}), ("argwhere", (EMPTY,), {}), ("extract", (BOOLS, INTS), {}),
    ("choose", (BOOLS, [INTS, -INTS]), {}), ("piecewise", (INTS, [INTS > 2], [lambda x: x / 2]), {}),
    ("piecewise", (np.array(2.0), [True], [lambda x: 3 * x]), {}),
    ("piecewise", (EMPTY, [EMPTY > 0], [7.0]), {}),
    *[(name, (NANS,), {"axis": axis}) for name in ("nanargmax", "nanargmin") for axis in (None, 1)],
    ("nanargmax", (NANS[1:],), {"axis": 1, "keepdims": True}),
    ("nanargmin", (INTS,), {"axis": 0}),
    ("lexsort", (INTS,), {}), ("lexsort", ((INTS[0], INTS[1]),), {}), ("lexsort", (B.round(),), {"axis": 0}),
    ("lexsort", (B.round(), 1), {}), ("unravel_index", (INTS % 6, (2, 3)), {}),
    ("unravel_index", (INTS % 6, (3, 2)), {"order": "F"}),
    ("ravel_multi_index", ((INTS % 2, INTS % 3), (2, 3)), {}),
    ("ravel_multi_index", ((INTS, INTS), (2, 3)), {"mode": ("wrap", "clip"), "order": "F"}),
    ("ix_", ([0, 2], [1]), {}), ("ix_", (np.array([True, False, True]), [1, 2]), {}),
    ("tril_indices_from", (A, -1), {}), ("triu_indices_from", (A, 1), {}),
    ("diag_indices_from", (A[:, :3],), {}),
]
MADE = [
    ("identity", (3,), {}), ("identity", (2, "f4"), {}), ("tri", (3, 4, 1), {}),
    ("tri", (3,), {"dtype": "i4"}),
    ("tril_indices", (3, -1, 4), {}), ("triu_indices", (3,), {"m": 2}), ("diag_indices", (3, 3), {}),
    ("mask_indices", (3, np.triu, 1), {}), ("unravel_index", (5, (2, 3)), {}),
    ("ravel_multi_index", (([1], [2]), (2, 3)), {}), ("ix_", ([0, 2], [1]), {}),
]


def label(case):
    return f"{case[0]} {len(case[1])} {list(case[2])}"


@pytest.mark.parametrize("case", LINEAR, ids=label)
def test_values(case):
    check_values(*case)


@pytest.mark.parametrize("case", DISCRETE, ids=label)
def test_values_without_derivatives(case):
    with np.errstate(invalid="ignore"):
        check_values(*case, exact=True)


@pytest.mark.parametrize("case", MADE, ids=label)
def test_constants(case):
    name, args, params = case
    if name == "mask_indices":
        args = (args[0], nb.triu, *args[2:])
    found, want = [flatten(getattr(module, name)(*a, **params))[0] for module, a in ((nb, args), (np,
     case[1]))]
    for got, w in zip(found, want, strict=True):
        assert values(got).dtype == np.asarray(w).dtype
        np.testing.assert_array_equal(values(got), w)


@pytest.mark.parametrize("case", LINEAR, ids=label)
def test_derivatives_of_what_is_linear(case):
    """All arrays of floats move by what changes no order and no zero."""
    name, args, params = case
    found, _ = flatten(args)
    places = [k for k, x in enumerate(found) if isinstance(x, np.ndarray) and x.dtype == "f8"]

    def f(scale):
        moved = [x * scale if k in places else x for k, x in enumerate(found)]
        left = iter(moved)
        given = [tuple_or_list(arg, left) for arg in args]
        return [nb.asarray(z) for z in flatten(getattr(nb, name)(*given, **params))[0]]

    nb.testing.check_grads(f, [np.array(1.25)], order=1)


def tuple_or_list(arg, left):
    if isinstance(arg, (list, tuple)):
        return type(arg)([tuple_or_list(each, left) for each in arg])
    return next(left)


def test_the_first_element_of_a_value_has_its_gradient():
    x, weights = np.array([3.0, 1.0, 3.0, 2.0]), np.array([1.0, 10.0, 100.0])
    slope = nb.grad(lambda t: nb.sum(nb.unique(t) * weights))(x)
    np.testing.assert_array_equal(values(slope), [100, 1, 0, 10])
    slopes = nb.grad(lambda a, b: nb.sum(nb.intersect1d(a, b)), (0, 1))(x, x[1:])
    np.testing.assert_array_equal(values(slopes[0]), [1, 1, 0, 1])
    np.testing.assert_array_equal(values(slopes[1]), [0, 0, 0])


@pytest.mark.parametrize("axis", [0, 1, None])
def test_partitions_are_sorted(axis):
    np.testing.assert_array_equal(values(nb.partition(A, 1, axis)), np.sort(A, axis))
    np.testing.assert_array_equal(values(np.argpartition(nb.asarray(A), [0, -1], axis)), np.argsort(A, axis))
    nb.testing.check_grads(lambda x: nb.partition(x, 1, axis), [A], order=1)


def test_conditions_may_depend_on_what_a_gradient_is_taken_through():
    def f(x):
        return nb.sum(np.piecewise(x, [x < 0, x > 1], [lambda t: t * t, lambda t: 3 * t, np.exp]))

    want = np.where(A < 0, 2 * A, np.where(A > 1, 3, np.exp(A)))
    np.testing.assert_allclose(values(nb.grad(f)(A)), want, rtol=1e-14)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.choose([0, 5], [A, A]), errors.ValueRangeError, "choose: .*from 0 to 5, for 2 choices"),
    (lambda: nb.choose([0.5], [A]), errors.DtypeError, "choose: indices must be integers"),
    (lambda: nb.choose(INTS, [A], mode="none"), errors.ValueRangeError, "choose: mode='none'"),
    (lambda: nb.choose([0], []), errors.ValueRangeError, "choose: there is nothing"),
    (lambda: nb.choose([0, 0], [A, A]), errors.ShapeError, r"choose: .*\(2,\)"),
    (lambda: nb.compress(BOOLS, A), errors.ShapeError, "compress: .*one axis"),
    (lambda: nb.compress([0, 0, 0, 1], A, 0), IndexError, "out of bounds"),
    (lambda: nb.extract([0] * 4 + [1], C), IndexError, "out of bounds"),
    (lambda: nb.trim_zeros(C, "x"), errors.ValueRangeError, "trim_zeros: trim='x'"),
    (lambda: nb.nanargmax(NANS * np.nan), errors.ValueRangeError, "nanargmax: .*nothing but nan"),
    (lambda: nb.nanargmin(np.array([[1.0], [np.nan]]), 1), errors.ValueRangeError, "nanargmin: .*in a row"),
    (lambda: nb.partition(C, 9), errors.ValueRangeError, "partition: kth=9 .*4 elements"),
    (lambda: nb.argpartition(C, 0.5), errors.DtypeError, "argpartition: kth must be integers"),
    (lambda: nb.lexsort([]), errors.ValueRangeError, "lexsort: there is no key"),
    (lambda: nb.lexsort([C, A]), errors.ShapeError, r"lexsort: .*\(4,\).*\(3, 4\)"),
    (lambda: nb.piecewise(A, [A > 0], []), errors.ValueRangeError, "piecewise: 0 functions do not fit 1"),
    (lambda: nb.unique(A, axis=2), errors.AxisError, "unique: axis 2"),
    (lambda: nb.unravel_index(9, (2, 3)), errors.ValueRangeError, "unravel_index: .*9"),
    (lambda: nb.ravel_multi_index(([2], [0]), (2, 3)), errors.ValueRangeError, "ravel_multi_index: "),
    (lambda: nb.ix_(INTS), errors.ShapeError, r"ix_: .*\(2, 3\)"),
    (lambda: nb.tril_indices_from(C), errors.ShapeError, "tril_indices_from: .*matrix"),
    (lambda: nb.diag_indices_from(A), errors.ShapeError, "diag_indices_from: .*one length"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
