"""Find what a rod is made of from thermometers: an inverse problem through the heat equation.

One end of a rod is heated, five thermometers record. Where does it conduct well? The forward model is a
loop of NumPy over time steps. Its gradient with respect to all conductivities comes from one walk back
through the loop, not from a run for each of them, and SciPy's L-BFGS-B does the rest.

    python examples/heat.py [--seed 0] [--out heat.png]

Prints the misfit and how well the conductivities are found, and draws them. The exit status is 0 if the
misfit is down to the noise.
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

CELLS, STEPS, EVERY = 16, 240, 8
RATIO = 0.3                               # time step over the square of a cell's width
PLACES = np.array([1, 4, 7, 10, 13])       # of the thermometers
NOISE, SMOOTH = 0.01, 1e-4                # of a thermometer; the weight of differences between neighbours


def truth() -> np.ndarray:
    """Logarithms of the conductivities: a good conductor, a bad one, and one in between."""
    return np.log(np.select([np.arange(CELLS + 1) < 6, np.arange(CELLS + 1) < 11], [1.5, 0.4], 1.0))


def record(log_k: Any) -> Any:
    """What the thermometers show every eighth step, (STEPS // EVERY, 5); one end is hot, the other cold."""
    k, u, shown = np.exp(log_k), np.zeros(CELLS), []
    for step in range(STEPS):
        padded = np.concatenate([[1.0], u, [0.0]])
        flow = k * (padded[1:] - padded[:-1])
        u = u + RATIO * (flow[1:] - flow[:-1])
        if step % EVERY == EVERY - 1:
            shown.append(u[PLACES])
    return np.stack(shown)


def misfit(log_k: Any, measured: Any) -> Any:
    """The mean square of what the thermometers show otherwise, and a dislike of steps between neighbours."""
    rough = np.sum(np.sqrt(np.diff(log_k) ** 2 + 1e-4))
    return np.mean((record(log_k) - measured) ** 2) + SMOOTH * rough


def draw(out: str, found: np.ndarray, measured: np.ndarray) -> None:
    """Write the conductivities, and the thermometers' records with those of the model."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.step(range(CELLS + 1), np.exp(truth()), "k", where="mid", label="truth")
    left.step(range(CELLS + 1), np.exp(found), where="mid", linewidth=2, label="found")
    left.plot(PLACES + 0.5, np.full(len(PLACES), 0.2), "r^", label="thermometers")
    left.set(title="Conductivity", xlabel="place along the rod", ylim=(0, 2))
    left.grid(alpha=0.3)
    left.legend()
    times = EVERY * np.arange(1, STEPS // EVERY + 1)
    for k, (line, dots) in enumerate(zip(np.asarray(record(found)).T, measured.T, strict=True)):
        right.plot(times, dots, ".", color=f"C{k}", markersize=4)
        right.plot(times, line, color=f"C{k}", label=f"place {PLACES[k]}")
    right.set(title="Temperature: measured, and by the model found", xlabel="step")
    right.grid(alpha=0.3)
    right.legend()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    parser.add_argument("--out", default="heat.png", help="file of the picture (default: heat.png)")
    options = parser.parse_args(arguments)

    clean = np.asarray(record(truth()))
    measured = clean + NOISE * np.random.default_rng(options.seed).normal(size=clean.shape)
    result = minimize(nb.value_and_grad(misfit), np.zeros(CELLS + 1), args=(measured,), jac=True,
                      method="L-BFGS-B", options={"maxiter": 80})
    left = np.sqrt(np.mean((np.asarray(record(result.x)) - measured) ** 2))
    error = np.mean(np.abs(result.x - truth()))
    print(f"gradient       of {CELLS + 1} conductivities through {STEPS} steps, {result.nfev} times")
    print(f"misfit         {left:.4f} (noise {NOISE})")
    print(f"conductivity   {np.expm1(error):.0%} off in the mean, "
          f"from {np.expm1(np.mean(np.abs(truth()))):.0%} at the start")
    draw(options.out, result.x, measured)
    print(f"picture        {options.out}")
    return 0 if left < 1.2 * NOISE else 1


if __name__ == "__main__":
    sys.exit(main())
