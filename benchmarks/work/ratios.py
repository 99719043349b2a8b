"""Every op that has a reference, against it, in one process: forward and VJP over the reference's forward.

    python -m work.ratios                        # in benchmarks/: a table, the slowest first
    python -m work.ratios forward/tanh/10/float64 vjp/tanh/10/float64   # these figures

PyTorch, where it is installed and has a function of the name, takes its turns in the same process.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from work.calls import Run, arguments, calls
from work.paired import ratio
from work.processor import pretend
from work.table import dtypes, rows, sizes

TORCH = importlib.util.find_spec("torch") is not None
# where PyTorch's function of that name is another one, or takes its arguments otherwise
_OTHERWISE = {"equal", "positive", "where", "sort", "reshape", "broadcast_to", "repeat", "einsum", "max",
              "min", "std", "var"}


def torchs(name: str, n: int, dtype: str) -> tuple[Run | None, Run | None]:
    """PyTorch's forward and VJP on the same arrays; None where it has nothing of this name for them."""
    if not TORCH or name in _OTHERWISE:
        return None, None
    import torch

    places = (torch.linalg, torch, torch.special, torch.nn.functional)
    f = next((getattr(place, name) for place in places if hasattr(place, name)), None)
    args, params = arguments(rows()[name], n, dtype)
    if f is None or not all(isinstance(a, np.ndarray) for a in args) or params.keys() - {"axis", "k"}:
        return None, None
    torch.set_num_threads(1)
    given = [torch.from_numpy(a) for a in args]
    words = {"dim" if word == "axis" else word: value for word, value in params.items()}
    try:
        f(*given, **words)
    except (TypeError, RuntimeError, NotImplementedError):
        return None, None
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in given]
    moving = [x for x in leaves if x.requires_grad]
    z = f(*leaves, **words)
    if not isinstance(z, torch.Tensor) or not z.requires_grad:
        return lambda: f(*given, **words), None
    g = torch.ones_like(z)
    return lambda: f(*given, **words), lambda: torch.autograd.grad(z, moving, g, retain_graph=True)


def ratios(wanted: Collection[str] = (), peers: bool = True, **how: Any) -> Iterator[tuple[str, float]]:
    """Names and ratios: to the reference's forward (forward/op/size/dtype, vjp/...), and to PyTorch's forward
    or VJP (torch/forward/..., torch/vjp/...).

    An op that fails, or whose reference does, is named and left out.
    wanted: names, all if there are none. peers: PyTorch too. how: `paired.ratio`.
    """
    with np.errstate(all="ignore"):
        for name, row in rows().items():
            for n, dtype in itertools.product(sizes(row), dtypes(row)):
                if row.like is not None and (not wanted or _case(name, n, dtype) & set(wanted)):
                    yield from _of(name, n, dtype, wanted, peers, how)


def _case(name: str, n: int, dtype: str) -> set[str]:
    """The names of an op's figures at a size in a dtype."""
    return {f"{which}/{name}/{n}/{dtype}" for which in ("forward", "vjp", "torch/forward", "torch/vjp")}


def _of(name: str, n: int, dtype: str, wanted: Collection[str], peers: bool,
        how: dict[str, Any]) -> Iterator[tuple[str, float]]:
    try:
        found = calls(name, n, dtype)
        forward, vjp = torchs(name, n, dtype) if peers else (None, None)
        pairs = [("forward", found.forward, found.like), ("vjp", found.vjp, found.like),
                 ("torch/forward", found.forward, forward), ("torch/vjp", found.vjp, vjp)]
        for which, run, other in pairs:
            figure = f"{which}/{name}/{n}/{dtype}"
            if run is not None and other is not None and (not wanted or figure in wanted):
                yield figure, ratio(run, other, **how)
    except Exception as error:
        print(f"left out: {name} at {n} in {dtype}: {type(error).__name__}: {error}")


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--budget", type=float, default=0.025, help="seconds for each ratio")
    parser.add_argument("--plain", action="store_true", help="a plain processor, least times, no PyTorch")
    parser.add_argument("figures", nargs="*")
    chosen = parser.parse_args()
    if chosen.plain:
        pretend()
    found = dict(ratios(chosen.figures, not chosen.plain, budget=chosen.budget, least=chosen.plain))
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found))
        return
    for name, value in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{value:8.2f}  {name}")


if __name__ == "__main__":
    main()
