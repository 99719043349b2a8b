"""Distributions: SciPy's values also at edges and outside, derivatives in every parameter, refusals."""

import pickle

import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import stats

import nbgrad as nb
from nbgrad.errors import DtypeError, ShapeError
from nbgrad.testing import values

A = np.array
SHAPES = {
    "beta": [1.3, 2.5], "cauchy": [], "chi2": [3.1], "expon": [], "gamma": [1.7], "laplace": [],
    "logistic": [], "lognorm": [0.7], "norm": [], "t": [2.3], "uniform": [], "weibull_min": [1.4],
}
COUNTS = {"bernoulli": [0.3], "binom": [5.0, 0.3], "nbinom": [2.5, 0.4], "poisson": [2.2]}
PROBABILITIES = ["cdf", "sf", "logcdf", "logsf"]
FUNCTIONS = ["pdf", "logpdf", *PROBABILITIES]
LOC, SCALE = 0.3, 1.2
# Inside, at the edges of some supports, outside of some, far in the tails
X = np.r_[np.linspace(-3, 4, 12) + 0.013, LOC, LOC + SCALE, -np.inf, np.nan, LOC + 1e-3, 40, -40]
Q = np.r_[np.linspace(0.05, 0.95, 9), 1e-8, 0.5 + 1e-9, 0.0, 1.0, -0.1, 1.1, np.nan]


def scipys(name, method, *args):
    with np.errstate(all="ignore"):
        return getattr(getattr(stats, name), method)(*args)


def ours(name, method, *args):
    return getattr(getattr(nb.stats, name), method)(*args)


@pytest.mark.parametrize("name", SHAPES)
def test_values_are_scipys(name):
    for method in [*FUNCTIONS, "ppf"]:
        x = X if method != "ppf" else Q
        want = scipys(name, method, x, *SHAPES[name], LOC, SCALE)
        got = ours(name, method, x, *SHAPES[name], LOC, SCALE)
        np.testing.assert_allclose(values(got), want, rtol=1e-11, atol=1e-300, err_msg=method)
        x = x.astype(np.float32)
        x = x[np.abs(x - np.float32(0.5)) > 1e-3] if method == "ppf" else x
        want = scipys(name, method, x.astype(float), *SHAPES[name])
        got = ours(name, method, x, *SHAPES[name])
        assert got.dtype == np.float32
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(values(got), want.astype(np.float32), rtol=5e-5, atol=1e-37,
                                       err_msg=method)


@pytest.mark.parametrize("name", COUNTS)
def test_values_of_counts_are_scipys(name):
    k = np.r_[np.arange(-2.0, 9), 1.5, -0.5, np.nan]
    for method in ["pmf", "logpmf", *PROBABILITIES]:
        want = scipys(name, method, k, *COUNTS[name], 1)
        np.testing.assert_allclose(values(ours(name, method, k, *COUNTS[name], 1)), want, rtol=1e-12,
                                   atol=1e-15 if method == "logsf" else 0, err_msg=method)
        want = scipys(name, method, np.arange(7), *COUNTS[name])
        np.testing.assert_allclose(values(ours(name, method, np.arange(7), *COUNTS[name])), want, rtol=1e-12,
                                   atol=1e-15, err_msg=method)


@pytest.mark.parametrize("name", [*SHAPES, *COUNTS])
def test_parameters_broadcast_and_bad_ones_give_nan(name):
    shapes = SHAPES.get(name) or COUNTS.get(name) or []
    method, moved = ("pdf", [LOC, A([1.0, -1.0, 0.0])]) if name in SHAPES else ("pmf", [0])
    cases = [[*shapes, *moved]] * (name in SHAPES)
    for i, each in enumerate(shapes):
        bad = [*shapes, *moved[:1]]
        bad[i] = A([each, -0.5, np.nan])
        cases.append(bad)
    x = A([[0.7], [1.0]]) if name in SHAPES else A([[0.0], [1.0]])
    for case in cases:
        for each in (method, "cdf", "logsf"):
            want = scipys(name, each, x, *case)
            got = values(ours(name, each, x, *case))
            assert got.shape == (2, 3)
            np.testing.assert_allclose(got, want, rtol=1e-12, err_msg=f"{case} {each}")


@pytest.mark.parametrize("name", SHAPES)
def test_derivatives_in_every_argument(name, rng):
    low = 0.1 if name in ("beta", "chi2", "expon", "gamma", "lognorm", "uniform", "weibull_min") else -2.0
    x = LOC + SCALE * rng.uniform(low, 0.9, 3)
    args = [x, *map(A, SHAPES[name]), A(LOC), A(SCALE)]
    for method in FUNCTIONS:
        nb.testing.check_grads(getattr(getattr(nb.stats, name), method), args, 2 if method == "logpdf" else 1)
    nb.testing.check_grads(getattr(nb.stats, name).ppf, [A([0.1, 0.45, 0.8]), *args[1:]], 1)


