"""Train a small neural network to read handwritten digits.

The data are the 1797 handwritten digits of 8 by 8 pixels (UCI) that come with scikit-learn; a quarter is held
out for the test. The network has two hidden layers in plain nbgrad: its parameters are a list of dicts, its
gradient comes from nb.value_and_grad, its steps from nb.optim.Adam.

    python examples/digits.py [--epochs 30] [--seed 0] [--out digits.png]

Prints a summary and draws the loss curves, the confusion matrix and the misread digits. The exit status is 0
if at least 97 % of the test digits were read correctly.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import nbgrad as nb

SIZES = (64, 256, 128, 10)                # pixels, two hidden layers, classes
BATCH = 32
RATE = 3e-3                               # Adam's step size at the start; it falls to 0 along a straight line
NOISE = 0.2                               # standard deviation of the noise on training pixels (0 to 1)
GOAL = 0.97                               # test accuracy

Params = list[dict[str, Any]]


def init(rng: np.random.Generator) -> Params:
    """Weights of a variance that keeps that of the activations (He et al., 2015), and zero biases."""
    return [{"w": nb.asarray(rng.normal(0, np.sqrt(2 / m), (m, n)), dtype="float32"),
             "b": nb.zeros(n, dtype="float32")} for m, n in itertools.pairwise(SIZES)]


def logits(params: Params, x: Any) -> Any:
    """The network: (n, 64) pixels to (n, 10) logarithms of unnormalised probabilities."""
    *hidden, last = params
    for layer in hidden:
        x = nb.relu(x @ layer["w"] + layer["b"])
    return x @ last["w"] + last["b"]


def loss(params: Params, x: Any, labels: Any) -> Any:
    """Mean cross-entropy in nats."""
    return nb.cross_entropy(logits(params, x), labels)


def predict(params: Params, x: np.ndarray) -> np.ndarray:
    """The most probable digit of each row."""
    return nb.argmax(logits(params, x), axis=-1).numpy()


@dataclass
class Data:
    """Pixels from 0 to 1 as (n, 64) arrays of float32, and digits from 0 to 9."""

    train_x: np.ndarray
    test_x: np.ndarray
    train_y: np.ndarray
    test_y: np.ndarray


@dataclass
class History:
    """Mean loss of each epoch, and seconds until the first step was done."""

    train: list[float] = field(default_factory=list)
    test: list[float] = field(default_factory=list)
    first_step: float = 0.0


def load() -> Data:
    """The digits, split in the same way every time, with as many of each kind in both parts."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    return Data(*train_test_split(x, y, test_size=0.25, stratify=y, random_state=0))


def train(data: Data, epochs: int, seed: int) -> tuple[Params, History]:
    """Fit the network on noisy minibatches in a new order every epoch."""
    rng = np.random.default_rng(seed)
    params, history, start = init(rng), History(), time.perf_counter()
    optimizer, step = nb.optim.Adam(), nb.value_and_grad(loss)
    batches = len(data.train_x) // BATCH
    with tqdm(total=epochs, unit="epoch") as bar:
        for epoch in range(epochs):
            losses = []
            order = rng.permutation(len(data.train_x))
            for k in range(batches):
                rows = order[k * BATCH:(k + 1) * BATCH]
                x = data.train_x[rows] + rng.normal(0, NOISE, (BATCH, SIZES[0])).astype(np.float32)
                value, gradient = step(params, x, data.train_y[rows])
                optimizer.lr = RATE * (1 - (epoch + k / batches) / epochs)
                params = optimizer.update(params, gradient)
                losses.append(value.item())
                history.first_step = history.first_step or time.perf_counter() - start
            history.train.append(float(np.mean(losses)))
            history.test.append(loss(params, data.test_x, data.test_y).item())
            bar.set_postfix(train=f"{history.train[-1]:.3f}", test=f"{history.test[-1]:.3f}")
            bar.update()
    return params, history


def draw(out: str, history: History, data: Data, predicted: np.ndarray) -> None:
    """Write the loss curves, the confusion matrix and the misread digits."""
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1.1, 1))
    _draw_losses(left, history)
    _draw_confusion(middle, data.test_y, predicted)
    _draw_misread(right, data, predicted)
    figure.savefig(out, dpi=120)


def _draw_losses(figure: Any, history: History) -> None:
    axes = figure.subplots()
    epochs = range(1, len(history.train) + 1)
    axes.plot(epochs, history.train, label="train, with noise")
    axes.plot(epochs, history.test, label="test")
    axes.set(title="Cross-entropy", xlabel="epoch", ylabel="nats per digit", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()


def _draw_confusion(figure: Any, truth: np.ndarray, predicted: np.ndarray) -> None:
    axes = figure.subplots()
    counts = confusion_matrix(truth, predicted, labels=range(10))
    axes.imshow(np.sqrt(counts), cmap="Blues")        # the root makes single mistakes visible
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if row == column else "crimson"
            axes.text(column, row, str(count), ha="center", va="center", color=color)
    axes.set(title="Test digits", xlabel="read as", ylabel="is", xticks=range(10), yticks=range(10))


def _draw_misread(figure: Any, data: Data, predicted: np.ndarray) -> None:
    wrong = np.flatnonzero(predicted != data.test_y)
    figure.suptitle(f"Misread: {len(wrong)} of {len(predicted)}")
    grid = figure.subplots(*((2, 3) if len(wrong) <= 6 else (3, 4)))
    for axes, k in itertools.zip_longest(grid.flat, wrong[:grid.size]):
        axes.set_axis_off()
        if k is not None:
            axes.imshow(data.test_x[k].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
            axes.set_title(f"{data.test_y[k]}, read as {predicted[k]}", fontsize=9)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30, help="passes over the data (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (default: 0)")
    parser.add_argument("--out", default="digits.png", help="file of the picture (default: digits.png)")
    options = parser.parse_args(arguments)

    start = time.perf_counter()
    data = load()
    with threadpool_limits(1, user_api="blas"):       # these matrices are too small to share among threads
        params, history = train(data, options.epochs, options.seed)
        predicted = predict(params, data.test_x)
        fitted = predict(params, data.train_x)
    seconds = time.perf_counter() - start
    draw(options.out, history, data, predicted)

    accuracy = np.mean(predicted == data.test_y)
    count = sum(leaf.numel() for layer in params for leaf in layer.values())
    print(f"digits           {len(data.train_x)} for training, {len(data.test_x)} for the test")
    print(f"network          {' - '.join(map(str, SIZES))}, {count} parameters")
    print(f"first step       {history.first_step:.2f} s")
    print(f"in all           {seconds:.2f} s for {options.epochs} epochs")
    print(f"train accuracy   {np.mean(fitted == data.train_y):.2%}")
    print(f"test accuracy    {accuracy:.2%}")
    print(f"picture          {options.out}")
    return 0 if accuracy >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
