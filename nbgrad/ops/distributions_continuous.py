"""Distributions with a density, each by its formulas for loc=0, scale=1 inside its support."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nbgrad.engine.tensor import Tensor
from nbgrad.ops.compare import isfinite, isinf, less, logical_and, logical_not, logical_or
from nbgrad.ops.distributions import Continuous, either, log_of_rest
from nbgrad.ops.elementwise import abs, atan2, cos, exp, expm1, log, log1p, sin, sqrt, square, where
from nbgrad.ops.powers import pow
from nbgrad.ops.special_entropy import xlog1py, xlogy
from nbgrad.ops.special_gamma import betaln, digamma, gammaln, poch
from nbgrad.ops.special_gamma import gamma as gamma_function
from nbgrad.ops.special_incomplete import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
)
from nbgrad.ops.special_normal import expit, log_expit, log_ndtr, logit, ndtr, ndtri
from nbgrad.ops.special_other import zeta

__all__ = ["beta", "cauchy", "chi2", "expon", "gamma", "laplace", "logistic", "lognorm", "norm", "t",
           "uniform", "weibull_min"]

_HALF_LOG_TAU, _LOG_2, _EULER = 0.5 * math.log(2 * math.pi), math.log(2), float(np.euler_gamma)
_RIGHT = (0.0, math.inf)                      # the support of what is not negative


# --------------------------------------------------------------------------------------- normal and kin
def _normal(y: Tensor) -> Tensor:
    return -0.5 * square(y) - _HALF_LOG_TAU


norm: Continuous = Continuous(
    "norm", "", "The normal distribution with mean loc and standard deviation scale.",
    "logcdf(-40.0) -> tensor(-804.60844201)", _normal, cdf=ndtr, sf=lambda y: ndtr(-y), logcdf=log_ndtr,
    logsf=lambda y: log_ndtr(-y), ppf=ndtri, mean=lambda: 0.0, var=lambda: 1.0,
    entropy=lambda: _HALF_LOG_TAU + 0.5)
lognorm: Continuous = Continuous(
    "lognorm", "s", "The distribution of exp(s * z), z being standard normal.",
    "cdf(1.0, 0.5) -> tensor(0.5)", lambda y, s: _normal(log(y) / s) - log(s) - log(y), support=_RIGHT,
    powers=lambda s: (1.0,), cdf=lambda y, s: ndtr(log(y) / s), sf=lambda y, s: ndtr(-log(y) / s),
    logcdf=lambda y, s: log_ndtr(log(y) / s), logsf=lambda y, s: log_ndtr(-log(y) / s),
    ppf=lambda q, s: exp(s * ndtri(q)), isf=lambda q, s: exp(-s * ndtri(q)),
    mean=lambda s: exp(0.5 * square(s)), var=lambda s: exp(square(s)) * expm1(square(s)),
    entropy=lambda s: log(s) + (_HALF_LOG_TAU + 0.5))


# ------------------------------------------------------------------------------------------ Student's t
def _t_log(y: Tensor, df: Tensor) -> Tensor:
    size = log(poch(0.5 * df, 0.5 + 0 * df)) - 0.5 * log(math.pi * df)    # no difference of large logarithms
    return size - 0.5 * (df + 1) * log1p(square(y) / df)


def _t_part(y: Tensor, df: Tensor) -> Tensor:
    """What lies between 0 and y, with y's sign; near 0 by a series, as the incomplete beta function has a
    root there.
    """
    near = less(abs(y), 1e-5)
    close, far = where(near, y, 0.0), where(near, 1.0, y)
    top = exp(_t_log(0 * y, df))
    series = top * close * (1 - (df + 1) / (6 * df) * square(close))
    share = 0.5 * betainc(0.5 + 0 * df, 0.5 * df, square(far) / (df + square(far)))
    return where(near, series, where(less(far, 0), -share, share))


def _t_below(y: Tensor, df: Tensor) -> Tensor:
    left = less(y, -1)
    far = where(left, y, -1.0)
    wide = less(square(far), df)
    share = where(wide, square(far), df) / (df + square(far))         # of two, the one below 1/2
    tail = 0.5 * where(wide, betaincc(0.5 + 0 * df, 0.5 * df, where(wide, share, 0.5)),
                       betainc(0.5 * df, 0.5 + 0 * df, where(wide, 0.5, share)))
    return where(left, tail, 0.5 + _t_part(where(left, 0.0, y), df))


def _t_quantile(q: Tensor, df: Tensor) -> Tensor:
    """By the inverses of incomplete beta functions: of a tail, by the share that is below 1/2; of the middle;
    and near 1/2 by a series of which the argument is what lies between.
    """
    half, left = 0.5 + 0 * df, less(q, 0.5)
    tail = where(left, q, 1 - q)
    outer, near = less(tail, 0.2), less(0.5 - 1e-6, tail)
    x = betaincinv(0.5 * df, half, 2 * where(outer, tail, 0.2))
    wide = less(0.5, x)
    far = logical_and(outer, logical_not(wide))
    x = where(wide, 0.5, x)
    y = where(outer, betainccinv(half, 0.5 * df, 2 * where(far, 0.2, where(outer, tail, 0.2))),
              betaincinv(half, 0.5 * df, 1 - 2 * where(logical_or(outer, near), 0.3, tail)))
    size = where(far, sqrt(df * (1 - x) / x), sqrt(df * y / (1 - y)))
    step = where(near, q - 0.5, 0.0) * exp(-_t_log(0 * q, df))
    series = step * (1 + (df + 1) / (6 * df) * square(step))
    return where(near, series, where(left, -size, size))


def _t_variance(df: Tensor) -> Tensor:
    some = logical_and(df > 2, isfinite(df))
    beyond = where(df > 2, 1.0, either(df, df > 1, math.inf, math.nan))
    return where(some, 1 + 2 / where(some, df - 2, 1.0), beyond)


def _or_normal(of_t: Any, of_normal: Any) -> Any:
    """A formula of Student's t, which with infinitely many degrees of freedom is the normal's."""
    def formula(y: Tensor, df: Tensor) -> Tensor:
        none = isinf(df)
        return where(none, of_normal(y), of_t(y, where(none, 1.0, df)))
    return formula


t: Continuous = Continuous(
    "t", "df", "Student's t distribution with df degrees of freedom.", "cdf(1.0, 1.0) -> tensor(0.75)",
    _or_normal(_t_log, _normal), right=lambda df: less(0, df), cdf=_or_normal(_t_below, ndtr),
    sf=_or_normal(lambda y, df: _t_below(-y, df), lambda y: ndtr(-y)), ppf=_or_normal(_t_quantile, ndtri),
    mean=lambda df: either(df, df > 1, 0.0, math.inf), var=_t_variance)


# ------------------------------------------------------------------------------------ gamma, beta and kin
def _gamma_entropy(a: Tensor) -> Tensor:
    """By a series where a is large and large terms would cancel."""
    far = less(50.0, a)
    near, r = where(far, 1.0, a), 1 / where(far, a, 50.0)
    series = 0 * r
    for coefficient in (1 / 252, -1 / 210, -1 / 120, 1 / 90, 1 / 12, 1 / 3):
        series = r * (series + coefficient)
    return where(far, _HALF_LOG_TAU + 0.5 - 0.5 * log(r) - series,
                 near + gammaln(near) + (1 - near) * digamma(near))


gamma: Continuous = Continuous(
    "gamma", "a", "The gamma distribution, with a density that goes with x**(a - 1) * exp(-x).",
    "logpdf(1.0, 2.0) -> tensor(-1.)", lambda y, a: xlogy(a - 1, y) - y - gammaln(a), support=_RIGHT,
    powers=lambda a: (a - 1,), cdf=lambda y, a: gammainc(a, y), sf=lambda y, a: gammaincc(a, y),
    ppf=lambda q, a: gammaincinv(a, q), isf=lambda q, a: gammainccinv(a, q), mean=lambda a: +a,
    var=lambda a: +a, entropy=_gamma_entropy)
chi2: Continuous = Continuous(
    "chi2", "df", "The distribution of the sum of df squares of standard normal numbers.",
    "sf(2.0, 2.0) -> tensor(0.36787944)",
    lambda y, df: xlogy(0.5 * df - 1, y) - 0.5 * y - gammaln(0.5 * df) - 0.5 * _LOG_2 * df, support=_RIGHT,
    powers=lambda df: (0.5 * df - 1,), cdf=lambda y, df: gammainc(0.5 * df, 0.5 * y),
    sf=lambda y, df: gammaincc(0.5 * df, 0.5 * y), ppf=lambda q, df: 2 * gammaincinv(0.5 * df, q),
    isf=lambda q, df: 2 * gammainccinv(0.5 * df, q), mean=lambda df: +df, var=lambda df: 2 * df,
    entropy=lambda df: _gamma_entropy(0.5 * df) + _LOG_2)
beta: Continuous = Continuous(
    "beta", "a b", "The beta distribution, with a density that goes with x**(a - 1) * (1 - x)**(b - 1).",
    "cdf(0.5, 2.0, 3.0) -> tensor(0.6875)",
    lambda y, a, b: xlogy(a - 1, y) + xlog1py(b - 1, -y) - betaln(a, b), support=(0.0, 1.0),
    powers=lambda a, b: (a - 1, b - 1), cdf=lambda y, a, b: betainc(a, b, y),
    sf=lambda y, a, b: betaincc(a, b, y), ppf=lambda q, a, b: betaincinv(a, b, q),
    isf=lambda q, a, b: betainccinv(a, b, q), mean=lambda a, b: a / (a + b),
    var=lambda a, b: a / (a + b) * (b / (a + b)) / (a + b + 1))


# ------------------------------------------------------------------------------------------- exponentials
def _weibull_log(y: Tensor, c: Tensor) -> Tensor:
    return log(c) + xlogy(c - 1, y) - pow(y, c)


def _weibull_variance(c: Tensor) -> Tensor:
    """By a series where c is large and the logarithms would cancel."""
    far = less(12.0, c)
    near, r = 1 / where(far, 1.0, c), 1 / where(far, c, 12.0)
    series = 0 * r
    for k in range(22, 1, -1):
        series = float(zeta(float(k), 1.0)) * (2**k - 2) / k - r * series
    excess = where(far, square(r) * series, gammaln(1 + 2 * near) - 2 * gammaln(1 + near))
    return square(gamma_function(1 + 1 / c)) * expm1(excess)


expon: Continuous = Continuous(
    "expon", "", "The exponential distribution with mean scale, from loc on.",
    "logpdf([1.0, -1.0], scale=2.0) -> tensor([-1.19314718,        -inf])", lambda y: -y, support=_RIGHT,
    cdf=lambda y: -expm1(-y), sf=lambda y: exp(-y), logcdf=log_of_rest, logsf=lambda y: -y,
    ppf=lambda q: -log1p(-q), isf=lambda q: -log(q), mean=lambda: 1.0, var=lambda: 1.0, entropy=lambda: 1.0)
weibull_min: Continuous = Continuous(
    "weibull_min", "c", "Weibull's distribution, of numbers of which the power c is exponential.",
    "logsf(2.0, 3.0) -> tensor(-8.)", _weibull_log, support=_RIGHT, powers=lambda c: (c - 1,),
    cdf=lambda y, c: -expm1(-pow(y, c)), sf=lambda y, c: exp(-pow(y, c)),
    logcdf=lambda y, c: log_of_rest(pow(y, c)), logsf=lambda y, c: -pow(y, c),
    ppf=lambda q, c: pow(-log1p(-q), 1 / c),
    isf=lambda q, c: pow(-log(q), 1 / c), mean=lambda c: gamma_function(1 + 1 / c), var=_weibull_variance,
    entropy=lambda c: _EULER * (1 - 1 / c) - log(c) + 1)


def _laplace_below(y: Tensor) -> Tensor:
    left = less(y, 0)
    return where(left, 0.5 * exp(where(left, y, 0.0)), 1 - 0.5 * exp(-where(left, 0.0, y)))


def _laplace_log_below(y: Tensor) -> Tensor:
    left = less(y, 0)
    return where(left, y - _LOG_2, log1p(-0.5 * exp(-where(left, 0.0, y))))


def _laplace_quantile(q: Tensor) -> Tensor:
    return where(less(q, 0.5), log(2 * q), -log(2 * (1 - q)))


laplace: Continuous = Continuous(
    "laplace", "", "Laplace's distribution, with a density that goes with exp(-|x|).",
    "logpdf(2.0) -> tensor(-2.69314718)", lambda y: -abs(y) - _LOG_2, cdf=_laplace_below,
    sf=lambda y: _laplace_below(-y), logcdf=_laplace_log_below, logsf=lambda y: _laplace_log_below(-y),
    ppf=_laplace_quantile, mean=lambda: 0.0, var=lambda: 2.0, entropy=lambda: _LOG_2 + 1)
logistic: Continuous = Continuous(
    "logistic", "", "The logistic distribution.", "logcdf(-800.0) -> tensor(-800.)",
    lambda y: log_expit(y) + log_expit(-y), cdf=expit, sf=lambda y: expit(-y), logcdf=log_expit,
    logsf=lambda y: log_expit(-y), ppf=logit,
    mean=lambda: 0.0, var=lambda: math.pi**2 / 3, entropy=lambda: 2.0)


# -------------------------------------------------------------------------------------- uniform, Cauchy's
def _cauchy_quantile(q: Tensor) -> Tensor:
    return -cos(math.pi * q) / sin(math.pi * where(less(q, 0.5), q, 1 - q))


uniform: Continuous = Continuous(
    "uniform", "", "The uniform distribution from loc to loc + scale.",
    "pdf([1.0, 3.0], scale=2.0) -> tensor([0.5, 0. ])", lambda y: 0 * y, support=(0.0, 1.0), cdf=lambda y: +y,
    sf=lambda y: 1 - y, logcdf=log, logsf=lambda y: log1p(-y), ppf=lambda q: +q, isf=lambda q: 1 - q,
    mean=lambda: 0.5, var=lambda: 1 / 12, entropy=lambda: 0.0)
cauchy: Continuous = Continuous(
    "cauchy", "", "Cauchy's distribution.", "cdf(1.0) -> tensor(0.75)",
    lambda y: -math.log(math.pi) - log1p(square(y)), cdf=lambda y: atan2(1.0, -y) / math.pi,
    sf=lambda y: atan2(1.0, y) / math.pi, ppf=_cauchy_quantile, mean=lambda: math.nan, var=lambda: math.nan,
    entropy=lambda: math.log(4 * math.pi))
