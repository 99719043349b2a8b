"""Integrals: SciPy's values, derivatives in limits and arguments, and what is refused."""

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import integrate

import nbgrad as nb
from nbgrad.errors import ConvergenceError, DtypeError, GradientError, ShapeError, ValueRangeError

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


WEIGHTS = {"cos": 2.0, "sin": 2.0, "cauchy": 3.0, "alg": (-0.5, 0.3), "alg-loga": (0.5, 0.0),
           "alg-logb": (0.5, 0.0), "alg-log": (0.5, 0.2)}


@pytest.mark.parametrize("weight", WEIGHTS)
def test_weights_are_scipys_and_stay_in_derivatives(weight):
    options = {"weight": weight, "wvar": WEIGHTS[weight]}
    want = integrate.quad(lambda t: np.exp(-1.5 * t), 0.5, 2.0, **options)[0]
    got = nb.quad(lambda t, k: nb.exp(-k * t), 0.5, 2.0, args=(1.5,), **options)
    assert float(got) == pytest.approx(want)

    def f(a, b, k):
        limits = (a, b) if weight in ("cos", "sin", "cauchy") else (0.5, 2.0)
        return nb.quad(lambda t, k: nb.exp(-k * t), *limits, k, epsabs=1e-12, **options)

    nb.testing.check_grads(f, [A(0.5), A(2.0), A(1.5)], 2)


def test_a_weight_of_infinite_range():
    def f(k):
        return nb.quad(lambda t, k: nb.exp(-k * t), 0.0, np.inf, k, weight="cos", wvar=2.0, limlst=60)

    assert float(f(1.0)) == pytest.approx(1 / 5)
    assert float(nb.grad(f)(1.0)) == pytest.approx(1 / 5 - 2 / 25, abs=1e-7)


def test_arguments_are_spelled_as_in_scipy():
    for args in ((2.0, 3.0), 6.0):
        def f(t, *args):
            return t * np.prod(args)

        assert float(nb.quad(f, 0, 1, args=args)) == integrate.quad(f, 0, 1, args=args)[0]
    assert float(nb.grad(lambda k: nb.quad(lambda t, j, k: j * k * t, 0, 1, 4.0, args=(k,)))(1.0)) == 2.0


def test_single_precision_gets_derivatives_of_its_own():
    """The integral itself has double precision, as SciPy's has."""
    x = np.float32(2.0)

    def f(b, k):
        return nb.quad(lambda t, k: nb.exp(-k * t), 0.0, b, k)

    value, (by_limit, by_k) = nb.value_and_grad(f, (0, 1))(x, x)
    assert (value.dtype, by_limit.dtype, by_k.dtype) == (np.float64, np.float32, np.float32)
    value, along = nb.jvp(f, (x, x), (np.float32(1.0), np.float32(0.0)))
    assert value.dtype == along.dtype == np.float64
    assert float(along) == pytest.approx(np.exp(-4.0), rel=1e-6)
    assert float(by_limit) == pytest.approx(np.exp(-4.0), rel=1e-6)


def of_point(k):
    return nb.quad(lambda t, k: nb.where(t < k, 1.0, 0.0), 0.0, 1.0, k, points=[k])


def plain(**options):
    return nb.quad(lambda t: t, 0.0, 1.0, **options)


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
    "by a break point": (lambda: nb.grad(of_point)(0.3), GradientError, "quad: points"),
    "by a weight's number": (lambda: nb.grad(lambda w: plain(weight="cos", wvar=w))(2.0), GradientError,
                             "wvar"),
    "by a limit in a weight": (lambda: nb.grad(lambda b: nb.quad(
        nb.exp, 0.0, b, weight="alg", wvar=(0, 0)))(1.0), GradientError, "alg"),
    "a weight": (lambda: plain(weight="cosine", wvar=1.0), ValueRangeError, "cosine"),
    "a weight without its number": (lambda: plain(weight="alg", wvar=1.0), ValueRangeError, "pair of expon"),
    "a number without its weight": (lambda: plain(wvar=1.0), ValueRangeError, "needs a weight"),
    "points and a weight": (lambda: plain(points=[0.5], weight="cos", wvar=1.0), ValueRangeError, "points"),
    "points on infinite ways": (lambda: nb.quad(nb.exp, -np.inf, 0.0, points=[-1.0]), ValueRangeError,
                                "points"),
    "cauchy on infinite ways": (lambda: nb.quad(nb.exp, -np.inf, 0.0, weight="cauchy", wvar=1.0),
                                ValueRangeError, "finite limits"),
    "full_output": (lambda: plain(full_output=1), ValueRangeError, "full_output"),
    "complex_func": (lambda: plain(complex_func=True), ValueRangeError, "complex_func"),
    "a typing error": (lambda: plain(epsabbs=1.0), DtypeError, "epsabbs"),
    "limits of several": (lambda: nb.quad(nb.exp, 0.0, np.ones(2)), ShapeError, r"limit.*\(2,\)"),
    "a limit that is nan": (lambda: nb.quad(nb.exp, 0.0, np.nan), ValueRangeError, "nan"),
    "of vectors": (lambda: nb.quad(lambda t: t * np.ones(2), 0.0, 1.0), ShapeError, r"shape \(2,\)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_answer_is_refused(case):
    call, error, match = REFUSED[case]
    with pytest.raises(error, match=match):
        call()
