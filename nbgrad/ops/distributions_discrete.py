"""Distributions of integers, each by its formulas for loc=0 inside its support."""

from __future__ import annotations

import math
from typing import Any

from nbgrad.engine.tensor import Tensor
from nbgrad.engine.transforms import stop_gradient
from nbgrad.ops.compare import equal, floor, isfinite, less
from nbgrad.ops.distributions import Discrete, all_of
from nbgrad.ops.elementwise import exp, log, where
from nbgrad.ops.powers import pow
from nbgrad.ops.special_entropy import entr, xlog1py, xlogy
from nbgrad.ops.special_gamma import betaln, gammaln
from nbgrad.ops.special_incomplete import betainc, betaincc, gammainc, gammaincc

__all__ = ["bernoulli", "binom", "nbinom", "poisson"]


def _poisson_log(k: Tensor, mu: Tensor) -> Tensor:
    return xlogy(k, mu) - gammaln(k + 1) - mu


def _binom_log(k: Tensor, n: Tensor, p: Tensor) -> Tensor:
    return xlogy(k, p) + xlog1py(n - k, -p) - betaln(n - k + 1, k + 1) - log(n + 1)


def _nbinom_log(k: Tensor, n: Tensor, p: Tensor) -> Tensor:
    return xlogy(n, p) + xlog1py(k, -p) - betaln(n, k + 1) - log(n + k)


# Where a probability is 0 because a parameter is, its logarithm has no derivative, yet it has one itself. So
# it is what it is for parameters that are near and constant, times powers of how much the true ones differ.
def _near(p: Tensor, trials: Tensor) -> Tensor:
    """p as a constant, and beside 0 and 1 for them, by what does not matter in so many trials."""
    step = 1 / (trials + 2)
    return stop_gradient(where(equal(p, 0), step, where(equal(p, 1), 1 - step, p)))


def _poisson(k: Tensor, mu: Tensor) -> Tensor:
    near = stop_gradient(where(equal(mu, 0), 0.5, mu))
    return exp(_poisson_log(k, near)) * pow(mu / near, k) * exp(near - mu)


def _binom(k: Tensor, n: Tensor, p: Tensor) -> Tensor:
    near = _near(p, n)
    return exp(_binom_log(k, n, near)) * pow(p / near, k) * pow((1 - p) / (1 - near), n - k)


def _nbinom(k: Tensor, n: Tensor, p: Tensor) -> Tensor:
    near = _near(p, n + k)
    return exp(_nbinom_log(k, n, near)) * pow(p / near, n) * pow((1 - p) / (1 - near), k)


def _is_probability(p: Tensor) -> Any:
    return all_of(p >= 0, p <= 1)


poisson: Discrete = Discrete(
    "poisson", "mu", "Poisson's distribution with mean mu.", "logpmf(2, 3.0) -> tensor(-1.4959226)",
    _poisson_log, last=lambda mu: math.inf, pmf=_poisson,
    right=lambda mu: all_of(mu >= 0, isfinite(mu)), cdf=lambda k, mu: gammaincc(k + 1, mu),
    sf=lambda k, mu: gammainc(k + 1, mu), mean=lambda mu: +mu, var=lambda mu: +mu)
binom: Discrete = Discrete(
    "binom", "n p", "How often something of probability p comes in n trials; n's derivative is that of the "
    "gamma function.", "pmf(2, 5, 0.5) -> tensor(0.3125)", _binom_log, last=lambda n, p: n, pmf=_binom,
    right=lambda n, p: all_of(n >= 0, equal(n, floor(n)), isfinite(n), _is_probability(p)),
    cdf=lambda k, n, p: betaincc(k + 1, n - k, p), sf=lambda k, n, p: betainc(k + 1, n - k, p),
    mean=lambda n, p: n * p, var=lambda n, p: n * p * (1 - p))
nbinom: Discrete = Discrete(
    "nbinom", "n p", "How often something of probability 1 - p comes before the contrary has come n times.",
    "pmf(2, 3.0, 0.5) -> tensor(0.1875)", _nbinom_log, last=lambda n, p: math.inf,
    pmf=_nbinom,
    right=lambda n, p: all_of(less(0, n), isfinite(n), less(0, p), p <= 1),
    cdf=lambda k, n, p: betainc(n, k + 1, p), sf=lambda k, n, p: betaincc(n, k + 1, p),
    mean=lambda n, p: n * (1 - p) / p, var=lambda n, p: n * (1 - p) / p / p)
bernoulli: Discrete = Discrete(
    "bernoulli", "p", "1 with probability p, else 0.", "pmf([0, 1], 0.25) -> tensor([0.75, 0.25])",
    lambda k, p: xlogy(k, p) + xlog1py(1 - k, -p), last=lambda p: 1.0, right=_is_probability,
    pmf=lambda k, p: k * p + (1 - k) * (1 - p), cdf=lambda k, p: 1 - p, sf=lambda k, p: +p,
    mean=lambda p: +p, var=lambda p: p * (1 - p), entropy=lambda p: entr(p) + entr(1 - p))
