"""Functions made of ops of the table: NumPy's values, shapes and dtypes, and derivatives to second order."""

import numpy as np
import pytest

import nbgrad as nb
from nbgrad.tensors import raw

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(2, 3, 4))
INTS = np.array([[3, -1, 2], [0, 5, 3]])
BOOLS = np.array([[True, False, True], [True, True, False]])

# what is called: (ours, NumPy's, arguments, parameters)
CASES = {
    "cumulative_sum": (nb.cumulative_sum, np.cumulative_sum, (A,), {"axis": 1}),
    "cumulative_sum from 0": (
        nb.cumulative_sum,
        np.cumulative_sum,
        (B,),
        {"axis": 1, "include_initial": True},
    ),
    "cumulative_sum of one axis": (nb.cumulative_sum, np.cumulative_sum, (A[0],), {"include_initial": True}),
    "cumulative_sum of int8": (nb.cumulative_sum, np.cumulative_sum, (INTS.astype(np.int8),), {"axis": -1}),
    "cumulative_prod": (nb.cumulative_prod, np.cumulative_prod, (A,), {"axis": -2}),
    "cumulative_prod from 1": (
        nb.cumulative_prod,
        np.cumulative_prod,
        (A,),
        {"axis": 0, "include_initial": True},
    ),
    "cumsum of booleans": (nb.cumsum, np.cumsum, (BOOLS,), {"axis": 0}),
    "cumsum of uint8": (nb.cumsum, np.cumsum, (INTS.astype(np.uint8),), {"axis": 0}),
    "cumsum in float32": (nb.cumsum, np.cumsum, (A,), {"axis": 0, "dtype": "float32"}),
    "cumprod of integers": (nb.cumprod, np.cumprod, (INTS,), {}),
    "sort in falling order": (
        lambda x: nb.sort(x, 0, descending=True),
        lambda x: np.flip(np.sort(x, 0), 0),
        (A,),
        {},
    ),
    "sort of integers": (nb.sort, np.sort, (INTS,), {"axis": None}),
    "take_along_axis of argsort": (
        lambda x: nb.take_along_axis(x, nb.argsort(x, 0), 0),
        lambda x: np.take_along_axis(x, np.argsort(x, 0), 0),
        (A,),
        {},
    ),
    "take_along_axis of booleans": (nb.take_along_axis, np.take_along_axis, (BOOLS, INTS % 3), {"axis": 1}),
    "diff": (nb.diff, np.diff, (A,), {}),
    "diff twice": (nb.diff, np.diff, (B,), {"n": 2, "axis": 1}),
    "diff more than there is": (nb.diff, np.diff, (A,), {"n": 5, "axis": 0}),
    "diff not at all": (nb.diff, np.diff, (A,), {"n": 0}),
    "diff with ends": (
        lambda x, a, b: nb.diff(x, axis=0, prepend=a, append=b),
        lambda x, a, b: np.diff(x, axis=0, prepend=a, append=b),
        (A, A[:2], np.float64(2.0)),
        {},
    ),
    "diff of booleans": (nb.diff, np.diff, (BOOLS,), {}),
    "diff of uint8": (nb.diff, np.diff, (INTS.astype(np.uint8),), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_values(name):
    ours, numpys, args, params = CASES[name]
    for dtype in ("float64", "float32"):
        xs = [np.asarray(a, dtype) if a.dtype.kind == "f" else a for a in args]
        got, want = ours(*xs, **params), numpys(*xs, **params)
        assert raw(got).dtype == want.dtype
        np.testing.assert_allclose(raw(got), want, rtol=1e-13 if dtype == "float64" else 2e-5, atol=1e-6)
        assert got.shape == want.shape


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2][0].dtype.kind == "f"])
def test_derivatives(name):
    ours, _, args, params = CASES[name]
    nb.testing.check_grads(lambda *xs: nb.astype(ours(*xs, **params), np.float64) if "32" not in name
                           else ours(*xs, **params), args)


def test_unique_values_and_their_places():
    x = np.array([[3.0, 1.0, 3.0], [0.0, 1.0, np.nan]])
    for theirs, ours in zip(np.unique_all(x), nb.unique_all(x), strict=True):
        np.testing.assert_array_equal(raw(ours), theirs)
    np.testing.assert_array_equal(raw(nb.unique_counts(x).counts), np.unique_counts(x).counts)
    inverse = np.unique_inverse(x).inverse_indices
    np.testing.assert_array_equal(raw(nb.unique_inverse(x).inverse_indices), inverse)
    np.testing.assert_array_equal(raw(nb.unique_values(x)), [0, 1, 3, np.nan])
    gradient = nb.grad(lambda t: nb.sum(nb.unique_values(t) * np.arange(1.0, 5.0)))(x)
    np.testing.assert_array_equal(raw(gradient), [[3, 2, 0], [1, 0, 4]])


def test_searchsorted_takes_the_order_of_an_unsorted_array():
    x, v = A[0], A[1]
    got = nb.searchsorted(x, v, sorter=nb.argsort(x))
    np.testing.assert_array_equal(raw(got), np.searchsorted(np.sort(x), v))


def test_dtypes():
    x = nb.ones(3, dtype="float32")
    assert nb.result_type(x, 1.0) == np.float32
    assert nb.result_type(x, "int64", nb.ones(2)) == np.float64
    assert nb.result_type(1, 2.0) == np.float64
    assert nb.finfo(x).eps == np.finfo("float32").eps
    assert nb.iinfo(np.int8).max == 127
    assert nb.can_cast(x, "float64")
    assert not nb.can_cast("float64", x)
    assert nb.can_cast("float64", x, "same_kind")
    assert nb.isdtype(x.dtype, "real floating")
    assert nb.isdtype(x, ("bool", "float32"))
    assert not nb.isdtype("int8", "unsigned integer")


def test_dlpack_copies_in_and_out():
    x = np.arange(3.0)
    t = nb.from_dlpack(x)
    x[0] = 9
    np.testing.assert_array_equal(raw(t), [0, 1, 2])
    back = np.from_dlpack(t)
    np.testing.assert_array_equal(back, [0, 1, 2])
    assert not np.shares_memory(back, raw(t))
    np.testing.assert_array_equal(raw(nb.from_dlpack(t * 2)), [0, 2, 4])


def test_shifts_are_operators():
    x = nb.asarray([1, -8])
    np.testing.assert_array_equal(raw(x << 3), [8, -64])
    np.testing.assert_array_equal(raw(x >> np.array([70, 70])), [0, -1])
    np.testing.assert_array_equal(raw(1 << nb.asarray([0, 64, -1])), [1, 0, 0])
