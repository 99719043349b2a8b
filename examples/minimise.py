"""Hand derivatives to SciPy's minimisers: how many evaluations a gradient and a Hessian save.

Rosenbrock's function in ten dimensions is a bent valley. Without derivatives SciPy estimates them by
differences, or does without; nb.value_and_grad is what jac=True asks for, nb.hessian is hess=, and nb.hvp is
hessp=, which never makes the matrix.

    python examples/minimise.py [--out minimise.png]

Prints what each minimiser needed and draws their progress. The exit status is 0 if all that were given
derivatives arrive.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

import nbgrad as nb

SIZE = 10
START = np.full(SIZE, -1.2)


def valley(x: Any) -> Any:
    """Rosenbrock's function, whose minimum is 0 where all are 1. An ordinary function of NumPy arrays."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def curve(x: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.asarray(nb.hvp(valley, x, v))


WAYS: dict[str, tuple[bool, dict[str, Any]]] = {     # whether nbgrad gives the gradient, and the rest
    "Nelder-Mead, no derivatives": (False, {"method": "Nelder-Mead", "options": {"maxfev": 20_000}}),
    "BFGS, differences": (False, {"method": "BFGS"}),
    "BFGS, gradient": (True, {"method": "BFGS"}),
    "Newton-CG, gradient and products": (True, {"method": "Newton-CG", "hessp": curve}),
    "trust-exact, gradient and Hessian": (True, {
        "method": "trust-exact", "hess": lambda x: np.asarray(nb.hessian(valley)(x))}),
}


def counted(f: Callable[..., Any], heights: list[float]) -> Callable[..., Any]:
    """f, which notes the least value that it has given so far."""

    def wrapped(x: np.ndarray) -> Any:
        found = f(x)
        value = float(found[0] if isinstance(found, tuple) else found)
        heights.append(min(value, heights[-1]) if heights else value)
        return found

    return wrapped


def draw(out: str, progress: dict[str, list[float]]) -> None:
    """Write the least value by the number of evaluations."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    axes = figure.subplots()
    for name, heights in progress.items():
        axes.loglog(range(1, len(heights) + 1), np.maximum(heights, 1e-22), label=name, linewidth=1.8)
    axes.set(title=f"Rosenbrock's function of {SIZE} variables", xlabel="evaluations of the function",
             ylabel="least value so far")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", default="minimise.png", help="file of the picture (default: minimise.png)")
    options = parser.parse_args(arguments)

    progress: dict[str, list[float]] = {}
    good = True
    for name, (derivatives, given) in WAYS.items():
        f = nb.value_and_grad(valley) if derivatives else valley
        found = minimize(counted(f, progress.setdefault(name, [])), START, jac=derivatives or None, **given)
        apart = float(np.max(np.abs(found.x - 1)))
        good = good and (apart < 1e-3 or not derivatives)
        print(f"{name:34s} {len(progress[name]):6d} evaluations, {apart:.0e} from the minimum")
    draw(options.out, progress)
    print(f"picture {options.out}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
