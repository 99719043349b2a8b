"""Ops on few elements: nbgrad's time over that of PyTorch's eager mode, the worst first.

    python benchmarks/small.py                      # every op that PyTorch has
    python benchmarks/small.py --only 'sum|reshape' # these alone

Each op is run at 1, 4, 16 and 100 elements in float64, forward, and forward and back: the op on leaves with
requires_grad=True, and backward() from its result with a cotangent of ones. Both libraries take turns in one
process, with one thread; a figure is the median of the ratios. Nothing is demanded: the exit status is 0.
"""

from __future__ import annotations

import argparse
import re
import warnings
from collections.abc import Iterator

import numpy as np
from work.calls import WARM
from work.libraries import library
from work.paired import ratio
from work.smalls import WORK, elementwise, runs
from work.table import rows

SIZES = (1, 4, 16, 100)


def ratios(only: str, budget: float) -> Iterator[tuple[float, str]]:
    """nbgrad's time over PyTorch's, and what was done, of every op whose name the pattern is found in."""
    ours, theirs = library("nbgrad"), library("torch")
    theirs.torch.set_num_threads(1)
    work = {**elementwise(rows(), theirs), **WORK}
    for name, (f, make) in sorted(work.items()):
        for n in SIZES if re.search(only, name) else ():
            xs = make(n)
            try:
                a, b = runs(ours, f, xs), runs(theirs, f, xs)
            except (AttributeError, RuntimeError, TypeError, ValueError) as error:
                print(f"left out: {name} at {n}: {type(error).__name__}: {str(error).splitlines()[0]}")
                continue
            for which, run in a.items():
                other = b[which]
                if run is not None and other is not None:
                    for _ in range(WARM):
                        run()
                    yield ratio(run, other, budget=budget), f"{name} {which} at {n}"


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--only", default="", metavar="PATTERN", help="of ops' names")
    parser.add_argument("--budget", type=float, default=0.025, help="seconds for each ratio")
    chosen = parser.parse_args()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = sorted(ratios(chosen.only, chosen.budget), reverse=True)
    for value, name in found:
        print(f"{value:6.2f}  {name}")
    above = [sum(value > limit for value, _ in found) for limit in (1.0, 0.5)]
    print(f"{len(found)} measured, {above[0]} above 1.0, {above[1]} above 0.5 of PyTorch's time")


if __name__ == "__main__":
    main()
