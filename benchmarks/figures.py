"""Pictures for the documentation, and the figures that they are drawn from.

    python benchmarks/figures.py measure    # benchmarks/figures.json, in ten minutes
    python benchmarks/figures.py special    # of these the errors of special functions alone, in four
    python benchmarks/figures.py draw       # docs/speed.svg, docs/first_call.svg, docs/accuracy.svg

Speed and first calls are measured beside the peers of peers.py: what is not installed is named and left out.
Errors are those of accuracy.py, derivatives.py and special_errors.py.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "figures.json"
SIZES = [10, 100, 1000, 10_000, 100_000, 1_000_000]
POINTS = 40_000                           # arguments of each op
EXACT = 300                               # of those whose derivatives are compared
ROUNDS = 5                                # processes of each kind for first calls
COLOURS = {"nbgrad": "#c64600", "torch": "#1a5fb4", "jax": "#11724a", "autograd": "#813d9c"}

# The first gradient of a process: the same in each library
FIRST = {
    "nbgrad": "import nbgrad as nb; nb.grad(lambda x: nb.sum(nb.tanh(x) * x))(nb.asarray([0.5, 1.0]))",
    "torch": "import torch\n"
             "x = torch.tensor([0.5, 1.0], requires_grad=True); (x.tanh() * x).sum().backward()",
    "jax": "import jax, jax.numpy as jnp\n"
           "jax.jit(jax.grad(lambda x: jnp.sum(jnp.tanh(x) * x)))(jnp.array([0.5, 1.0])).block_until_ready()",
    "autograd": "import autograd, autograd.numpy as np\n"
                "autograd.grad(lambda x: np.sum(np.tanh(x) * x))(np.array([0.5, 1.0]))",
}


def works() -> dict[str, Callable[[int], Any]]:
    """What is timed: a description -> a row of the comparison with about n numbers."""
    from work.arrays import normal, positive
    from work.row import Row, forward, gradient

    def row(work: str, make: Any, inputs: Callable[[], Any]) -> Any:
        return Row(work, make, inputs, {}, peers=tuple(FIRST)[1:])

    def side(n: int) -> int:
        return max(2, round(n ** 0.5))

    return {
        "exp(x)": lambda n: row("exp", forward(lambda lib, x: lib.exp(x)), lambda: [positive(n)]),
        "gradient of sum(tanh(x) * x)": lambda n: row(
            "tanh", gradient(lambda lib, x: lib.sum(lib.tanh(x) * x)), lambda: [normal(n)]),
        "gradient of sum(softmax(A, 1)^2)": lambda n: row(
            "softmax", gradient(lambda lib, x: lib.sum(lib.square(lib.softmax(x, 1)))),
            lambda: [normal(side(n), side(n))]),
        "gradient of sum((A B)^2)": lambda n: row(
            "matmul", gradient(lambda lib, a, b: lib.sum(lib.square(a @ b))),
            lambda: [normal(side(n), side(n)), normal(side(n), side(n), seed=1)]),
    }


def by_size() -> dict[str, dict[str, dict[int, float]]]:
    """Seconds: description -> library -> size; the smaller of two medians. The libraries take turns."""
    import peers
    from work.row import measure

    libraries = peers.present(1)
    found: dict[str, dict[str, dict[int, float]]] = {}
    for work, row in works().items():
        for n in SIZES:
            for name, seconds in [*measure(row(n), libraries).seconds.items(),
                                  *measure(row(n), libraries).seconds.items()]:
                times = found.setdefault(work, {}).setdefault(name, {})
                times[n] = min(seconds, times.get(n, seconds))
            print(work, n, flush=True)
    return found


def first_calls() -> dict[str, list[float]]:
    """Seconds of new processes that take one gradient; nbgrad with an empty cache, and with a filled one."""
    from work.libraries import installed

    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for k in range(ROUNDS):
            for name, program in FIRST.items():
                if not installed(name):
                    continue
                if name == "nbgrad":
                    empty = Path(folder) / str(k)
                    empty.mkdir(mode=0o700)
                    around = {"NBGRAD_CACHE_DIR": str(empty), "NBGRAD_TIER": "auto"}
                    found.setdefault("nbgrad, empty cache", []).append(_process(program, around))
                    _process(program, {**around, "NBGRAD_TIER": "compiled"})
                    found.setdefault("nbgrad", []).append(_process(program, around))
                else:
                    found.setdefault(name, []).append(_process(program, {}))
    return found


def _process(program: str, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **environment}, check=True,
                   capture_output=True)
    return time.perf_counter() - start


def accuracy() -> dict[str, dict[str, float]]:
    """The largest error of each elementwise op that is not exact: dtype -> op -> units in the last place."""
    import accuracy as errors
    import numpy as np

    found: dict[str, dict[str, float]] = {}
    for dtype in errors.WIDER:
        for name, row in sorted(errors.OPS.items()):
            if row.kind == "elementwise":
                both = errors.compared(row, dtype, POINTS, np.random.default_rng(0))
                if both is not None and (largest := float(both[1].max())) > 0:
                    found.setdefault(np.dtype(dtype).name, {})[name] = largest
    return found


def derivatives() -> dict[str, dict[str, list[float]]]:
    """The largest errors of first and second partial derivatives: dtype -> op -> units in the last place."""
    import accuracy as errors
    import numpy as np

    found: dict[str, dict[str, list[float]]] = {}
    for dtype in errors.WIDER:
        for name, row in sorted(errors.OPS.items()):
            xs = None if row.kind != "elementwise" else errors.finite_operands(
                row, dtype, EXACT, np.random.default_rng(0))
            if xs is not None:
                found.setdefault(np.dtype(dtype).name, {})[name] = list(errors.derivatives.largest(row, xs))
    return found


def special() -> dict[str, Any]:
    """The largest errors of special functions: dtype -> function -> of values, of first derivatives."""
    import numpy as np
    import peers
    import special_errors

    found = {np.dtype(dtype).name: {name: special_errors.largest(name, dtype)
                                    for name in special_errors.rows()} for dtype in (np.float32, np.float64)}
    return {**peers.machine(1), "errors": found}


def measure_all() -> None:
    """Write the figures, with the machine and the commit that they are of."""
    import peers

    peers.environment(1)
    _write({**peers.machine(1), "first_calls": first_calls(), "by_size": by_size(), "accuracy": accuracy(),
            "derivatives": derivatives(), "special": special()})


def _write(found: dict[str, Any]) -> None:
    FIGURES.write_text(json.dumps(found, indent=1) + "\n")
    print(FIGURES)


# ------------------------------------------------------------------------------------------------- pictures
def _style(plt: Any) -> None:
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "nbgrad", "font.size": 9, "axes.grid": True,
                         "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False,
                         "figure.facecolor": "white", "font.family": "sans-serif"})


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    print(path)


def draw_speed(plt: Any, figures: dict[str, Any], path: Path) -> None:
    """Seconds by size, a panel for each piece of work."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained", sharex=True)
    for axis, (work, libraries) in zip(axes.flat, figures["by_size"].items(), strict=False):
        for name, times in libraries.items():
            axis.loglog([int(n) for n in times], [1e6 * t for t in times.values()], "o-", label=name, ms=3,
                        color=COLOURS.get(name), lw=2 if name == "nbgrad" else 1.2)
        axis.set_title(work, fontsize=9)
        axis.minorticks_off()
    for axis in axes[-1]:
        axis.set_xlabel("numbers in x, or in A")
    for axis in axes[:, 0]:
        axis.set_ylabel("microseconds")
    axes[0, 0].legend(frameon=False)
    _save(figure, path)


