"""Fit a differential equation to a recording: length and friction of a pendulum from a shaky video.

The motion is integrated by Runge and Kutta's method, a loop over NumPy arrays. nb.jacobian takes the
derivative of the whole motion in the four unknowns in forward mode, one pass for each, and SciPy's
least_squares, which asks for such a Jacobian, fits them. It also says how well they are known.

    python examples/pendulum.py [--seed 0] [--out pendulum.png]

Prints the parameters with their errors and draws the fit. The exit status is 0 if the truth lies within four
standard errors of each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import least_squares

import nbgrad as nb

NAMES = ("length (m)", "friction (1/s)", "angle at 0 (rad)", "speed at 0 (rad/s)")
TRUTH = np.array([0.8, 0.25, 1.9, 0.0])
GUESS = np.array([1.0, 0.1, 1.5, 0.0])
GRAVITY, SHAKE = 9.81, 0.08
STEP, STEPS = 0.1, 80


def motion(p: Any) -> Any:
    """The angle at each step, (STEPS,). p: (4,), see NAMES."""
    length, friction, angle, speed = p

    def change(angle: Any, speed: Any) -> tuple[Any, Any]:
        return speed, -GRAVITY / length * np.sin(angle) - friction * speed

    shown = []
    for _ in range(STEPS):
        a1, s1 = change(angle, speed)
        a2, s2 = change(angle + STEP / 2 * a1, speed + STEP / 2 * s1)
        a3, s3 = change(angle + STEP / 2 * a2, speed + STEP / 2 * s2)
        a4, s4 = change(angle + STEP * a3, speed + STEP * s3)
        angle = angle + STEP / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        speed = speed + STEP / 6 * (s1 + 2 * s2 + 2 * s3 + s4)
        shown.append(angle)
    return np.stack(shown)


def draw(out: str, measured: np.ndarray, found: np.ndarray, slopes: np.ndarray) -> None:
    """Write the recording with the motions, and how each parameter moves the angle."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    times = STEP * np.arange(1, STEPS + 1)
    left.plot(times, measured, ".", color="black", markersize=4, label="recorded")
    left.plot(times, motion(GUESS), "--", label="at the guess")
    left.plot(times, motion(found), linewidth=2, label="fitted")
    left.set(title="Angle", xlabel="seconds", ylabel="rad")
    right.plot(times, slopes, label=NAMES)
    right.set(title="The Jacobian: what moves the angle, and when", xlabel="seconds", ylabel="rad per unit")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the shaking (default: 0)")
    parser.add_argument("--out", default="pendulum.png", help="file of the picture (default: pendulum.png)")
    options = parser.parse_args(arguments)

    measured = motion(TRUTH) + SHAKE * np.random.default_rng(options.seed).normal(size=STEPS)
    slopes = nb.jacobian(motion, mode="fwd")
    fit = least_squares(lambda p: motion(p) - measured, GUESS, jac=lambda p: np.asarray(slopes(p)))
    spread = np.sqrt(2 * fit.cost / (STEPS - len(GUESS)))
    errors = spread * np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)))
    print(f"{'':20s} truth   guess  fitted  standard error")
    for name, truth, guess, value, error in zip(NAMES, TRUTH, GUESS, fit.x, errors, strict=True):
        print(f"{name:20s} {truth:5.2f}  {guess:5.2f}  {value:7.3f}  {error:.3f}")
    print(f"shaking              {spread:.3f} rad (truth {SHAKE})")
    print(f"evaluations          {fit.nfev} motions, {fit.njev} Jacobians")
    draw(options.out, measured, fit.x, np.asarray(slopes(fit.x)))
    print(f"picture              {options.out}")
    return 0 if np.all(np.abs(fit.x - TRUTH) < 4 * errors) else 1


if __name__ == "__main__":
    sys.exit(main())
