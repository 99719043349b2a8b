"""Distributions: SciPy's values also at edges and outside, derivatives in every parameter, refusals."""

import pickle
from functools import partial

import mpmath
import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import stats

import nbgrad as nb
from nbgrad.errors import DtypeError, ShapeError, SingularError, ValueRangeError
from nbgrad.testing import values

A = np.array
SHAPES = {
    "beta": [1.3, 2.5], "cauchy": [], "chi2": [3.1], "expon": [], "gamma": [1.7], "laplace": [],
    "logistic": [], "lognorm": [0.7], "norm": [], "t": [2.3], "uniform": [], "weibull_min": [1.4],
}
COUNTS = {"bernoulli": [0.3], "binom": [5.0, 0.3], "nbinom": [2.5, 0.4], "poisson": [2.2]}
PROBABILITIES = ["cdf", "sf", "logcdf", "logsf"]
FUNCTIONS, QUANTILES = ["pdf", "logpdf", *PROBABILITIES], ["ppf", "isf"]
MOMENTS = ["mean", "var", "std", "entropy"]
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
    for method in [*FUNCTIONS, *QUANTILES]:
        x = Q if method in QUANTILES else X
        want = scipys(name, method, x, *SHAPES[name], LOC, SCALE)
        got = ours(name, method, x, *SHAPES[name], LOC, SCALE)
        np.testing.assert_allclose(values(got), want, rtol=1e-11, atol=1e-300, err_msg=method)
        x = x.astype(np.float32)
        x = x[np.abs(x - np.float32(0.5)) > 1e-3] if method in QUANTILES else x
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


@pytest.mark.parametrize("name", COUNTS)
def test_quantiles_of_counts_are_scipys(name):
    """And have no derivative; SciPy has no inverse of Poisson's distribution beyond a tail of 1e-12 or so."""
    q = np.r_[Q, 0.5, 1e-12, 1 - 1e-12]
    for shapes in (COUNTS[name], [np.array([[each], [np.nan], [-0.5]]) for each in COUNTS[name]]):
        for method in QUANTILES:
            want = scipys(name, method, q, *shapes, 2)
            got = ours(name, method, q, *shapes, 2)
            np.testing.assert_array_equal(values(got), want, err_msg=method)
            assert ours(name, method, np.float32(0.3), *map(np.float32, COUNTS[name])).dtype == np.float32
    slopes = nb.grad(lambda *args: nb.sum(ours(name, "ppf", *args)), tuple(range(1 + len(shapes))))(
        0.3, *COUNTS[name])
    assert [float(slope) for slope in slopes] == [0] * (1 + len(shapes))


def test_quantiles_of_counts_in_the_tails():
    law, q = nb.stats.poisson, np.array([1e-300, 1e-100, 1e-20])
    k = values(law.isf(q, 2.2))
    assert (values(law.sf(k, 2.2)) <= q).all()
    assert (values(law.sf(k - 1, 2.2)) > q).all()
    mu = np.array([0.0, 1e-3, 1e3, 1e9, 1e15])
    np.testing.assert_array_equal(values(law.ppf(0.7, mu)), stats.poisson.ppf(0.7, mu))
    np.testing.assert_array_equal(values(nb.stats.binom.ppf(0.3, 4, [0.0, 1.0])), [0, 4])


@pytest.mark.parametrize("name", [*SHAPES, *COUNTS])
def test_moments_are_scipys(name):
    shapes = SHAPES.get(name) or COUNTS.get(name) or []
    moved = [LOC, SCALE] if name in SHAPES else [2]
    law = getattr(nb.stats, name)
    for method in MOMENTS:
        if method == "entropy" and name in ("beta", "t", "binom", "nbinom", "poisson"):
            with pytest.raises(AttributeError, match=r"has no 'entropy'; it has .*mean, var, std\."):
                law.entropy(*shapes)
            continue
        for bad in (None, *range(len(shapes) + (name in SHAPES))):
            args = [*shapes, *moved]
            if bad is not None:
                bad = bad if bad < len(shapes) else -1
                args[bad] = np.array([args[bad], -0.5, np.nan])
            got = values(getattr(law, method)(*args))
            np.testing.assert_allclose(got, scipys(name, method, *args), rtol=1e-13, err_msg=method)
        assert getattr(law, method)(*map(np.float32, shapes), np.float32(1)).dtype == np.float32
        if name != "cauchy":
            first = 1 if name == "binom" else 0
            nb.testing.check_grads(partial(getattr(law, method), *shapes[:first]),
                                   [np.array(float(x)) for x in [*shapes[first:], *moved]], 1)


