"""Arithmetic of polynomials by their coefficients."""

import numpy as np
import pytest
from composite_checks import checks_of, interpreted  # noqa: F401

import nbgrad as nb
from nbgrad import errors
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


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nb.polyadd(np.ones((2, 2)), P), errors.ShapeError, r"polyadd: got shape \(2, 2\).*one axis"),
    (lambda: nb.polydiv([], P), errors.ShapeError, "polydiv: .*at least one"),
    (lambda: nb.polymul(P, []), errors.ShapeError, "convolve: .*at least one"),
    (lambda: nb.polyder(P, -1), errors.ValueRangeError, "polyder: m=-1"),
    (lambda: nb.polyint(P, 1.5), errors.DtypeError, "polyint: got float"),
    (lambda: nb.polyint(P, 3, R), errors.ShapeError, r"polyint: got shape \(2,\).*m=3"),
    (lambda: nb.poly(np.eye(2)), errors.ShapeError, r"poly: got shape \(2, 2\).*one axis"),
    (lambda: np.roots(nb.asarray(P, requires_grad=True)), errors.ProtocolError, "roots does not take"),
])
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
