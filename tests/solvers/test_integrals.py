"""Integrals: SciPy's values, derivatives in limits and arguments, and what is refused."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import integrate

import nbgrad as nb
from nbgrad.errors import ConvergenceError, GradientError, ShapeError

A = np.array


def test_an_integral_is_scipys():
    got = nb.quad(lambda t, k: nb.exp(-k * t**2), 0, 2, 1.5)
    assert float(got) == integrate.quad(lambda t: np.exp(-1.5 * t**2), 0, 2)[0]
    assert float(nb.quad(lambda t: nb.abs(t - 0.3), 0.0, 1.0, points=[0.3])) == pytest.approx(0.29, rel=1e-14)


def test_derivatives_agree_with_differences_in_both_modes():
    def f(a, b, p, shift):
        def integrand(t, p, rest):
            return nb.sin(t * p[0]) * p[1] ** 2 + rest["shift"] * t

        return nb.quad(integrand, a, b, p, {"shift": shift}, epsabs=1e-12)

    nb.testing.check_grads(f, [A(0.5), A(2.0), A([1.0, 0.7]), A(0.3)], 2)


def test_over_infinite_intervals():
    def f(k):
        return nb.quad(lambda t, k: nb.exp(-k * t), 0.0, np.inf, k)

    assert float(nb.grad(f)(2.0)) == pytest.approx(-0.25)
    assert float(nb.hessian(f)(2.0)) == pytest.approx(0.25)


def closed_over(k):
    return nb.quad(lambda t: nb.exp(-k * t), 0.0, 1.0)


def beside_an_argument(k):
    return nb.quad(lambda t, c: c * nb.exp(-k * t), 0.0, 1.0, k)


REFUSED = {
    "closed over, reverse": (lambda: nb.grad(closed_over)(2.0), GradientError, "quad: .*argument"),
    "closed over, forward": (lambda: nb.jvp(closed_over, (2.0,), (1.0,)), GradientError, "quad: .*argument"),
    "closed over, beside an argument": (lambda: nb.grad(beside_an_argument)(2.0), GradientError,
                                        "quad: .*argument"),
    "divergent": (lambda: nb.quad(lambda t: 1 / t, 0.0, 1.0), ConvergenceError, "quad: .*subdivisions"),
    "by an infinite limit": (lambda: nb.grad(lambda b: nb.quad(lambda t: nb.exp(-t), 0.0, b))(np.inf),
                             GradientError, "infinite limit"),
    "of vectors": (lambda: nb.quad(lambda t: t * np.ones(2), 0.0, 1.0), ShapeError, r"shape \(2,\)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_answer_is_refused(case):
    call, error, match = REFUSED[case]
    with pytest.raises(error, match=match):
        call()
