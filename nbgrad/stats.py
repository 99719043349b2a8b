"""Distributions under SciPy's names: log densities and probabilities, with derivatives in all parameters.

A distribution is called as in scipy.stats: `nb.stats.norm.logpdf(x, loc=0, scale=1)`. Imported when it is
asked for.
"""

from nbgrad.ops.distributions_continuous import (
    beta,
    cauchy,
    chi2,
    expon,
    gamma,
    laplace,
    logistic,
    lognorm,
    norm,
    t,
    uniform,
    weibull_min,
)
from nbgrad.ops.distributions_discrete import bernoulli, binom, nbinom, poisson
from nbgrad.ops.distributions_matrix import dirichlet, multivariate_normal, wishart

__all__ = ["bernoulli", "beta", "binom", "cauchy", "chi2", "dirichlet", "expon", "gamma", "laplace",
           "logistic", "lognorm", "multivariate_normal", "nbinom", "norm", "poisson", "t", "uniform",
           "weibull_min", "wishart"]


def __dir__() -> list[str]:
    return sorted(__all__)
