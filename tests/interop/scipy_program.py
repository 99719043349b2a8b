"""A program of its own: SciPy's functions of the array API take Tensors, and gradients go through them.

It is run with SCIPY_ARRAY_API=1, which SciPy reads when it is imported. Prints one line for each function:
its name, and the errors of value and gradient, relative to the largest slope above 1.
"""

import warnings

import numpy as np
from scipy import cluster, integrate, optimize, special, stats

import nbgrad as nb

X = np.array([0.3, 1.2, 2.5, 0.7, 1.9, 3.1])
FUNCTIONS = {
    "special.logsumexp": special.logsumexp,
    "special.logsumexp of rows": lambda x: special.logsumexp(x.reshape(2, 3), axis=1),
    "special.softmax": lambda x: special.softmax(x) * X,
    "special.log_softmax": special.log_softmax,
    "stats.gmean": stats.gmean,
    "stats.moment": lambda x: stats.moment(x, 3),
    "stats.skew": stats.skew,
    "stats.kurtosis": stats.kurtosis,
    "stats.variation": stats.variation,
    "stats.zscore": lambda x: stats.zscore(x) * X,
    "stats.circmean": stats.circmean,
    "stats.iqr": stats.iqr,
    "stats.boxcox_llf": lambda x: stats.boxcox_llf(0.5, x),
    "integrate.trapezoid": integrate.trapezoid,
    "integrate.cumulative_simpson": lambda x: integrate.cumulative_simpson(x, dx=0.5),
    "optimize.rosen": optimize.rosen,
    "cluster.vq.whiten": lambda x: cluster.vq.whiten(x.reshape(3, 2)) * X.reshape(3, 2),
}
# What SciPy computes by its own compiled code, which takes values out.
REFUSED = {"special.erf": special.erf, "stats.entropy": stats.entropy}


def errors(f):
    """The largest errors of f's values beside those of an array, and of its gradient beside differences."""
    z, gradient = nb.value_and_grad(lambda x: nb.sum(f(x)))(X)
    assert type(f(nb.asarray(X))) is nb.Tensor
    step = 1e-5 * np.eye(X.size)
    differences = [(np.sum(f(X + d)) - np.sum(f(X - d))) / 2e-5 for d in step]
    scale = max(1, np.max(np.abs(differences)))
    return abs(z.item() - np.sum(f(X))) / scale, np.max(np.abs(gradient.numpy() - differences)) / scale


if __name__ == "__main__":
    warnings.simplefilter("error")
    for name, f in FUNCTIONS.items():
        print(name, *errors(f), sep="\t")
    for name, f in REFUSED.items():
        try:
            nb.grad(lambda x, f=f: nb.sum(f(x)))(X)
        except nb.errors.TraceError as error:
            print(name, "refused" if "detach" in str(error) else "unclear", sep="\t")