@pytest.mark.parametrize("name", COUNTS)
def test_derivatives_in_the_parameters_of_counts(name):
    k, shapes = A([0.0, 1.0, 3.0]), COUNTS[name]
    of = 1 if name == "binom" else 0          # n is an integer
    for method in ["pmf", "logpmf", *PROBABILITIES]:
        f = getattr(getattr(nb.stats, name), method)
        nb.testing.check_grads(lambda *p, f=f: nb.exp(f(k, *shapes[:of], *p)), list(map(A, shapes[of:])), 1)


EDGES = A([LOC - 1.0, LOC, LOC + SCALE, LOC + 3 * SCALE, -np.inf, np.inf])


@pytest.mark.parametrize("name", SHAPES)
def test_derivatives_at_edges_and_outside_are_numbers(name):
    one = [1.0] * len(SHAPES[name])           # a density that does not vanish at its edges
    for shapes in [SHAPES[name], one, [0.6 * each for each in one]]:
        for method in FUNCTIONS:
            for x in EDGES:
                args = [A(each) for each in (x, *shapes, LOC, SCALE)]
                z = ours(name, method, *args)
                slopes = nb.grad(getattr(getattr(nb.stats, name), method), tuple(range(len(args))))(*args)
                for slope in map(values, slopes):
                    assert not np.isnan(slope), f"{method} {x} {shapes}"
                    assert slope == 0 or np.isfinite(values(z)), f"{method} {x} {shapes}"


def test_derivatives_at_edges():
    slope = nb.grad(lambda s: nb.sum(nb.stats.expon.logpdf(A([0.0, -1.0, 2.0]), scale=s)[A([0, 2])]))
    np.testing.assert_allclose(float(slope(2.0)), -0.5 + (-0.5 + 2.0 / 4))
    assert float(nb.grad(nb.stats.laplace.cdf)(0.0)) == 0.5
    assert float(nb.grad(nb.stats.t.cdf)(0.0, 1.0)) == pytest.approx(1 / np.pi, rel=1e-15)
    assert float(nb.grad(nb.stats.t.ppf)(0.5, 1.0)) == pytest.approx(np.pi, rel=1e-15)
    assert np.isnan(float(nb.grad(nb.stats.norm.logpdf)(np.nan)))
    assert np.isnan(float(nb.grad(nb.stats.norm.logpdf, 2)(0.0, 0.0, -1.0)))


def test_tails():
    for name in ("norm", "logistic"):
        for x in (-40.0, -1e4):
            z, slope = nb.value_and_grad(getattr(nb.stats, name).logcdf)(x)
            assert float(z) == pytest.approx(getattr(stats, name).logcdf(x), rel=1e-14)
            assert float(slope) == pytest.approx(-x if name == "norm" else 1, rel=1e-3)
    assert float(nb.grad(lambda s: nb.stats.lognorm.logsf(1e30, s))(1.0)) > 1e3
    assert float(nb.grad(nb.stats.gamma.logsf)(1e4, 2.0)) == 0           # where it underflows to -inf


def test_infinite_degrees_of_freedom_are_the_normal_distribution():
    for method in [*FUNCTIONS, "ppf"]:
        want, slope = nb.value_and_grad(getattr(nb.stats.norm, method))(0.3)
        got, of_t = nb.value_and_grad(getattr(nb.stats.t, method))(0.3, np.inf)
        np.testing.assert_allclose([float(got), float(of_t)], [float(want), float(slope)], rtol=1e-14)
    np.testing.assert_allclose(values(nb.stats.t.logpdf(1.0, 1e12)), stats.norm.logpdf(1.0), rtol=1e-10)


def test_calls():
    norm = nb.stats.norm
    assert float(norm.pdf(1.0, 0.5, scale=2.0)) == float(norm.pdf(1.0, loc=0.5, scale=2.0))
    assert float(nb.stats.gamma.pdf(1.0, a=2.0)) == float(nb.stats.gamma.pdf(1.0, 2.0))
    assert pickle.loads(pickle.dumps(norm)) is norm
    assert repr(norm) == "nb.stats.norm"
    for wrong in (lambda: norm.pdf(1.0, 0, 1, 2), lambda: norm.pdf(1.0, 0, loc=1),
                  lambda: norm.pdf(1.0, mu=1), lambda: nb.stats.gamma.pdf(1.0)):
        with pytest.raises(DtypeError, match=r"stats\.\w+\.pdf: .*It is called as stats"):
            wrong()
    with pytest.raises(AttributeError, match=r"nb\.stats\.norm has no 'fit'; it has pdf, logpdf, cdf"):
        norm.fit([1.0])
    with pytest.raises(AttributeError, match="has no 'ppf'"):
        _ = nb.stats.poisson.ppf
    with pytest.raises(ShapeError):
        norm.pdf(np.zeros(2), np.zeros(3))
