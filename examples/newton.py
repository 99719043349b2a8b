"""Tell benign from malignant tumours by logistic regression, with Newton's method.

The data (Street et al., 1993) come with scikit-learn: thirty measurements of the nuclei of cells from 569
breasts. The loss is one line. Newton's method takes its Hessian from nb.hessian; a second way needs no
Hessian at all but its product with a vector, nb.hvp, which conjugate gradients turn into the same step.

    python examples/newton.py [--out newton.png]

Prints how many steps each takes and draws their losses. The exit status is 0 if all ways, and scikit-learn,
find the same weights.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import nbgrad as nb

RIDGE = 1.0                               # the weight of the squares of the weights
TOLERANCE = 1e-4
STEPS = {"Newton": 10, "Newton without a Hessian": 10, "gradient descent": 400}


def loss(w: Any, x: Any, signs: Any) -> Any:
    """Minus the log-likelihood of classes -1 and 1, and a ridge on all weights but the last, the offset."""
    return np.sum(np.logaddexp(0.0, -signs * (x @ w))) + RIDGE / 2 * np.sum(w[:-1] ** 2)


gradient, hessian = nb.grad(loss), nb.hessian(loss)


def newton(w: np.ndarray, *data: np.ndarray) -> np.ndarray:
    """One step to the minimum of the parabola that has the loss's slope and curvature."""
    return w - np.linalg.solve(np.asarray(hessian(w, *data)), np.asarray(gradient(w, *data)))


def newton_by_products(w: np.ndarray, *data: np.ndarray) -> np.ndarray:
    """The same step by conjugate gradients, which ask for products with the Hessian alone."""
    curvature = LinearOperator((w.size, w.size), lambda v: np.asarray(
        nb.hvp(lambda w: loss(w, *data), w, np.ravel(v))), dtype=w.dtype)
    step, _ = cg(curvature, np.asarray(gradient(w, *data)), rtol=1e-8)
    return w - step


def descend(x: np.ndarray) -> Callable[..., np.ndarray]:
    """A step down the slope, as long as is safe: the curvature is at most that of a quarter of x^T x."""
    steepest = np.linalg.norm(x, 2) ** 2 / 4 + RIDGE
    return lambda w, *data: w - np.asarray(gradient(w, *data)) / steepest


def load() -> list[np.ndarray]:
    """x and signs to train, and those held out; x in standard deviations, with a column of ones."""
    x, y = load_breast_cancer(return_X_y=True)
    x, held, y, held_y = train_test_split(x, 2.0 * y - 1, test_size=0.3, random_state=0, stratify=y)
    middle, spread = x.mean(axis=0), x.std(axis=0)
    x, held = [np.column_stack([(a - middle) / spread, np.ones(len(a))]) for a in (x, held)]
    return [x, y, held, held_y]


def draw(out: str, paths: dict[str, list[np.ndarray]], data: Sequence[np.ndarray], best: float) -> None:
    """Write how far each way's loss is from the least, step by step."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (title, last) in zip(panels, {"The first steps": 10, "All steps": 400}.items(), strict=True):
        for name, path in paths.items():
            above = np.array([loss(w, *data).item() for w in path[:last + 1]]) - best
            axes.semilogy(np.maximum(above, 1e-13), ".-" if last < 100 else "-", label=name)
        axes.set(title=title, xlabel="step")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("loss above the least")
    panels[0].legend()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", default="newton.png", help="file of the picture (default: newton.png)")
    options = parser.parse_args(arguments)

    x, signs, held, held_signs = load()
    other = LogisticRegression(C=1 / RIDGE, tol=1e-10, max_iter=10_000).fit(x[:, :-1], signs)
    known = np.append(other.coef_[0], other.intercept_)
    best, worst = loss(known, x, signs).item(), 0.0
    paths = {}
    for name, step in zip(STEPS, (newton, newton_by_products, descend(x)), strict=True):
        path = [np.zeros(x.shape[1])]
        for _ in range(STEPS[name]):
            path.append(step(path[-1], x, signs))
        paths[name] = path
        best = min(best, loss(path[-1], x, signs).item())
        apart = np.max(np.abs(path[-1] - known))
        worst = max(worst, apart if name.startswith("Newton") else 0.0)
        right = np.mean(np.sign(held @ path[-1]) == held_signs)
        print(f"{name:25s} {len(path) - 1:4d} steps, weights {apart:.0e} from scikit-learn's, "
              f"{right:.1%} of the held-out right")
    draw(options.out, paths, (x, signs), best)
    print(f"picture {options.out}")
    return 0 if worst < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
