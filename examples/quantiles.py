"""Write a scikit-learn estimator in a few lines: quantile regression, with nbgrad's gradient inside.

The class states its loss and hands nb.value_and_grad to SciPy. It is an ordinary estimator, so pipelines,
searches over parameters and several processes take it: what nbgrad makes can be pickled. Here a pipeline with
splines fits the 10 %, 50 % and 90 % quantiles of noise that grows, and a search chooses its strength.

    python examples/quantiles.py [--seed 0] [--out quantiles.png]

Prints how much lies below each quantile on held-out data and draws them. The exit status is 0 if that is
within 4 % of what it should be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

import nbgrad as nb

QUANTILES = (0.1, 0.5, 0.9)
SOFT = 0.01                               # how far the kink of the loss is rounded


def pinball(w: Any, x: Any, y: Any, quantile: float, ridge: float) -> Any:
    """The loss whose least is a quantile: misses below cost `quantile`, above 1 - quantile, kink rounded."""
    miss = y - (w[0] + x @ w[1:])
    return np.mean(quantile * miss + SOFT * np.logaddexp(0.0, -miss / SOFT)) + ridge * np.sum(w[1:] ** 2)


class QuantileRegressor(RegressorMixin, BaseEstimator):
    """A linear model of a quantile."""

    def __init__(self, quantile: float = 0.5, ridge: float = 1e-4) -> None:
        self.quantile, self.ridge = quantile, ridge

    def fit(self, x: np.ndarray, y: np.ndarray) -> QuantileRegressor:
        start = np.zeros(x.shape[1] + 1)
        start[0] = np.quantile(y, self.quantile)
        self.weights_ = minimize(nb.value_and_grad(pinball), start, args=(x, y, self.quantile, self.ridge),
                                 jac=True, method="BFGS").x
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.weights_[0] + x @ self.weights_[1:]

    def score(self, x: np.ndarray, y: np.ndarray, sample_weight: Any = None) -> float:
        return -pinball(self.weights_, x, y, self.quantile, 0.0).item()


def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """A wave whose noise grows from left to right."""
    x = rng.uniform(0, 6, (count, 1))
    return x, np.sin(1.5 * x[:, 0]) + (0.1 + 0.12 * x[:, 0]) * rng.normal(size=count)


def draw(out: str, x: np.ndarray, y: np.ndarray, models: dict[float, Any]) -> None:
    """Write the data and the quantiles."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    axes = figure.subplots()
    line = np.linspace(0, 6, 300)[:, None]
    low, middle, high = (models[q].predict(line) for q in QUANTILES)
    axes.plot(x[:, 0], y, ".", color="black", markersize=3, alpha=0.5, label="held-out data")
    axes.fill_between(line[:, 0], low, high, alpha=0.25, label="10 % to 90 %")
    axes.plot(line, middle, linewidth=2, label="median")
    axes.set(title="Quantiles, by an estimator of one's own in a pipeline", xlabel="x", ylabel="y")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the data (default: 0)")
    parser.add_argument("--out", default="quantiles.png", help="file of the picture (default: quantiles.png)")
    options = parser.parse_args(arguments)

    rng = np.random.default_rng(options.seed)
    x, y = sample(rng, 800)
    held, held_y = sample(rng, 2000)
    models, good = {}, True
    for quantile in QUANTILES:
        pipeline = make_pipeline(SplineTransformer(n_knots=8), QuantileRegressor(quantile))
        search = GridSearchCV(pipeline, {"quantileregressor__ridge": [1e-5, 1e-3]}, cv=3)
        models[quantile] = search.fit(x, y)
        below = np.mean(held_y < search.predict(held))
        good = good and abs(below - quantile) < 0.04
        print(f"quantile {quantile:.0%}   {below:.1%} of the held-out data below, "
              f"ridge {search.best_params_['quantileregressor__ridge']:g} chosen")
    draw(options.out, held[:800], held_y[:800], models)
    print(f"picture        {options.out}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
