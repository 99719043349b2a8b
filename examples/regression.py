"""Predict the progress of diabetes, and how sure the prediction is, with SciPy's optimiser and nbgrad's gradient.

The data (Efron et al., 2004; 442 patients; they come with scikit-learn) hold ten measurements of each patient and
the progress of the disease one year later. Two models are fitted by scipy.optimize.minimize, which takes
nb.value_and_grad(loss) as it is:

1. Least squares, for which scikit-learn's closed form must give the same weights.
2. A spread that grows with the mean, both learned together by maximum likelihood. There is no closed form; the
   gradient goes through the mean into the spread.

    python examples/regression.py [--seed 0] [--out regression.png]

Prints how both do on held-out patients and draws their predictions. The exit status is 0 if least squares agrees
with the closed form.
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

NINETY = 1.6449                           # 90 % of a normal distribution are within so many standard deviations
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


def covered(miss: np.ndarray, spread: Any, predicted: np.ndarray) -> str:
    """Which part of the patients fell into the 90 % range, among the lower and the upper half of the predictions."""
    inside, low = np.abs(miss) < NINETY * spread, predicted < np.median(predicted)
    return f"{np.mean(inside[low]):.0%} of the low half, {np.mean(inside[~low]):.0%} of the high half"


def draw(out: str, y: np.ndarray, predicted: Sequence[np.ndarray], spreads: Sequence[np.ndarray]) -> None:
    """Write measured against predicted progress with the 90 % ranges of both models."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    titles = "Least squares: one spread for all", "Maximum likelihood: the spread grows with the mean"
    for axes, title, m, s in zip(figure.subplots(1, 2, sharex=True, sharey=True), titles, predicted, spreads, strict=True):
        order, inside = np.argsort(m), np.abs(y - m) < NINETY * s
        axes.fill_between(m[order], (m - NINETY * s)[order], (m + NINETY * s)[order], alpha=0.2, label="90 % range")
        axes.plot(m[order], m[order], label="prediction")
        axes.plot(m[inside], y[inside], "o", color="black", markersize=3.5, label="patient held out")
        axes.plot(m[~inside], y[~inside], "o", color="crimson", markersize=5, label="outside the range")
        axes.set(title=title, xlabel="predicted progress (standard deviations)", ylabel="measured progress")
        axes.legend(loc="upper left")
        axes.grid(alpha=0.3)
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the choice of held-out patients (default: 0)")
    parser.add_argument("--out", default="regression.png", help="file of the picture (default: regression.png)")
    options = parser.parse_args(arguments)

    x, y, held_x, held_y = load(options.seed)
    closed = LinearRegression().fit(x, y)
    least, likely = fit(squares, 11, x, y), fit(surprise, 13, x, y)
    apart = np.max(np.abs(least.x - [closed.intercept_, *closed.coef_]))
    # Least squares is the second model with a spread that does not grow: the root of the mean square.
    constant = np.array([*least.x, 0.5 * np.log(least.fun), 0.0])

    print(f"patients            {len(x)} for training, {len(held_x)} held out")
    print(f"least squares       {least.nit} iterations; weights within {apart:.0e} of scikit-learn's closed form")
    print(f"maximum likelihood  {likely.nit} iterations; the spread grows by exp({likely.x[12]:.2f} * mean)")
    print(f"closed form         R^2 {closed.score(held_x, held_y):.4f} on held-out patients")
    predicted, spreads = [], []
    for name, p in (("least squares", constant), ("maximum likelihood", likely.x)):
        predicted.append(mean(p, held_x))
        spreads.append(np.exp(log_spread(p, held_x)))
        print(f"{name:18s}  R^2 {r2_score(held_y, predicted[-1]):.4f}, "
              f"log-likelihood {-surprise(p, held_x, held_y).item():.4f} nats a patient; "
              f"the 90 % range holds {covered(held_y - predicted[-1], spreads[-1], predicted[-1])}")
    draw(options.out, held_y, predicted, spreads)
    print(f"picture             {options.out}")
    return 0 if apart < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
