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
