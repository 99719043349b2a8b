"""Fit a model to more data than a worker may have in memory, on a Dask cluster of two processes.

The data are clicks: each row has measurements of a visitor, and whether he clicked. They are made chunk by
chunk, where they are needed, and stand for files that are too large to be loaded at once. Each worker has one
chunk in memory at a time, takes the value and the gradient of its part of the loss, and forgets the chunk.
nb.distributed.value_and_grad adds the parts up, and scipy.optimize.minimize takes what it returns as it is.

    python examples/clicks.py [--chunks 60] [--rows 50000] [--limit 600MB] [--bar] [--out clicks.png]

Prints how large the data are, how much memory the workers took, and how near the weights are to those that
the clicks were drawn from, and draws these. The exit status is 0 if the data exceed a worker's limit, its
memory stays below it, and the weights agree.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from typing import Any

import dask
import numpy as np
from dask.distributed import Client, LocalCluster
from dask.utils import format_bytes, parse_bytes
from matplotlib.figure import Figure
from scipy.optimize import OptimizeResult, minimize

import nbgrad as nb

FEATURES = 25


def truth() -> np.ndarray:
    """The weights that visitors decide by."""
    return np.random.default_rng(0).normal(size=FEATURES)


def chunk(number: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Measurements (rows, FEATURES) and clicks (rows,) of a chunk, the same each time that it is made."""
    rng = np.random.default_rng([1, number])
    x = rng.uniform(-2, 2, size=(rows, FEATURES))
    return x, (rng.random(rows) < 1 / (1 + np.exp(-x @ truth()))).astype(np.float64)


def loss(weights: Any, part: tuple[np.ndarray, np.ndarray]) -> Any:
    """Minus the logarithm of the probability of what was clicked, summed over the rows of a chunk."""
    x, clicked = part
    logits = x @ weights
    return nb.sum(nb.softplus(logits) - clicked * logits)


def fit(client: Client, chunks: int, rows: int, bar: bool) -> OptimizeResult:
    """The weights that make the clicks most probable."""
    data = [dask.delayed(chunk)(number, rows) for number in range(chunks)]
    total, scale = nb.distributed.value_and_grad(loss, data, client=client, progress=bar), 1 / (chunks * rows)

    def mean(weights: np.ndarray) -> tuple[Any, Any]:
        value, gradient = total(weights)
        return value * scale, gradient * scale

    return minimize(mean, np.zeros(FEATURES), jac=True, method="L-BFGS-B", options={"gtol": 3e-4})


def peak() -> int:
    """The bytes of memory that a process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def draw(out: str, found: np.ndarray, spread: np.ndarray) -> None:
    """Write what the weights found differ from the true ones by, with two standard errors."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes, true = figure.subplots(), truth()
    axes.axhline(0, color="grey", linewidth=1)
    axes.errorbar(true, found - true, yerr=2 * spread, fmt="o", markersize=4, capsize=3)
    axes.set(title="Weights of a model of clicks, ± 2 standard errors", xlabel="true weight",
             ylabel="weight found - true weight")
    axes.grid(alpha=0.3)
    figure.savefig(out, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=60, help="of the data (default: 60)")
    parser.add_argument("--rows", type=int, default=50_000, help="of a chunk (default: 50000)")
    parser.add_argument("--limit", default="600MB", help="memory of one worker (default: 600MB)")
    parser.add_argument("--bar", action="store_true", help="show a bar of chunks")
    parser.add_argument("--out", default="clicks.png", help="picture (default: clicks.png)")
    options = parser.parse_args(arguments)

    size, limit = options.chunks * options.rows * (FEATURES + 1) * 8, parse_bytes(options.limit)
    print(f"data        {options.chunks} chunks, {format_bytes(size)} in all")
    start = time.perf_counter()
    with (LocalCluster(n_workers=2, threads_per_worker=1, memory_limit=limit,
                       dashboard_address=":0") as cluster, Client(cluster) as client):
        found = fit(client, options.chunks, options.rows, options.bar)
        taken = max(client.run(peak).values())
    # The inverse of the Hessian, at the true weights, is the covariance of what is found.
    x, _ = chunk(0, options.rows)
    hessian = nb.hessian(lambda w: nb.sum(nb.softplus(x @ w)))(truth()).numpy() * options.chunks
    spread = np.sqrt(np.diag(np.linalg.inv(hessian)))
    apart = np.max(np.abs(found.x - truth()) / spread)

    print(f"workers     2, each with at most {format_bytes(limit)}; {format_bytes(taken)} were taken")
    print(f"fit         {found.nit} iterations, {found.nfev} passes over the data in "
          f"{time.perf_counter() - start:.1f} s")
    print(f"weights     within {apart:.1f} standard errors of the true ones")
    draw(options.out, found.x, spread)
    print(f"picture     {options.out}")
    return 0 if taken < limit < size and apart < 4 else 1


if __name__ == "__main__":
    sys.exit(main())
