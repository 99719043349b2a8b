"""Whether numbers and dtypes are complex or real: NumPy's answers."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401

import nbgrad as nb

GIVEN = [np.array([1 + 1j, 2, complex(0, np.nan), complex(np.nan, 0), complex(1, -0.0)]),
         np.array([1.0, np.nan]), np.array([1, 2]), np.complex64(3 + 1e-7j), np.array([[1 + 1e-16j]]),
         np.array([], complex), 2.0, 1j]


@pytest.mark.parametrize("name", ["iscomplex", "isreal", "iscomplexobj", "isrealobj", "real_if_close"])
@pytest.mark.parametrize("x", GIVEN, ids=repr)
def test_answers_are_numpys(name, x):
    want = getattr(np, name)(x)
    for call, given in ((getattr(nb, name), x), (getattr(np, name), nb.asarray(x))):
        found = call(given)
        if name.endswith("obj"):
            assert found is want
            continue
        assert found.dtype == np.asarray(want).dtype
        np.testing.assert_array_equal(np.asarray(found), want)


def test_a_tolerance_below_one_is_absolute():
    x = np.array([1 + 0.25j])
    for tol in (0.5, 0.25, 0.125):
        assert nb.real_if_close(x, tol).dtype == np.real_if_close(x, tol).dtype


def test_the_real_part_keeps_its_gradient():
    x = np.array([2.0, 3.0])
    found = nb.grad(lambda x: nb.sum(nb.real_if_close(x * (1 + 0j)) ** 2))(x)
    np.testing.assert_allclose(found.numpy(), 2 * x)
