"""Arithmetic of polynomials by their coefficients."""

import numpy as np
import pytest
from composite_checks import checks_of, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors, testing
from nbgrad.ops.eig import polynomial_roots
from nbgrad.testing import values

P, Q, R = [np.random.default_rng(n).normal(size=n) for n in (5, 3, 2)]
INTS, ZEROS = np.array([3, -1, 2]), np.array([0.0, 0.0, 1.5, 2.0])

# (function, arguments, parameters)
CASES = [
    *[(name, pair, {}) for name in ("polyadd", "polysub", "polymul", "polydiv")
      for pair in ((P, Q), (Q, P), (P, R), (Q, Q[:1]), (P, np.array(2.0)))],
    *[("polyder", (P,), {"m": m}) for m in (0, 1, 2, 6)],
    *[("polyint", (P,), {"m": m}) for m in (0, 1, 3)],
    ("polyint", (P, 2, R), {}), ("polyint", (P, 2, np.array(0.5)), {}), ("polyint", (P, 1, Q), {}),
    ("poly", (P,), {}), ("poly", (np.array([2.0, 2.0, 0.0]),), {}),
]
DISCRETE = [
    *[(name, (INTS, INTS[:2]), {}) for name in ("polyadd", "polysub", "polymul", "polydiv")],
    ("polymul", (ZEROS, Q), {}), ("polymul", (0 * Q, Q), {}), ("polymul", (Q, np.array([0, 0, 2])), {}),
    ("polydiv", (np.array([1.0, -3.0, 2.0]), np.array([1.0, -1.0])), {}), ("polydiv", (0 * P, Q), {}),
    ("polyder", (INTS,), {}), ("polyint", (INTS,), {"k": 3}), ("poly", (INTS,), {}),
]


test_values, test_derivatives = checks_of(CASES, DISCRETE)


def test_what_is_left_out_has_no_gradient():
    slope = nb.grad(lambda p: nb.sum(nb.polymul(p, Q)))(ZEROS)
    np.testing.assert_allclose(values(slope), [0, 0, Q.sum(), Q.sum()])
    exact = nb.jacobian(lambda p: nb.polydiv(p, np.array([1.0, -1.0]))[1])(np.array([1.0, -3.0, 2.0]))
    np.testing.assert_allclose(values(exact), [[1, 1, 1]])
    assert float(nb.poly([])) == np.poly([]) == 1


# ---------------------------------------------------------------------------------------------------- roots
def test_the_op_of_roots():
    row = testing.row_of(polynomial_roots)
    testing.check_values(row, "float64")
    testing.check_gradients(row)


@pytest.mark.parametrize("p", [
    P, INTS, P.astype("float32"), P + 1j * P[::-1], ZEROS, np.array([1.0, 2.0, 0.0]), np.array([2.0]),
    np.zeros(3), np.array([])], ids=str)
def test_roots_are_numpys(p):
    want = np.roots(p)
    for f in (nb.roots, np.roots) if p.size else (nb.roots,):     # NumPy looks for Tensors among the elements
        found = f(nb.asarray(p))
        assert found.dtype == (np.complex64 if p.dtype == np.float32 else np.complex128)
        np.testing.assert_array_equal(values(found), want)


def test_coefficients_that_are_zero_move_roots():
    """Of 0 * z**3 + z**2 + 2 * z + 0: -2 and 0."""
    found = nb.jacobian(lambda p: nb.real(nb.roots(p)))(np.array([0.0, 1.0, 2.0, 0.0]))
    np.testing.assert_allclose(values(found), [[-4, 2, -1, 0.5], [0, 0, 0, -0.5]], atol=1e-15)


def test_roots_of_complex_coefficients_are_analytic():
    p = np.array([1.0, 0.5 + 1j, -0.5j, 3.0])
    found = values(nb.jacobian(nb.roots, holomorphic=True)(p))
    for k in range(4):
        for step in (1e-6, 1e-6j):
            ahead, behind = [np.roots(p + way * step * (np.arange(4) == k)) for way in (1, -1)]
            np.testing.assert_allclose(found[:, k], (ahead - behind) / (2 * step), rtol=1e-7, atol=1e-9)
    nb.testing.check_grads(lambda x, y: nb.abs(nb.roots(nb.complex(x, y))), (p.real, p.imag), order=2)


def pulled(f, x):
    z, pullback = nb.vjp(f, np.array(x, float))
    return pullback(nb.ones_like(z))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.polyadd(np.ones((2, 2)), P), errors.ShapeError, r"polyadd: got shape \(2, 2\).*one axis"),
    (lambda: nb.polydiv([], P), errors.ShapeError, "polydiv: .*at least one"),
    (lambda: nb.polymul(P, []), errors.ShapeError, "convolve: .*at least one"),
    (lambda: nb.polyder(P, -1), errors.ValueRangeError, "polyder: m=-1"),
    (lambda: nb.polyint(P, 1.5), errors.DtypeError, "polyint: got float"),
    (lambda: nb.polyint(P, 3, R), errors.ShapeError, r"polyint: got shape \(2,\).*m=3"),
    (lambda: nb.poly(np.eye(2)), errors.ShapeError, r"poly: got shape \(2, 2\).*one axis"),
    (lambda: nb.roots(np.eye(2)), errors.ShapeError, r"roots: got shape \(2, 2\).*one axis"),
    (lambda: pulled(nb.roots, [1, -2, 1]), errors.GradientError, "equal to rounding"),
    (lambda: pulled(nb.roots, [1, -3, 3, -1]), errors.GradientError, "equal to rounding"),
    (lambda: pulled(nb.roots, [1, 2, 0, 0]), errors.GradientError, "equal to rounding"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
