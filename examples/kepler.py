"""Weigh a planet by the wobble of its star: an op of one's own, with the derivative of an implicit function.

Where a planet is on its orbit follows from Kepler's equation, E - e sin(E) = M, which has no solution in
formulas. An op of our own solves it by Newton's method in plain NumPy. Its derivative is that of the
equation, not that of the iteration: dE = (dM + sin(E) de) / (1 - e cos(E)), two lines of ops, of which
nbgrad makes derivatives of any order in both modes. The orbit is then fitted to the speeds of a star.

    python examples/kepler.py [--seed 0] [--out kepler.png]

Prints the orbit and draws it. The exit status is 0 if the rule agrees with differences to second order,
and the truth lies within four standard errors.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

import nbgrad as nb

NAMES = ("period (days)", "eccentricity", "wobble (m/s)", "angle (rad)", "phase (rad)")
TRUTH = np.array([11.2, 0.55, 48.0, 0.9, 1.3])
GUESS = np.array([11.15, 0.3, 35.0, 0.5, 1.0])
NOISE, COUNT = 4.0, 70


def solved(out: np.ndarray, mean: np.ndarray, eccentricity: np.ndarray) -> None:
    """The kernel: E where E - e sin(E) = M, by Newton's method."""
    out[...] = mean + eccentricity * np.sin(mean)
    for _ in range(12):
        out -= (out - eccentricity * np.sin(out) - mean) / (1 - eccentricity * np.cos(out))


def by_mean(g: Any, z: Any, mean: Any, eccentricity: Any) -> Any:
    return g / (1 - eccentricity * nb.cos(z))


def by_eccentricity(g: Any, z: Any, mean: Any, eccentricity: Any) -> Any:
    return nb.sum(g * nb.sin(z) / (1 - eccentricity * nb.cos(z)))


@nb.op(kernel=solved, out=lambda mean, eccentricity: (mean.shape, mean.dtype), vjp=(by_mean, by_eccentricity))
def anomaly(mean: Any, eccentricity: Any) -> Any:
    """Return the eccentric anomaly E of each mean anomaly M, for one eccentricity from 0 to below 1."""
    return (nb.asarray(mean), nb.asarray(eccentricity)), {}


def speed(p: Any, times: np.ndarray) -> Any:
    """The star's speed towards us. p: (5,), see NAMES."""
    period, e, wobble, angle, phase = p
    found = anomaly(2 * np.pi * times / period + phase, e)
    true = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(found / 2), np.sqrt(1 - e) * np.cos(found / 2))
    return wobble * (np.cos(true + angle) + e * np.cos(angle))


def misfit(p: Any, times: np.ndarray, speeds: np.ndarray) -> Any:
    """Minus the log-likelihood."""
    return 0.5 * np.sum(((speed(p, times) - speeds) / NOISE) ** 2)


def draw(out: str, found: np.ndarray, times: np.ndarray, speeds: np.ndarray) -> None:
    """Write the speeds over the time, and over the phase of the orbit."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    line = np.linspace(0, times.max(), 1200)
    left.plot(line, speed(found, line), linewidth=1.2)
    left.errorbar(times, speeds, NOISE, fmt="k.", markersize=4, linewidth=0.8)
    left.set(title="The star's speed", xlabel="days", ylabel="m/s")
    orbit = np.linspace(0, found[0], 400)
    right.plot(orbit, speed(found, orbit), linewidth=2, label="fitted orbit")
    right.errorbar(times % found[0], speeds, NOISE, fmt="k.", markersize=4, linewidth=0.8, label="measured")
    right.set(title="All orbits laid over one another", xlabel="days into the orbit")
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the measurements (default: 0)")
    parser.add_argument("--out", default="kepler.png", help="file of the picture (default: kepler.png)")
    options = parser.parse_args(arguments)

    nb.testing.check_grads(anomaly, (np.linspace(-3.0, 3.0, 7), 0.6))     # raises AssertionError if wrong
    rng = np.random.default_rng(options.seed)
    times = np.sort(rng.uniform(0, 60, COUNT))
    speeds = np.asarray(speed(TRUTH, times)) + NOISE * rng.normal(size=COUNT)
    fit = minimize(nb.value_and_grad(misfit), GUESS, args=(times, speeds), jac=True, method="L-BFGS-B",
                   bounds=[(10, 12), (0, 0.9), (1, 200), (-4, 4), (-4, 4)], options={"maxiter": 500})
    errors = np.sqrt(np.diag(np.linalg.inv(np.asarray(nb.hessian(misfit)(fit.x, times, speeds)))))
    print(f"{'':15s} truth   fitted  standard error")
    for name, truth, value, error in zip(NAMES, TRUTH, fit.x, errors, strict=True):
        print(f"{name:15s} {truth:6.2f}  {value:7.3f}  {error:.3f}")
    print(f"misfit          {2 * fit.fun / COUNT:.2f} per measurement, in {fit.nfev} evaluations")
    draw(options.out, fit.x, times, speeds)
    print(f"picture         {options.out}")
    return 0 if np.all(np.abs(fit.x - TRUTH) < 4 * errors) else 1


if __name__ == "__main__":
    sys.exit(main())
