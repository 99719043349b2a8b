"""Sharpen a blurred, noisy picture: deconvolution with a dislike of edges.

The camera is nb.conv2d with a kernel that is known. The picture that, blurred again, comes nearest to what
was photographed is useless: it amplifies the noise. So the loss adds how much neighbours differ, smoothed
a little where they are equal, and L-BFGS of nbgrad's finds the least of it over all 72 x 72 pixels.

    python examples/deblur.py [--seed 0] [--out deblur.png]

Prints the errors of the photograph and of the restored picture and draws them. The exit status is 0 if less
than half of the error is left.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import nbgrad as nb

SIZE, REACH, WIDTH = 72, 5, 1.7           # of the picture, of the kernel to each side, of its bell
NOISE, ROUGH, SOFT = 0.02, 2e-3, 1e-3
ROUNDS = 12                               # of ten iterations


def scene() -> np.ndarray:
    """Discs, a ring and bars, from 0 to 1."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    disc = np.hypot(x - 0.3, y - 0.3) < 0.18
    ring = np.abs(np.hypot(x - 0.7, y - 0.65) - 0.17) < 0.04
    bars = (np.floor(x * 24) % 2 == 0) & (np.abs(y - 0.15) < 0.08) & (x > 0.58) & (x < 0.92)
    wedge = (x < 0.45) & (y > 0.6) & (y - 0.6 < x * 0.8)
    return np.clip(0.9 * disc + 1.0 * ring + 0.8 * bars + 0.5 * wedge, 0, 1)


def bell() -> np.ndarray:
    """The kernel of the blur, whose sum is 1."""
    line = np.exp(-np.arange(-REACH, REACH + 1) ** 2 / (2 * WIDTH**2))
    found = np.outer(line, line)
    return found / found.sum()


def blurred(picture: Any, kernel: np.ndarray) -> Any:
    """What the camera sees of a picture."""
    return nb.conv2d(picture[None], kernel[None, None], padding=REACH)[0]


def loss(picture: Any, photograph: np.ndarray, kernel: np.ndarray) -> Any:
    """Half the squares of the differences from the photograph, and the lengths of the picture's slopes."""
    across, down = picture[:-1, 1:] - picture[:-1, :-1], picture[1:, :-1] - picture[:-1, :-1]
    rough = np.sum(np.sqrt(across**2 + down**2 + SOFT**2))
    return 0.5 * np.sum((blurred(picture, kernel) - photograph) ** 2) + ROUGH * rough


def restored(photograph: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """The picture of the least loss, and the losses on the way."""
    optimizer, picture = nb.optim.LBFGS(max_iter=10), nb.asarray(photograph)
    losses = [loss(picture, photograph, kernel).item()]
    for _ in range(ROUNDS):
        picture = optimizer.update(picture, lambda p: loss(p, photograph, kernel))
        losses.append(loss(picture, photograph, kernel).item())
    return np.asarray(picture), losses


def error(picture: np.ndarray) -> float:
    """The root of the mean square of what differs from the scene."""
    return float(np.sqrt(np.mean((picture - scene()) ** 2)))


def draw(out: str, pictures: dict[str, np.ndarray]) -> None:
    """Write the pictures beside one another."""
    figure = Figure(figsize=(12, 4.4), layout="constrained")
    for axes, (title, picture) in zip(figure.subplots(1, len(pictures)), pictures.items(), strict=True):
        axes.imshow(picture, cmap="magma", vmin=0, vmax=1)
        axes.set_title(f"{title}\nerror {error(picture):.3f}")
        axes.set_axis_off()
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    parser.add_argument("--out", default="deblur.png", help="file of the picture (default: deblur.png)")
    options = parser.parse_args(arguments)

    kernel = bell()
    photograph = np.asarray(blurred(nb.asarray(scene()), kernel))
    photograph = photograph + NOISE * np.random.default_rng(options.seed).normal(size=photograph.shape)
    picture, losses = restored(photograph, kernel)
    before, after = error(photograph), error(picture)
    print(f"pixels       {SIZE * SIZE}")
    print(f"loss         {losses[0]:.2f} to {losses[-1]:.2f} in {10 * ROUNDS} iterations")
    print(f"photograph   error {before:.4f}")
    print(f"restored     error {after:.4f}")
    draw(options.out, {"scene": scene(), "photograph": photograph, "restored": picture})
    print(f"picture      {options.out}")
    return 0 if after < before / 2 else 1


if __name__ == "__main__":
    sys.exit(main())
