"""Draw the paths of gradient descent, plain, with momentum and Adam, on Himmelblau's function.

The function has four minima of the same height. From the same start each method finds another one: the plain
one follows the slope, momentum carries on across a valley, and Adam steps as far in x as in y at first.

    python examples/descent.py [--steps 150] [--start 0 -3] [--out descent.png]

Prints where each method ends and draws descent.png. Nothing is random.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import nbgrad as nb

MINIMA = np.array([[3, 2], [-2.805118, 3.131313], [-3.779310, -3.283186], [3.584428, -1.848127]])
METHODS = {
    "plain": lambda: nb.optim.SGD(lr=0.01),
    "momentum": lambda: nb.optim.SGD(lr=0.01, momentum=0.9),
    "Adam": lambda: nb.optim.Adam(lr=0.3),
}


def himmelblau(p: Any) -> Any:
    """f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2, whose minima are 0. p: (2, ...), one point or many."""
    x, y = p
    return nb.square(x * x + y - 11) + nb.square(x + y * y - 7)


def descend(optimizer: nb.optim.Optimizer, start: np.ndarray, steps: int) -> np.ndarray:
    """The points visited from start, as a (steps + 1, 2) array."""
    gradient = nb.grad(himmelblau)
    point, path = nb.asarray(start), [start]
    for _ in range(steps):
        point = optimizer.update(point, gradient(point))
        path.append(point.numpy())
    return np.array(path)


def draw(out: str, paths: dict[str, np.ndarray]) -> None:
    """Write the paths over contours of the function, and the function along each path."""
    figure = Figure(figsize=(12, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    grid = np.stack(np.meshgrid(np.linspace(-5, 5, 300), np.linspace(-5, 5, 300)))
    left.contour(*grid, np.log1p(himmelblau(grid).numpy()), levels=24, cmap="Greys_r", linewidths=0.7)
    for name, path in paths.items():
        left.plot(*path.T, marker="o", markersize=3, linewidth=1.2, label=name)
        right.plot(himmelblau(path.T).numpy(), label=name)
    left.plot(*MINIMA.T, "k*", markersize=13, label="minima", linestyle="")
    left.plot(*path[0], "ks", markersize=6, label="start")
    left.set(title="Paths on Himmelblau's function", xlabel="x", ylabel="y", xlim=(-5, 5), ylim=(-5, 5))
    left.set_aspect("equal")
    left.legend(loc="upper center", ncols=3)
    right.set(title="Height", xlabel="step", ylabel="f(x, y)", yscale="log", ylim=(1e-12, None))
    right.grid(alpha=0.3)
    right.legend()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=150, help="of each method (default: 150)")
    parser.add_argument("--start", type=float, nargs=2, default=(0.0, -3.0), metavar=("X", "Y"),
                        help="first point (default: 0 -3)")
    parser.add_argument("--out", default="descent.png", help="file of the picture (default: descent.png)")
    options = parser.parse_args(arguments)

    start = np.array(options.start)
    downhill = -nb.grad(himmelblau)(start)
    slope = nb.directional_derivative(himmelblau, start, downhill).item()
    print(f"start      ({start[0]:.4f}, {start[1]:.4f}), where f = {himmelblau(start).item():.1f}")
    print(f"slope      {slope:.1f} along minus the gradient, whose squared length is "
          f"{nb.sum(nb.square(downhill)).item():.1f}")
    paths = {name: descend(method(), start, options.steps) for name, method in METHODS.items()}
    for name, path in paths.items():
        x, y = path[-1]
        distance = np.min(np.linalg.norm(path[-1] - MINIMA, axis=1))
        print(f"{name:9s}  ends at ({x:.4f}, {y:.4f}), where f = {himmelblau(path[-1]).item():.1e}, "
              f"{distance:.1e} from a minimum")
    draw(options.out, paths)
    print(f"picture    {options.out}")
    return 0 if slope < 0 else 1


if __name__ == "__main__":
    sys.exit(main())
