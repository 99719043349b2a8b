"""A scikit-learn estimator that is fitted with nbgrad: logistic regression of any number of classes.

The loss is written down once. scipy.optimize.minimize finds its minimum by nb.value_and_grad, and
scikit-learn does the rest: check_estimator runs its tests of estimators on it, pipelines and grid searches
take it as one of their own, and its LogisticRegression must find the same weights.

    python examples/estimator.py [--penalty 1.0] [--out estimator.png]

Prints what the checks found and how well irises are told apart, and draws the classifier's probabilities. The
exit status is 0 if all checks pass and the weights agree with scikit-learn's.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

import nbgrad as nb

TOLERANCE = 1e-4                          # between our weights and scikit-learn's


def loss(p: dict[str, Any], x: Any, labels: Any, penalty: float) -> Any:
    """The cross entropy, summed over the rows of x, and penalty / 2 times the squared weights."""
    logits = x @ p["weights"] + p["offsets"]
    return nb.cross_entropy(logits, labels, reduction="sum") + 0.5 * penalty * nb.sum(nb.square(p["weights"]))


class SoftmaxClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression. penalty: of the squared weights, scikit-learn's 1 / C; tol: of the gradient."""

    def __init__(self, penalty: float = 1.0, tol: float = 1e-6) -> None:
        self.penalty, self.tol = penalty, tol

    def fit(self, X: Any, y: Any) -> SoftmaxClassifier:
        """Find the weights. X: (n, features), y: (n,) labels of any kind."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        form = X.shape[1], len(self.classes_)

        def unpacked(flat: Any) -> dict[str, Any]:
            """The parameters from one vector, as SciPy has them."""
            return {"weights": flat[:-form[1]].reshape(form), "offsets": flat[-form[1]:]}

        x, start = nb.asarray(X), np.zeros((X.shape[1] + 1) * len(self.classes_))
        slope = nb.value_and_grad(lambda flat: loss(unpacked(flat), x, labels, self.penalty))
        found = minimize(slope, start, jac=True, method="L-BFGS-B",
                         options={"gtol": self.tol, "ftol": 0.0, "maxiter": 1000})
        self.coef_, self.intercept_ = unpacked(found.x).values()
        self.n_iter_ = found.nit
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (n, classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return nb.softmax(X @ self.coef_ + self.intercept_, axis=1).numpy()

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]


def draw(out: str, x: np.ndarray, y: np.ndarray, names: Sequence[str]) -> None:
    """Write how likely each class is for petals of any size, with the flowers that were measured."""
    model = make_pipeline(StandardScaler(), SoftmaxClassifier()).fit(x, y)
    sides = [np.linspace(column.min() - 0.5, column.max() + 0.5, 200) for column in x.T]
    grid = np.stack(np.meshgrid(*sides), axis=-1)
    chances = model.predict_proba(grid.reshape(-1, 2)).reshape(200, 200, 3)
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.subplots()
    extent = (*sides[0][[0, -1]], *sides[1][[0, -1]])
    axes.imshow(chances, origin="lower", extent=extent, aspect="auto", alpha=0.6)
    for label, color in enumerate(("darkred", "darkgreen", "darkblue")):
        axes.plot(*x[y == label].T, "o", color=color, markersize=4, label=names[label])
    axes.set(title="Probabilities of three kinds of irises", xlabel="length of a petal (cm)",
             ylabel="width of a petal (cm)")
    axes.legend(loc="upper left")
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--penalty", type=float, default=1.0, help="of the squared weights (default: 1)")
    parser.add_argument("--out", default="estimator.png", help="picture (default: estimator.png)")
    options = parser.parse_args(arguments)

    results = check_estimator(SoftmaxClassifier(), on_fail=None, on_skip=None)
    checks = Counter(result["status"] for result in results)
    print(f"check_estimator     {checks['passed']} checks passed, {checks['failed']} failed, "
          f"{checks['skipped']} skipped")

    iris = load_iris()
    x, y = StandardScaler().fit_transform(iris.data), iris.target
    ours = SoftmaxClassifier(options.penalty).fit(x, y)
    theirs = LogisticRegression(C=1 / options.penalty, tol=1e-8, max_iter=10_000).fit(x, y)
    apart = np.max(np.abs(ours.coef_ - theirs.coef_.T))
    print(f"penalty {options.penalty:g}           {ours.n_iter_} iterations, weights within {apart:.0e} of "
          f"scikit-learn's")

    search = GridSearchCV(make_pipeline(StandardScaler(), SoftmaxClassifier()),
                          {"softmaxclassifier__penalty": [0.01, 0.1, 1.0, 10.0]}).fit(iris.data, y)
    score = np.mean(cross_val_score(search.best_estimator_, iris.data, y, cv=10))
    print(f"grid search         penalty {search.best_params_['softmaxclassifier__penalty']:g}, "
          f"{score:.1%} of irises told apart in cross-validation")
    draw(options.out, iris.data[:, 2:], y, iris.target_names)
    print(f"picture             {options.out}")
    return 0 if not checks["failed"] and apart < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
