"""Draw from a distribution by Hamiltonian Monte Carlo, which needs the gradient of its logarithm alone.

The distribution is a banana: y is normal, and x is normal about a parabola of y. A particle that rolls on
minus the logarithm of the density, from a random push, ends far from where it began and is nearly always
accepted.

    python examples/hmc.py [--seed 0] [--out hmc.png]

Prints the means and spreads of the draws beside the exact ones and draws them. The exit status is 0 if they
agree within what so many draws can tell.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import nbgrad as nb

DRAWS, LEAPS, STEP = 800, 12, 0.15
BEND = 0.5
# Of x = BEND (y^2 - 1) + noise of 0.5, and y: means and standard deviations
EXACT = {"x": (0.0, np.sqrt(2 * BEND**2 + 0.25)), "y": (0.0, 1.0)}


def height(p: Any) -> Any:
    """Minus the logarithm of the density, up to a constant. p: (2,) or (2, ...)."""
    x, y = p
    return 0.5 * ((x - BEND * (y**2 - 1)) / 0.5) ** 2 + 0.5 * y**2


slope = nb.value_and_grad(height)


def leap(p: np.ndarray, push: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Where a particle at p with this push is after some steps of the leapfrog scheme, and its way."""
    way = [p]
    push = push - STEP / 2 * np.asarray(slope(p)[1])
    for k in range(LEAPS):
        p = p + STEP * push
        push = push - (STEP if k < LEAPS - 1 else STEP / 2) * np.asarray(slope(p)[1])
        way.append(p)
    return p, push, way


def hamiltonian(rng: np.random.Generator) -> tuple[np.ndarray, float, list[np.ndarray]]:
    """The draws (DRAWS, 2), the part that was accepted, and the ways of the first few."""
    p, draws, ways, accepted = np.zeros(2), [], [], 0
    for k in range(DRAWS):
        push = rng.normal(size=2)
        new, after, way = leap(p, push)
        energy = height(p) + push @ push / 2 - height(new) - after @ after / 2
        if np.log(rng.random()) < energy:
            p, accepted = new, accepted + 1
        draws.append(p)
        if k < 6:
            ways.append(np.array(way))
    return np.array(draws), accepted / DRAWS, ways


def correlated(draws: np.ndarray) -> float:
    """How many draws are worth one independent draw, by the sum of the autocorrelations while positive."""
    x = draws - draws.mean()
    full = np.correlate(x, x, "full")[len(x) - 1:]
    full = full / full[0]
    end = int(np.argmax(full < 0.05))
    return float(1 + 2 * np.sum(full[1:end]))


def draw(out: str, draws: np.ndarray, ways: Sequence[np.ndarray]) -> None:
    """Write the draws over the density with a few particles' ways, and both coordinates draw by draw."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.1))
    grid = np.stack(np.meshgrid(np.linspace(-2, 4, 200), np.linspace(-3.2, 3.2, 200)))
    left.contourf(*grid, np.exp(-np.asarray(height(grid))), levels=12, cmap="Blues")
    left.plot(*draws.T, ".", color="black", markersize=1.5, alpha=0.6)
    for way in ways:
        left.plot(*way.T, "-", linewidth=1.5, color="crimson")
    left.set(title="Draws, and the first ways", xlabel="x", ylabel="y", xlim=(-2, 4), ylim=(-3.2, 3.2))
    for k, name in enumerate("xy"):
        right.plot(draws[:300, k] + 6 * k, linewidth=0.8, label=name)
    right.set(title="The first 300 draws", xlabel="draw", yticks=[])
    right.legend()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    parser.add_argument("--out", default="hmc.png", help="file of the picture (default: hmc.png)")
    options = parser.parse_args(arguments)

    draws, accepted, ways = hamiltonian(np.random.default_rng(options.seed))
    good = True
    print(f"draws      {DRAWS}, {accepted:.0%} accepted, {DRAWS * (LEAPS + 1)} gradients")
    for k, (name, (mean, spread)) in enumerate(EXACT.items()):
        each = correlated(draws[:, k])
        error = spread * np.sqrt(each / DRAWS)
        found = draws[:, k].mean()
        good = good and abs(found - mean) < 4 * error
        print(f"{name}          mean {found:6.3f} (exact {mean:.3f}, error {error:.3f}), "
              f"spread {draws[:, k].std():.3f} (exact {spread:.3f}), 1 in {each:.1f} independent")
    draw(options.out, draws, ways)
    print(f"picture    {options.out}")
    return 0 if good and accepted > 0.7 else 1


if __name__ == "__main__":
    sys.exit(main())
