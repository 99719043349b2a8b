"""Predict the progress of diabetes, and how sure that is, with SciPy's optimiser and nbgrad's gradient.

The data (Efron et al., 2004) come with scikit-learn: ten measurements of each of 442 patients, and how far
the disease had progressed a year later. Two models are fitted by scipy.optimize.minimize, which takes
nb.value_and_grad(loss) as it is:

1. Least squares, for which scikit-learn's closed form must give the same weights.
2. A mean and a spread that depends on it, learned together by maximum likelihood. There is no closed form.

    python examples/regression.py [--seed 0] [--out regression.png]

Prints how both do on held-out patients and draws their predictions. The exit status is 0 if least squares
agrees with the closed form.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import OptimizeResult, minimize
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

import nbgrad as nb

NINETY = 1.6449                           # so many standard deviations hold 90 % of a normal distribution
TOLERANCE = 1e-5                          # between the weights of the closed form and of the optimiser


def mean(p: Any, x: Any) -> Any:
    """The linear model: an offset, p[0], and a weight for each of the ten columns of x."""
    return p[0] + x @ p[1:11]


def log_spread(p: Any, x: Any) -> Any:
    """Logarithm of the standard deviation about the mean, p[11] + p[12] * mean."""
    return p[11] + p[12] * mean(p, x)


def squares(p: Any, x: Any, y: Any) -> Any:
    """Mean of the squares of what the linear model misses."""
    return nb.mean(nb.square(y - mean(p, x)))


def surprise(p: Any, x: Any, y: Any) -> Any:
    """Minus the mean logarithm of the probability density of y, in nats."""
    s = log_spread(p, x)
    return nb.mean(s + 0.5 * nb.square((y - mean(p, x)) * nb.exp(-s))) + 0.5 * np.log(2 * np.pi)


def fit(loss: Callable[..., Any], count: int, x: np.ndarray, y: np.ndarray) -> OptimizeResult:
    """The minimum of loss(p, x, y) over p, `count` numbers, from zero."""
    return minimize(nb.value_and_grad(loss), np.zeros(count), args=(x, y), jac=True, method="BFGS",
                    options={"gtol": 1e-7})


def load(seed: int) -> list[np.ndarray]:
    """x and y to train, x and y held out, all in units of the standard deviations of the training part."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    x, held_x, y, held_y = train_test_split(x, y, test_size=0.3, random_state=seed)
    return [(a - b.mean(axis=0)) / b.std(axis=0) for a, b in ((x, x), (y, y), (held_x, x), (held_y, y))]


def covered(y: np.ndarray, predicted: np.ndarray, spread: np.ndarray) -> list[float]:
    """The part of y inside the 90 % range, for the lower and for the upper half of the predictions."""
    inside, low = np.abs(y - predicted) < NINETY * spread, predicted < np.median(predicted)
    return [np.mean(inside[low]), np.mean(inside[~low])]


def draw(out: str, y: np.ndarray, predicted: Sequence[np.ndarray], spreads: Sequence[np.ndarray]) -> None:
    """Write measured against predicted progress with the 90 % ranges of both models."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = "Least squares: one spread for all", "Maximum likelihood: the spread depends on the mean"
    for axes, title, m, s in zip(panels, titles, predicted, spreads, strict=True):
        order, inside = np.argsort(m), np.abs(y - m) < NINETY * s
        low, high = (m - NINETY * s)[order], (m + NINETY * s)[order]
        axes.fill_between(m[order], low, high, alpha=0.2, label="90 % range")
        axes.plot(m[order], m[order], label="prediction")
        axes.plot(m[inside], y[inside], "o", color="black", markersize=3.5, label="patient held out")
        axes.plot(m[~inside], y[~inside], "o", color="crimson", markersize=5, label="outside the range")
        axes.set(title=title, xlabel="predicted progress (standard deviations)", ylabel="measured progress")
        axes.legend(loc="upper left")
        axes.grid(alpha=0.3)
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of who is held out (default: 0)")
    parser.add_argument("--out", default="regression.png", help="picture (default: regression.png)")
    options = parser.parse_args(arguments)

    x, y, held_x, held_y = load(options.seed)
    closed = LinearRegression().fit(x, y)
    least, likely = fit(squares, 11, x, y), fit(surprise, 13, x, y)
    apart = np.max(np.abs(least.x - [closed.intercept_, *closed.coef_]))
    # Least squares is the second model with a spread that stays the same: the root of the mean square.
    models = {"least squares": [*least.x, 0.5 * np.log(least.fun), 0.0], "maximum likelihood": likely.x}

    print(f"patients            {len(x)} for training, {len(held_x)} held out")
    print(f"least squares       {least.nit} iterations, weights within {apart:.0e} of the closed form")
    print(f"maximum likelihood  {likely.nit} iterations, spread grows as exp({likely.x[12]:.2f} * mean)")
    print("held-out patients   R^2     log-likelihood  inside the 90 % range: low, high predictions")
    print(f"closed form         {closed.score(held_x, held_y):.4f}")
    predicted, spreads = [], []
    for name, parameters in models.items():
        p = np.array(parameters)
        m, s = mean(p, held_x), np.exp(log_spread(p, held_x))
        low, high = covered(held_y, m, s)
        print(f"{name:18s}  {r2_score(held_y, m):.4f}  {-surprise(p, held_x, held_y).item():.4f}         "
              f"{low:.0%}, {high:.0%}")
        predicted.append(m)
        spreads.append(s)
    draw(options.out, held_y, predicted, spreads)
    print(f"picture             {options.out}")
    return 0 if apart < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
