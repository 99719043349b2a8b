"""Random numbers of a key: distributions, with derivatives in their parameters.

A key is an integer: `key` makes one of a seed, `split` and `fold_in` make others of it. Draws with one key
are the same each time, and give each draw, layer and step its own. The keys are those of `nb.dropout` too.
"""

from nbgrad.ops.choices import bernoulli, choice, permutation, randint
from nbgrad.ops.draws import beta, dirichlet, exponential, gamma, multivariate_normal, normal, uniform
from nbgrad.ops.keys import fold_in, key, split

__all__ = ["bernoulli", "beta", "choice", "dirichlet", "exponential", "fold_in", "gamma", "key",
           "multivariate_normal", "normal", "permutation", "randint", "split", "uniform"]


def __dir__() -> list[str]:
    return sorted(__all__)