def draw_first_calls(plt: Any, figures: dict[str, Any], path: Path) -> None:
    """Seconds from the start of a process to its first gradient."""
    names = list(figures["first_calls"])
    medians = [statistics.median(figures["first_calls"][name]) for name in names]
    figure, axis = plt.subplots(figsize=(7, 0.45 * len(names) + 0.8), layout="constrained")
    axis.barh(names[::-1], medians[::-1], color=[COLOURS.get(name.split(",")[0]) for name in names[::-1]])
    for place, seconds in enumerate(medians[::-1]):
        axis.text(seconds, place, f" {seconds:.2f} s", va="center")
    axis.set_xlabel("seconds from the start of Python to the first gradient")
    axis.grid(axis="y", visible=False)
    _save(figure, path)


def draw_accuracy(plt: Any, figures: dict[str, Any], path: Path) -> None:
    """The largest errors of each op that is not exact, of its values and of its first and second partials."""
    partials = figures["derivatives"]
    of = {"values": figures["accuracy"], **{f"{order} partials": {
        dtype: {name: both[k] for name, both in found.items()} for dtype, found in partials.items()}
        for k, order in enumerate(("first", "second"))}}
    figure, axes = plt.subplots(3, figsize=(9, 8), layout="constrained")
    for axis, (what, errors) in zip(axes, of.items(), strict=True):
        worst = {name: max(e.get(name, 0.0) for e in errors.values()) for e in errors.values() for name in e}
        names = sorted([name for name in worst if worst[name]], key=lambda name: -worst[name])
        for dtype, colour in (("float64", COLOURS["nbgrad"]), ("float32", COLOURS["torch"])):
            there = [name for name in names if name in errors[dtype]]
            axis.plot(there, [errors[dtype][name] for name in there], "o", ms=3.5, color=colour, label=dtype)
        axis.set_ylabel(f"{what}: largest error,\nunits in the last place")
        axis.tick_params(axis="x", rotation=90, labelsize=7)
        axis.set_ylim(bottom=0)
        axis.margins(x=0.01)
    axes[0].legend(frameon=False)
    _save(figure, path)


def draw(folder: Path) -> None:
    """All pictures, into a folder."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    _style(plt)
    figures = json.loads(FIGURES.read_text())
    draw_speed(plt, figures, folder / "speed.svg")
    draw_first_calls(plt, figures, folder / "first_call.svg")
    draw_accuracy(plt, figures, folder / "accuracy.svg")


def main(given: Sequence[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("what", choices=["measure", "special", "draw"])
    parser.add_argument("--into", type=Path, default=ROOT / "docs", metavar="FOLDER", help="default: docs")
    chosen = parser.parse_args(given)
    if chosen.what == "measure":
        measure_all()
    elif chosen.what == "special":
        _write({**json.loads(FIGURES.read_text()), "special": special()})
    else:
        draw(chosen.into)
    return 0


if __name__ == "__main__":
    sys.exit(main())
