"""Fit a generalised linear model by Newton's method, and read its errors off the Hessian.

Counts are Poisson distributed, and the logarithm of their mean is linear in what is known of each. Newton's
method needs the gradient and the Hessian of the log-likelihood, which nb.grad and nb.hessian give of the one
line that states it. The inverse of the Hessian at the maximum is the covariance of the coefficients.

    python examples/poisson.py [--seed 0] [--out poisson.png]

Prints the coefficients with their standard errors and draws them. The exit status is 0 if scikit-learn, which
fits the same model with formulas of its own, finds the same coefficients.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import PoissonRegressor

import nbgrad as nb

NAMES = ("offset", "temperature", "wind", "weekend", "rain", "nothing")
TRUTH = np.array([1.2, 0.5, -0.3, 0.4, -0.7, 0.0])
COUNT = 600
TOLERANCE = 1e-5


def sample(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What is known of each day, with a column of ones in front, and how many came."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(COUNT), rng.normal(size=(COUNT, 2)), rng.random((COUNT, 2)) < 0.3,
                         rng.normal(size=COUNT)])
    return x, rng.poisson(np.exp(x @ TRUTH))


def surprise(w: Any, x: Any, y: Any) -> Any:
    """Minus the log-likelihood, without the factorials, on which no coefficient depends."""
    rate = x @ w
    return np.sum(np.exp(rate) - y * rate)


def newton(w: np.ndarray, x: np.ndarray, y: np.ndarray, steps: int) -> tuple[list[np.ndarray], np.ndarray]:
    """The coefficients after each step, and the Hessian at the last."""
    gradient, hessian, path = nb.grad(surprise), nb.hessian(surprise), [w]
    for _ in range(steps):
        w = w - np.linalg.solve(np.asarray(hessian(w, x, y)), np.asarray(gradient(w, x, y)))
        path.append(w)
    return path, np.asarray(hessian(w, x, y))


def draw(out: str, path: Sequence[np.ndarray], errors: np.ndarray) -> None:
    """Write the coefficients with their 95 % ranges, and the length of Newton's steps."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    places = np.arange(len(TRUTH))
    left.errorbar(path[-1], places, xerr=1.96 * errors, fmt="o", capsize=4, label="fitted, with 95 % range")
    left.plot(TRUTH, places, "k|", markersize=16, label="what the counts were drawn with")
    left.axvline(0, color="black", linewidth=0.8)
    left.set(title="Coefficients", yticks=places, yticklabels=NAMES)
    left.invert_yaxis()
    left.grid(alpha=0.3, axis="x")
    left.legend()
    distances = [np.linalg.norm(w - path[-1]) for w in path[:-1]]
    right.semilogy([d for d in distances if d > 0], "o-")
    right.set(title="Newton's method doubles the digits", xlabel="step", ylabel="distance from the maximum")
    right.grid(alpha=0.3)
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the counts (default: 0)")
    parser.add_argument("--out", default="poisson.png", help="file of the picture (default: poisson.png)")
    options = parser.parse_args(arguments)

    x, y = sample(options.seed)
    start = np.zeros(len(TRUTH))
    start[0] = np.log(y.mean())
    path, hessian = newton(start, x, y, 8)
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    other = PoissonRegressor(alpha=0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(x, y)
    apart = np.max(np.abs(path[-1] - other.coef_))
    inside = np.abs(path[-1] - TRUTH) < 1.96 * errors

    print(f"{'':12s} truth   fitted  standard error")
    for name, truth, w, error in zip(NAMES, TRUTH, path[-1], errors, strict=True):
        print(f"{name:12s} {truth:5.2f}  {w:7.3f}  {error:.3f}")
    print(f"inside the 95 % range  {inside.sum()} of {len(TRUTH)}")
    print(f"scikit-learn           {apart:.0e} away")
    draw(options.out, path, errors)
    print(f"picture                {options.out}")
    return 0 if apart < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