def test_moments_where_they_are_infinite_or_terms_cancel():
    df = np.array([0.5, 1.0, 1.5, 2.0, 3.0, np.inf])
    np.testing.assert_array_equal(values(nb.stats.t.mean(df)), stats.t.mean(df))
    np.testing.assert_allclose(values(nb.stats.t.var(df)), stats.t.var(df), rtol=1e-15)
    for a in (1e-2, 49.9, 50.1, 1e3, 1e12):
        with mpmath.workdps(40):
            want = a + mpmath.loggamma(a) + (1 - mpmath.mpf(a)) * mpmath.digamma(a)
        np.testing.assert_allclose(float(nb.stats.gamma.entropy(a)), float(want), rtol=4e-14)
    c = 1e3                                   # of which both squares in E x^2 - (E x)^2 are nearly 1
    with mpmath.workdps(40):
        want = mpmath.gamma(1 + 2 / mpmath.mpf(c)) - mpmath.gamma(1 + 1 / mpmath.mpf(c)) ** 2
    np.testing.assert_allclose(float(nb.stats.weibull_min.var(c)), float(want), rtol=1e-12)


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
    for method in QUANTILES:
        nb.testing.check_grads(getattr(getattr(nb.stats, name), method), [A([0.1, 0.45, 0.8]), *args[1:]], 1)


@pytest.mark.parametrize("name", COUNTS)
def test_derivatives_in_the_parameters_of_counts(name):
    k, shapes = A([0.0, 1.0, 3.0]), COUNTS[name]
    of = 1 if name == "binom" else 0          # n is an integer
    for method in ["pmf", "logpmf", *PROBABILITIES]:
        f = getattr(getattr(nb.stats, name), method)
        nb.testing.check_grads(lambda *p, f=f: nb.exp(f(k, *shapes[:of], *p)), list(map(A, shapes[of:])),
                               2 if method == "pmf" else 1)


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


@pytest.mark.parametrize(("name", "k", "p", "value", "slope"), [
    ("poisson", 1, (0.0,), 0, 1), ("poisson", 0, (0.0,), 1, -1), ("poisson", 2, (0.0,), 0, 0),
    ("binom", 1, (3.0, 0.0), 0, 3), ("binom", 2, (3.0, 1.0), 0, -3), ("binom", 3, (3.0, 1.0), 1, 3),
    ("binom", 0, (1e5, 0.0), 1, -1e5), ("binom", 1e5, (1e5, 1.0), 1, 1e5), ("binom", 0, (0.0, 0.5), 1, 0),
    ("nbinom", 1, (2.0, 1.0), 0, -2), ("nbinom", 0, (1e5, 1.0), 1, 1e5), ("bernoulli", 1, (0.0,), 0, 1),
])
def test_counts_of_parameters_at_their_edges(name, k, p, value, slope):
    z, g = nb.value_and_grad(getattr(nb.stats, name).pmf, len(p))(k, *p)
    np.testing.assert_allclose([float(z), float(g)], [value, slope], rtol=1e-10, atol=1e-10)


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


@pytest.mark.parametrize("df", [0.3, 3.0, 1e3, 1e6, 1e12])
def test_tails_of_students_t(df):
    x = A([-6.0, -3.0, -1.5, -0.4, 1e-7])
    law, below = nb.stats.t, stats.t.cdf(x, df)
    np.testing.assert_allclose(values(law.cdf(x, df)), below, rtol=1e-13)
    np.testing.assert_allclose(values(law.ppf(below, df))[:4], x[:4], rtol=1e-13)
    slope = nb.grad(lambda x: nb.sum(law.cdf(x, df)))(x)
    np.testing.assert_allclose(values(slope), values(law.pdf(x, df)), rtol=1e-12)
    slope = nb.grad(lambda q: nb.sum(law.ppf(q, df)))(below)
    np.testing.assert_allclose(values(slope)[:4], 1 / values(law.pdf(x, df))[:4], rtol=1e-12)


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
    with pytest.raises(AttributeError, match=r"has no 'rvs'; it has .*std\. Draw with nb\.random"):
        nb.stats.poisson.rvs(2.0)
    with pytest.raises(DtypeError, match=r"gamma\.mean: a is missing. It is called as .*mean\(a, loc=0"):
        nb.stats.gamma.mean()
    with pytest.raises(ShapeError):
        norm.pdf(np.zeros(2), np.zeros(3))


# ------------------------------------------------------------------------------------- vectors, matrices
MEAN, COV = A([0.5, -1.0]), A([[2.0, 0.6], [0.6, 1.0]])


def check_density(name, x, *args, rtol=1e-12, **options):
    want = getattr(stats, name).logpdf(x, *args, **options)
    got = getattr(nb.stats, name).logpdf(x, *args, **options)
    assert got.shape == np.shape(want)
    np.testing.assert_allclose(values(got), want, rtol=rtol)
    got = getattr(nb.stats, name).pdf(x, *args, **options)
    np.testing.assert_allclose(values(got), np.exp(want), rtol=max(rtol, 1e-11))


