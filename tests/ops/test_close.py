"""allclose gives what NumPy's gives."""

import itertools
import math

import numpy as np
import pytest

import nbgrad as nb

VALUES = [0.0, 1.0, 1 + 1e-6, 1 + 1e-4, -1.0, 1e-9, 2e-8, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("equal_nan", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pairs(dtype, equal_nan):
    for x, y in itertools.product(np.array(VALUES, dtype), repeat=2):
        want = np.allclose(x, y, equal_nan=equal_nan)
        assert nb.allclose(x, y, equal_nan=equal_nan) is want
        assert nb.allclose([x, x], nb.asarray(y), equal_nan=equal_nan) is want


def test_tolerances_dtypes_and_shapes():
    assert nb.allclose([1.0], [1.1], atol=0.2) and nb.allclose(1.0, 1.1, 0.1)
    assert not nb.allclose(1.1, 1.0, 0.09, 0)
    assert nb.allclose([1, 2], [1, 2]) and not nb.allclose([1, 2], [1, 3])
    assert nb.allclose([True], [True]) and not nb.allclose([True], [False])
    assert nb.allclose(np.ones(2, np.float32), np.ones(2)) and nb.allclose(np.zeros((0, 3)), np.ones(3))
    with pytest.raises(ValueError, match="allclose"):
        nb.allclose(np.ones(2), np.ones(3))


def test_values_under_a_gradient_are_compared():
    x = nb.tensor([1.0], requires_grad=True)
    assert nb.allclose(x, [1.0]) and nb.allclose(2 * x, [2.0])
    assert float(nb.grad(lambda x: 3 * x if nb.allclose(x, 1.0) else x)(1.0)) == 3
