"""Random numbers of a key: distributions for keys that are fixed, derivatives, what is refused."""

import mpmath
import numpy as np
import pytest
from composite_checks import interpreted  # noqa: F401
from scipy import special, stats

import nbgrad as nb
from nbgrad.errors import DtypeError, NbgradError, ShapeError, ValueRangeError
from nbgrad.ops import draws
from nbgrad.ops.random import mixed_key, random_bits
from nbgrad.testing import values

A = np.array
N = 4000
COV = A([[2.0, 0.6], [0.6, 1.0]])
KEY = nb.random.key(7)

CONTINUOUS = {
    "uniform": (lambda **k: nb.random.uniform(KEY, (N,), -1.0, 3.0, **k), stats.uniform(-1.0, 4.0)),
    "normal": (lambda **k: nb.random.normal(KEY, (N,), 1.0, 2.0, **k), stats.norm(1.0, 2.0)),
    "exponential": (lambda **k: nb.random.exponential(KEY, (N,), 3.0, **k), stats.expon(scale=3.0)),
    "gamma": (lambda **k: nb.random.gamma(KEY, 2.5, (N,), 0.5, **k), stats.gamma(2.5, scale=0.5)),
    "gamma of a small shape": (lambda **k: nb.random.gamma(KEY, 0.3, (N,), **k), stats.gamma(0.3)),
    "beta": (lambda **k: nb.random.beta(KEY, 0.7, 2.0, (N,), **k), stats.beta(0.7, 2.0)),
    "one of dirichlet": (lambda **k: nb.random.dirichlet(KEY, A([2.0, 1.0, 0.5]), (N,), **k)[:, 0],
                         stats.beta(2.0, 1.5)),
    "one of multivariate_normal": (
        lambda **k: nb.random.multivariate_normal(KEY, A([1.0, 2.0]), COV, (N,), **k)[:, 0],
        stats.norm(1.0, np.sqrt(2.0))),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CONTINUOUS)
def test_draws_have_the_distribution(case, dtype):
    draw, law = CONTINUOUS[case]
    x = draw(dtype=dtype)
    assert (x.shape, x.dtype) == ((N,), np.dtype(dtype))
    assert stats.kstest(values(x).astype(float), law.cdf).pvalue > 1e-3


def test_draws_are_independent_of_their_neighbours():
    x = values(nb.random.normal(KEY, (N,)))
    for lag in (1, 2, N // 2):
        assert abs(np.corrcoef(x[lag:], x[:-lag])[0, 1]) < 4 / np.sqrt(N - lag)


def test_a_covariance_is_that_of_the_draws():
    x = values(nb.random.multivariate_normal(KEY, A([1.0, 2.0]), COV, (N,)))
    np.testing.assert_allclose(np.cov(x.T), COV, atol=0.15)
    assert values(nb.random.multivariate_normal(KEY, np.zeros((3, 2)), COV)).shape == (3, 2)


def test_integers_and_booleans():
    x = values(nb.random.randint(KEY, (N,), -2, 3))
    assert x.dtype == np.int64
    assert stats.chisquare(np.bincount(x + 2, minlength=5)).pvalue > 1e-3
    assert abs(values(nb.random.bernoulli(KEY, 0.3, (N,))).mean() - 0.3) < 4 * np.sqrt(0.21 / N)
    assert values(nb.random.bernoulli(KEY, A([0.0, 1.0]))).tolist() == [False, True]
    wide = values(nb.random.randint(KEY, (100,), -(2**62), 2**62))
    assert (wide < 0).any()
    assert (wide > 0).any()


def test_permutations_and_choices():
    orders = [tuple(values(nb.random.permutation(k, 3)).tolist()) for k in nb.random.split(KEY, 120)]
    assert stats.chisquare([orders.count(each) for each in sorted(set(orders))]).pvalue > 1e-3
    assert len(set(orders)) == 6
    x = np.arange(12.0).reshape(3, 4)
    assert sorted(values(nb.random.permutation(KEY, x, axis=1))[0].tolist()) == x[0].tolist()
    assert nb.random.choice(KEY, x, (2, 5), axis=1).shape == (3, 2, 5)
    p = A([0.5, 0.0, 0.2, 0.3])
    counts = np.bincount(values(nb.random.choice(KEY, 4, (N,), p=p)), minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], N * p[[0, 2, 3]]).pvalue > 1e-3
    assert sorted(values(nb.random.choice(KEY, 4, (3,), replace=False, p=p)).tolist()) == [0, 2, 3]
    assert len(set(values(nb.random.choice(KEY, 10, (6,), replace=False)).tolist())) == 6
    firsts = [int(nb.random.choice(k, 4, (2,), replace=False, p=p)[0]) for k in nb.random.split(KEY, 80)]
    assert stats.chisquare(np.bincount(firsts, minlength=4)[[0, 2, 3]], 80 * p[[0, 2, 3]]).pvalue > 1e-3


def test_keys():
    keys = [KEY, nb.random.key(8), *nb.random.split(KEY), *nb.random.split(KEY, 3), nb.random.fold_in(KEY, 0),
            nb.random.fold_in(KEY, 1)]
    assert len(set(keys)) == len(keys)
    drawn = [values(nb.random.uniform(k, (3,))).tolist() for k in keys]
    assert len({tuple(each) for each in drawn}) == len(keys)
    assert drawn[0] == values(nb.random.uniform(KEY, (3,))).tolist()
    assert (values(nb.random.uniform((1, 2))) == values(nb.random.uniform(draws.mixed_key("", (1, 2))))).all()