def test_normal_vectors(rng):
    law = nb.stats.multivariate_normal
    x = rng.standard_normal((4, 3, 2))
    for each in (x, x[0], x[0, 0]):
        check_density("multivariate_normal", each, MEAN, COV)
        check_density("multivariate_normal", each, MEAN, A([1.0, 4.0]))
        check_density("multivariate_normal", each, None, COV)
        check_density("multivariate_normal", each, MEAN, 2.0)
    check_density("multivariate_normal", x[0, :, 0], 0.5, 2.0)
    check_density("multivariate_normal", x[0, 0, 0], A([0.5]), A([[2.0]]))
    assert law.logpdf(x.astype("f4"), MEAN.astype("f4"), COV.astype("f4")).dtype == np.float32

    def logpdf(x, mean, root):
        return law.logpdf(x, mean, nb.matmul(root, root.T))

    nb.testing.check_grads(logpdf, [x[0], MEAN, np.linalg.cholesky(COV)], 2)
    v = np.linalg.solve(COV, x[0, 0] - MEAN)
    np.testing.assert_allclose(values(nb.grad(law.logpdf, 2)(x[0, 0], MEAN, COV)),
                               0.5 * (np.outer(v, v) - np.linalg.inv(COV)), rtol=1e-12)
    with pytest.raises(SingularError):
        law.logpdf(x, MEAN, np.ones((2, 2)))
    with pytest.raises(ValueRangeError, match="negative"):
        law.logpdf(x, MEAN, A([1.0, -1.0]), allow_singular=True)
    with pytest.raises(ValueRangeError, match="matrix of shape"):
        law.logpdf(x, MEAN, np.eye(3))
    with pytest.raises(ValueRangeError, match="vectors of 2"):
        law.logpdf(np.ones(3), MEAN, COV)


def test_normal_vectors_of_a_plane(rng):
    law, root = nb.stats.multivariate_normal, rng.standard_normal((3, 2))
    mean, w = rng.standard_normal(3), rng.standard_normal((4, 2))
    x = mean + w @ root.T
    x[3] += 1.0                               # outside it
    for factor in (1.0, 1e-3):
        check_density("multivariate_normal", x, mean, factor * root @ root.T, allow_singular=True, rtol=1e-8)
    check_density("multivariate_normal", w, None, COV, allow_singular=True)

    def logpdf(w, mean, root):
        x = mean + nb.matmul(w, A([[1.0, 0.5], [0.2, -1.0]]))
        x, mean = [nb.matmul(each, root.T) for each in (x, mean)]
        return law.logpdf(x, mean, nb.matmul(root, root.T), allow_singular=True)

    nb.testing.check_grads(logpdf, [w[:3], MEAN, root], 1)
    slope = nb.grad(lambda x: nb.sum(law.logpdf(x, mean, root @ root.T, allow_singular=True)[:3]))(x)
    np.testing.assert_allclose(values(slope)[:3], -(x - mean)[:3] @ np.linalg.pinv(root @ root.T), rtol=1e-6)
    assert (values(slope)[3] == 0).all()


def test_dirichlet(rng):
    law, alpha = nb.stats.dirichlet, A([2.0, 1.0, 0.5])
    x = rng.dirichlet(alpha, 4).T
    for each in (x, x[:-1], x[:, 0], x[:-1, 0]):
        check_density("dirichlet", each, alpha)
    check_density("dirichlet", A([0.0, 0.5, 0.5]), alpha)
    check_density("dirichlet", A([0.5, 0.0, 0.5]), alpha)
    nb.testing.check_grads(law.logpdf, [A([[0.2, 0.4], [0.5, 0.3]]), alpha], 2)
    slopes = nb.grad(lambda x, a: nb.sum(law.pdf(x, a)), (0, 1))(A([0.0, 0.5]), alpha)
    assert all((values(slope) == 0).all() for slope in slopes)
    for wrong in ((x, -alpha), (x[:1], alpha), (2 * x, alpha), (A([1.5, -0.5, 0.0]), alpha),
                  (A([0.5, 0.5, 0.0]), alpha)):
        with pytest.raises(ValueRangeError, match=r"stats\.dirichlet"):
            law.logpdf(*wrong)


def test_wishart(rng):
    law, x = nb.stats.wishart, COV + 0.5 * np.eye(2)
    check_density("wishart", x, 3.5, COV)
    check_density("wishart", x, 3.5, A([1.0, 2.0]))
    check_density("wishart", np.stack([x, COV, 2 * x], -1), 1.5, COV)

    def logpdf(a, df, b):
        return law.logpdf(nb.matmul(a, a.T), df, nb.matmul(b, b.T))

    nb.testing.check_grads(logpdf, [np.linalg.cholesky(x), A(3.5), np.linalg.cholesky(COV)], 2)
    for wrong in ((x, 1.0, COV), (x, A([3.0, 4.0]), COV), (np.eye(3), 3.0, COV), (x, 3.0, np.ones((2, 3)))):
        with pytest.raises(ValueRangeError, match=r"stats\.wishart"):
            law.logpdf(*wrong)
    with pytest.raises(AttributeError, match="has no 'rvs'; it has logpdf, pdf"):
        law.rvs(3.0, COV)
    assert pickle.loads(pickle.dumps(law)) is law
