"""Linear algebra of complex matrices: values of NumPy and SciPy, derivatives in both parts."""

import numpy as np
import pytest
from composite_checks import checks_of, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors, linalg
from nbgrad.testing import check_grads, values

RNG = np.random.default_rng(7)


def drawn(*shape):
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


SIZES = [drawn(3, 3), drawn(4, 2), drawn(2, 4), drawn(2, 2, 3)]
EMPTY = [np.zeros(shape, "c16") for shape in ((0, 3), (2, 3, 0), (0, 2, 2))]
SQUARE = SIZES[0]
RANK_ONE = np.outer([1.0, 2j, -1.0], [1.0, 0.5 - 1j])

# ------------------------------------------------------------------------------------- pseudo-inverses
PINV = [*[("linalg.pinv", (a,), {}) for a in (*SIZES, *EMPTY)], ("linalg.pinv", (RANK_ONE,), {"rcond": 1e-6}),
        ("linalg.pinv", (SIZES[3],), {"rtol": None}), ("linalg.pinv", (SQUARE,), {"hermitian": True})]
# Beside a matrix of less than full rank the rank changes, and no difference is a derivative.
test_pseudo_inverses, test_derivatives_of_pseudo_inverses = checks_of(
    [case for case in PINV if case[1][0] is not RANK_ONE], [case for case in PINV if case[1][0] is RANK_ONE])


def test_a_rank_that_stays_has_a_derivative():
    """Of x @ y.T it is the adjoint over both squared lengths."""
    x, y = drawn(3, 1), drawn(1, 2)

    def one(s, t):
        return linalg.pinv(s @ t, rcond=1e-8)

    def two(s, t):
        return (s @ t).mH / (nb.sum(nb.abs(s) ** 2) * nb.sum(nb.abs(t) ** 2))

    for k in (0, 1):
        got, want = [values(nb.grad(lambda s, t, f=f: nb.sum(nb.real(f(s, t) * RANK_ONE.T)), k)(x, y))
                     for f in (one, two)]
        np.testing.assert_allclose(got, want, rtol=1e-11)
    with pytest.raises(errors.GradientError, match=r"pinv: .*cutoff"):
        nb.grad(lambda t: nb.sum(nb.abs(linalg.pinv(t, 0.9))))(SQUARE)


def test_of_hermitian_matrices_one_triangle_is_read():
    slope = values(nb.grad(lambda t: nb.sum(nb.abs(linalg.pinv(t, hermitian=True)) ** 2))(SQUARE))
    np.testing.assert_array_equal(np.triu(slope, 1), 0)
    np.testing.assert_allclose(np.diagonal(slope).imag, 0, atol=1e-15)
    check_grads(lambda t: linalg.pinv(t, hermitian=True), [SQUARE], order=1)