def test_the_bits_are_philoxs():
    """The words for counter 0 and key 0 that its authors publish, and the fractions made of bits."""
    found = values(random_bits(nb.zeros(0), (1024,), 0))
    assert [hex(each) for each in found[::256]] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    high, low = found[:2].tolist()
    assert float(nb.random.uniform(0)) == ((high >> 5) * 2**26 + (low >> 6)) / 2**53


def test_derivatives_are_those_of_numbers_moved_and_stretched():
    z = values(nb.random.normal(KEY, (5,)))
    g = nb.grad(lambda loc, scale: nb.sum(nb.random.normal(KEY, (5,), loc, scale)), (0, 1))(1.0, 2.0)
    np.testing.assert_allclose([float(x) for x in g], [5.0, z.sum()], rtol=1e-14)

    def f(low, scale, mean, cov):
        return [nb.random.uniform(KEY, None, low, 3.0), nb.random.exponential(KEY, (3,), scale),
                nb.random.multivariate_normal(KEY, mean, cov @ nb.matrix_transpose(cov), (2,))]

    nb.testing.check_grads(f, [A([0.5, 1.0]), A(2.0), A([1.0, 2.0]), COV], 2)
    x = nb.grad(lambda x: nb.sum(nb.random.permutation(KEY, x) * A([1.0, 2.0, 3.0])))(A([1.0, 2.0, 3.0]))
    assert sorted(values(x).tolist()) == [1.0, 2.0, 3.0]


BY_SHAPE = {
    "gamma": lambda a: nb.random.gamma(KEY, a),
    "beta": lambda a: nb.random.beta(KEY, a, 2.0),
    "dirichlet": lambda a: nb.random.dirichlet(KEY, a),
}


def quantile_slopes(a, z):
    """Derivatives in a of the numbers below which gamma distributions keep their probabilities."""
    below, step = special.gammainc(a, z), 1e-5
    ends = [special.gammaincinv(a + side * step * a, below) for side in (-1, 1)]
    return (ends[1] - ends[0]) / (2 * step * a)


def test_derivatives_by_the_shape_are_those_of_the_quantile():
    a = A([0.3, 1.0, 2.5, 30.0])
    z, g = values(BY_SHAPE["gamma"](a)), values(nb.grad(lambda a: nb.sum(BY_SHAPE["gamma"](a)))(a))
    np.testing.assert_allclose(g, quantile_slopes(a, z), rtol=1e-7)
    logs = draws._log_gammas("beta", (mixed_key("beta", KEY), 0), nb.asarray(a))
    x, g = BY_SHAPE["beta"](a), nb.grad(lambda a: nb.sum(BY_SHAPE["beta"](a)))(a)
    z = np.exp(values(logs))
    np.testing.assert_allclose(values(g / (x * (1 - x))), quantile_slopes(a, z) / z, rtol=1e-7)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_derivatives_by_a_small_shape_are_exact_where_the_number_itself_is_zero(dtype):
    a = nb.asarray(np.repeat(A([1e-3, 0.02, 0.1, 0.5], dtype), 8))
    logs, slopes = nb.jvp(lambda a: draws._log_gammas("gamma", KEY, a), (a,), (nb.ones_like(a),))
    assert values(logs).min() < np.log(np.finfo(dtype).tiny)      # what follows is tested there
    for shape, log, slope in zip(values(a), values(logs), values(slopes), strict=True):
        z = mpmath.exp(mpmath.mpf(float(log)))
        with mpmath.workdps(40):
            below = mpmath.diff(lambda s, z=z: mpmath.gammainc(s, 0, z, regularized=True), float(shape))
            density = z ** (float(shape) - 1) * mpmath.exp(-z) / mpmath.gamma(float(shape))
            want = float(-below / (density * z))
        assert slope == pytest.approx(want, rel=1e-9 if dtype == "float64" else 2e-4)


@pytest.mark.parametrize("name", BY_SHAPE)
def test_derivatives_by_the_shape_are_the_same_forwards_and_backwards(name):
    a = A([0.3, 1.0, 2.5, 30.0])
    along = nb.jvp(BY_SHAPE[name], (a,), (np.ones(4),))[1]
    rows = values(nb.jacobian(BY_SHAPE[name], mode="rev")(a))
    np.testing.assert_allclose(values(along), np.sum(rows, 1), rtol=1e-10, atol=1e-14)


REFUSED = {
    "no key": (lambda: nb.random.normal(1.5), DtypeError, "normal"),
    "a shape that does not fit": (lambda: nb.random.normal(KEY, (2,), np.zeros(3)), ShapeError, "normal"),
    "integers": (lambda: nb.random.uniform(KEY, dtype="int64"), ValueRangeError, "int64"),
    "no shape": (lambda: nb.random.gamma(KEY, 0.0), ValueRangeError, "gamma: .*positive"),
    "a probability": (lambda: nb.random.bernoulli(KEY, 1.5), ValueRangeError, "p must lie"),
    "an empty range": (lambda: nb.random.randint(KEY, (), 3, 3), ValueRangeError, "low=3"),
    "a narrow dtype": (lambda: nb.random.randint(KEY, (), 0, 300, "uint8"), ValueRangeError, "fit uint8"),
    "too many": (lambda: nb.random.choice(KEY, 2, (3,), replace=False), ValueRangeError, "3 of 2"),
    "weights": (lambda: nb.random.choice(KEY, 2, (3,), p=A([0.5, 0.6])), ValueRangeError, "the sum 1"),
    "a covariance": (lambda: nb.random.multivariate_normal(KEY, np.zeros(2), -COV), NbgradError, "cholesky"),
    "no matrix": (lambda: nb.random.multivariate_normal(KEY, np.zeros(2), np.ones(2)), ShapeError,
                  "multivariate"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_refused(case):
    call, error, match = REFUSED[case]
    with pytest.raises(error, match=match):
        call()
