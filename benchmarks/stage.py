"""Speed of the eager engine against PyTorch's eager mode and HIPS autograd: ratios of medians of one run.

    python benchmarks/stage.py            # peers that are installed are compared, the others are named
    python benchmarks/stage.py --quick    # few repetitions, no limits: that it runs

The candidates of a row take turns, so that a noisy machine disturbs all of them alike; values are compared
before timing. Unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE first. First gradients are timed in new processes,
imports included.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import nbgrad as nb


@dataclass
class Row:
    """One piece of work, done by several libraries.

    run    : name of the library -> function
    limits : name of the peer -> largest ratio allowed
    """

    work: str
    run: dict[str, Callable[[], Any]]
    limits: dict[str, float] = field(default_factory=dict)
    batch: int = 1


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def chain(n: int = 10, length: int = 100) -> Row:
    """Elementwise ops one after another on few elements: the cost of recording and pulling an op."""
    x = np.linspace(-1, 1, n)
    half = np.full(n, 0.5)
    nbx, nbhalf = nb.asarray(x), nb.asarray(half)

    def through(y: Any, x: Any, half: Any, lib: Any) -> Any:
        for _ in range(length // 5):
            y = lib.exp(lib.sin(lib.tanh(y * half + x)))
        return y

    run: dict[str, Callable[[], Any]] = {}
    run["nbgrad"] = lambda: nb.grad(lambda t: nb.sum(through(t, t, nbhalf, nb)))(nbx).numpy()
    if installed("torch"):
        import torch

        tx, thalf = torch.from_numpy(x), torch.from_numpy(half)

        def with_torch() -> Any:
            t = tx.clone().requires_grad_(True)
            through(t, t, thalf, torch).sum().backward()
            return t.grad.numpy()

        run["torch"] = with_torch
    if installed("autograd"):
        import autograd
        import autograd.numpy as anp

        gradient = autograd.grad(lambda t: anp.sum(through(t, t, half, anp)))
        run["autograd"] = lambda: gradient(x)
    limits = {"torch": 0.8, "autograd": 0.4}
    return Row(f"chain of {length} elementwise ops on {n} elements", run, limits, batch=5)


def product(n: int) -> Row:
    """Gradients of sum((A @ B)^2) in A and B."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n, n))
    na, nbb = nb.asarray(a), nb.asarray(b)
    gradient = nb.grad(lambda p, q: nb.sum(nb.square(p @ q)), (0, 1))

    def with_nbgrad() -> Any:
        return gradient(na, nbb)[1].numpy()

    run: dict[str, Callable[[], Any]] = {"nbgrad": with_nbgrad}
    if installed("torch"):
        import torch

        ta, tb = torch.from_numpy(a), torch.from_numpy(b)

        def with_torch() -> Any:
            p, q = ta.clone().requires_grad_(True), tb.clone().requires_grad_(True)
            (p @ q).square().sum().backward()
            return q.grad.numpy()

        run["torch"] = with_torch
    return Row(f"matmul {n}", run, {"torch": 1.2})


def compare(row: Row, rounds: int) -> tuple[list[str], bool]:
    """A line for each peer, and whether all limits hold."""
    want = row.run["nbgrad"]()
    for run in row.run.values():
        np.testing.assert_allclose(run(), want, rtol=1e-8, atol=1e-8 * np.max(np.abs(want)))
    times: dict[str, list[float]] = {name: [] for name in row.run}
    for _ in range(rounds):
        for name, run in row.run.items():
            start = time.perf_counter()
            for _ in range(row.batch):
                run()
            times[name].append((time.perf_counter() - start) / row.batch)
    medians = {name: statistics.median(t) for name, t in times.items()}
    lines, good = [], True
    for peer, limit in row.limits.items():
        if peer not in medians:
            lines.append(f"{row.work:44s} {peer} is not installed: skipped")
            continue
        ratio = medians["nbgrad"] / medians[peer]
        good = good and ratio <= limit
        lines.append(
            f"{row.work:44s} nbgrad {medians['nbgrad'] * 1e6:9.1f} us  "
            f"{peer:8s} {medians[peer] * 1e6:9.1f} us  "
            f"ratio {ratio:5.2f}  at most {limit:.2f}  {'pass' if ratio <= limit else 'FAIL'}"
        )
    return lines, good


def first_gradient(rounds: int) -> tuple[list[str], bool]:
    """Seconds from starting Python to a first gradient, with an empty kernel cache and with a warm one."""
    program = "import nbgrad as nb; print(nb.grad(lambda x: nb.sum(nb.tanh(x) * x))(nb.asarray([0.5, 1.0])))"
    cold, warm = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "NBGRAD_CACHE_DIR": folder}
            for times in (cold, warm, warm):
                start = time.perf_counter()
                command = [sys.executable, "-c", program]
                subprocess.run(command, env=environment, check=True, capture_output=True)
                times.append(time.perf_counter() - start)
    lines, good = [], True
    for name, times, limit in (("empty cache", cold, 8.0), ("warm cache", warm, 1.2)):
        median = statistics.median(times)
        good = good and median <= limit
        lines.append(
            f"first gradient in a new process, {name:12s} {median:6.2f} s  at most {limit:.1f}  "
            f"{'pass' if median <= limit else 'FAIL'}"
        )
    return lines, good


def main() -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--quick", action="store_true", help="check that everything runs; no limit counts")
    quick = parser.parse_args().quick
    results = [
        compare(chain(), 3 if quick else 200),
        compare(product(256), 3 if quick else 60),
        compare(product(1024), 1 if quick else 12),
        first_gradient(1 if quick else 5),
    ]
    for lines, _ in results:
        print("\n".join(lines))
    return 0 if quick or all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
