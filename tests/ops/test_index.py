"""Searches in sorted arrays and triangles: every dtype, layout and end of the range that NumPy takes."""

import math

import numpy as np
import pytest

import nbgrad as nb

NUMBERS = [np.bool_, np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64, np.float32, np.float64]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_places_in_a_sorted_array(dtype, side, rng):
    for n in (0, 1, 2, 3, 7, 64, 1000):
        x = np.sort((30 * rng.random(n)).astype(dtype))
        for count in (0, 1, 7, 8, 9, 5000):
            v = (32 * rng.random(count)).astype(dtype)
            np.testing.assert_array_equal(nb.searchsorted(x, v, side).numpy(), np.searchsorted(x, v, side))


@pytest.mark.parametrize("side", ["left", "right"])
def test_places_of_nan_infinities_and_other_dtypes(side, rng):
    x = np.array([-math.inf, -1.0, -0.0, 0.0, 2.0, math.inf, math.nan, math.nan])
    v = np.array([math.nan, math.inf, -math.inf, 0.0, -0.0, 2.0, 1.9, 3.0, math.nan])
    np.testing.assert_array_equal(nb.searchsorted(x, v, side).numpy(), np.searchsorted(x, v, side))
    for a, b in ((x[:6], np.arange(-3, 9)), (np.arange(9), v), (np.arange(9, dtype=np.int8), np.arange(300))):
        np.testing.assert_array_equal(nb.searchsorted(a, b, side).numpy(), np.searchsorted(a, b, side))
    apart, columns = np.repeat(x[:6], 2)[::2], rng.normal(size=(4, 6)).T
    np.testing.assert_array_equal(nb.searchsorted(apart, columns, side).numpy(),
                                  np.searchsorted(apart, columns, side))


@pytest.mark.parametrize("dtype", NUMBERS)
def test_triangles_of_any_layout(dtype, rng):
    x = (100 * rng.random((3, 6, 5))).astype(dtype)
    large = (100 * rng.random((300, 400))).astype(dtype)
    for form in (x, x[0], x[0].T, np.asfortranarray(x), x[:, ::-1], x[:, ::2, ::2], x[:0], x[:, :0],
                 x[..., :0], large, large.T, large[::2]):
        for k in (0, 1, -1, 3, -9, 9, 10**30, -10**30):
            for ours, theirs in ((nb.tril, np.tril), (nb.triu, np.triu)):
                got, want = ours(nb.asarray(form), k).numpy(), theirs(form, max(min(k, 999), -999))
                assert got.dtype == dtype
                np.testing.assert_array_equal(got, want)
